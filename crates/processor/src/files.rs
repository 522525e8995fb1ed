//! What users see of their files, whatever state they are in, and where their bytes are.

use std::time::Duration;

use quire_domain::{
    DocumentId, Error, Result, UserId,
    ports::blobs::{SharedBlobStore, SignedDownload, SignedRequest},
    task::{Task, TaskFilter},
};
use quire_store::{
    Pool,
    documents::{self, Document},
    tasks,
};

use crate::{documents::Documents, intake::storage_failed};

/// How long the address of a download is good.
const LINK_LASTS: Duration = Duration::from_mins(5);

/// What blobs are said to be kept in where storage has no buckets.
const LOCAL: &str = "local";

/// The use cases on files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Files {
    pool: Pool,
    blobs: SharedBlobStore,
    documents: Documents,
}

impl Files {
    /// Puts the use cases together from what they need.
    pub fn new(pool: Pool, blobs: SharedBlobStore, documents: Documents) -> Self {
        Self { pool, blobs, documents }
    }

    /// A document in any state.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`](quire_domain::ErrorCode::NotFound).
    pub async fn get_file(&self, owner: UserId, id: DocumentId) -> Result<Document> {
        let found = documents::find(&mut *self.pool.get().await?, owner, id).await?;
        found.ok_or_else(|| Error::not_found("document"))
    }

    /// A document in any state, and its newest task.
    ///
    /// # Errors
    /// As [`Self::get_file`].
    pub async fn get_file_status(&self, owner: UserId, id: DocumentId) -> Result<(Document, Option<Task>)> {
        let mut connection = self.pool.get().await?;
        let found = documents::find(&mut connection, owner, id).await?;
        let document = found.ok_or_else(|| Error::not_found("document"))?;
        let filter = TaskFilter { document_id: Some(id), ..TaskFilter::default() };
        let task = tasks::list(&mut connection, owner, &filter, 1).await?.pop();
        Ok((document, task))
    }

    /// Where a client can fetch the file of an open document by itself; `None` where the bytes have
    /// to come from here.
    ///
    /// # Errors
    /// As [`Documents::check_file`].
    pub async fn link_file(&self, document: &Document) -> Result<Option<SignedRequest>> {
        if self.blobs.bucket().is_none() {
            return Ok(None);
        }
        // Storage would say that there is no such file in its own words.
        self.documents.check_file(document).await?;
        let download = SignedDownload {
            filename: document.filename.clone(),
            media_type: document.media_type.clone(),
            expires_in: LINK_LASTS,
        };
        let signed = self.blobs.sign_download(&document.storage_key, &download).await;
        signed.map(Some).map_err(storage_failed)
    }

    /// What the files are kept in, as clients are told.
    pub fn bucket(&self) -> &str {
        self.blobs.bucket().unwrap_or(LOCAL)
    }
}
