//! A file that has come in whole, and that no document points to yet.

use quire_domain::{DocumentId, Result, UserId, details::DocumentDetails, ports::blobs::BlobError};
use quire_store::documents::NewDocument;

use super::checksum::{self, Sha256Digest};
use crate::unclaimed::UnclaimedBlob;

/// A file whose bytes are durable, but which no document points to yet. Its bytes are deleted
/// when it is dropped before [`keep`](Self::keep), whatever the reason: a refusal, an error, a
/// client that has gone.
#[derive(Debug)]
pub struct Received {
    /// The id that the document will have.
    pub document_id: DocumentId,
    pub(super) filename: String,
    pub(super) declared_type: Option<String>,
    pub(super) media_type: String,
    pub(super) size: i64,
    pub(super) sha256: Sha256Digest,
    pub(super) details: DocumentDetails,
    /// A document was announced for it.
    pub(super) is_announced: bool,
    pub(super) blob: UnclaimedBlob,
}

impl Received {
    /// The row to store for this file.
    pub fn as_document(&self, owner: UserId) -> NewDocument<'_> {
        NewDocument {
            id: self.document_id,
            user_id: owner,
            filename: &self.filename,
            declared_type: self.declared_type.as_deref(),
            media_type: &self.media_type,
            size: self.size,
            sha256: &self.sha256,
            storage_key: self.blob.key(),
            details: &self.details,
        }
    }

    /// What people say about the document.
    #[must_use]
    pub fn with_details(mut self, details: DocumentDetails) -> Self {
        self.details = details;
        self
    }

    /// The file of a document that was announced with this id.
    #[must_use]
    pub(crate) fn into_announced(self, id: DocumentId) -> Self {
        Self { document_id: id, is_announced: true, ..self }
    }

    /// Whether a document was announced for it, and so is there already.
    pub(crate) fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// Refuses a file that is not the one whose checksum the client sent.
    ///
    /// # Errors
    /// [`ErrorCode::ChecksumMismatch`](quire_domain::ErrorCode::ChecksumMismatch).
    pub fn check_sha256(&self, expected: Option<&Sha256Digest>) -> Result<()> {
        checksum::compare(expected, &self.sha256)
    }

    /// Whether an earlier file, which has the same bytes, is still in storage. As long as storage does
    /// not say no, it is taken to be.
    pub(crate) async fn is_stored(&self, key: &str) -> bool {
        !matches!(self.blob.store().info(key).await, Err(BlobError::NotFound))
    }

    /// A document points to the file now: it stays.
    pub fn keep(self) {
        self.blob.keep();
    }
}
