//! What signed links lead to when storage has no HTTP of its own: fetching a blob, and storing
//! one that was announced. The link is the permission; the document decides what it is still
//! worth.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use quire_backends::blobs::links::{Leave, LinkError, Links, Purpose};
use quire_domain::{
    Error, ErrorCode, Result,
    document::DocumentStatus,
    ports::blobs::{BlobError, SharedBlobStore},
};
use quire_store::{
    Pool,
    documents::{self, Document},
};
use sha2::{Digest, Sha256};

use crate::{
    documents::check_is_open,
    intake::{Intake, storage_failed},
};

/// The use cases behind signed links. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SignedBlobs {
    pool: Pool,
    blobs: SharedBlobStore,
    links: Links,
    intake: Intake,
}

/// What a client says of the blob that it sends.
#[derive(Debug, Clone, Copy)]
pub struct Announced<'a> {
    /// Its `Content-Type`.
    pub media_type: Option<&'a str>,
    /// Its `Content-Length`, in bytes.
    pub size: Option<u64>,
}

impl SignedBlobs {
    /// Puts the use cases together from what they need.
    pub fn new(pool: Pool, blobs: SharedBlobStore, links: Links, intake: Intake) -> Self {
        Self { pool, blobs, links, intake }
    }

    /// The document whose blob may be fetched, and how it is to be sent.
    ///
    /// # Errors
    /// [`ErrorCode::LinkInvalid`], [`ErrorCode::LinkExpired`]; [`ErrorCode::NotFound`] if the document
    /// was deleted; [`ErrorCode::DocumentQuarantined`], [`ErrorCode::WrongState`].
    pub async fn fetch_blob(&self, key: &str, query: &str) -> Result<(Document, Leave)> {
        let leave = self.links.verify(Purpose::Download, key, query).map_err(refused)?;
        let found = documents::find_by_blob(&mut *self.pool.get().await?, key).await?;
        let document = found.ok_or_else(|| Error::not_found("file"))?;
        check_is_open(&document)?;
        Ok((document, leave))
    }

    /// Stores a blob whose document waits for it, and gives its SHA-256. When it fails, or the
    /// future is dropped because the client has gone, nothing is left behind.
    ///
    /// # Errors
    /// [`ErrorCode::LinkInvalid`], [`ErrorCode::LinkExpired`]; [`ErrorCode::NotFound`] if no document
    /// is there for it; [`ErrorCode::WrongState`] if its bytes have come already;
    /// [`ErrorCode::PayloadTooLarge`], [`ErrorCode::UnsupportedMediaType`],
    /// [`ErrorCode::ValidationFailed`] and [`ErrorCode::ChecksumMismatch`] for what is not as it was
    /// announced; [`ErrorCode::UploadInterrupted`], [`ErrorCode::StorageUnavailable`].
    pub async fn store_blob(
        &self,
        key: &str,
        query: &str,
        announced: Announced<'_>,
        body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<[u8; 32]> {
        let leave = self.links.verify(Purpose::Upload, key, query).map_err(refused)?;
        check_announced(&leave, announced)?;
        self.intake.check_announced_size(announced.size, 0)?;
        self.check_is_awaited(key).await?;
        let digest = self.receive(key, &leave, body).await?;
        self.keep_if_named(key).await?;
        Ok(digest)
    }

    async fn receive(
        &self,
        key: &str,
        leave: &Leave,
        mut body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<[u8; 32]> {
        let mut writer = self.blobs.create(key).await.map_err(not_stored)?;
        let (mut size, mut hasher) = (0, Sha256::new());
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(interrupted)?;
            size += chunk.len() as u64;
            if leave.size.is_some_and(|most| size > most) {
                return Err(another_size());
            }
            self.intake.check_announced_size(Some(size), 0)?;
            hasher.update(&chunk);
            writer.write(chunk).await.map_err(storage_failed)?;
        }
        let digest: [u8; 32] = hasher.finalize().into();
        if leave.size.is_some_and(|announced| size != announced) {
            return Err(another_size());
        }
        if leave.sha256.is_some_and(|announced| digest != announced) {
            return Err(Error::new(
                ErrorCode::ChecksumMismatch,
                "The file that arrived is not the one that was announced: its SHA-256 checksum differs.",
            ));
        }
        writer.finish().await.map_err(not_stored)?;
        Ok(digest)
    }

    async fn check_is_awaited(&self, key: &str) -> Result<()> {
        let found = documents::find_by_blob(&mut *self.pool.get().await?, key).await?;
        match found.ok_or_else(|| Error::not_found("document"))?.status() {
            DocumentStatus::Initiated => Ok(()),
            _ => Err(came_already()),
        }
    }

    /// A document that was deleted while its bytes came may have had its blob looked for too early.
    async fn keep_if_named(&self, key: &str) -> Result<()> {
        if documents::find_by_blob(&mut *self.pool.get().await?, key).await?.is_some() {
            return Ok(());
        }
        self.blobs.delete(key).await.map_err(storage_failed)?;
        Err(Error::not_found("document"))
    }
}

fn check_announced(leave: &Leave, announced: Announced<'_>) -> Result<()> {
    if let Some(media_type) = leave.media_type.as_deref()
        && announced.media_type != Some(media_type)
    {
        return Err(Error::new(
            ErrorCode::UnsupportedMediaType,
            format!("This link is for a file that is sent with `Content-Type: {media_type}`."),
        ));
    }
    match (leave.size, announced.size) {
        (Some(size), Some(other)) if size != other => Err(another_size()),
        _ => Ok(()),
    }
}

fn refused(error: LinkError) -> Error {
    match error {
        LinkError::Invalid => Error::new(
            ErrorCode::LinkInvalid,
            "This link was not given out for that. Use it just as it is, with its method and headers.",
        ),
        LinkError::Expired => {
            Error::new(ErrorCode::LinkExpired, "This link is not good any more. Please ask for a new one.")
        }
    }
}

fn another_size() -> Error {
    Error::new(ErrorCode::ValidationFailed, "The file does not have the size that was announced.")
        .with_field("size", "This is not the size of the file that was sent.")
}

fn came_already() -> Error {
    Error::new(ErrorCode::WrongState, "The file has been uploaded already. Ask for a new link for another.")
}

fn not_stored(error: BlobError) -> Error {
    if error.is_key_taken() { came_already() } else { storage_failed(error) }
}

fn interrupted(error: io::Error) -> Error {
    Error::new(ErrorCode::UploadInterrupted, "The upload ended before the file was complete.")
        .with_source(error)
}
