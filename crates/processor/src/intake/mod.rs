//! Intake: bytes from outside into blob storage, counted, hashed and recognised on the way.
//! Every door ends here.

pub mod checksum;
pub(crate) mod measure;
pub mod policy;
mod received;

use std::{io, sync::Arc, time::Duration};

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

pub use self::received::Received;
use self::{checksum::Sha256Digest, measure::Measure, policy::TypePolicy};
use crate::unclaimed::UnclaimedBlob;

/// How many bytes of the beginning are kept to recognise the type by.
const HEAD: usize = 64 * 1024;

/// Takes documents in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    blobs: SharedBlobStore,
    clock: SharedClock,
    max_size: u64,
    policy: Arc<TypePolicy>,
}

/// A file on its way in, and what its client says of it.
#[derive(Debug, Clone)]
pub struct Arrival<'a> {
    /// Who sends it.
    pub owner: UserId,
    /// As the client wrote it.
    pub filename: &'a str,
    /// What the client says it is.
    pub declared_type: Option<&'a str>,
    /// What the client says its checksum is. Of a file with another one, nothing stays.
    pub sha256: Option<Sha256Digest>,
}

/// What was measured of a file while its bytes went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// In bytes.
    pub size: u64,
    /// Of all of them.
    pub sha256: Sha256Digest,
}

impl Intake {
    /// Files go to `blobs`; those over `max_size` bytes, or of types that `policy` does not take,
    /// are refused.
    pub fn new(blobs: SharedBlobStore, clock: SharedClock, max_size: u64, policy: TypePolicy) -> Self {
        Self { blobs, clock, max_size, policy: Arc::new(policy) }
    }

    /// The largest file that is accepted, in bytes.
    pub fn max_size(&self) -> u64 {
        self.max_size
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
    /// [`ErrorCode::FileTypeRefused`] and [`ErrorCode::DisguisedExecutable`] as soon as the type is
    /// known, [`ErrorCode::ChecksumMismatch`], [`ErrorCode::ValidationFailed`] for an empty file,
    /// [`ErrorCode::UploadInterrupted`], [`ErrorCode::StorageUnavailable`].
    pub async fn receive(
        &self,
        arrival: Arrival<'_>,
        mut body: impl Stream<Item = io::Result<Bytes>> + Unpin,
    ) -> Result<Received> {
        let filename = sanitize_filename(arrival.filename);
        let key = self.new_key(arrival.owner, &filename);
        let mut recognition = Recognition::new(&self.policy, &filename);
        let mut reception = Reception::new(self.blobs.create(&key).await.map_err(storage_failed)?);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(interrupted)?;
            if reception.measure.size() + chunk.len() as u64 > self.max_size {
                return Err(self.too_large());
            }
            recognition.look_at(&chunk)?;
            reception.take(chunk).await?;
        }
        let media_type = recognition.finish()?;
        let measured = reception.finish().await?;
        let blob = UnclaimedBlob::new(self.blobs.clone(), key);
        self.received(&arrival, filename, media_type, measured, blob)
    }

    /// Takes in a file that is in storage already, under a key that nobody else knows. Without
    /// `measured`, all of it is read once. When it is refused, its blob goes.
    ///
    /// # Errors
    /// As [`receive`](Self::receive), and [`ErrorCode::DocumentMissing`] when there is no such blob.
    pub async fn adopt(
        &self,
        arrival: Arrival<'_>,
        key: String,
        measured: Option<Measured>,
    ) -> Result<Received> {
        self.look_into(arrival, key, measured, UnclaimedBlob::new).await
    }

