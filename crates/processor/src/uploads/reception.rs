//! One piece of an upload, on its way in.

use std::{io, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use quire_domain::{
    Error, ErrorCode, Result, UserId,
    ports::{
        blobs::BlobError,
        resumable::{ResumableWriter, UploadState},
    },
};
use quire_store::uploads::{self, Checkpoint, Upload};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Checksum, UploadStatus, Uploads,
    digest::{RunningDigest, Verification},
    lease::{self, Lease, Standing},
};
use crate::intake::storage_failed;

/// After so many bytes, what has come is made durable; a process that is killed loses no more.
const CHECKPOINT_EVERY: u64 = 32 * 1024 * 1024;
/// How long nothing may come in before the request lets go of the upload for another one.
const QUIET: Duration = Duration::from_secs(1);
/// How long nothing may come in at all.
const SILENT: Duration = Duration::from_secs(60);

/// What a request says of the piece that it brings.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Where it belongs.
    pub(crate) offset: u64,
    /// How long it says that it is, in bytes.
    pub(crate) announced: Option<u64>,
    /// How long the whole file is, where that was not known before.
    pub(crate) length: Option<u64>,
    /// What it must be.
    pub(crate) checksum: Option<Checksum>,
}

/// Why no more of a piece comes.
enum End {
    /// That was all.
    Whole,
    /// The client has gone, is silent, or sends nothing while another request waits.
    Interrupted,
    /// It is longer than it may be.
    TooLong,
    /// Another request has taken over.
    Lost,
    /// This process is about to stop.
    Stopping,
}

impl Uploads {
    /// Takes in a piece. What arrived of one that breaks off stays, unless it has a checksum: then it
    /// comes whole or not at all. `gone` tells that nobody waits for the answer any more.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::UploadExpired`], [`ErrorCode::UploadLocked`],
    /// [`ErrorCode::UploadOffsetMismatch`], [`ErrorCode::UploadChecksumMismatch`],
    /// [`ErrorCode::PayloadTooLarge`], [`ErrorCode::UploadInterrupted`],
    /// [`ErrorCode::StorageUnavailable`]; and what [`Intake::adopt`](crate::intake::Intake::adopt) and
    /// [`Tasks::submit_document`](crate::tasks::Tasks::submit_document) refuse, with the last piece.
    pub(crate) async fn append_to_upload(
        &self,
        owner: UserId,
        id: Uuid,
        piece: Piece,
        body: impl Stream<Item = io::Result<Bytes>> + Unpin,
        gone: CancellationToken,
    ) -> Result<UploadStatus> {
        self.find(owner, id).await?;
        let (lease, upload) = Lease::acquire(&self.pool, self.clock.now(), id).await?;
        match self.receive(owner, &upload, &lease, piece, body, &gone).await {
            Ok(()) => {
                lease.release().await;
                Ok(self.find(owner, id).await?.into())
            }
            // Nothing of it may stay, and nothing would become of it.
            Err(Failed::Refused(error)) => {
                let latest = self.find(owner, id).await?;
                self.discard(&latest, lease).await?;
                Err(error)
            }
            Err(Failed::Interrupted(error)) => {
                lease.release().await;
                Err(error)
            }
        }
    }

    async fn receive(
        &self,
        owner: UserId,
        upload: &Upload,
        lease: &Lease,
        piece: Piece,
        mut body: impl Stream<Item = io::Result<Bytes>> + Unpin,
        gone: &CancellationToken,
    ) -> Result<(), Failed> {
        let length = self.check_piece(upload, &piece)?;
        if upload.finished_at.is_some() {
            return Ok(());
        }
        if upload.is_complete() {
            return self.complete_left_behind(owner, upload).await;
        }
        let mut reception = Reception::begin(self, upload, lease, length, piece.checksum).await?;
        let end = reception.take_all(&mut body, gone).await?;
        reception.end(end).await?;
        let Reception { writer, digest, received, .. } = reception;
        if length == Some(received) {
            self.complete(owner, upload, received, Some(writer), digest.finish()).await?;
        }
        Ok(())
    }

