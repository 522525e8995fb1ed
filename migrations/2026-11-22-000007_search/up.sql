-- Lists of documents in the order they came.
create index documents_created_at_idx on documents (user_id, created_at, id);

-- What is searched: the text of pages in passages of bounded length, and as page 0 what people said
-- about the document. The words are made by the application, which folds them the same way whatever
-- the locale of the server; one of them stands for the owner (see `quire_store::search`).
create table search_passages (
    document_id uuid not null references documents on delete cascade,
    page integer not null check (page >= 0),
    -- Where the passage is in the text of the page, in characters.
    start integer not null,
    length integer not null,
    words tsvector not null,
    primary key (document_id, page, start)
);
create index search_passages_words_idx on search_passages using gin (words);

-- Pages whose words have to be made (anew). Triggers fill it, so that no way of storing text can
-- forget that it wants to be found.
create table search_pending (
    document_id uuid not null references documents on delete cascade,
    page integer not null,
    primary key (document_id, page)
);
-- What people said first: it is little, and asked for at once.
create index search_pending_order_idx on search_pending (page, document_id);

-- A row that is being worked on is waited for: what comes now must be seen as well.
create function await_search_of_pages() returns trigger language plpgsql as $$
begin
    insert into search_pending (document_id, page) select document_id, number from stored
    on conflict (document_id, page) do update set page = excluded.page;
    return null;
end
$$;

create trigger document_pages_search after insert on document_pages
    referencing new table as stored for each statement execute function await_search_of_pages();

create function await_search_of_document() returns trigger language plpgsql as $$
begin
    insert into search_pending (document_id, page) values (new.id, 0)
    on conflict (document_id, page) do update set page = excluded.page;
    return null;
end
$$;

create trigger documents_search after insert or update of filename, folder, description, tags on documents
    for each row execute function await_search_of_document();

insert into search_pending (document_id, page)
select id, 0 from documents union all select document_id, number from document_pages;
