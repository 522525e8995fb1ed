-- What a curriculum vitae says, field by field. What was read out of the document and what a person made of it
-- are kept apart: a task writes only the first and a person only the second, so neither can undo the other.
create table cv_profiles (
    document_id uuid primary key references documents on delete cascade,
    -- Field name -> list of items: the value with quote, page, check and confidence.
    extracted jsonb not null check (jsonb_typeof(extracted) = 'object'),
    -- Field name -> {items, at, by}; such a field counts instead of the extracted one, also when it is empty.
    edited jsonb not null default '{}' check (jsonb_typeof(edited) = 'object'),
    -- Raised by every change: what clients know a version by.
    version bigint not null default 1,
    extracted_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- Who changed which field, when, from what to what.
create table cv_edits (
    id bigint generated always as identity primary key,
    document_id uuid not null references cv_profiles on delete cascade,
    user_id bigint references users on delete set null,
    field text not null,
    before jsonb not null,
    after jsonb not null,
    -- The field went back to what was read out of the document.
    is_revert boolean not null,
    created_at timestamptz not null
);
create index cv_edits_document_id_idx on cv_edits (document_id, id);
create index cv_edits_user_id_idx on cv_edits (user_id);
