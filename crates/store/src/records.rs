//! Documents as records: what was stored, under which key, and what was said of it.

use diesel::{dsl::exists, prelude::*, select};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, UserId, document::DocumentStatus};

use crate::{
    documents::Document,
    error::Context,
    schema::{blob_deletions, documents, uploads},
};

/// Which records to list: those to which all of it applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// In this folder.
    pub folder: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Older than this one.
    pub before: Option<DocumentId>,
}

/// Documents of this user whose bytes have come, newest first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    filter: &RecordFilter,
    limit: i64,
) -> Result<Vec<Document>> {
    let mut query = documents::table
        .filter(documents::user_id.eq(owner.0))
        .filter(documents::status.ne(DocumentStatus::Initiated.as_str()))
        .order(documents::id.desc())
        .limit(limit)
        .select(Document::as_select())
        .into_boxed();
    if let Some(before) = filter.before {
        query = query.filter(documents::id.lt(before.0));
    }
    if let Some(folder) = &filter.folder {
        query = query.filter(documents::folder.eq(folder));
    }
    if let Some(tag) = &filter.tag {
        query = query.filter(documents::tags.contains(vec![tag]));
    }
    query.load(connection).await.context("listing records")
}

/// Who decides about an object of this user: of the documents that share it one in quarantine, if there
/// is any, else the first.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_key(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    storage_key: &str,
) -> Result<Option<Document>> {
    documents::table
        .filter(documents::user_id.eq(owner.0))
        .filter(documents::storage_key.eq(storage_key))
        .order((documents::status.eq(DocumentStatus::Quarantined.as_str()).desc(), documents::id))
        .select(Document::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading the document of an object")
}

/// What is known of an object in storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectState {
    /// Nothing.
    Unknown,
    /// A document has it, as its file or its picture, or will: it comes in pieces.
    Taken,
    /// Its document was deleted, and it will be.
    GivenUp,
}

/// What is known of the object under this key.
///
/// # Errors
/// When the database does not answer.
pub async fn state_of(connection: &mut AsyncPgConnection, storage_key: &str) -> Result<ObjectState> {
    let named = documents::table
        .filter(documents::storage_key.eq(storage_key).or(documents::thumbnail_key.eq(storage_key)));
    let coming = uploads::table.filter(uploads::storage_key.eq(storage_key));
    let given_up = blob_deletions::table.find(storage_key);
    let (named, coming, given_up): (bool, bool, bool) =
        select((exists(named), exists(coming), exists(given_up)))
            .get_result(connection)
            .await
            .context("asking about an object")?;
    Ok(match (named || coming, given_up) {
        (true, _) => ObjectState::Taken,
        (false, true) => ObjectState::GivenUp,
        (false, false) => ObjectState::Unknown,
    })
}

/// Lets an object be deleted that no document names any more.
///
/// # Errors
/// When the database does not answer.
pub async fn give_up(connection: &mut AsyncPgConnection, storage_key: &str) -> Result<()> {
    diesel::insert_into(blob_deletions::table)
        .values(blob_deletions::storage_key.eq(storage_key))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .context("giving up an object")?;
    Ok(())
}
