//! A blob on its way to the disk.
//!
//! Bytes are gathered in a buffer; a full buffer is written by the blocking pool while the
//! next one fills. A slow client holds no thread: between buffers there is only an open file.
//! Every [`SYNC_EVERY`] bytes the disk is told to begin, on the side, so that the last step
//! of a large blob does not wait for gigabytes of unwritten pages.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::OwnedFd,
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use quire_domain::{
    ports::blobs::{BlobError, BlobWriter},
    random,
};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    task::{JoinHandle, spawn_blocking},
};

use super::tree;
use crate::blobs::{joined, key_is_taken};

/// Bytes gathered before they are written. Two such buffers are alive at most.
const BUFFER: usize = 256 * 1024;

/// Bytes written between two requests to bring them to the disk.
const SYNC_EVERY: u64 = 64 * 1024 * 1024;

/// A blob being written to a temporary name.
#[derive(Debug)]
pub(super) struct LocalWriter {
    root: Arc<Path>,
    key: String,
    incoming: Incoming,
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

/// The temporary name; gone when dropped, unless the file has been moved away by then.
#[derive(Debug)]
struct Incoming {
    directory: OwnedFd,
    name: String,
}

impl Incoming {
    fn create(root: &Path) -> Result<(Self, File), BlobError> {
        let unique = random::bytes::<16>().map_err(|e| BlobError::Io(io::Error::other(e)))?;
        let name = format!("{:032x}", u128::from_le_bytes(unique));
        let directory = tree::open_incoming(root).map_err(write_error)?;
        let file = tree::create_file(&directory, &name).map_err(write_error)?;
        Ok((Self { directory, name }, file))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Err(error) = tree::remove(&self.directory, &self.name) {
            tracing::warn!(%error, "an unfinished blob could not be removed");
        }
    }
}

impl LocalWriter {
    /// Opens the temporary file. Blocks.
    pub(super) fn create(root: Arc<Path>, key: String) -> Result<Self, BlobError> {
        if tree::exists(&root, &key)? {
            return Err(key_is_taken());
        }
        let (incoming, file) = Incoming::create(&root)?;
        Ok(Self {
            root,
            key,
            incoming,
            buffer: Vec::new(),
            lane: Lane::Idle(file),
            unsynced: 0,
            syncing: None,
        })
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

#[async_trait]
impl BlobWriter for LocalWriter {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), BlobError> {
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

    /// Makes the blob durable and visible. A caller that gives up while this runs leaves
    /// nothing behind either: the blob is taken back when nobody waits for it any more.
    async fn finish(mut self: Box<Self>) -> Result<(), BlobError> {
        let (file, _) = self.idle().await?;
        if let Some(sync) = self.syncing.take() {
            joined(sync.await.map(|synced| synced.map_err(write_error)))?;
        }
        let (root, key) = (self.root.clone(), self.key.clone());
        let (waiting, outcome) = oneshot::channel();
        spawn_blocking(move || {
            // The temporary name is gone before anybody hears of the outcome.
            let published = (*self).publish(file);
            if let Err(Ok(())) = waiting.send(published)
                && let Err(error) = tree::delete_blob(&root, &key)
            {
                tracing::warn!(%error, "an abandoned blob could not be removed");
            }
        });
        outcome.await.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
    }
}

impl LocalWriter {
    /// Writes the rest and moves the file to its key. Blocks.
    fn publish(self, mut file: File) -> Result<(), BlobError> {
        file.write_all(&self.buffer).map_err(write_error)?;
        file.sync_all().map_err(write_error)?;
        drop(file);
        tree::publish(&self.root, &self.incoming.directory, &self.incoming.name, &self.key)
            .map_err(write_error)
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        // The name goes with `incoming`; closing the file then frees its blocks, which takes
        // a while for a large one: not on a thread that serves requests.
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
fn write_error(error: io::Error) -> BlobError {
    match error.kind() {
        io::ErrorKind::NotFound => BlobError::Io(error),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer_to(root: &Path, file: File) -> LocalWriter {
        let root: Arc<Path> = root.into();
        std::fs::create_dir_all(root.join(tree::INCOMING)).unwrap();
        let (incoming, _) = Incoming::create(&root).unwrap();
        LocalWriter {
            root,
            key: "a".into(),
            incoming,
            buffer: Vec::new(),
            lane: Lane::Idle(file),
            unsynced: 0,
            syncing: None,
        }
    }

    fn full_disk() -> File {
        File::options().write(true).open("/dev/full").unwrap()
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_full_disk_is_told_apart_and_nothing_can_be_appended_after_it() {
        let root = tempfile::tempdir().unwrap();
        let mut writer = writer_to(root.path(), full_disk());
        let chunk = Bytes::from(vec![7; BUFFER]);
        writer.write(chunk.clone()).await.unwrap();
        let error = writer.write(chunk.clone()).await.unwrap_err();
        assert!(matches!(error, BlobError::Full(_)), "{error:?}");
        let error = writer.write(chunk).await.unwrap_err();
        assert!(matches!(error, BlobError::Io(_)), "{error:?}");
        assert!(Box::new(writer).finish().await.is_err());
        assert!(!root.path().join("a").exists());
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_disk_that_is_full_at_the_last_write_publishes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let mut writer = writer_to(root.path(), full_disk());
        writer.write(Bytes::from_static(b"few")).await.unwrap();
        let error = Box::new(writer).finish().await.unwrap_err();
        assert!(matches!(error, BlobError::Full(_)), "{error:?}");
        assert!(!root.path().join("a").exists());
    }
}
