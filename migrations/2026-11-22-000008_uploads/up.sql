-- Uploads that come in pieces, over several requests: what a client said of the file, how far it has
-- come, and which request receives it now.
create table uploads (
    id uuid primary key,
    -- The row outlives the account until its bytes have been given up.
    user_id bigint references users on delete set null,
    storage_key text not null unique,
    -- `Upload-Metadata`, as the client sent it.
    metadata text not null,
    -- In bytes; not known yet when it is null.
    length bigint check (length > 0),
    -- Bytes that are durable.
    received bigint not null default 0 check (received >= 0),
    -- What blob storage goes on from, and the SHA-256 of what has been received, not finished. Null
    -- until the first bytes come, and when the blob is finished.
    state jsonb,
    hash_state bytea,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- The request that receives, and until when it does without a sign of life; when another one has
    -- asked it to let go.
    holder uuid,
    lease_until timestamptz,
    release_requested_at timestamptz,
    -- What it has become.
    finished_at timestamptz,
    document_id uuid references documents on delete set null,
    task_id uuid references tasks on delete set null,
    constraint uploads_received check (received <= length),
    constraint uploads_lease check (num_nonnulls(holder, lease_until) in (0, 2)),
    constraint uploads_state check (num_nonnulls(state, hash_state) in (0, 2))
);
create index uploads_user_id_idx on uploads (user_id, id);
create index uploads_document_id_idx on uploads (document_id);
create index uploads_task_id_idx on uploads (task_id);
create index uploads_expires_at_idx on uploads (expires_at);
-- All bytes are here, and no document yet.
create index uploads_complete_idx on uploads (id) where received = length and finished_at is null;
