//! Blobs that come to S3 in pieces.
//!
//! Behind each is one upload in parts. A checkpoint may come at any byte, but all parts must have
//! one size: what is short of a part is kept as an object of its own, the tail, until more comes.
//! Each tail has a new name, so that the state before stays good.

use std::{io, sync::Arc};

use async_trait::async_trait;
use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use quire_domain::{
    error::chain,
    ports::{
        blobs::BlobError,
        resumable::{ResumableBlobs, ResumableWriter, UploadState},
    },
};
use serde::{Deserialize, Serialize};

use super::{
    INCOMING, S3Blobs, fitting,
    multipart::{Bucket, new_mark},
    parts::{Parts, Upload},
};

/// What has to be known to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    /// The id of the upload in parts.
    upload: String,
    /// What the object will be known by; tails are kept under it.
    mark: String,
    /// Of all parts but the last, in bytes.
    part_size: usize,
    /// The parts that are there, from the first on.
    parts: Vec<Part>,
    /// The key of the bytes after them, if there are any.
    tail: Option<String>,
    /// The tail of the state before.
    previous_tail: Option<String>,
}

/// What S3 gave for a part, and wants back.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    tag: Option<String>,
    crc32: Option<String>,
}

impl Place {
    fn read(state: &UploadState) -> Result<Self, BlobError> {
        Self::deserialize(&state.adapter)
            .map_err(|e| BlobError::Io(io::Error::new(io::ErrorKind::InvalidData, e)))
    }

    fn at(&self, offset: u64) -> Result<UploadState, BlobError> {
        let adapter = serde_json::to_value(self).map_err(|e| BlobError::Io(e.into()))?;
        Ok(UploadState { offset, adapter })
    }

    fn sent(&self) -> Vec<CompletedPart> {
        let parts = self.parts.iter().cloned();
        let numbered = (1..).zip(parts).map(|(number, Part { tag, crc32 })| {
            CompletedPart::builder().part_number(number).set_e_tag(tag).set_checksum_crc32(crc32).build()
        });
        numbered.collect()
    }
}

impl From<&CompletedPart> for Part {
    fn from(part: &CompletedPart) -> Self {
        Self { tag: part.e_tag.clone(), crc32: part.checksum_crc32.clone() }
    }
}

/// What the keys of the tails of a blob begin with.
fn tails(mark: &str) -> String {
    format!("{INCOMING}/{mark}/")
}

#[async_trait]
impl ResumableBlobs for S3Blobs {
    async fn begin(&self, key: &str) -> Result<UploadState, BlobError> {
        if self.head(fitting(key)?).await?.is_some() {
            return Err(BlobError::key_is_taken());
        }
        let mark = new_mark()?;
        let upload = self.bucket.begin(key, &mark).await?;
        let part_size = self.bucket.part_size;
        Place { upload, mark, part_size, parts: Vec::new(), tail: None, previous_tail: None }.at(0)
    }

    async fn resume(&self, key: &str, state: &UploadState) -> Result<Box<dyn ResumableWriter>, BlobError> {
        let place = Place::read(state)?;
        let mut buffer = BytesMut::new();
        if let Some(tail) = &place.tail {
            let mut bytes = self.get(tail, None).await?;
            while let Some(bytes) = bytes.try_next().await.map_err(BlobError::Io)? {
                buffer.extend_from_slice(&bytes);
            }
        }
        let upload =
            Upload { bucket: self.bucket.clone(), key: fitting(key)?.into(), id: place.upload.clone() };
        let parts = Parts::new(upload, place.sent(), place.part_size);
        Ok(Box::new(S3ResumableWriter {
            store: self.clone(),
            place,
            parts,
            buffer,
            offset: state.offset,
            kept: state.offset,
        }))
    }

    async fn abandon(&self, key: &str, state: &UploadState) -> Result<(), BlobError> {
        let place = Place::read(state)?;
        self.bucket.abort(fitting(key)?, &place.upload).await?;
        self.delete_tails(&place.mark).await
    }
}

impl S3Blobs {
    /// Those of lost processes, too.
    async fn delete_tails(&self, mark: &str) -> Result<(), BlobError> {
        let mut found = self.list_all(&tails(mark));
        while let Some(tail) = found.try_next().await? {
            self.bucket.delete(&tail.key).await?;
        }
        Ok(())
    }
}

/// A blob being written in pieces.
struct S3ResumableWriter {
    store: S3Blobs,
    /// As of the latest checkpoint.
    place: Place,
    parts: Parts,
    buffer: BytesMut,
    /// Where the next byte comes.
    offset: u64,
    /// How far the latest checkpoint was.
    kept: u64,
}

impl S3ResumableWriter {
    fn bucket(&self) -> &Arc<Bucket> {
        &self.store.bucket
    }

    /// Keeps what is short of a part, and gives the key under which it is.
    async fn keep_tail(&mut self) -> Result<Option<String>, BlobError> {
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let tail = format!("{}{}", tails(&self.place.mark), new_mark()?);
        let bytes = Bytes::copy_from_slice(&self.buffer);
        self.bucket().put(&tail, bytes, &self.place.mark).await?;
        Ok(Some(tail))
    }

    async fn publish(mut self) -> Result<(), BlobError> {
        // An object has one part at least, which may be empty.
        if !self.buffer.is_empty() || self.parts.is_empty() {
            self.parts.send(self.buffer.split().freeze()).await?;
        }
        self.parts.complete(&self.place.mark).await?;
        if let Err(error) = self.store.delete_tails(&self.place.mark).await {
            tracing::warn!(error = chain(&error), "the pieces of a finished upload stay behind");
        }
        Ok(())
    }
}

#[async_trait]
impl ResumableWriter for S3ResumableWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let count = bytes.len() as u64;
        self.parts.gather(&mut self.buffer, bytes).await?;
        self.offset += count;
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<UploadState, BlobError> {
        if self.offset == self.kept {
            return self.place.at(self.kept);
        }
        if self.buffer.len() == self.place.part_size {
            self.parts.send(self.buffer.split().freeze()).await?;
        }
        let parts = self.parts.settled().await?.iter().map(Part::from).collect();
        let tail = self.keep_tail().await?;
        let previous_tail = std::mem::replace(&mut self.place.tail, tail);
        let spent = std::mem::replace(&mut self.place.previous_tail, previous_tail);
        self.place.parts = parts;
        self.kept = self.offset;
        if let Some(spent) = spent {
            self.bucket().delete(&spent).await?;
        }
        self.place.at(self.offset)
    }

    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        // Goes on when nobody waits any more.
        let published = tokio::spawn(self.publish());
        published.await.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
    }
}
