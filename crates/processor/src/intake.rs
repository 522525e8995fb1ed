//! Intake: bytes from outside into blob storage, counted, hashed and recognised on the way.
//! Every door ends here.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use quire_domain::{
    DocumentId, Error, ErrorCode, Result, UserId,
    details::DocumentDetails,
    document::{sanitize_filename, storage_key},
    ids::uuid_v7,
    ports::{
        blobs::{BlobError, BlobWriter, SharedBlobStore},
        clock::SharedClock,
    },
};
use quire_store::documents::NewDocument;
use sha2::{Digest, Sha256};

use crate::unclaimed::UnclaimedBlob;

/// How many bytes of the beginning are kept to recognise the type by.
const HEAD: usize = 64 * 1024;

/// Takes documents in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    blobs: SharedBlobStore,
    clock: SharedClock,
    max_size: u64,
}

/// A file whose bytes are durable, but which no document points to yet. Its bytes are deleted
/// when it is dropped before [`keep`](Self::keep), whatever the reason: a refusal, an error, a
/// client that has gone.
#[derive(Debug)]
pub struct Received {
    /// The id that the document will have.
    pub document_id: DocumentId,
    filename: String,
    declared_type: Option<String>,
    media_type: String,
    size: i64,
    sha256: [u8; 32],
    details: DocumentDetails,
    blob: UnclaimedBlob,
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

    /// A document points to the file now: it stays.
    pub fn keep(self) {
        self.blob.keep();
    }
}

impl Intake {
    /// Files go to `blobs`; those over `max_size` bytes are refused.
    pub fn new(blobs: SharedBlobStore, clock: SharedClock, max_size: u64) -> Self {
        Self { blobs, clock, max_size }
    }

    /// Refuses a body that says by itself that it is too large, before any of it is read.
    ///
    /// # Errors
    /// [`ErrorCode::PayloadTooLarge`].
    pub fn check_announced_size(&self, body_size: Option<u64>, overhead: u64) -> Result<()> {
        match body_size {
            Some(size) if size > self.max_size.saturating_add(overhead) => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Streams one file into storage. When it fails, or the future is dropped because the
    /// client has gone, nothing is left behind.
    ///
    /// # Errors
    /// [`ErrorCode::PayloadTooLarge`] as soon as the limit is passed,
    /// [`ErrorCode::ValidationFailed`] for an empty file, [`ErrorCode::UploadInterrupted`],
    /// [`ErrorCode::StorageUnavailable`].
    pub async fn receive(
        &self,
        owner: UserId,
        filename: &str,
        declared_type: Option<&str>,
        mut body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<Received> {
        let now = self.clock.now();
        let filename = sanitize_filename(filename);
        let key = storage_key(owner, uuid_v7(now), &filename);
        let mut reception = Reception::new(self.blobs.create(&key).await.map_err(storage_failed)?);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(interrupted)?;
            if reception.size + chunk.len() as u64 > self.max_size {
                return Err(self.too_large());
            }
            reception.take(chunk).await?;
        }
        let size = i64::try_from(reception.size).map_err(|_| self.too_large())?;
        if size == 0 {
            return Err(Error::new(ErrorCode::ValidationFailed, "The file is empty.")
                .with_field("file", "The file is empty."));
        }
        let media_type = quire_extract::media_type::detect(&reception.head, &filename);
        let sha256 = reception.finish().await?;
        Ok(Received {
            document_id: DocumentId::new(now),
            filename,
            declared_type: declared_type.map(str::to_owned),
            media_type,
            size,
            sha256,
            details: DocumentDetails::default(),
            blob: UnclaimedBlob::new(self.blobs.clone(), key),
        })
    }

    fn too_large(&self) -> Error {
        Error::new(
            ErrorCode::PayloadTooLarge,
            format!("The file is larger than the {} that are accepted.", human_size(self.max_size)),
        )
    }
}

/// A file on its way in.
struct Reception {
    writer: Box<dyn BlobWriter>,
    hasher: Sha256,
    head: Vec<u8>,
    size: u64,
}

impl Reception {
    fn new(writer: Box<dyn BlobWriter>) -> Self {
        Self { writer, hasher: Sha256::new(), head: Vec::new(), size: 0 }
    }

    async fn take(&mut self, chunk: Bytes) -> Result<()> {
        self.size += chunk.len() as u64;
        self.hasher.update(&chunk);
        let wanted = HEAD.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..wanted]);
        self.writer.write(chunk).await.map_err(storage_failed)
    }

    async fn finish(self) -> Result<[u8; 32]> {
        self.writer.finish().await.map_err(storage_failed)?;
        Ok(self.hasher.finalize().into())
    }
}

fn interrupted(error: io::Error) -> Error {
    Error::new(ErrorCode::UploadInterrupted, "The upload ended before the file was complete.")
        .with_source(error)
}

/// Storage errors as clients see them.
pub(crate) fn storage_failed(error: BlobError) -> Error {
    Error::new(ErrorCode::StorageUnavailable, "The file could not be stored. Please try again later.")
        .with_retry_after(std::time::Duration::from_secs(30))
        .with_source(error)
}

/// A number of bytes as people say it, in binary units.
fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let unit = (1..UNITS.len()).take_while(|&unit| bytes >> (10 * unit) > 0).last().unwrap_or_default();
    let scale = 1_u64 << (10 * unit);
    if bytes.is_multiple_of(scale) {
        format!("{} {}", bytes / scale, UNITS[unit])
    } else {
        format!("{:.1} {}", bytes as f64 / scale as f64, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::human_size;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (100 << 20, "100 MiB"),
            (5 << 30, "5 GiB"),
        ] {
            assert_eq!(human_size(bytes), text);
        }
    }
}
