//! A file that grows.
//!
//! Bytes are gathered in a buffer; a full buffer is written by the blocking pool while the
//! next one fills. A slow client holds no thread: between buffers there is only an open file.
//! Every [`SYNC_EVERY`] bytes the disk is told to begin, on the side, so that the last step
//! of a large blob does not wait for gigabytes of unwritten pages.

use std::{
    fs::File,
    io::{self, Write},
};

use bytes::Bytes;
use quire_domain::ports::blobs::BlobError;
use tokio::{
    runtime::Handle,
    task::{JoinHandle, spawn_blocking},
};

use crate::blobs::joined;

/// Bytes gathered before they are written. Two such buffers are alive at most.
pub(super) const BUFFER: usize = 256 * 1024;

/// Bytes written between two requests to bring them to the disk.
const SYNC_EVERY: u64 = 64 * 1024 * 1024;

/// Appends to a file.
#[derive(Debug)]
pub(super) struct Appender {
    buffer: Vec<u8>,
    lane: Lane,
    unsynced: u64,
    syncing: Option<JoinHandle<io::Result<()>>>,
}

/// The file, or the write that has it now.
#[derive(Debug)]
enum Lane {
    Idle(File),
    Writing(JoinHandle<(File, Vec<u8>, io::Result<()>)>),
    /// A write failed, or a caller gave up in the middle of one: nothing can be appended.
    Broken,
}

impl Appender {
    /// Appends where the file stands.
    pub(super) fn new(file: File) -> Self {
        Self { buffer: Vec::new(), lane: Lane::Idle(file), unsynced: 0, syncing: None }
    }

    /// Appends bytes, some of which may wait in the buffer.
    pub(super) async fn write(&mut self, mut bytes: Bytes) -> Result<(), BlobError> {
        while !bytes.is_empty() {
            let room = BUFFER - self.buffer.len();
            let part = bytes.split_to(room.min(bytes.len()));
            self.buffer.extend_from_slice(&part);
            if self.buffer.len() == BUFFER {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Brings everything to the disk. What else is known of the file (its times) may follow later.
    pub(super) async fn sync(&mut self) -> Result<(), BlobError> {
        let (mut file, mut buffer) = self.settle().await?;
        let written = spawn_blocking(move || {
            let written = file.write_all(&buffer).and_then(|()| file.sync_data());
            buffer.clear();
            (file, buffer, written)
        });
        self.lane = Lane::Writing(written);
        self.unsynced = 0;
        let (file, spare) = self.idle().await?;
        (self.lane, self.buffer) = (Lane::Idle(file), spare);
        Ok(())
    }

    /// Waits until nothing is under way, and gives the file and what is still to be written to it.
    pub(super) async fn settle(&mut self) -> Result<(File, Vec<u8>), BlobError> {
        let (file, _) = self.idle().await?;
        if let Some(sync) = self.syncing.take() {
            joined(sync.await.map(|synced| synced.map_err(write_error)))?;
        }
        Ok((file, std::mem::take(&mut self.buffer)))
    }

    /// Writes the buffer on the blocking pool, after the write before it.
    async fn flush(&mut self) -> Result<(), BlobError> {
        let (file, spare) = self.idle().await?;
        let full = std::mem::replace(&mut self.buffer, spare);
        self.unsynced += full.len() as u64;
        if self.unsynced >= SYNC_EVERY {
            self.unsynced = 0;
            self.begin_sync(&file).await?;
        }
        self.lane = Lane::Writing(spawn_blocking(move || append(file, full)));
        Ok(())
    }

    /// Waits for the write before, and gives the file and an empty buffer.
    async fn idle(&mut self) -> Result<(File, Vec<u8>), BlobError> {
        match std::mem::replace(&mut self.lane, Lane::Broken) {
            Lane::Idle(file) => Ok((file, Vec::new())),
            Lane::Writing(write) => {
                let (file, spare, written) = write.await.map_err(|e| BlobError::Io(io::Error::other(e)))?;
                written.map_err(write_error)?;
                Ok((file, spare))
            }
            Lane::Broken => Err(BlobError::Io(io::Error::other("an earlier write failed"))),
        }
    }

    /// Has what was written so far brought to the disk while writing goes on; one at a time,
    /// so that a disk slower than the client slows the client down.
    async fn begin_sync(&mut self, file: &File) -> Result<(), BlobError> {
        if let Some(before) = self.syncing.take() {
            joined(before.await.map(|synced| synced.map_err(write_error)))?;
        }
        let file = file.try_clone().map_err(write_error)?;
        self.syncing = Some(spawn_blocking(move || file.sync_data()));
        Ok(())
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        // Closing a file whose name is gone frees its blocks, which takes a while for a large
        // one: not on a thread that serves requests.
        if let (Lane::Idle(file), Ok(runtime)) =
            (std::mem::replace(&mut self.lane, Lane::Broken), Handle::try_current())
        {
            runtime.spawn_blocking(move || drop(file));
        }
    }
}

fn append(mut file: File, mut buffer: Vec<u8>) -> (File, Vec<u8>, io::Result<()>) {
    let written = file.write_all(&buffer);
    buffer.clear();
    (file, buffer, written)
}

/// While writing, a missing directory is a fault of the storage, not a missing blob.
pub(super) fn write_error(error: io::Error) -> BlobError {
    match error.kind() {
        io::ErrorKind::NotFound => BlobError::Io(error),
        _ => error.into(),
    }
}
