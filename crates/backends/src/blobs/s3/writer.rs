//! A blob on its way to S3.
//!
//! Bytes are gathered to parts of equal size. While one part is sent the next one fills, and
//! then waits: two parts are in memory at most. What is not larger than one part is sent as
//! an object in one piece.

use std::{io, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use quire_domain::{
    error::chain,
    ports::blobs::{BlobError, BlobWriter},
};
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    multipart::{Bucket, new_mark},
    parts::{Parts, Upload},
};

/// A blob being written. Until it is finished, there is at most an upload in parts.
pub(super) struct S3Writer {
    bucket: Arc<Bucket>,
    key: Arc<str>,
    mark: String,
    buffer: BytesMut,
    unfinished: Option<Unfinished>,
}

impl S3Writer {
    pub(super) fn new(bucket: Arc<Bucket>, key: &str) -> Result<Self, BlobError> {
        Ok(Self { bucket, key: key.into(), mark: new_mark()?, buffer: BytesMut::new(), unfinished: None })
    }

    async fn publish(mut self) -> Result<(), BlobError> {
        let bytes = self.buffer.split().freeze();
        let Some(mut unfinished) = self.unfinished.take() else {
            return self.bucket.put(&self.key, bytes, &self.mark).await;
        };
        if let Some(parts) = &mut unfinished.parts {
            parts.send(bytes).await.map_err(lost_upload)?;
            parts.complete(&self.mark).await.map_err(lost_upload)?;
        }
        unfinished.end();
        Ok(())
    }
}

#[async_trait]
impl BlobWriter for S3Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let part_size = self.bucket.part_size;
        if self.unfinished.is_none() && self.buffer.len() + bytes.len() > part_size {
            self.unfinished = Some(Unfinished::begin(&self.bucket, &self.key, &self.mark).await?);
        }
        match self.unfinished.as_mut().and_then(|unfinished| unfinished.parts.as_mut()) {
            Some(parts) => parts.gather(&mut self.buffer, bytes).await.map_err(lost_upload),
            None => {
                self.buffer.extend_from_slice(&bytes);
                Ok(())
            }
        }
    }

    /// Makes the blob visible. A caller that gives up while this runs leaves nothing behind either:
    /// the blob is taken back when nobody waits for it any more.
    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        let (bucket, key) = (self.bucket.clone(), self.key.clone());
        let (waiting, outcome) = oneshot::channel();
        tokio::spawn(async move {
            let published = self.publish().await;
            if let Err(Ok(())) = waiting.send(published)
                && let Err(error) = bucket.delete(&key).await
            {
                tracing::warn!(storage.key = &*key, error = chain(&error), "an abandoned blob stays behind");
            }
        });
        outcome.await.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
    }
}

/// An upload in parts that is given up when this is dropped, unless it is over by then.
struct Unfinished {
    upload: Upload,
    /// `None` once it is over.
    parts: Option<Parts>,
}

impl Unfinished {
    /// Begins an upload. A caller that gives up meanwhile leaves none.
    async fn begin(bucket: &Arc<Bucket>, key: &Arc<str>, mark: &str) -> Result<Self, BlobError> {
        let (bucket, key, mark) = (bucket.clone(), key.clone(), mark.to_owned());
        let begun = tokio::spawn(async move {
            let id = bucket.begin(&key, &mark).await?;
            let part_size = bucket.part_size;
            let upload = Upload { bucket, key, id };
            Ok(Self { parts: Some(Parts::new(upload.clone(), Vec::new(), part_size)), upload })
        });
        begun.await.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
    }

    /// It has become an object.
    fn end(mut self) {
        self.parts = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(mut parts) = self.parts.take() else { return };
        // At the end of the process nobody is left to do it: the bucket's own rule comes after us.
        let Ok(runtime) = Handle::try_current() else { return };
        let upload = self.upload.clone();
        runtime.spawn(async move {
            // A part that arrives after its upload was given up would stay for ever.
            if let Some(sending) = parts.stop() {
                let _ = sending.await;
            }
            if let Err(error) = upload.bucket.abort(&upload.key, &upload.id).await {
                let key = &*upload.key;
                tracing::warn!(storage.key = key, error = chain(&error), "an unfinished upload stays behind");
            }
        });
    }
}

/// While writing, an upload that is gone is a fault of the storage, not a missing blob.
fn lost_upload(error: BlobError) -> BlobError {
    match error {
        BlobError::NotFound => BlobError::Io(io::Error::other("the upload is gone from S3")),
        error => error,
    }
}
