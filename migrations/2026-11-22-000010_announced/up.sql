-- Documents whose bytes their users send to storage by themselves: what they said of them, and how
-- long they are waited for.
create table announcements (
    document_id uuid primary key references documents on delete cascade,
    user_id bigint not null references users on delete cascade,
    -- In bytes, and the digest; null where nothing was said.
    size bigint check (size > 0),
    sha256 bytea check (length(sha256) = 32),
    idempotency_key text,
    -- The bytes have to begin to come before the first, and the document to be enqueued before the second.
    link_expires_at timestamptz not null,
    expires_at timestamptz not null
);
create index announcements_user_id_idx on announcements (user_id);
create index announcements_expires_at_idx on announcements (expires_at);
create unique index announcements_idempotency_key on announcements (user_id, idempotency_key)
    where idempotency_key is not null;
