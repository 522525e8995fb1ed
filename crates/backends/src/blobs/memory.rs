//! Blobs in memory: for tests, and for trying things out. Gone with the process.
//!
//! Keys are unique: a second blob under the same key is refused with
//! [`std::io::ErrorKind::AlreadyExists`].

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, Write},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt};
use quire_domain::{
    clock::{Clock, SystemClock},
    ports::{
        blobs::{
            BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream, ListedBlob, LocalFile, SignedDownload,
            SignedRequest, SignedUpload,
        },
        resumable::{ResumableBlobs, ResumableWriter, UploadState},
    },
};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::blobs::{checked, checked_prefix, joined, key_is_taken, links::Links, temporary, unsigned};

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
    /// Blobs that come in pieces, by key.
    uploads: HashMap<String, Upload>,
    /// Bytes still free, unfinished blobs counted as taken.
    free: usize,
}

#[derive(Debug, Default)]
struct Upload {
    bytes: BytesMut,
    has_writer: bool,
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
        let shared = Shared { blobs: HashMap::new(), uploads: HashMap::new(), free: bytes };
        Self { shared: Arc::new(Mutex::new(shared)), links: None }
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

    /// How many blobs that come in pieces are not finished.
    pub fn unfinished(&self) -> usize {
        self.lock().uploads.len()
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

impl Shared {
    /// Counts bytes as taken.
    fn take(&mut self, bytes: usize) -> Result<(), BlobError> {
        let left = self.free.checked_sub(bytes);
        self.free = left.ok_or_else(|| BlobError::Full(io::ErrorKind::StorageFull.into()))?;
        Ok(())
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
    let (mut file, local) = temporary::create()?;
    file.write_all(bytes)?;
    Ok(local)
}

#[async_trait]
impl ResumableBlobs for MemoryBlobs {
    async fn begin(&self, key: &str) -> Result<UploadState, BlobError> {
        let mut shared = self.lock();
        if shared.blobs.contains_key(checked(key)?) {
            return Err(key_is_taken());
        }
        match shared.uploads.entry(key.to_owned()) {
            Entry::Occupied(_) => Err(key_is_taken()),
            Entry::Vacant(place) => {
                place.insert(Upload::default());
                Ok(UploadState { offset: 0, adapter: Value::Null })
            }
        }
    }

    async fn resume(&self, key: &str, state: &UploadState) -> Result<Box<dyn ResumableWriter>, BlobError> {
        let mut shared = self.lock();
        let Shared { uploads, free, .. } = &mut *shared;
        let upload = uploads.get_mut(checked(key)?).ok_or(BlobError::NotFound)?;
        if upload.has_writer {
            return Err(BlobError::Io(io::ErrorKind::ResourceBusy.into()));
        }
        let offset = usize::try_from(state.offset).ok().filter(|offset| *offset <= upload.bytes.len());
        let offset = offset.ok_or_else(|| BlobError::Io(io::ErrorKind::UnexpectedEof.into()))?;
        *free += upload.bytes.len() - offset;
        upload.bytes.truncate(offset);
        upload.has_writer = true;
        drop(shared);
        Ok(Box::new(MemoryUpload { store: self.clone(), key: key.to_owned() }))
    }

    async fn abandon(&self, key: &str, _: &UploadState) -> Result<(), BlobError> {
        let mut shared = self.lock();
        if let Some(upload) = shared.uploads.remove(checked(key)?) {
            shared.free += upload.bytes.len();
        }
        Ok(())
    }
}

/// The one writer of a blob that comes in pieces.
struct MemoryUpload {
    store: MemoryBlobs,
    key: String,
}

#[async_trait]
impl ResumableWriter for MemoryUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let mut shared = self.store.lock();
        if !shared.uploads.contains_key(&self.key) {
            return Err(BlobError::NotFound);
        }
        shared.take(bytes.len())?;
        if let Some(upload) = shared.uploads.get_mut(&self.key) {
            upload.bytes.extend_from_slice(&bytes);
        }
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<UploadState, BlobError> {
        let shared = self.store.lock();
        let upload = shared.uploads.get(&self.key).ok_or(BlobError::NotFound)?;
        Ok(UploadState { offset: upload.bytes.len() as u64, adapter: Value::Null })
    }

    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        let mut shared = self.store.lock();
        let Shared { blobs, uploads, .. } = &mut *shared;
        let Entry::Vacant(place) = blobs.entry(self.key.clone()) else {
            drop(shared);
            return Err(key_is_taken());
        };
        let upload = uploads.remove(&self.key).ok_or(BlobError::NotFound)?;
        place.insert(Blob { bytes: upload.bytes.freeze(), modified: SystemClock.now() });
        drop(shared);
        Ok(())
    }
}

impl Drop for MemoryUpload {
    fn drop(&mut self) {
        if let Some(upload) = self.store.lock().uploads.get_mut(&self.key) {
            upload.has_writer = false;
        }
    }
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
        self.store.lock().take(bytes.len())?;
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
