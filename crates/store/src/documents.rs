//! Documents, their pages of text, and the blobs that wait for deletion.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not, now, sql},
    prelude::*,
    sql_types::BigInt,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use quire_domain::{
    DocumentId, Result, UserId,
    details::DocumentDetails,
    document::{DocumentStatus, ScanVerdict},
    event::EventName,
    failure::{Failure, FailureCode},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{Context, is_without_parent},
    events::{self, NewEvent},
    schema::{blob_deletions, document_pages, documents},
};

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct Document {
    id: Uuid,
    user_id: i64,
    pub filename: String,
    pub media_type: String,
    /// In bytes; 0 until they have come.
    pub size: i64,
    /// `None` until the bytes have come.
    pub sha256: Option<Vec<u8>>,
    pub storage_key: String,
    status: String,
    pub metadata: Value,
    pub error_code: Option<String>,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub kind: String,
    pub thumbnail_key: Option<String>,
    pub declared_type: Option<String>,
    pub updated_at: DateTime<Utc>,
    pub folder: String,
    pub description: String,
    pub tags: Vec<String>,
    pub parent_id: Option<Uuid>,
    pub parent_pages: Option<Vec<i32>>,
    scan_verdict: Option<String>,
    /// The virus scanner's name for what it found.
    pub scan_signature: Option<String>,
    pub scanned_at: Option<DateTime<Utc>>,
}

impl Document {
    /// The document's id.
    pub fn id(&self) -> DocumentId {
        DocumentId(self.id)
    }

    /// Whose it is.
    pub fn user_id(&self) -> UserId {
        UserId(self.user_id)
    }

    /// Where it is on its way. The column is checked, so the fallback is never seen.
    pub fn status(&self) -> DocumentStatus {
        DocumentStatus::parse(&self.status).unwrap_or(DocumentStatus::Failed)
    }

    /// What came of scanning it for viruses; `None` while it has not been.
    pub fn scan_verdict(&self) -> Option<ScanVerdict> {
        self.scan_verdict.as_deref().and_then(ScanVerdict::parse)
    }
}

/// A document whose bytes have been stored.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct NewDocument<'a> {
    pub id: DocumentId,
    pub user_id: UserId,
    pub filename: &'a str,
    /// What the client said it was.
    pub declared_type: Option<&'a str>,
    /// What its content says it is.
    pub media_type: &'a str,
    pub size: i64,
    pub sha256: &'a [u8; 32],
    pub storage_key: &'a str,
    pub details: &'a DocumentDetails,
}

/// The document that had the bytes of a new one before. The new one shares its blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstCopy {
    /// The document.
    pub document_id: DocumentId,
    /// Where the bytes of both are.
    pub storage_key: String,
}

/// The text of one page.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = document_pages, check_for_backend(diesel::pg::Pg))]
pub struct Page {
    /// From 1.
    pub number: i32,
    /// Its text. Never holds a NUL, which PostgreSQL cannot store.
    pub text: String,
    /// `text` or `ocr`.
    pub method: String,
    /// How sure the recognition of characters was, from 0 to 1; `None` if nothing was recognised.
    pub confidence: Option<f32>,
}

/// A document of this user.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    id: DocumentId,
) -> Result<Option<Document>> {
    documents::table
        .find(id.0)
        .filter(documents::user_id.eq(owner.0))
        .select(Document::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading a document")
}

/// Who decides about a blob: of the documents that share it one in quarantine, if there is any, else
/// the first. Whoever asks has shown a leave of its own for the blob.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_blob(connection: &mut AsyncPgConnection, storage_key: &str) -> Result<Option<Document>> {
    documents::table
        .filter(documents::storage_key.eq(storage_key))
        .order((documents::status.eq(DocumentStatus::Quarantined.as_str()).desc(), documents::id))
        .select(Document::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading the document of a blob")
}

/// The pages of a document, in order: of one that is being read, those that wanted long to be read.
///
/// # Errors
/// When the database does not answer.
pub async fn pages(connection: &mut AsyncPgConnection, id: DocumentId) -> Result<Vec<Page>> {
    document_pages::table
        .filter(document_pages::document_id.eq(id.0))
        .order(document_pages::number)
        .select(Page::as_select())
        .load(connection)
        .await
        .context("reading pages")
}

/// Those of these pages that a document of this user has, in order; all of them without a range.
///
/// # Errors
/// When the database does not answer.
pub async fn find_pages(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    id: DocumentId,
    range: Option<&RangeInclusive<i32>>,
) -> Result<Vec<Page>> {
    let (first, last) = range.map_or((1, i32::MAX), |range| (*range.start(), *range.end()));
    document_pages::table
        .inner_join(documents::table)
        .filter(documents::user_id.eq(owner.0))
        .filter(document_pages::document_id.eq(id.0))
        .filter(document_pages::number.between(first, last))
        .order(document_pages::number)
        .select(Page::as_select())
        .load(connection)
        .await
        .context("reading pages of a document")
}

/// Says that a worker reads the document now; `false` when it is past that.
///
/// # Errors
/// When the database does not answer.
pub async fn begin_reading(connection: &mut AsyncPgConnection, id: DocumentId) -> Result<bool> {
    let open = [DocumentStatus::Queued.as_str(), DocumentStatus::Processing.as_str()];
    let begun = diesel::update(documents::table.find(id.0).filter(documents::status.eq_any(open)))
        .set((documents::status.eq(DocumentStatus::Processing.as_str()), documents::updated_at.eq(now)))
        .execute(connection)
        .await
        .context("beginning to read a document")?;
    Ok(begun > 0)
}

/// Keeps a page of a document that is being read, so that whoever has to begin again does not have
/// to read it again. A page of a document that has been deleted meanwhile is not kept.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_page(connection: &mut AsyncPgConnection, id: DocumentId, page: &Page) -> Result<()> {
    match insert_pages(connection, id, std::slice::from_ref(page)).await {
        Err(error) if is_without_parent(&error) => Ok(()),
        kept => kept.context("keeping a page"),
    }
}

