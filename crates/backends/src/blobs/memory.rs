//! Blobs in memory: for tests, and for trying things out. Gone with the process.
//!
//! Keys are unique: a second blob under the same key is refused with
//! [`std::io::ErrorKind::AlreadyExists`].

use std::{
    collections::{HashMap, hash_map::Entry},
    fs::OpenOptions,
    io::{self, Write},
    ops::Range,
    os::unix::fs::OpenOptionsExt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt};
use quire_domain::{
    clock::{Clock, SystemClock},
    ports::blobs::{
        BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, ListedBlob, LocalFile, SignedDownload,
        SignedRequest, SignedUpload,
    },
    random,
};
use tokio::task::spawn_blocking;

use crate::blobs::{checked, checked_prefix, joined, key_is_taken, links::Links, unsigned};

/// Bytes handed out at a time.
const READ_SIZE: usize = 64 * 1024;

/// Blobs in memory. Clones share their blobs.
#[derive(Debug, Clone)]
pub struct MemoryBlobs {
    shared: Arc<Mutex<Shared>>,
    links: Option<Links>,
}

#[derive(Debug)]
struct Shared {
    blobs: HashMap<String, Blob>,
    /// Bytes still free, unfinished blobs counted as taken.
    free: usize,
}

#[derive(Debug, Clone)]
struct Blob {
    bytes: Bytes,
    modified: DateTime<Utc>,
}

impl Default for MemoryBlobs {
    /// Room for 1 GiB.
    fn default() -> Self {
        Self::with_capacity(1024 * 1024 * 1024)
    }
}

impl MemoryBlobs {
    /// Room for `bytes`, unfinished blobs included; more is refused with [`BlobError::Full`].
    pub fn with_capacity(bytes: usize) -> Self {
        Self { shared: Arc::new(Mutex::new(Shared { blobs: HashMap::new(), free: bytes })), links: None }
    }

    /// Signs addresses like that. Without it none are given.
    #[must_use]
    pub fn with_links(self, links: Links) -> Self {
        Self { links: Some(links), ..self }
    }

    /// How many blobs there are.
    pub fn len(&self) -> usize {
        self.lock().blobs.len()
    }

    /// Whether there is no blob.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Nothing that holds the lock can panic halfway through a change.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: &str) -> Result<Blob, BlobError> {
        let found = self.lock().blobs.get(checked(key)?).cloned();
        found.ok_or(BlobError::NotFound)
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn create(&self, key: &str) -> Result<Box<dyn BlobWriter>, BlobError> {
        if self.lock().blobs.contains_key(checked(key)?) {
            return Err(key_is_taken());
        }
        Ok(Box::new(MemoryWriter { store: self.clone(), key: key.to_owned(), buffer: BytesMut::new() }))
    }

    async fn read(&self, key: &str) -> Result<ByteStream, BlobError> {
        Ok(stream_of(self.get(key)?.bytes))
    }

    async fn read_range(&self, key: &str, range: Range<u64>) -> Result<ByteStream, BlobError> {
        let bytes = self.get(key)?.bytes;
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        let (start, end) = (place(range.start), place(range.end));
        Ok(stream_of(bytes.slice(start.min(end)..end)))
    }

    async fn info(&self, key: &str) -> Result<BlobInfo, BlobError> {
        let Blob { bytes, modified } = self.get(key)?;
        Ok(BlobInfo { size: bytes.len() as u64, modified })
    }

    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ListedBlob, BlobError>> {
        if let Err(error) = checked_prefix(prefix) {
            return stream::iter([Err(error)]).boxed();
        }
        let shared = self.lock();
        let listed = shared.blobs.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(key, blob)| {
            let size = blob.bytes.len() as u64;
            Ok(ListedBlob { key: key.clone(), size, modified: blob.modified })
        });
        stream::iter(listed.collect::<Vec<_>>()).boxed()
    }

    async fn sign_download(&self, key: &str, download: &SignedDownload) -> Result<SignedRequest, BlobError> {
        let key = checked(key)?;
        Ok(self.links.as_ref().ok_or_else(unsigned)?.sign_download(key, download))
    }

    async fn sign_upload(&self, key: &str, upload: &SignedUpload) -> Result<SignedRequest, BlobError> {
        let key = checked(key)?;
        Ok(self.links.as_ref().ok_or_else(unsigned)?.sign_upload(key, upload))
    }

    async fn local_file(&self, key: &str) -> Result<LocalFile, BlobError> {
        let bytes = self.get(key)?.bytes;
        joined(spawn_blocking(move || write_temporary(&bytes)).await)
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let mut shared = self.lock();
        if let Some(blob) = shared.blobs.remove(checked(key)?) {
            shared.free += blob.bytes.len();
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), BlobError> {
        Ok(())
    }
}

fn stream_of(rest: Bytes) -> ByteStream {
    Box::pin(stream::unfold(rest, |mut rest| async move {
        let part = rest.split_to(READ_SIZE.min(rest.len()));
        (!part.is_empty()).then_some((Ok(part), rest))
    }))
}

fn write_temporary(bytes: &[u8]) -> Result<LocalFile, BlobError> {
    let unique = random::bytes::<16>().map_err(|e| BlobError::Io(io::Error::other(e)))?;
    let name = format!("quire-{:032x}", u128::from_le_bytes(unique));
    let path = std::env::temp_dir().join(name);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(BlobError::Io)?;
    let local = LocalFile::temporary(path);
    file.write_all(bytes)?;
    Ok(local)
}

struct MemoryWriter {
    store: MemoryBlobs,
    key: String,
    /// Counted in [`Shared::free`] until it is dropped or becomes a blob.
    buffer: BytesMut,
}

#[async_trait]
impl BlobWriter for MemoryWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let mut shared = self.store.lock();
        shared.free = shared
            .free
            .checked_sub(bytes.len())
            .ok_or_else(|| BlobError::Full(io::ErrorKind::StorageFull.into()))?;
        drop(shared);
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<(), BlobError> {
        let store = self.store.clone();
        let mut shared = store.lock();
        let Entry::Vacant(place) = shared.blobs.entry(std::mem::take(&mut self.key)) else {
            drop(shared);
            return Err(key_is_taken());
        };
        let bytes = std::mem::take(&mut self.buffer).freeze();
        place.insert(Blob { bytes, modified: SystemClock.now() });
        drop(shared);
        Ok(())
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.store.lock().free += self.buffer.len();
    }
}
