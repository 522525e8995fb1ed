create or replace function check_document_transition() returns trigger language plpgsql as $$
begin
    if not (
        (old.status = 'INITIATED' and new.status = 'QUEUED')
        or (old.status = 'QUEUED' and new.status = 'PROCESSING')
        or (old.status = 'PROCESSING' and new.status in ('COMPLETED', 'FAILED', 'QUARANTINED'))
    ) then
        raise exception 'a document cannot go from % to %', old.status, new.status using errcode = 'check_violation';
    end if;
    return new;
end
$$;
alter table documents
    drop column scanned_at,
    drop column scan_signature,
    drop column scan_verdict;
