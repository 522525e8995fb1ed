create table documents (
    id uuid primary key,
    user_id bigint not null references users on delete cascade,
    kind text not null default 'other' check (kind in ('cv', 'invoice', 'cover_letter', 'other')),
    filename text not null,
    declared_type text,
    media_type text not null,
    size bigint not null check (size >= 0),
    sha256 bytea not null check (length(sha256) = 32),
    storage_key text not null unique,
    status text not null
        check (status in ('INITIATED', 'QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'QUARANTINED')),
    metadata jsonb not null default '{}',
    error_code text,
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index documents_user_id_idx on documents (user_id, id);

-- Text is kept per page: answers can name a page, and one bad page does not spoil the rest.
create table document_pages (
    document_id uuid not null references documents on delete cascade,
    number integer not null check (number > 0),
    text text not null,
    method text not null check (method in ('text', 'ocr')),
    primary key (document_id, number)
);

-- Blobs whose document row is gone. A trigger fills it, so that no way of deleting a
-- document (a cascade from its owner included) can leave bytes behind.
create table blob_deletions (
    storage_key text primary key,
    requested_at timestamptz not null default now()
);

create function remember_blob_for_deletion() returns trigger language plpgsql as $$
begin
    insert into blob_deletions (storage_key) values (old.storage_key) on conflict do nothing;
    return null;
end
$$;

create trigger documents_blob_deletion after delete on documents
    for each row execute function remember_blob_for_deletion();
