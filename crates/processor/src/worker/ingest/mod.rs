//! Reading a document, once: from its bytes to pages of text in the database. Where there is a virus
//! scanner, nothing looks at the bytes before it has.

mod pictures;
mod scan;
pub(crate) mod thumbnail;

use std::path::Path;

use quire_ai::PageText;
use quire_domain::{
    document::DocumentStatus,
    failure::{Failure, FailureCode},
    ports::blobs::{BlobError, LocalFile},
};
use quire_extract::{
    ExtractError,
    document::{self, Extracted, Method},
};
use quire_store::{
    documents::{self, Document, Page, Reading},
    queue::Claim,
};
use serde_json::{Value, json};

use super::{WorkerParts, stop::Stop, undisturbed};
use crate::{intake::storage_failed, task_type::ReadingParams, unclaimed::UnclaimedBlob};

/// What a task needs of a document that has been read.
pub(super) struct Ingested {
    pub(super) document: Document,
    pub(super) pages: Vec<PageText>,
    /// What went wrong in reading it without spoiling the whole: `{code, message}` each.
    pub(super) warnings: Vec<Value>,
    /// Why there is no text, if there is none.
    textless: Option<Failure>,
}

impl Ingested {
    /// The document, for a task that works on its text.
    pub(super) fn with_text(self) -> Result<Self, Stop> {
        match self.textless {
            None => Ok(self),
            Some(failure) => Err(Stop::Fail(failure)),
        }
    }
}

/// The claim's document: from the database when it has been read before, else read now.
pub(super) async fn ingest(
    parts: &WorkerParts,
    claim: &Claim,
    params: &ReadingParams,
) -> Result<Ingested, Stop> {
    let mut connection = parts.pool.get().await?;
    let document = documents::find(&mut connection, claim.user_id(), claim.document_id())
        .await?
        .ok_or_else(|| Stop::Fail(missing()))?;
    drop(connection);
    let document = scan::scanned(parts, document).await?;
    let mut connection = parts.pool.get().await?;
    match document.status() {
        DocumentStatus::Completed => {
            let pages = documents::pages(&mut connection, document.id()).await?;
            Ok(ingested(document, pages))
        }
        DocumentStatus::Queued | DocumentStatus::Processing => {
            documents::begin_reading(&mut connection, document.id()).await?;
            drop(connection);
            read(parts, claim, params, document).await
        }
        DocumentStatus::Initiated | DocumentStatus::Failed | DocumentStatus::Quarantined => {
            Err(Stop::Fail(documents::failure_of(&document)))
        }
    }
}

/// A document that is in the database with all that was read of it.
fn ingested(document: Document, pages: Vec<Page>) -> Ingested {
    let page_text =
        |page: Page| PageText { number: u32::try_from(page.number).unwrap_or_default(), text: page.text };
    let warnings = document.metadata.get("warnings").and_then(Value::as_array).cloned().unwrap_or_default();
    let pages: Vec<_> = pages.into_iter().map(page_text).collect();
    let textless = document.metadata.get(TEXTLESS).and_then(|reason| {
        let code = FailureCode::parse(reason.get("code")?.as_str()?)?;
        Some(Failure::new(code, reason.get("message")?.as_str()?.to_owned()))
    });
    Ingested { document, pages, warnings, textless }
}

/// In the metadata of documents without text: `{code, message}` of the failure of tasks that need some.
const TEXTLESS: &str = "textless";

async fn read(
    parts: &WorkerParts,
    claim: &Claim,
    params: &ReadingParams,
    document: Document,
) -> Result<Ingested, Stop> {
    let file = match parts.blobs.local_file(&document.storage_key).await {
        Ok(file) => file,
        Err(BlobError::NotFound) => return fail(parts, &document, missing()).await,
        Err(error) => return Err(storage_failed(error).into()),
    };
    let reading = DocumentReading { parts, claim, params, document: &document, file: &file };
    match reading.extract().await? {
        Ok(extracted) => {
            let thumbnail = reading.keep_thumbnail().await?;
            Ok(undisturbed(store(parts.clone(), document, extracted, thumbnail)).await?)
        }
        Err(failure) => fail(parts, &document, failure).await,
    }
}

