//! Storage that tests can put in the way: in a bucket, or failing.

use std::{
    io,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use quire_backends::blobs::memory::MemoryBlobs;
use quire_domain::ports::{
    blobs::{
        BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, ListedBlob, LocalFile, SignedDownload,
        SignedRequest, SignedUpload,
    },
    resumable::{ResumableBlobs, ResumableWriter, UploadState},
};

/// Blobs in memory that are said to be in a bucket, to which clients are sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    blobs: MemoryBlobs,
    is_away: Arc<AtomicBool>,
}

impl Bucket {
    /// Lets storage fail from now on, or work again.
    pub(super) fn set_away(&self, away: bool) {
        self.is_away.store(away, Ordering::SeqCst);
    }

    pub(super) fn len(&self) -> usize {
        self.blobs.len()
    }

    fn check(&self) -> Result<(), BlobError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(BlobError::Io(io::Error::other("storage is away")));
        }
        Ok(())
    }

    fn signed(method: &'static str, key: &str, seconds: u64) -> SignedRequest {
        SignedRequest {
            method,
            url: format!("https://bucket.example.com/{key}?signature=abc&seconds={seconds}"),
            headers: Vec::new(),
            expires_at: chrono::DateTime::UNIX_EPOCH,
        }
    }
}

#[async_trait]
impl ResumableBlobs for Bucket {
    async fn begin(&self, key: &str) -> Result<UploadState, BlobError> {
        Bucket::check(self)?;
        self.blobs.begin(key).await
    }

    async fn resume(&self, key: &str, state: &UploadState) -> Result<Box<dyn ResumableWriter>, BlobError> {
        Bucket::check(self)?;
        self.blobs.resume(key, state).await
    }

    async fn abandon(&self, key: &str, state: &UploadState) -> Result<(), BlobError> {
        Bucket::check(self)?;
        self.blobs.abandon(key, state).await
    }
}

#[async_trait]
impl BlobStore for Bucket {
    async fn create(&self, key: &str) -> Result<Box<dyn BlobWriter>, BlobError> {
        Bucket::check(self)?;
        self.blobs.create(key).await
    }

    async fn read(&self, key: &str) -> Result<ByteStream, BlobError> {
        Bucket::check(self)?;
        self.blobs.read(key).await
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<ByteStream, BlobError> {
        Bucket::check(self)?;
        self.blobs.read_range(key, range).await
    }

    async fn info(&self, key: &str) -> Result<BlobInfo, BlobError> {
        Bucket::check(self)?;
        self.blobs.info(key).await
    }

    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ListedBlob, BlobError>> {
        self.blobs.list(prefix)
    }

    async fn sign_download(&self, key: &str, download: &SignedDownload) -> Result<SignedRequest, BlobError> {
        Bucket::check(self)?;
        Ok(Self::signed("GET", key, download.expires_in.as_secs()))
    }

    async fn sign_upload(&self, key: &str, upload: &SignedUpload) -> Result<SignedRequest, BlobError> {
        Bucket::check(self)?;
        Ok(Self::signed("PUT", key, upload.expires_in.as_secs()))
    }

    fn bucket(&self) -> Option<&str> {
        Some("papers")
    }

    async fn local_file(&self, key: &str) -> Result<LocalFile, BlobError> {
        Bucket::check(self)?;
        self.blobs.local_file(key).await
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        Bucket::check(self)?;
        self.blobs.delete(key).await
    }

    async fn check(&self) -> Result<(), BlobError> {
        Bucket::check(self)
    }
}