    /// Refuses a piece that does not fit, by what it says of itself. Gives the length of the file.
    fn check_piece(&self, upload: &Upload, piece: &Piece) -> Result<Option<u64>> {
        let received = upload.received();
        if piece.offset != received {
            return Err(Error::new(
                ErrorCode::UploadOffsetMismatch,
                format!(
                    "The next byte of this upload is the one at {received}. Ask with HEAD, and go on from there."
                ),
            ));
        }
        let length = match (upload.length(), piece.length) {
            (Some(known), Some(said)) if known != said => {
                let detail = "The length of an upload cannot be changed.";
                return Err(
                    Error::new(ErrorCode::ValidationFailed, detail).with_field("Upload-Length", detail)
                );
            }
            (None, Some(said)) => {
                self.check_length(said)?;
                if said < received {
                    let detail = format!("{received} bytes have come already.");
                    return Err(Error::new(ErrorCode::ValidationFailed, detail.clone())
                        .with_field("Upload-Length", detail));
                }
                Some(said)
            }
            (known, said) => known.or(said),
        };
        let room = length.unwrap_or_else(|| self.max_size()) - received;
        match piece.announced {
            Some(announced) if announced > room => Err(self.too_long(length)),
            _ => Ok(length),
        }
    }

    fn too_long(&self, length: Option<u64>) -> Error {
        match length {
            None => self.too_large(),
            Some(length) => Error::new(
                ErrorCode::PayloadTooLarge,
                format!("This is more than the {length} bytes that were announced."),
            ),
        }
    }
}

/// Why a piece did not do.
pub(super) enum Failed {
    /// The upload can go on.
    Interrupted(Error),
    /// The file is not wanted here.
    Refused(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Interrupted(error)
    }
}

/// A piece while it comes in.
struct Reception<'a> {
    uploads: &'a Uploads,
    upload: &'a Upload,
    lease: &'a Lease,
    writer: Box<dyn ResumableWriter>,
    digest: RunningDigest,
    verification: Option<Verification>,
    length: Option<u64>,
    received: u64,
    /// Of which the row knows.
    saved: u64,
}

impl<'a> Reception<'a> {
    /// Goes on where the upload is; of one that just begins, storage hears now.
    async fn begin(
        uploads: &'a Uploads,
        upload: &'a Upload,
        lease: &'a Lease,
        length: Option<u64>,
        checksum: Option<Checksum>,
    ) -> Result<Self> {
        let (key, blobs) = (&upload.storage_key, &uploads.blobs);
        let digest = match &upload.hash_state {
            Some(state) => RunningDigest::resume(state)?,
            None => RunningDigest::default(),
        };
        let state = match upload.state() {
            Some(state) => state,
            None => {
                let state = blobs.begin(key).await.map_err(storage_failed)?;
                let kept = uploads.keep(upload, lease, length, &state, &digest).await;
                if let Err(error) = kept {
                    // Unless the row has it all the same, nobody knows of it.
                    if error.code != ErrorCode::DatabaseUnavailable {
                        let _ = blobs.abandon(key, &state).await;
                    }
                    return Err(error);
                }
                state
            }
        };
        let writer = blobs.resume(key, &state).await.map_err(not_resumed)?;
        let verification = checksum.map(Checksum::verify);
        let received = state.offset;
        Ok(Self { uploads, upload, lease, writer, digest, verification, length, received, saved: received })
    }

    async fn take_all(
        &mut self,
        body: &mut (impl Stream<Item = io::Result<Bytes>> + Unpin),
        gone: &CancellationToken,
    ) -> Result<End> {
        let most = self.length.unwrap_or_else(|| self.uploads.max_size());
        loop {
            let chunk = match self.next(body, gone).await {
                Ok(chunk) => chunk,
                Err(end) => return Ok(end),
            };
            if chunk.len() as u64 > most - self.received {
                return Ok(End::TooLong);
            }
            self.take(chunk).await?;
        }
    }

