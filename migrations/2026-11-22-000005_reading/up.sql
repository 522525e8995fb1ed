-- A part of a split document knows what it was split from: the document, and which of its pages, in
-- their order (the first page is 1). A part outlives the whole.
alter table documents
    add column parent_id uuid references documents on delete set null,
    add column parent_pages integer[],
    add column tags text[] not null default '{}',
    -- The picture of the first page, if one could be made.
    add column thumbnail_key text unique;
create index documents_parent_id_idx on documents (parent_id);

-- How sure the recognition of characters was, from 0 to 1.
alter table document_pages add column confidence real check (confidence between 0 and 1);

-- What opens a locked document. Kept until the task ends, however it ends.
alter table tasks add column document_password text;

create function forget_document_password() returns trigger language plpgsql as $$
begin
    new.document_password := null;
    return new;
end
$$;

create trigger tasks_forget_document_password before update of status on tasks
    for each row when (new.status in ('completed', 'failed', 'cancelled') and new.document_password is not null)
    execute function forget_document_password();

create or replace function remember_blob_for_deletion() returns trigger language plpgsql as $$
begin
    insert into blob_deletions (storage_key)
    select key from unnest(array[old.storage_key, old.thumbnail_key]) as key where key is not null
    on conflict do nothing;
    return null;
end
$$;
