//! The parts of an upload, sent one after the other while the next one is gathered.

use std::{io, sync::Arc};

use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};
use quire_domain::ports::blobs::BlobError;
use tokio::task::JoinHandle;

use super::multipart::Bucket;

/// An upload in parts. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) bucket: Arc<Bucket>,
    pub(super) key: Arc<str>,
    pub(super) id: String,
}

/// Parts that were sent, and one that may be on its way. Nothing can be added after an error, or
/// once a caller gave up in the middle: the numbers of parts would not be known.
#[derive(Debug)]
pub(super) struct Parts {
    upload: Upload,
    sent: Vec<CompletedPart>,
    sending: Option<JoinHandle<Result<CompletedPart, BlobError>>>,
    part_size: usize,
    broken: bool,
}

impl Parts {
    /// Goes on after these parts.
    pub(super) fn new(upload: Upload, sent: Vec<CompletedPart>, part_size: usize) -> Self {
        Self { upload, sent, sending: None, part_size, broken: false }
    }

    /// Whether no part was sent.
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.sending.is_none()
    }

    /// Fills the buffer, and sends it as a part whenever it is full and more comes: what fits
    /// one part exactly stays in the buffer.
    pub(super) async fn gather(&mut self, buffer: &mut BytesMut, mut bytes: Bytes) -> Result<(), BlobError> {
        while !bytes.is_empty() {
            if buffer.len() >= self.part_size {
                self.send(buffer.split_to(self.part_size).freeze()).await?;
                buffer.reserve(self.part_size);
            }
            let room = self.part_size.saturating_sub(buffer.len());
            buffer.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
        }
        Ok(())
    }

    /// Sends the next part, after the one before it.
    pub(super) async fn send(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(BlobError::Io(io::Error::other("an earlier part was not sent")));
        }
        self.settle().await?;
        let number = i32::try_from(self.sent.len() + 1).map_err(|e| BlobError::Io(io::Error::other(e)))?;
        let Upload { bucket, key, id } = self.upload.clone();
        self.sending = Some(tokio::spawn(async move { bucket.send_part(&key, &id, number, bytes).await }));
        self.broken = false;
        Ok(())
    }

    /// All parts, once none is on its way.
    pub(super) async fn settled(&mut self) -> Result<&[CompletedPart], BlobError> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(BlobError::Io(io::Error::other("an earlier part was not sent")));
        }
        self.settle().await?;
        self.broken = false;
        Ok(&self.sent)
    }

    /// Puts the parts together to an object with this mark.
    pub(super) async fn complete(&mut self, mark: &str) -> Result<(), BlobError> {
        let parts = self.settled().await?.to_vec();
        let Upload { bucket, key, id } = &self.upload;
        bucket.complete(key, id, parts, mark).await
    }

    /// Stops what is on its way, and gives what ends when it has stopped.
    pub(super) fn stop(&mut self) -> Option<JoinHandle<Result<CompletedPart, BlobError>>> {
        let sending = self.sending.take();
        if let Some(sending) = &sending {
            sending.abort();
        }
        sending
    }

    async fn settle(&mut self) -> Result<(), BlobError> {
        if let Some(sending) = &mut self.sending {
            let sent = sending.await;
            self.sending = None;
            self.sent.push(sent.map_err(|stopped| BlobError::Io(io::Error::other(stopped)))??);
        }
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.stop();
    }
}