    /// The next bytes, or why there are none.
    async fn next(
        &self,
        body: &mut (impl Stream<Item = io::Result<Bytes>> + Unpin),
        gone: &CancellationToken,
    ) -> Result<Bytes, End> {
        let since = Instant::now();
        loop {
            if self.lease.standing() == Standing::Lost {
                return Err(End::Lost);
            }
            if self.uploads.stopping.is_cancelled() {
                return Err(End::Stopping);
            }
            let chunk = tokio::select! {
                // What has arrived counts, also of a client that has gone.
                biased;
                chunk = timeout(QUIET, body.next()) => chunk,
                () = gone.cancelled() => return Err(End::Interrupted),
                () = self.uploads.stopping.cancelled() => return Err(End::Stopping),
            };
            match chunk {
                Ok(Some(Ok(chunk))) => return Ok(chunk),
                Ok(Some(Err(_))) => return Err(End::Interrupted),
                Ok(None) => return Err(End::Whole),
                Err(_) if self.lease.standing() == Standing::Wanted || since.elapsed() > SILENT => {
                    return Err(End::Interrupted);
                }
                Err(_) => {}
            }
        }
    }

    async fn take(&mut self, chunk: Bytes) -> Result<()> {
        self.received += chunk.len() as u64;
        self.digest.update(&chunk);
        if let Some(verification) = &mut self.verification {
            verification.update(&chunk);
        }
        self.writer.write(chunk).await.map_err(storage_failed)?;
        // The last byte waits for the end: more may follow that should not. A piece with a checksum
        // counts only when all of it has come.
        let is_last = self.length == Some(self.received);
        if self.verification.is_none() && !is_last && self.received - self.saved >= CHECKPOINT_EVERY {
            self.save().await?;
        }
        Ok(())
    }

    /// Decides what stays of the piece.
    async fn end(&mut self, end: End) -> Result<()> {
        let verification = self.verification.take();
        match end {
            End::Whole => {
                if verification.is_some_and(|verification| !verification.holds()) {
                    let detail = "The piece that arrived is not the one that was sent. Please send it again.";
                    return Err(Error::new(ErrorCode::UploadChecksumMismatch, detail));
                }
                self.save().await
            }
            End::Interrupted | End::Stopping => {
                if verification.is_none() {
                    self.save().await?;
                }
                Err(match end {
                    End::Stopping => Error::new(
                        ErrorCode::Overloaded,
                        "The service is about to restart. Please go on in a moment.",
                    )
                    .with_retry_after(Duration::from_secs(1)),
                    _ => Error::new(ErrorCode::UploadInterrupted, "The piece ended before it was complete."),
                })
            }
            End::TooLong => Err(self.uploads.too_long(self.length)),
            End::Lost => Err(lease::locked()),
        }
    }

    /// Makes what has come durable, and says so in the row.
    async fn save(&mut self) -> Result<()> {
        if self.received == self.saved && self.length == self.upload.length() {
            return Ok(());
        }
        let state = self.writer.checkpoint().await.map_err(storage_failed)?;
        self.uploads.keep(self.upload, self.lease, self.length, &state, &self.digest).await?;
        self.saved = self.received;
        Ok(())
    }
}

impl Uploads {
    /// Writes down how far an upload has come. From now on it stays for as long as a new one would.
    async fn keep(
        &self,
        upload: &Upload,
        lease: &Lease,
        length: Option<u64>,
        state: &UploadState,
        digest: &RunningDigest,
    ) -> Result<()> {
        let expires_at = self.clock.now() + self.expiry;
        let reached = Checkpoint { length, state, hash_state: &digest.state(), expires_at };
        let mut connection = self.pool.get().await?;
        let kept = uploads::checkpoint(&mut connection, upload.id, lease.holder(), &reached).await?;
        if kept { Ok(()) } else { Err(lease::locked()) }
    }
}

/// Storage that does not go on with an upload, as clients see it.
pub(super) fn not_resumed(error: BlobError) -> Error {
    match error {
        BlobError::NotFound => {
            Error::new(ErrorCode::UploadExpired, "What had come of this file is gone. Please begin again.")
        }
        BlobError::Io(error) if error.kind() == io::ErrorKind::ResourceBusy => lease::locked(),
        error => storage_failed(error),
    }
}
