-- Replies of models that were paid for, so that a task that is done again pays only for what is missing.
create table kept_replies (
    user_id bigint not null references users on delete cascade,
    -- SHA-256 of all that shaped the reply.
    key bytea not null check (length(key) = 32),
    -- What was asked about: the reply is forgotten with it.
    document_id uuid not null references documents on delete cascade,
    reply jsonb not null,
    input_tokens bigint not null,
    cached_input_tokens bigint not null,
    output_tokens bigint not null,
    reasoning_tokens bigint not null,
    created_at timestamptz not null default now(),
    primary key (user_id, key)
);
create index kept_replies_document_id_idx on kept_replies (document_id);
create index kept_replies_created_at_idx on kept_replies (created_at);

-- What each user had done and spent on a day, in UTC.
create table spending (
    user_id bigint not null references users on delete cascade,
    day date not null,
    -- Tasks completed.
    tasks bigint not null default 0,
    -- Calls that were answered, and of these those whose price is not known.
    calls bigint not null default 0,
    unpriced_calls bigint not null default 0,
    input_tokens bigint not null default 0,
    -- Of the tokens sent, those the provider had cached.
    cached_input_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    -- US dollars, of the calls whose price is known.
    cost numeric(24, 12) not null default 0,
    primary key (user_id, day)
);

-- Calls under way, with the most that each may take of its user's budget. One that is lost with its
-- process expires.
create table reservations (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    tokens bigint not null,
    cost numeric(24, 12) not null,
    expires_at timestamptz not null
);
create index reservations_user_id_idx on reservations (user_id, expires_at);
create index reservations_expires_at_idx on reservations (expires_at);

-- How fast each provider may be asked, and whether it works; what the columns mean is in
-- `quire_domain::throttle`.
create table throttles (
    provider text primary key,
    requests_full_at timestamptz not null,
    tokens_full_at timestamptz not null,
    blocked_until timestamptz,
    failures integer not null default 0,
    openings integer not null default 0,
    open_until timestamptz,
    probe bigint,
    probe_until timestamptz,
    constraint throttles_probe check (num_nonnulls(probe, probe_until) in (0, 2))
);

-- Names what a completed task answered: the same question of the same user is answered by it.
alter table tasks
    add column answer_key bytea check (length(answer_key) = 32),
    -- Prices of single tokens have this many decimals.
    alter column cost type numeric(24, 12);
create index tasks_answer_key_idx on tasks (user_id, answer_key) where status = 'completed';
