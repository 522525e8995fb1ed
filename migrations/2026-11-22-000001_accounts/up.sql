create table users (
    id bigint generated always as identity primary key,
    username text not null,
    -- The two keys are the names folded by the application (NFKC, lower case), so that
    -- uniqueness does not depend on the collation of the server.
    username_key text not null,
    email text not null,
    email_key text not null,
    password_hash text not null,
    first_name text not null default '',
    last_name text not null default '',
    phone text not null default '',
    birthdate date,
    wallet numeric(12, 2) not null default 0,
    role text not null default 'user' check (role in ('user', 'staff', 'superuser')),
    active boolean not null default true,
    api_calls_count bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_login_at timestamptz,
    constraint users_username_key unique (username_key),
    constraint users_email_key unique (email_key)
);

-- Refresh tokens are opaque and random; only their SHA-256 is kept. All tokens that descend
-- from one sign-in form a family: the second use of a spent one ends the family.
create table refresh_tokens (
    token_hash bytea primary key,
    family uuid not null,
    user_id bigint not null references users on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index refresh_tokens_family_idx on refresh_tokens (family);
create index refresh_tokens_user_id_idx on refresh_tokens (user_id);
create index refresh_tokens_expires_at_idx on refresh_tokens (expires_at);

-- One-time tickets that stand in for a token in the address of a WebSocket.
create table socket_tickets (
    ticket_hash bytea primary key,
    user_id bigint not null references users on delete cascade,
    expires_at timestamptz not null
);
create index socket_tickets_user_id_idx on socket_tickets (user_id);
create index socket_tickets_expires_at_idx on socket_tickets (expires_at);

-- Fixed-window counters shared by all replicas. Keys hold no personal data in the clear.
create table rate_windows (
    key text primary key,
    count bigint not null,
    expires_at timestamptz not null
);
create index rate_windows_expires_at_idx on rate_windows (expires_at);

-- Who did what to whom. Rows outlive the accounts they speak of.
create table audit_log (
    id bigint generated always as identity primary key,
    actor_id bigint references users on delete set null,
    subject_id bigint references users on delete set null,
    action text not null,
    created_at timestamptz not null default now()
);
create index audit_log_actor_id_idx on audit_log (actor_id);
create index audit_log_subject_id_idx on audit_log (subject_id);
