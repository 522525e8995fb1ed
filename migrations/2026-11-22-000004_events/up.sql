-- The log that every live channel reads. Rows are written in the transaction of the change
-- they report, after that change, so that a transaction has its id before it takes a number
-- from the sequence: readers rely on it (see `quire_store::events`).
create table events (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    name text not null,
    task_id uuid references tasks on delete cascade,
    document_id uuid references documents on delete cascade,
    filename text,
    task_type text,
    status text,
    message text,
    progress smallint,
    created_at timestamptz not null default now()
);
create index events_user_id_idx on events (user_id, id);
create index events_task_id_idx on events (task_id);
create index events_document_id_idx on events (document_id);
