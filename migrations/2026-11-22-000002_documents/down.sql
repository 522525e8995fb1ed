drop table document_pages;
drop table documents;
drop function remember_blob_for_deletion();
drop table blob_deletions;
