drop trigger documents_transition on documents;
drop function check_document_transition();
drop table tasks;
drop function check_task_transition();
