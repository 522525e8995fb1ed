//! The tables, typed. Kept equal to `migrations/` by a test that asks the database.

#![allow(missing_docs, reason = "the columns are documented where they are made, in `migrations/`")]

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        username_key -> Text,
        email -> Text,
        email_key -> Text,
        password_hash -> Text,
        first_name -> Text,
        last_name -> Text,
        phone -> Text,
        birthdate -> Nullable<Date>,
        wallet -> Numeric,
        role -> Text,
        active -> Bool,
        api_calls_count -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        last_login_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        family -> Uuid,
        user_id -> BigInt,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    socket_tickets (ticket_hash) {
        ticket_hash -> Binary,
        user_id -> BigInt,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    rate_windows (key) {
        key -> Text,
        count -> BigInt,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        actor_id -> Nullable<BigInt>,
        subject_id -> Nullable<BigInt>,
        action -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    documents (id) {
        id -> Uuid,
        user_id -> BigInt,
        kind -> Text,
        filename -> Text,
        declared_type -> Nullable<Text>,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Nullable<Binary>,
        storage_key -> Text,
        status -> Text,
        metadata -> Jsonb,
        error_code -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        parent_id -> Nullable<Uuid>,
        parent_pages -> Nullable<Array<Integer>>,
        tags -> Array<Text>,
        thumbnail_key -> Nullable<Text>,
        folder -> Text,
        description -> Text,
        scan_verdict -> Nullable<Text>,
        scan_signature -> Nullable<Text>,
        scanned_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    document_pages (document_id, number) {
        document_id -> Uuid,
        number -> Integer,
        text -> Text,
        method -> Text,
        confidence -> Nullable<Float>,
    }
}

diesel::table! {
    announcements (document_id) {
        document_id -> Uuid,
        user_id -> BigInt,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Binary>,
        idempotency_key -> Nullable<Text>,
        link_expires_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    blob_deletions (storage_key) {
        storage_key -> Text,
        requested_at -> Timestamptz,
    }
}

/// The type `tsvector` of PostgreSQL.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType)]
#[diesel(postgres_type(name = "tsvector"))]
pub struct Tsvector;

diesel::table! {
    use diesel::sql_types::*;
    use super::Tsvector;

    search_passages (document_id, page, start) {
        document_id -> Uuid,
        page -> Integer,
        start -> Integer,
        length -> Integer,
        words -> Tsvector,
    }
}

diesel::table! {
    search_pending (document_id, page) {
        document_id -> Uuid,
        page -> Integer,
    }
}

diesel::table! {
    tasks (id) {
        id -> Uuid,
        user_id -> BigInt,
        document_id -> Uuid,
        task_type -> Text,
        params -> Jsonb,
        status -> Text,
        attempt -> SmallInt,
        max_attempts -> SmallInt,
        run_at -> Timestamptz,
        lease_until -> Nullable<Timestamptz>,
        worker -> Nullable<Uuid>,
        cancel_requested -> Bool,
        progress -> SmallInt,
        result -> Nullable<Text>,
        output -> Nullable<Jsonb>,
        warnings -> Jsonb,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        provider -> Nullable<Text>,
        model -> Nullable<Text>,
        input_tokens -> Nullable<BigInt>,
        output_tokens -> Nullable<BigInt>,
        cost -> Nullable<Numeric>,
        idempotency_key -> Nullable<Text>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        document_password -> Nullable<Text>,
        answer_key -> Nullable<Binary>,
    }
}

diesel::table! {
    kept_replies (user_id, key) {
        user_id -> BigInt,
        key -> Binary,
        document_id -> Uuid,
        reply -> Jsonb,
        input_tokens -> BigInt,
        cached_input_tokens -> BigInt,
        output_tokens -> BigInt,
        reasoning_tokens -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    spending (user_id, day) {
        user_id -> BigInt,
        day -> Date,
        tasks -> BigInt,
        calls -> BigInt,
        unpriced_calls -> BigInt,
        input_tokens -> BigInt,
        cached_input_tokens -> BigInt,
        output_tokens -> BigInt,
        cost -> Numeric,
    }
}

diesel::table! {
    reservations (id) {
        id -> BigInt,
        user_id -> BigInt,
        tokens -> BigInt,
        cost -> Numeric,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    throttles (provider) {
        provider -> Text,
        requests_full_at -> Timestamptz,
        tokens_full_at -> Timestamptz,
        blocked_until -> Nullable<Timestamptz>,
        failures -> Integer,
        openings -> Integer,
        open_until -> Nullable<Timestamptz>,
        probe -> Nullable<BigInt>,
        probe_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        task_id -> Nullable<Uuid>,
        document_id -> Nullable<Uuid>,
        filename -> Nullable<Text>,
        task_type -> Nullable<Text>,
        status -> Nullable<Text>,
        message -> Nullable<Text>,
        progress -> Nullable<SmallInt>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    uploads (id) {
        id -> Uuid,
        user_id -> Nullable<BigInt>,
        storage_key -> Text,
        metadata -> Text,
        length -> Nullable<BigInt>,
        received -> BigInt,
        state -> Nullable<Jsonb>,
        hash_state -> Nullable<Binary>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        holder -> Nullable<Uuid>,
        lease_until -> Nullable<Timestamptz>,
        release_requested_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        document_id -> Nullable<Uuid>,
        task_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    cv_profiles (document_id) {
        document_id -> Uuid,
        extracted -> Jsonb,
        edited -> Jsonb,
        version -> BigInt,
        extracted_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    cv_edits (id) {
        id -> BigInt,
        document_id -> Uuid,
        user_id -> Nullable<BigInt>,
        field -> Text,
        before -> Jsonb,
        after -> Jsonb,
        is_revert -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::joinable!(refresh_tokens -> users (user_id));
diesel::joinable!(socket_tickets -> users (user_id));
diesel::joinable!(documents -> users (user_id));
diesel::joinable!(document_pages -> documents (document_id));
diesel::joinable!(announcements -> documents (document_id));
diesel::joinable!(search_passages -> documents (document_id));
diesel::joinable!(search_pending -> documents (document_id));
diesel::joinable!(tasks -> documents (document_id));
diesel::joinable!(tasks -> users (user_id));
diesel::joinable!(events -> users (user_id));
diesel::joinable!(cv_profiles -> documents (document_id));
diesel::joinable!(cv_edits -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    users,
    refresh_tokens,
    socket_tickets,
    rate_windows,
    audit_log,
    documents,
    document_pages,
    announcements,
    blob_deletions,
    search_passages,
    search_pending,
    tasks,
    events,
    uploads,
    cv_profiles,
    cv_edits,
);
