//! A blob that comes in pieces: a file in the incoming directory that stays between its writers.
//!
//! A writer holds a lock on the file, which goes with it, also when its process is killed. So two
//! writers never mix their bytes, even when one was taken for dead and was not.

use std::{
    fs::{File, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use quire_domain::ports::{
    blobs::BlobError,
    resumable::{ResumableWriter, UploadState},
};
use serde_json::json;
use tokio::task::spawn_blocking;

use super::{
    appender::{Appender, write_error},
    tree,
};
use crate::blobs::{joined, key_is_taken};

/// Names of such files begin like this, so that they are told from those of one request.
pub(super) const PREFIX: &str = "upload-";

/// How often the lock of a file is asked for, and how long to wait in between: a writer that was
/// just dropped may still be closing it.
const LOCK_TRIES: u32 = 40;
const LOCK_EVERY: Duration = Duration::from_millis(50);

/// One writer of such a file.
#[derive(Debug)]
pub(super) struct LocalUpload {
    root: Arc<Path>,
    key: String,
    name: String,
    /// Bytes that the file has when all is written.
    offset: u64,
    appender: Appender,
}

/// Makes the file. Blocks.
pub(super) fn begin(root: &Path, key: &str) -> Result<UploadState, BlobError> {
    if tree::exists(root, key)? {
        return Err(key_is_taken());
    }
    let name = format!("{PREFIX}{}", tree::unique_name()?);
    let incoming = tree::open_incoming(root).map_err(write_error)?;
    tree::create_file(&incoming, &name).map_err(write_error)?;
    tree::sync_directory(&incoming).map_err(write_error)?;
    Ok(UploadState { offset: 0, adapter: json!({ "name": name }) })
}

/// Opens the file and waits until nobody else writes to it.
pub(super) async fn resume(
    root: Arc<Path>,
    key: String,
    state: &UploadState,
) -> Result<LocalUpload, BlobError> {
    let (name, offset) = (name_in(state)?, state.offset);
    for tries_left in (0..LOCK_TRIES).rev() {
        let file = {
            let (root, name) = (root.clone(), name.clone());
            joined(spawn_blocking(move || open(&root, &name, offset)).await)?
        };
        match file {
            Some(file) => {
                let appender = Appender::new(file);
                return Ok(LocalUpload { root, key, name, offset, appender });
            }
            None if tries_left > 0 => tokio::time::sleep(LOCK_EVERY).await,
            None => {}
        }
    }
    Err(BlobError::Io(io::ErrorKind::ResourceBusy.into()))
}

/// Removes the file. Blocks.
pub(super) fn abandon(root: &Path, state: &UploadState) -> Result<(), BlobError> {
    let incoming = tree::open_incoming(root).map_err(write_error)?;
    Ok(tree::remove(&incoming, &name_in(state)?)?)
}

/// The file, locked and standing at `offset` with nothing behind it; `None` while another writer has
/// it. Blocks.
fn open(root: &Path, name: &str, offset: u64) -> Result<Option<File>, BlobError> {
    let incoming = tree::open_incoming(root).map_err(write_error)?;
    let mut file = tree::open_for_writing(&incoming, name)?;
    match file.try_lock() {
        // A file system without locks: the caller alone sees to it.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(BlobError::Io(error)),
        Ok(()) => {}
    }
    // Between opening and locking it may have been finished: then it is a blob, and stays as it is.
    if !tree::is_there(&incoming, name)? {
        return Err(BlobError::NotFound);
    }
    if file.metadata()?.len() < offset {
        let lost = "a file is shorter than what was brought to the disk";
        return Err(BlobError::Io(io::Error::new(io::ErrorKind::UnexpectedEof, lost)));
    }
    file.set_len(offset)?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(Some(file))
}

/// The name of the file, if it can be one that [`begin`] gave.
fn name_in(state: &UploadState) -> Result<String, BlobError> {
    let name = state.adapter["name"].as_str().unwrap_or_default();
    let unique = name.strip_prefix(PREFIX).unwrap_or_default();
    if unique.is_empty() || !unique.bytes().all(|c| c.is_ascii_hexdigit()) {
        let strange = "the state of an upload is not one of this storage";
        return Err(BlobError::Io(io::Error::new(io::ErrorKind::InvalidData, strange)));
    }
    Ok(name.to_owned())
}

#[async_trait]
impl ResumableWriter for LocalUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.offset += bytes.len() as u64;
        self.appender.write(bytes).await
    }

    async fn checkpoint(&mut self) -> Result<UploadState, BlobError> {
        self.appender.sync().await?;
        Ok(UploadState { offset: self.offset, adapter: json!({ "name": self.name }) })
    }

    async fn finish(mut self: Box<Self>) -> Result<(), BlobError> {
        let (mut file, rest) = self.appender.settle().await?;
        joined(
            spawn_blocking(move || {
                file.write_all(&rest).map_err(write_error)?;
                file.sync_all().map_err(write_error)?;
                let incoming = tree::open_incoming(&self.root).map_err(write_error)?;
                // The lock is held until the name is gone: nobody can begin to write to a blob.
                tree::publish(&self.root, &incoming, &self.name, &self.key).map_err(write_error)
            })
            .await,
        )
    }
}
