//! Blobs as files in a directory of this machine.
//!
//! A blob is written to `<root>/.incoming/<random>`, brought to the disk, and then moved to
//! `<root>/<key>`: under its key it is whole or not there, also after a loss of power.
//! Symbolic links below the root are not followed. Keys are unique: a second blob under the
//! same key is refused with [`std::io::ErrorKind::AlreadyExists`]. A blob that comes in pieces
//! keeps its file in `.incoming` (`upload-<random>`) in between.

mod appender;
mod list;
mod resumable;
mod tree;
mod writer;

use std::{
    io::{self, Seek, SeekFrom},
    ops::Range,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use quire_domain::ports::{
    blobs::{
        BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, ListedBlob, LocalFile, SignedDownload,
        SignedRequest, SignedUpload,
    },
    resumable::{ResumableBlobs, ResumableWriter, UploadState},
};
use tokio::{io::AsyncReadExt, task::spawn_blocking};
use tokio_util::io::ReaderStream;

use self::writer::LocalWriter;
use crate::blobs::{checked, joined, links::Links, unsigned};

/// Bytes read from a file at a time.
const READ_SIZE: usize = 256 * 1024;

/// How long an unfinished blob may lie untouched before a sweep takes it for abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// The same for a blob that comes in pieces. Who keeps its state gives it up long before; this is for
/// one whose state was never kept, since the process was killed in that moment.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(30 * 24);

/// Blobs as files under one root directory.
#[derive(Debug, Clone)]
pub struct LocalBlobs {
    root: Arc<Path>,
    links: Option<Links>,
}

impl LocalBlobs {
    /// Storage under `root`, which is made (for this user only) when it is missing.
    ///
    /// # Errors
    /// When the directory cannot be made or opened.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let root = root.into();
        joined(spawn_blocking(move || open(root).map_err(BlobError::Io)).await)
    }

    /// Signs addresses like that. Without it none are given.
    #[must_use]
    pub fn with_links(self, links: Links) -> Self {
        Self { links: Some(links), ..self }
    }

    /// Removes what uploads of dead processes left in the incoming directory: files not
    /// written to for a day before `now` (those of blobs that come in pieces: 30 days). Gives
    /// their number.
    ///
    /// # Errors
    /// When the directory cannot be read. A file that cannot be removed is logged.
    pub async fn sweep_incoming(&self, now: DateTime<Utc>) -> Result<usize, BlobError> {
        let incoming = self.root.join(tree::INCOMING);
        joined(spawn_blocking(move || sweep(&incoming, SystemTime::from(now))).await)
    }

    /// Runs `work` on the blocking pool, with the root and a key that is known to be good.
    async fn with_key<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(Arc<Path>, String) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let (root, key) = (self.root.clone(), fitting(key)?.to_owned());
        joined(spawn_blocking(move || work(root, key)).await)
    }

    fn links(&self) -> Result<&Links, BlobError> {
        self.links.as_ref().ok_or_else(unsigned)
    }
}

#[async_trait]
impl BlobStore for LocalBlobs {
    async fn create(&self, key: &str) -> Result<Box<dyn BlobWriter>, BlobError> {
        let writer = self.with_key(key, LocalWriter::create).await?;
        Ok(Box::new(writer))
    }

