//! What has to be seen of a document before some kinds of work on it are accepted.

use std::{sync::Arc, time::Duration};

use quire_domain::{
    Error, ErrorCode, Result,
    document::{DocumentStatus, ScanVerdict},
    ports::blobs::SharedBlobStore,
};
use quire_extract::{DocumentReader, ExtractError, media_type, options::ReadOptions, split::PlanError};
use quire_store::documents::Document;
use serde_json::Value;

use crate::{
    intake::storage_failed,
    task_type::{ReadingParams, SplitParams, TaskType},
};

/// When a reader that was not to be had may be there again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Looks into documents before work on them is accepted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Preflight {
    blobs: SharedBlobStore,
    reader: Arc<DocumentReader>,
    /// Whether documents are read only when a virus scanner has found nothing in them.
    only_scanned: bool,
}

impl Preflight {
    pub(crate) fn new(blobs: SharedBlobStore, reader: Arc<DocumentReader>, only_scanned: bool) -> Self {
        Self { blobs, reader, only_scanned }
    }

    /// Whether a stored document may be looked into. One that may not is judged by the worker, which has
    /// it scanned first; its task fails then with what is refused here.
    pub(crate) fn may_read(&self, document: &Document) -> bool {
        document.status() != DocumentStatus::Quarantined
            && (!self.only_scanned || document.scan_verdict() == Some(ScanVerdict::Clean))
    }

    /// As [`Self::may_read`], of a document that has just come.
    pub(crate) fn may_read_new(&self) -> bool {
        !self.only_scanned
    }

    /// Refuses languages in which text in pictures cannot be recognised here.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] for the field.
    pub(crate) fn check_languages(&self, reading: &ReadingParams) -> Result<()> {
        let Some(wanted) = &reading.ocr_languages else { return Ok(()) };
        match self.reader.languages(Some(wanted)) {
            Ok(_) => Ok(()),
            Err(error) => Err(invalid("params.ocr_languages", format!("Not possible here: {error}."))),
        }
    }

    /// Refuses work, given as types of tasks with their parameters, that can be seen in the document to fail.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] by field.
    pub(crate) async fn check(
        &self,
        reading: &ReadingParams,
        work: impl Iterator<Item = (TaskType, &Value)>,
        storage_key: &str,
        filename: &str,
    ) -> Result<()> {
        for (task_type, params) in work {
            match task_type {
                TaskType::Answer(_) | TaskType::Read => {}
                TaskType::SplitPdf => self.check_split(reading, params, storage_key, filename).await?,
            }
        }
        Ok(())
    }

    /// The document is a PDF that opens, and has the pages that are asked for.
    async fn check_split(
        &self,
        reading: &ReadingParams,
        params: &Value,
        storage_key: &str,
        filename: &str,
    ) -> Result<()> {
        let file = self.blobs.local_file(storage_key).await.map_err(storage_failed)?;
        let options = ReadOptions { pages: Some(Vec::new()), ..reading.options(filename) };
        let document = self.reader.read(&file.path, &options).await.map_err(refused)?;
        if document.media_type != media_type::PDF {
            let message = format!("Only PDF documents can be split; this is {}.", document.media_type);
            return Err(invalid("file", message));
        }
        let (_, params) = ReadingParams::separate(params, None);
        let params = SplitParams::parse(&params).map_err(|errors| {
            errors
                .into_result()
                .err()
                .unwrap_or_else(|| Error::internal("parameters were refused without a reason"))
        })?;
        let pages = document.metadata.pages.unwrap_or(0);
        params.plan.check(pages).map_err(|error| invalid("params", sentence(error)))
    }
}

/// What is wrong with a plan. Some count pages from 0 and some from 1, so the page is not named.
fn sentence(error: PlanError) -> String {
    match error {
        PlanError::NoSuchPage { list, pages, .. } => {
            let s = if pages == 1 { "" } else { "s" };
            format!("Part {list} wants a page that the document does not have: it has {pages} page{s}.")
        }
        error => error.to_string(),
    }
}

/// A document that cannot be read now cannot be read later.
fn refused(error: ExtractError) -> Error {
    match error.failure() {
        Some(failure) if matches!(error, ExtractError::Encrypted) => {
            invalid("params.password", failure.message.into_owned())
        }
        Some(failure) => invalid("file", failure.message.into_owned()),
        None => Error::new(ErrorCode::Overloaded, "Documents cannot be read now. Please try again later.")
            .with_retry_after(RETRY_AFTER)
            .with_source(error),
    }
}

fn invalid(field: &str, message: String) -> Error {
    Error::new(ErrorCode::ValidationFailed, message.clone()).with_field(field, message)
}
