create or replace function remember_blob_for_deletion() returns trigger language plpgsql as $$
begin
    insert into blob_deletions (storage_key) values (old.storage_key) on conflict do nothing;
    return null;
end
$$;
drop trigger tasks_forget_document_password on tasks;
drop function forget_document_password();
alter table tasks drop column document_password;
alter table document_pages drop column confidence;
alter table documents
    drop column thumbnail_key,
    drop column tags,
    drop column parent_pages,
    drop column parent_id;
