//! A blob on its way to the disk.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::OwnedFd,
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use quire_domain::ports::blobs::{BlobError, BlobWriter};
use tokio::{sync::oneshot, task::spawn_blocking};

use super::{
    appender::{Appender, write_error},
    tree,
};
use crate::blobs::key_is_taken;

/// A blob being written to a temporary name.
#[derive(Debug)]
pub(super) struct LocalWriter {
    root: Arc<Path>,
    key: String,
    incoming: Incoming,
    appender: Appender,
}

/// The temporary name; gone when dropped, unless the file has been moved away by then.
#[derive(Debug)]
struct Incoming {
    directory: OwnedFd,
    name: String,
}

impl Incoming {
    fn create(root: &Path) -> Result<(Self, File), BlobError> {
        let name = tree::unique_name()?;
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
        Ok(Self { root, key, incoming, appender: Appender::new(file) })
    }

    /// Writes the rest and moves the file to its key. Blocks.
    fn publish(self, mut file: File, rest: &[u8]) -> Result<(), BlobError> {
        file.write_all(rest).map_err(write_error)?;
        file.sync_all().map_err(write_error)?;
        drop(file);
        tree::publish(&self.root, &self.incoming.directory, &self.incoming.name, &self.key)
            .map_err(write_error)
    }
}

#[async_trait]
impl BlobWriter for LocalWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.appender.write(bytes).await
    }

    /// Makes the blob durable and visible. A caller that gives up while this runs leaves
    /// nothing behind either: the blob is taken back when nobody waits for it any more.
    async fn finish(mut self: Box<Self>) -> Result<(), BlobError> {
        let (file, rest) = self.appender.settle().await?;
        let (root, key) = (self.root.clone(), self.key.clone());
        let (waiting, outcome) = oneshot::channel();
        spawn_blocking(move || {
            // The temporary name is gone before anybody hears of the outcome.
            let published = (*self).publish(file, &rest);
            if let Err(Ok(())) = waiting.send(published)
                && let Err(error) = tree::delete_blob(&root, &key)
            {
                tracing::warn!(%error, "an abandoned blob could not be removed");
            }
        });
        outcome.await.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::appender::BUFFER, *};

    fn writer_to(root: &Path, file: File) -> LocalWriter {
        let root: Arc<Path> = root.into();
        std::fs::create_dir_all(root.join(tree::INCOMING)).unwrap();
        let (incoming, _) = Incoming::create(&root).unwrap();
        LocalWriter { root, key: "a".into(), incoming, appender: Appender::new(file) }
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
