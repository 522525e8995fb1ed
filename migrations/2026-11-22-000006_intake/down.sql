drop function first_document_with(bigint, bytea);
create or replace function remember_blob_for_deletion() returns trigger language plpgsql as $$
begin
    insert into blob_deletions (storage_key)
    select key from unnest(array[old.storage_key, old.thumbnail_key]) as key where key is not null
    on conflict do nothing;
    return null;
end
$$;
-- What has no bytes yet, and what shares them, has no place in the older tables.
delete from documents where status = 'INITIATED';
delete from documents later using documents first
    where first.storage_key = later.storage_key and first.id < later.id;
drop index documents_sha256_idx, documents_storage_key_idx;
alter table documents
    add constraint documents_storage_key_key unique (storage_key),
    drop column description,
    drop column folder,
    drop constraint documents_sha256_known,
    alter column sha256 set not null;
