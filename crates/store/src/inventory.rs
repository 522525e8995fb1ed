//! What the database knows of blobs, for holding storage against it.

use std::collections::HashSet;

use diesel::{
    dsl::exists,
    prelude::*,
    sql_types::{Array, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, document::DocumentStatus};
use uuid::Uuid;

use crate::{error::Context, schema::documents};

/// A document and where its bytes should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The document.
    pub document_id: DocumentId,
    /// The key of its blob.
    pub storage_key: String,
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Text)]
    key: String,
}

/// Those of these keys that nothing names: no document, no upload that becomes one, and no list of
/// blobs to be deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn unknown_keys(connection: &mut AsyncPgConnection, keys: &[String]) -> Result<HashSet<String>> {
    let unknown: Vec<Key> = diesel::sql_query(UNKNOWN_KEYS)
        .bind::<Array<Text>, _>(keys)
        .load(connection)
        .await
        .context("looking for blobs that nothing names")?;
    Ok(unknown.into_iter().map(|row| row.key).collect())
}

const UNKNOWN_KEYS: &str = "\
    select key from unnest($1) as key \
    where not exists (select from documents where storage_key = key) \
        and not exists (select from uploads where storage_key = key and finished_at is null) \
        and not exists (select from documents where thumbnail_key = key) \
        and not exists (select from blob_deletions where storage_key = key)";

/// Documents whose bytes have come, by id, after one of them or from the first.
///
/// # Errors
/// When the database does not answer.
pub async fn stored_after(
    connection: &mut AsyncPgConnection,
    after: Option<DocumentId>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let rows: Vec<(Uuid, String)> = documents::table
        .filter(documents::id.gt(after.map_or(Uuid::nil(), |id| id.0)))
        .filter(documents::status.ne(DocumentStatus::Initiated.as_str()))
        .order(documents::id)
        .limit(limit)
        .select((documents::id, documents::storage_key))
        .load(connection)
        .await
        .context("listing stored documents")?;
    let stored = |(id, storage_key)| Stored { document_id: DocumentId(id), storage_key };
    Ok(rows.into_iter().map(stored).collect())
}

/// Whether this document still has its bytes under this key.
///
/// # Errors
/// When the database does not answer.
pub async fn is_stored(
    connection: &mut AsyncPgConnection,
    document_id: DocumentId,
    storage_key: &str,
) -> Result<bool> {
    let document = documents::table.find(document_id.0).filter(documents::storage_key.eq(storage_key));
    diesel::select(exists(document)).get_result(connection).await.context("looking for a document")
}
