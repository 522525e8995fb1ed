//! Replies of models that were paid for. Each belongs to one user, and is forgotten with the document that
//! it speaks of.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, UserId};
use serde_json::Value;

use crate::{
    error::{Context, from_diesel, is_without_parent},
    schema::kept_replies,
};

/// A reply and what it took.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = kept_replies, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct KeptReply {
    pub reply: Value,
    pub input_tokens: i64,
    pub cached_input_tokens: i64,
    pub output_tokens: i64,
    pub reasoning_tokens: i64,
}

/// The reply that this user has under a key.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    key: &[u8; 32],
) -> Result<Option<KeptReply>> {
    kept_replies::table
        .find((owner.0, key.as_slice()))
        .select(KeptReply::as_select())
        .first(connection)
        .await
        .optional()
        .context("looking for a kept reply")
}

/// Keeps a reply of this user about a document. What is kept already stays; when the document is gone,
/// there is nothing to keep.
///
/// # Errors
/// When the database does not answer.
pub async fn keep(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    document: DocumentId,
    key: &[u8; 32],
    kept: &KeptReply,
) -> Result<()> {
    let inserted = diesel::insert_into(kept_replies::table)
        .values((
            kept_replies::user_id.eq(owner.0),
            kept_replies::key.eq(key.as_slice()),
            kept_replies::document_id.eq(document.0),
            kept,
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await;
    match inserted {
        Err(error) if !is_without_parent(&error) => Err(from_diesel(error, "keeping a reply")),
        _ => Ok(()),
    }
}

/// Forgets replies from before `oldest`, at most `limit`; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep_older_than(
    connection: &mut AsyncPgConnection,
    oldest: DateTime<Utc>,
    limit: i64,
) -> Result<usize> {
    diesel::sql_query(
        "delete from kept_replies where ctid = any(array( \
             select ctid from kept_replies where created_at < $1 order by created_at limit $2))",
    )
    .bind::<Timestamptz, _>(oldest)
    .bind::<BigInt, _>(limit)
    .execute(connection)
    .await
    .context("forgetting old replies")
}