    /// As [`adopt`](Self::adopt), but the blob stays the caller's to delete, whatever becomes of it.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub async fn adopt_lent(
        &self,
        arrival: Arrival<'_>,
        key: String,
        measured: Option<Measured>,
    ) -> Result<Received> {
        self.look_into(arrival, key, measured, UnclaimedBlob::lent).await
    }

    /// Gives a file another name, if it may have come in under that.
    ///
    /// # Errors
    /// [`ErrorCode::FileTypeRefused`] and [`ErrorCode::DisguisedExecutable`].
    pub fn rename(&self, received: Received, filename: &str) -> Result<Received> {
        let filename = sanitize_filename(filename);
        self.policy.check(&received.media_type, &filename)?;
        Ok(Received { filename, ..received })
    }

    async fn look_into(
        &self,
        arrival: Arrival<'_>,
        key: String,
        measured: Option<Measured>,
        held: fn(SharedBlobStore, String) -> UnclaimedBlob,
    ) -> Result<Received> {
        let filename = sanitize_filename(arrival.filename);
        let mut bytes = self.blobs.read(&key).await.map_err(|error| match error {
            BlobError::NotFound => Error::new(ErrorCode::DocumentMissing, "The file is not in storage."),
            error => storage_failed(error),
        })?;
        let blob = held(self.blobs.clone(), key);
        let mut recognition = Recognition::new(&self.policy, &filename);
        let mut measure = Measure::default();
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|error| storage_failed(error.into()))?;
            recognition.look_at(&chunk)?;
            if measured.is_some() && recognition.is_done() {
                break;
            }
            measure.take(chunk).await?;
            if measure.size() > self.max_size {
                return Err(self.too_large());
            }
        }
        let media_type = recognition.finish()?;
        let measured = match measured {
            Some(measured) => measured,
            None => measure.finish().await?,
        };
        self.received(&arrival, filename, media_type, measured, blob)
    }

    /// A key for a file of this user that is to come.
    pub fn new_key(&self, owner: UserId, filename: &str) -> String {
        storage_key(owner, uuid_v7(self.clock.now()), &sanitize_filename(filename))
    }

    fn received(
        &self,
        arrival: &Arrival<'_>,
        filename: String,
        media_type: String,
        measured: Measured,
        blob: UnclaimedBlob,
    ) -> Result<Received> {
        if measured.size == 0 {
            return Err(Error::new(ErrorCode::ValidationFailed, "The file is empty.")
                .with_field("file", "The file is empty."));
        }
        checksum::compare(arrival.sha256.as_ref(), &measured.sha256)?;
        Ok(Received {
            document_id: DocumentId::new(self.clock.now()),
            filename,
            declared_type: arrival.declared_type.map(str::to_owned),
            media_type,
            size: i64::try_from(measured.size).map_err(|_| self.too_large())?,
            sha256: measured.sha256,
            details: DocumentDetails::default(),
            is_announced: false,
            blob,
        })
    }

    fn too_large(&self) -> Error {
        Error::new(
            ErrorCode::PayloadTooLarge,
            format!("The file is larger than the {} that are accepted.", human_size(self.max_size)),
        )
    }
}

/// Tells what a file is by its first bytes, and whether it may come in.
struct Recognition<'a> {
    policy: &'a TypePolicy,
    filename: &'a str,
    head: Vec<u8>,
    media_type: Option<String>,
}

impl<'a> Recognition<'a> {
    fn new(policy: &'a TypePolicy, filename: &'a str) -> Self {
        Self { policy, filename, head: Vec::new(), media_type: None }
    }

    fn look_at(&mut self, chunk: &Bytes) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let wanted = (HEAD - self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..wanted]);
        if self.head.len() == HEAD { self.judge().map(drop) } else { Ok(()) }
    }

    fn is_done(&self) -> bool {
        self.media_type.is_some()
    }

    fn judge(&mut self) -> Result<&mut String> {
        let media_type = quire_extract::media_type::detect(&self.head, self.filename);
        self.policy.check(&media_type, self.filename)?;
        Ok(self.media_type.insert(media_type))
    }

    /// The type of a file of which all bytes have been seen.
    fn finish(mut self) -> Result<String> {
        if let Some(media_type) = self.media_type.take() {
            return Ok(media_type);
        }
        self.judge().map(std::mem::take)
    }
}

/// A file on its way into storage.
struct Reception {
    writer: Box<dyn BlobWriter>,
    measure: Measure,
}

impl Reception {
    fn new(writer: Box<dyn BlobWriter>) -> Self {
        Self { writer, measure: Measure::default() }
    }

    async fn take(&mut self, chunk: Bytes) -> Result<()> {
        self.measure.take(chunk.clone()).await?;
        self.writer.write(chunk).await.map_err(storage_failed)
    }

    async fn finish(self) -> Result<Measured> {
        self.writer.finish().await.map_err(storage_failed)?;
        self.measure.finish().await
    }
}

fn interrupted(error: io::Error) -> Error {
    Error::new(ErrorCode::UploadInterrupted, "The upload ended before the file was complete.")
        .with_source(error)
}

/// Storage errors as clients see them.
pub(crate) fn storage_failed(error: BlobError) -> Error {
    Error::new(ErrorCode::StorageUnavailable, "The file could not be stored. Please try again later.")
        .with_retry_after(Duration::from_secs(30))
        .with_source(error)
}

/// A number of bytes as people say it, in binary units.
pub(crate) fn human_size(bytes: u64) -> String {
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
