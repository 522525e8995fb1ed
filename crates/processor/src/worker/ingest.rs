//! Reading a document, once: from its bytes to pages of text in the database.

use quire_ai::PageText;
use quire_domain::{
    document::DocumentStatus,
    failure::{Failure, FailureCode},
    ports::blobs::BlobError,
};
use quire_extract::{
    ExtractError,
    document::{Extracted, Method},
    options::ReadOptions,
};
use quire_store::{
    documents::{self, Document, Page, Reading},
    queue::Claim,
};
use serde_json::{Value, json};

use super::{WorkerParts, stop::Stop};
use crate::intake::storage_failed;

/// What a task needs of a document that has been read.
pub(super) struct Ingested {
    pub(super) filename: String,
    pub(super) pages: Vec<PageText>,
    /// What went wrong in reading it without spoiling the whole: `{code, message}` each.
    pub(super) warnings: Vec<Value>,
}

/// The text of the claim's document: from the database when it has been read before, else by
/// reading it now.
pub(super) async fn ingest(parts: &WorkerParts, claim: &Claim) -> Result<Ingested, Stop> {
    let mut connection = parts.pool.get().await?;
    let document = documents::find(&mut connection, claim.user_id(), claim.document_id())
        .await?
        .ok_or_else(|| Stop::Fail(missing()))?;
    match document.status() {
        DocumentStatus::Completed => {
            let pages = documents::pages(&mut connection, document.id()).await?;
            Ok(Ingested::new(pages, &document.metadata, document.filename))
        }
        DocumentStatus::Queued | DocumentStatus::Processing => {
            documents::begin_reading(&mut connection, document.id()).await?;
            drop(connection);
            read(parts, document).await
        }
        DocumentStatus::Initiated | DocumentStatus::Failed | DocumentStatus::Quarantined => {
            Err(Stop::Fail(documents::failure_of(&document)))
        }
    }
}

impl Ingested {
    fn new(pages: Vec<Page>, metadata: &Value, filename: String) -> Self {
        let page_text =
            |page: Page| PageText { number: u32::try_from(page.number).unwrap_or_default(), text: page.text };
        let warnings = metadata.get("warnings").and_then(Value::as_array).cloned().unwrap_or_default();
        Self { filename, pages: pages.into_iter().map(page_text).collect(), warnings }
    }
}

async fn read(parts: &WorkerParts, document: Document) -> Result<Ingested, Stop> {
    let failure = match extract(parts, &document).await? {
        Ok(extracted) => return store_pages(parts, document, extracted).await,
        Err(failure) => failure,
    };
    let mut connection = parts.pool.get().await?;
    documents::fail_reading(&mut connection, document.id(), &failure).await?;
    Err(Stop::Fail(failure))
}

/// The outer error is the system's and passes; the inner one is the document's and stays.
async fn extract(parts: &WorkerParts, document: &Document) -> Result<Result<Extracted, Failure>, Stop> {
    let file = match parts.blobs.local_file(&document.storage_key).await {
        Ok(file) => file,
        Err(BlobError::NotFound) => return Ok(Err(missing())),
        Err(error) => return Err(storage_failed(error).into()),
    };
    match parts.reader.read(&file.path, &ReadOptions::of_file(&document.filename)).await {
        Ok(extracted) => Ok(Ok(extracted)),
        Err(error) => match error.failure() {
            Some(failure) => Ok(Err(failure)),
            None => Err(unreadable_now(error).into()),
        },
    }
}

async fn store_pages(
    parts: &WorkerParts,
    document: Document,
    extracted: Extracted,
) -> Result<Ingested, Stop> {
    let metadata = metadata(&extracted);
    let pages: Vec<Page> = extracted
        .pages
        .into_iter()
        .filter_map(|page| {
            let method = match page.method {
                Method::Text => "text",
                Method::Ocr => "ocr",
            };
            // PostgreSQL stores every character but NUL.
            let text = if page.text.contains('\0') { page.text.replace('\0', "") } else { page.text };
            Some(Page {
                number: i32::try_from(page.number).ok()?,
                text,
                method: method.to_owned(),
                confidence: page.confidence,
            })
        })
        .collect();
    let mut connection = parts.pool.get().await?;
    let reading = Reading {
        media_type: &extracted.media_type,
        metadata: &metadata,
        pages: &pages,
        thumbnail_key: None,
    };
    documents::finish_reading(&mut connection, &document, &reading).await?;
    parts.signal.written();
    Ok(Ingested::new(pages, &metadata, document.filename))
}

/// What the document says about itself, with what went wrong in reading it.
fn metadata(extracted: &Extracted) -> Value {
    let mut metadata = json!(extracted.metadata);
    if let (Some(fields), false) = (metadata.as_object_mut(), extracted.warnings.is_empty()) {
        fields.insert("warnings".to_owned(), json!(extracted.warnings));
    }
    metadata
}

fn missing() -> Failure {
    Failure::new(
        FailureCode::DocumentMissing,
        "The file of this document is not in storage any more. Please upload it again.",
    )
}

fn unreadable_now(error: ExtractError) -> quire_domain::Error {
    quire_domain::Error::internal("reading a document").with_source(error)
}
