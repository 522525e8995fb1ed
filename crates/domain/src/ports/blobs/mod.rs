//! Blob storage: where the bytes of documents live.

mod error;
pub mod resumable;
mod signed;

use std::{fmt, io, ops::Range, path::PathBuf, pin::Pin, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream::BoxStream};

pub use self::error::BlobError;
use self::resumable::ResumableBlobs;
pub use self::signed::{SignedDownload, SignedRequest, SignedUpload};

/// Bytes as they come, in pieces of any size.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Where the bytes of documents live. Keys are relative paths made by
/// [`crate::document::storage_key`]; an adapter refuses any key that is not
/// (see [`is_valid_key`]).
#[async_trait]
pub trait BlobStore: ResumableBlobs + fmt::Debug + Send + Sync + 'static {
    /// Begins a new blob. Nothing is visible under `key` until [`BlobWriter::finish`].
    async fn create(&self, key: &str) -> Result<Box<dyn BlobWriter>, BlobError>;

    /// The whole blob as a stream.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when there is none under `key`.
    async fn read(&self, key: &str) -> Result<ByteStream, BlobError>;

    /// A part of the blob as a stream: those bytes of `range` that there are, which may be none.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<ByteStream, BlobError>;

    /// What is known of the blob without reading it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn info(&self, key: &str) -> Result<BlobInfo, BlobError>;

    /// All blobs whose keys begin with `prefix`, in no particular order; not the unfinished ones.
    /// Memory stays bounded however many there are. What comes or goes meanwhile may be among
    /// them or not.
    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ListedBlob, BlobError>>;

    /// An address under which anybody may fetch the blob for a while, as an attachment. It is
    /// not looked up whether there is one.
    async fn sign_download(&self, key: &str, download: &SignedDownload) -> Result<SignedRequest, BlobError>;

    /// An address to which anybody may send the blob for a while.
    async fn sign_upload(&self, key: &str, upload: &SignedUpload) -> Result<SignedRequest, BlobError>;

    /// The bucket that blobs are kept in, where there is one: then clients fetch by themselves what
    /// [`sign_download`](Self::sign_download) gives them leave for.
    fn bucket(&self) -> Option<&str> {
        None
    }

    /// The blob as a file on this machine, for parsers that need one. Adapters without
    /// files of their own write a temporary one, which goes when the value is dropped.
    async fn local_file(&self, key: &str) -> Result<LocalFile, BlobError>;

    /// Removes the blob; removing what is not there is a success.
    async fn delete(&self, key: &str) -> Result<(), BlobError>;

    /// Whether storage can be reached and written to (used by `/health/ready`).
    async fn check(&self) -> Result<(), BlobError>;
}

/// A blob being written. Dropping it without [`finish`](Self::finish) leaves nothing behind.
#[async_trait]
pub trait BlobWriter: Send {
    /// Appends bytes; returns when they are handed on, so that memory stays bounded.
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError>;

    /// Makes the blob durable and visible under its key.
    async fn finish(self: Box<Self>) -> Result<(), BlobError>;
}

/// A blob store that can be handed around.
pub type SharedBlobStore = Arc<dyn BlobStore>;

/// What is known of a blob without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobInfo {
    /// In bytes.
    pub size: u64,
    /// When it was stored.
    pub modified: DateTime<Utc>,
}

/// One of many blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBlob {
    /// Its key.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// When it was stored.
    pub modified: DateTime<Utc>,
}

/// A blob as a file. Keep the value for as long as the path is used.
#[derive(Debug)]
pub struct LocalFile {
    /// Where the bytes are. Read only.
    pub path: PathBuf,
    /// Deletes `path` when dropped, when set.
    guard: Option<TemporaryFile>,
}

impl LocalFile {
    /// A file that stays.
    pub fn permanent(path: PathBuf) -> Self {
        Self { path, guard: None }
    }

    /// A file that is removed when this value is dropped.
    pub fn temporary(path: PathBuf) -> Self {
        Self { guard: Some(TemporaryFile(path.clone())), path }
    }

    /// Whether the file is removed when this value is dropped.
    pub fn is_temporary(&self) -> bool {
        self.guard.is_some()
    }
}

#[derive(Debug)]
struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // Nobody is left to tell; the system's own cleaning of temporary files is next.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whether `key` is a relative path of plain segments: no empty, `.` or `..` segment, no
/// backslash, no control character, at most 1,024 bytes (the limit of S3).
pub fn is_valid_key(key: &str) -> bool {
    key.len() <= 1024
        && !key.contains('\\')
        && !key.chars().any(char::is_control)
        && key.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::is_valid_key;

    #[test]
    fn keys_cannot_climb() {
        assert!(is_valid_key("uploads/user-1/0198-a b.pdf"));
        for key in ["", "/etc/passwd", "a/../b", "a//b", "./a", "a/..", "a\\b", "a\0b"] {
            assert!(!is_valid_key(key), "{key:?}");
        }
        assert!(!is_valid_key(&"a".repeat(1025)));
    }
}