/// What reading a document gave.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct Reading<'a> {
    pub media_type: &'a str,
    pub metadata: &'a Value,
    pub pages: &'a [Page],
    pub thumbnail_key: Option<&'a str>,
}

/// Stores what was read and says so, in one transaction. `false` when nothing changed: another worker
/// was first, and both read the same bytes, or the document has been deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn finish_reading(
    connection: &mut AsyncPgConnection,
    document: &Document,
    reading: &Reading<'_>,
) -> Result<bool> {
    connection
        .transaction(async |connection| {
            let finished = diesel::update(in_processing(document.id()))
                .set((
                    documents::status.eq(DocumentStatus::Completed.as_str()),
                    documents::media_type.eq(reading.media_type),
                    documents::metadata.eq(reading.metadata),
                    documents::thumbnail_key.eq(reading.thumbnail_key),
                    documents::updated_at.eq(now),
                ))
                .execute(connection)
                .await?;
            if finished == 0 {
                return Ok(false);
            }
            insert_pages(connection, document.id(), reading.pages).await?;
            let event = NewEvent {
                user_id: document.user_id,
                name: EventName::DocumentReady.as_str(),
                document_id: document.id,
                filename: &document.filename,
                status: DocumentStatus::Completed.as_str(),
                message: "The document has been read.",
            };
            events::insert(connection, &event).await?;
            diesel::QueryResult::Ok(true)
        })
        .await
        .context("storing what was read")
}

/// Says that the document cannot be read, and why.
///
/// # Errors
/// When the database does not answer.
pub async fn fail_reading(
    connection: &mut AsyncPgConnection,
    id: DocumentId,
    failure: &Failure,
) -> Result<()> {
    diesel::update(in_processing(id))
        .set((
            documents::status.eq(DocumentStatus::Failed.as_str()),
            documents::error_code.eq(failure.code.as_str()),
            documents::last_error.eq(failure.message.as_ref()),
            documents::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .context("failing a document")?;
    Ok(())
}

/// Why a document that is `FAILED` could not be read.
pub fn failure_of(document: &Document) -> Failure {
    let code = document.error_code.as_deref().and_then(FailureCode::parse);
    Failure::new(
        code.unwrap_or(FailureCode::DocumentCorrupt),
        document.last_error.clone().unwrap_or_else(|| "The document could not be read.".to_owned()),
    )
}

/// The bytes of all documents of this user, those that share them counted each.
///
/// # Errors
/// When the database does not answer.
pub async fn stored_bytes(connection: &mut AsyncPgConnection, owner: UserId) -> Result<i64> {
    documents::table
        .filter(documents::user_id.eq(owner.0))
        .select(sql::<BigInt>("least(coalesce(sum(size), 0), 9223372036854775807)::bigint"))
        .first(connection)
        .await
        .context("adding up the documents of a user")
}

/// Lets all documents of one blob have another: the bytes have come again, and the old blob is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn replace_blob(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    lost: &str,
    storage_key: &str,
) -> Result<usize> {
    let of_lost =
        documents::table.filter(documents::user_id.eq(owner.0)).filter(documents::storage_key.eq(lost));
    diesel::update(of_lost)
        .set((documents::storage_key.eq(storage_key), documents::updated_at.eq(now)))
        .execute(connection)
        .await
        .context("replacing a lost blob")
}

/// Blobs that no document names any more, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn blobs_to_delete(connection: &mut AsyncPgConnection, limit: i64) -> Result<Vec<String>> {
    let named = documents::table.filter(documents::storage_key.eq(blob_deletions::storage_key));
    blob_deletions::table
        .filter(not(exists(named)))
        .order(blob_deletions::requested_at)
        .limit(limit)
        .select(blob_deletions::storage_key)
        .load(connection)
        .await
        .context("reading blobs to delete")
}

/// Says that a blob has been deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_blob(connection: &mut AsyncPgConnection, storage_key: &str) -> Result<()> {
    diesel::delete(blob_deletions::table.find(storage_key))
        .execute(connection)
        .await
        .context("forgetting a deleted blob")?;
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn in_processing(id: DocumentId) -> _ {
    let key: Uuid = id.0;
    let processing: &'static str = DocumentStatus::Processing.as_str();
    documents::table.find(key).filter(documents::status.eq(processing))
}

async fn insert_pages(
    connection: &mut AsyncPgConnection,
    id: DocumentId,
    pages: &[Page],
) -> diesel::QueryResult<()> {
    // Five columns a row; PostgreSQL takes at most 65,535 parameters in one statement.
    for chunk in pages.chunks(1_000) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|page| {
                (
                    document_pages::document_id.eq(id.0),
                    document_pages::number.eq(page.number),
                    document_pages::text.eq(&page.text),
                    document_pages::method.eq(&page.method),
                    document_pages::confidence.eq(page.confidence),
                )
            })
            .collect();
        diesel::insert_into(document_pages::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
    }
    Ok(())
}