/// A document that is being read for a task.
struct DocumentReading<'a> {
    parts: &'a WorkerParts,
    claim: &'a Claim,
    params: &'a ReadingParams,
    document: &'a Document,
    file: &'a LocalFile,
}

impl DocumentReading<'_> {
    fn path(&self) -> &Path {
        &self.file.path
    }

    /// The outer error is the system's and passes; the inner one is the document's and stays.
    async fn extract(&self) -> Result<Result<Extracted, Failure>, Stop> {
        let options = self.params.options(&self.document.filename);
        let mut extracted = match self.parts.reader.read(self.path(), &options).await {
            Ok(extracted) => extracted,
            Err(error) => return verdict(error).map(Err),
        };
        if extracted.pages.iter().any(|page| page.is_picture) {
            self.recognize_pictures(&mut extracted, &options).await?;
            extracted.measure_text();
        }
        Ok(Ok(extracted))
    }
}

/// The verdict on a document; an error of the system is worth a later try.
pub(super) fn verdict(error: ExtractError) -> Result<Failure, Stop> {
    error.failure().ok_or_else(|| unreadable_now(error).into())
}

async fn fail<T>(parts: &WorkerParts, document: &Document, failure: Failure) -> Result<T, Stop> {
    let mut connection = parts.pool.get().await?;
    documents::fail_reading(&mut connection, document.id(), &failure).await?;
    Err(Stop::Fail(failure))
}

async fn store(
    parts: WorkerParts,
    mut document: Document,
    extracted: Extracted,
    thumbnail: Option<UnclaimedBlob>,
) -> quire_domain::Result<Ingested> {
    let textless = extracted.textless().and_then(|reason| reason.failure());
    document.metadata = metadata(&extracted, textless.as_ref());
    document.media_type = extracted.media_type;
    let pages: Vec<Page> = extracted.pages.into_iter().filter_map(stored_page).collect();
    let mut connection = parts.pool.get().await?;
    let thumbnail_key = thumbnail.as_ref().map(|thumbnail| thumbnail.key().to_owned());
    let reading = Reading {
        media_type: &document.media_type,
        metadata: &document.metadata,
        pages: &pages,
        thumbnail_key: thumbnail_key.as_deref(),
    };
    // From here on the database decides. As long as it is not known what it did, the bytes stay.
    if let Some(thumbnail) = thumbnail {
        thumbnail.keep();
    }
    let finished = documents::finish_reading(&mut connection, &document, &reading).await?;
    if let (false, Some(key)) = (finished, thumbnail_key) {
        drop(UnclaimedBlob::new(parts.blobs.clone(), key));
    }
    parts.signal.written();
    Ok(ingested(document, pages))
}

/// A page as it is stored.
fn stored_page(page: document::Page) -> Option<Page> {
    let method = match page.method {
        Method::Text => "text",
        Method::Ocr => "ocr",
    };
    // PostgreSQL stores every character but NUL.
    let text = if page.text.contains('\0') { page.text.replace('\0', "") } else { page.text };
    let number = i32::try_from(page.number).ok()?;
    Some(Page { number, text, method: method.to_owned(), confidence: page.confidence })
}

/// What the document says about itself, with what went wrong in reading it, and on which page.
fn metadata(extracted: &Extracted, textless: Option<&Failure>) -> Value {
    let of_pages = extracted.pages.iter().flat_map(|page| {
        page.warnings.iter().map(|warning| {
            json!({
                "code": warning.code, "message": warning.message, "page": page.number,
            })
        })
    });
    let warnings: Vec<_> = extracted.warnings.iter().map(|warning| json!(warning)).chain(of_pages).collect();
    let mut metadata = json!(extracted.metadata);
    if let Some(fields) = metadata.as_object_mut() {
        if !warnings.is_empty() {
            fields.insert("warnings".to_owned(), warnings.into());
        }
        if let Some(failure) = textless {
            let reason = json!({"code": failure.code.as_str(), "message": failure.message});
            fields.insert(TEXTLESS.to_owned(), reason);
        }
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