    async fn read(&self, key: &str) -> Result<ByteStream, BlobError> {
        let file = self.with_key(key, |root, key| tree::open_blob(&root, &key)).await?;
        let mut file = tokio::fs::File::from_std(file);
        file.set_max_buf_size(READ_SIZE);
        Ok(Box::pin(ReaderStream::with_capacity(file, READ_SIZE)))
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<ByteStream, BlobError> {
        let length = range.end.saturating_sub(range.start);
        let file = self.with_key(key, move |root, key| {
            let mut file = tree::open_blob(&root, &key)?;
            // No file is so long that its places need the 64th bit.
            file.seek(SeekFrom::Start(range.start.min(i64::MAX.cast_unsigned())))?;
            Ok(file)
        });
        let mut file = tokio::fs::File::from_std(file.await?);
        file.set_max_buf_size(READ_SIZE);
        Ok(Box::pin(ReaderStream::with_capacity(file.take(length), READ_SIZE)))
    }

    async fn info(&self, key: &str) -> Result<BlobInfo, BlobError> {
        self.with_key(key, |root, key| {
            let metadata = tree::open_blob(&root, &key)?.metadata()?;
            Ok(BlobInfo { size: metadata.len(), modified: metadata.modified()?.into() })
        })
        .await
    }

    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ListedBlob, BlobError>> {
        list::list(self.root.clone(), prefix)
    }

    async fn sign_download(&self, key: &str, download: &SignedDownload) -> Result<SignedRequest, BlobError> {
        Ok(self.links()?.sign_download(fitting(key)?, download))
    }

    async fn sign_upload(&self, key: &str, upload: &SignedUpload) -> Result<SignedRequest, BlobError> {
        Ok(self.links()?.sign_upload(fitting(key)?, upload))
    }

    async fn local_file(&self, key: &str) -> Result<LocalFile, BlobError> {
        self.with_key(key, |root, key| {
            tree::open_blob(&root, &key)?;
            Ok(LocalFile::permanent(root.join(key)))
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        self.with_key(key, |root, key| tree::delete_blob(&root, &key)).await
    }

    async fn check(&self) -> Result<(), BlobError> {
        // An unfinished blob: written, and gone when dropped.
        self.with_key("check", |root, key| LocalWriter::create(root, key).map(drop)).await
    }
}

#[async_trait]
impl ResumableBlobs for LocalBlobs {
    async fn begin(&self, key: &str) -> Result<UploadState, BlobError> {
        self.with_key(key, |root, key| resumable::begin(&root, &key)).await
    }

    async fn resume(&self, key: &str, state: &UploadState) -> Result<Box<dyn ResumableWriter>, BlobError> {
        let (root, key) = self.with_key(key, |root, key| Ok((root, key))).await?;
        Ok(Box::new(resumable::resume(root, key, state).await?))
    }

    async fn abandon(&self, key: &str, state: &UploadState) -> Result<(), BlobError> {
        let state = state.clone();
        self.with_key(key, move |root, _| resumable::abandon(&root, &state)).await
    }
}

fn fitting(key: &str) -> Result<&str, BlobError> {
    if tree::fits(checked(key)?) { Ok(key) } else { Err(BlobError::InvalidKey) }
}

fn open(root: PathBuf) -> io::Result<LocalBlobs> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&root)?;
    // Absolute, so that paths handed to child processes hold wherever they run.
    let root: Arc<Path> = std::path::absolute(root)?.into();
    tree::open_or_create_directory(&tree::open_root(&root)?, tree::INCOMING)?;
    Ok(LocalBlobs { root, links: None })
}

fn sweep(incoming: &Path, now: SystemTime) -> Result<usize, BlobError> {
    let mut swept = 0;
    for entry in std::fs::read_dir(incoming).map_err(BlobError::Io)? {
        let entry = entry.map_err(BlobError::Io)?;
        match remove_if_abandoned(&entry, now) {
            Ok(removed) => swept += usize::from(removed),
            // Finished or dropped by its writer since the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "an abandoned blob could not be removed"),
        }
    }
    Ok(swept)
}

fn remove_if_abandoned(entry: &std::fs::DirEntry, now: SystemTime) -> io::Result<bool> {
    let touched = entry.metadata()?.modified()?;
    // A file from the future is as fresh as one of now.
    let in_pieces = entry.file_name().as_encoded_bytes().starts_with(resumable::PREFIX.as_bytes());
    let keep = if in_pieces { FORGOTTEN_AFTER } else { ABANDONED_AFTER };
    if now.duration_since(touched).unwrap_or_default() < keep {
        return Ok(false);
    }
    std::fs::remove_file(entry.path())?;
    Ok(true)
}
