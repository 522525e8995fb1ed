-- A document may be announced before its bytes come: until then it has no digest, and a size of 0.
alter table documents
    alter column sha256 drop not null,
    add constraint documents_sha256_known check (sha256 is not null or status = 'INITIATED'),
    add column folder text not null default '',
    add column description text not null default '';

-- The same bytes of the same owner are stored once: several documents may share a blob.
alter table documents drop constraint documents_storage_key_key;
create index documents_storage_key_idx on documents (storage_key);
create index documents_sha256_idx on documents (user_id, sha256);

-- Asked for again, a blob waits anew. It is only deleted when no document names it any more.
create or replace function remember_blob_for_deletion() returns trigger language plpgsql as $$
begin
    insert into blob_deletions (storage_key)
    select key from unnest(array[old.storage_key, old.thumbnail_key]) as key where key is not null
    on conflict (storage_key) do update set requested_at = excluded.requested_at;
    return null;
end
$$;

-- The first document of this owner with these bytes, if there is one. Of uploads of the same bytes at
-- the same time, one is first: the others wait here until it is stored. It cannot be deleted before
-- the transaction ends.
create function first_document_with(owner bigint, digest bytea, out id uuid, out storage_key text)
language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(encode(digest, 'hex'), owner));
    select d.id, d.storage_key into id, storage_key from documents d
    where d.user_id = owner and d.sha256 = digest order by d.id limit 1 for key share;
end
$$;
