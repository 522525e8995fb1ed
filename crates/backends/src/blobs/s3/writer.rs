//! A blob on its way to S3.
//!
//! Bytes are gathered to parts of equal size. While one part is sent the next one fills, and
//! then waits: two parts are in memory at most. What is not larger than one part is sent as
//! an object in one piece.

use std::{io, sync::Arc};

use async_trait::async_trait;
use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};
use quire_domain::{
    error::chain,
    ports::blobs::{BlobError, BlobWriter},
};
use tokio::{sync::oneshot, task::JoinHandle};

use super::multipart::{Bucket, Unfinished, new_mark};

/// A blob being written. Until it is finished, there is at most an upload in parts, which is given
/// up when this is dropped.
pub(super) struct S3Writer {
    bucket: Arc<Bucket>,
    key: String,
    mark: String,
    buffer: BytesMut,
    parts: Parts,
    /// A write failed, or a caller gave up in the middle of one: nothing can be appended.
    broken: bool,
}

/// Parts that were sent, or are on their way.
#[derive(Default)]
struct Parts {
    upload: Option<Unfinished>,
    sent: Vec<CompletedPart>,
    sending: Option<JoinHandle<Result<CompletedPart, BlobError>>>,
}

impl Parts {
    /// Waits until nothing is on its way.
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
        // A part that arrives after its upload was given up would stay for ever.
        let (Some(sending), Some(upload)) = (self.sending.take(), self.upload.take()) else { return };
        sending.abort();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = sending.await;
                drop(upload);
            });
        }
    }
}

impl S3Writer {
    pub(super) fn new(bucket: Arc<Bucket>, key: String) -> Result<Self, BlobError> {
        let mark = new_mark()?;
        Ok(Self { bucket, key, mark, buffer: BytesMut::new(), parts: Parts::default(), broken: false })
    }

    /// Sends the buffer as the next part, after the part before it.
    async fn send_part(&mut self) -> Result<(), BlobError> {
        let upload = match &self.parts.upload {
            Some(upload) => upload,
            None => {
                let upload = Unfinished::begin(&self.bucket, &self.key, &self.mark).await?;
                self.parts.upload.insert(upload)
            }
        };
        let id = upload.id().to_owned();
        self.parts.settle().await?;
        let number =
            i32::try_from(self.parts.sent.len() + 1).map_err(|e| BlobError::Io(io::Error::other(e)))?;
        let bytes = self.buffer.split().freeze();
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        self.parts.sending =
            Some(tokio::spawn(async move { bucket.send_part(&key, &id, number, bytes).await }));
        Ok(())
    }

    async fn publish(mut self) -> Result<(), BlobError> {
        if self.parts.upload.is_none() {
            return self.bucket.put(&self.key, self.buffer.split().freeze(), &self.mark).await;
        }
        if !self.buffer.is_empty() {
            self.send_part().await?;
        }
        self.parts.settle().await?;
        let sent = std::mem::take(&mut self.parts.sent);
        if let Some(upload) = self.parts.upload.take() {
            let completed = self.bucket.complete(&self.key, upload.id(), sent, &self.mark).await;
            completed.map_err(lost_upload)?;
            upload.is_over();
        }
        Ok(())
    }
}

#[async_trait]
impl BlobWriter for S3Writer {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), BlobError> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(BlobError::Io(io::Error::other("an earlier write failed")));
        }
        let part_size = self.bucket.part_size;
        while !bytes.is_empty() {
            // Sent only when more follows: what fits one part exactly needs none.
            if self.buffer.len() == part_size {
                self.send_part().await.map_err(lost_upload)?;
                self.buffer.reserve(part_size);
            }
            let room = part_size - self.buffer.len();
            self.buffer.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
        }
        self.broken = false;
        Ok(())
    }

    /// Makes the blob visible. A caller that gives up while this runs leaves nothing behind either:
    /// the blob is taken back when nobody waits for it any more.
    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        if self.broken {
            return Err(BlobError::Io(io::Error::other("an earlier write failed")));
        }
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let (waiting, outcome) = oneshot::channel();
        tokio::spawn(async move {
            let published = self.publish().await;
            if let Err(Ok(())) = waiting.send(published)
                && let Err(error) = bucket.delete(&key).await
            {
                tracing::warn!(storage.key = key, error = chain(&error), "an abandoned blob stays behind");
            }
        });
        outcome.await.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
    }
}

/// While writing, an upload that is gone is a fault of the storage, not a missing blob.
fn lost_upload(error: BlobError) -> BlobError {
    match error {
        BlobError::NotFound => BlobError::Io(io::Error::other("the upload is gone from S3")),
        error => error,
    }
}
