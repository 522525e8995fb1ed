create table tasks (
    id uuid primary key,
    user_id bigint not null references users on delete cascade,
    document_id uuid not null references documents on delete cascade,
    task_type text not null,
    params jsonb not null default '{}',
    status text not null default 'pending'
        check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    attempt smallint not null default 0,
    max_attempts smallint not null check (max_attempts > 0),
    run_at timestamptz not null default now(),
    lease_until timestamptz,
    worker uuid,
    cancel_requested boolean not null default false,
    progress smallint not null default 0 check (progress between 0 and 100),
    result text,
    output jsonb,
    warnings jsonb not null default '[]',
    error_code text,
    error_message text,
    provider text,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    cost numeric(16, 8),
    idempotency_key text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    -- A lease and its holder exist exactly while a task is being worked on.
    constraint tasks_lease check (num_nonnulls(lease_until, worker) = case status when 'processing' then 2 else 0 end)
);
create index tasks_user_id_idx on tasks (user_id, id);
create index tasks_document_id_idx on tasks (document_id);
-- The queue: claimed user by user, oldest first.
create index tasks_pending_idx on tasks (user_id, run_at, id) where status = 'pending';
create index tasks_lease_idx on tasks (lease_until) where status = 'processing';
create unique index tasks_idempotency_key on tasks (user_id, idempotency_key) where idempotency_key is not null;

-- The states of a task, enforced where no caller can forget it.
create function check_task_transition() returns trigger language plpgsql as $$
begin
    if not (
        (old.status = 'pending' and new.status in ('processing', 'cancelled'))
        or (old.status = 'processing' and new.status in ('pending', 'completed', 'failed', 'cancelled'))
        or (old.status in ('failed', 'cancelled') and new.status = 'pending')
    ) then
        raise exception 'a task cannot go from % to %', old.status, new.status using errcode = 'check_violation';
    end if;
    return new;
end
$$;

create trigger tasks_transition before update of status on tasks
    for each row when (old.status is distinct from new.status) execute function check_task_transition();

create function check_document_transition() returns trigger language plpgsql as $$
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

create trigger documents_transition before update of status on documents
    for each row when (old.status is distinct from new.status) execute function check_document_transition();
