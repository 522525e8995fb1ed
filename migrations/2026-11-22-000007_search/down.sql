drop trigger documents_search on documents;
drop function await_search_of_document();
drop trigger document_pages_search on document_pages;
drop function await_search_of_pages();
drop table search_pending;
drop table search_passages;
drop index documents_created_at_idx;
