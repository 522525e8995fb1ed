//! Blobs that come in pieces: over several requests, and over restarts of the process.

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::BlobError;

/// Blob storage whose blobs may be written in pieces.
///
/// Of one blob there is at most one writer at a time: the caller sees to it. As a safety net,
/// an adapter whose bytes could otherwise be mixed up refuses a second writer with
/// [`BlobError::Io`] of [`std::io::ErrorKind::ResourceBusy`].
#[async_trait]
pub trait ResumableBlobs {
    /// Begins a blob that will be visible under `key` when it is finished. The state is that of
    /// a blob with no bytes.
    async fn begin(&self, key: &str) -> Result<UploadState, BlobError>;

    /// Goes on from a state that [`begin`](Self::begin) or the latest
    /// [`checkpoint`](ResumableWriter::checkpoint) gave, or from the one before that. The next byte written is the one at
    /// [`UploadState::offset`], whatever a writer that is gone wrote after it.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when there is nothing to go on with: it was abandoned, or is finished.
    /// An adapter may find that out only when the writer is used.
    async fn resume(&self, key: &str, state: &UploadState) -> Result<Box<dyn ResumableWriter>, BlobError>;

    /// Gives up an unfinished blob and frees all that it takes. What is abandoned or finished already
    /// stays as it is: a success.
    async fn abandon(&self, key: &str, state: &UploadState) -> Result<(), BlobError>;
}

/// A blob being written in pieces. Dropping it keeps what the latest checkpoint made durable.
#[async_trait]
pub trait ResumableWriter: Send {
    /// Appends bytes; returns when they are handed on, so that memory stays bounded. After an error
    /// only a new writer can go on.
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError>;

    /// Makes everything written so far durable and gives the state to go on from. A process can end
    /// before its caller has kept that state, so the one before stays good, too: until the next
    /// checkpoint. Older ones are of no use any more.
    async fn checkpoint(&mut self) -> Result<UploadState, BlobError>;

    /// Makes the blob durable and visible under its key. When that fails, or nobody waits for it any
    /// more, the blob is either finished or can be resumed from the latest state.
    async fn finish(self: Box<Self>) -> Result<(), BlobError>;
}

/// How far a blob has come, to be kept by the caller between two writers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadState {
    /// Bytes that are durable: the place of the next byte.
    pub offset: u64,
    /// What the adapter needs to find them again.
    pub adapter: Value,
}
