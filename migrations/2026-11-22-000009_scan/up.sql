-- What a virus scanner said of the document: of each one by itself, also where several share a blob.
-- `not_scanned` went over a limit of the scanner; null has not come to a scanner yet.
alter table documents
    add column scan_verdict text check (scan_verdict in ('clean', 'infected', 'not_scanned')),
    -- The scanner's name for what it found.
    add column scan_signature text,
    add column scanned_at timestamptz,
    add constraint documents_scan_dated check ((scan_verdict is null) = (scanned_at is null)),
    add constraint documents_scan_signed check ((scan_signature is not null) = (scan_verdict is not distinct from 'infected'));

-- What was read before there was a scanner may be found to be infected later, and what was over a
-- limit of the scanner is read when that has been raised.
create or replace function check_document_transition() returns trigger language plpgsql as $$
begin
    if not (
        (old.status = 'INITIATED' and new.status = 'QUEUED')
        or (old.status = 'QUEUED' and new.status = 'PROCESSING')
        or (old.status = 'PROCESSING' and new.status in ('COMPLETED', 'FAILED', 'QUARANTINED'))
        or (old.status = 'COMPLETED' and new.status = 'QUARANTINED')
        or (old.status = 'FAILED' and new.status in ('PROCESSING', 'QUARANTINED'))
    ) then
        raise exception 'a document cannot go from % to %', old.status, new.status using errcode = 'check_violation';
    end if;
    return new;
end
$$;
