//! Blobs in memory: for tests, and for trying things out. Gone with the process.
//!
//! Keys are unique: a second blob under the same key is refused with
//! [`std::io::ErrorKind::AlreadyExists`].

use std::{
    collections::{HashMap, hash_map::Entry},
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use quire_domain::{
    ports::blobs::{BlobError, BlobStore, BlobWriter, ByteStream, LocalFile},
    random,
};
use tokio::task::spawn_blocking;

use crate::blobs::{checked, joined, key_is_taken};

/// Bytes handed out at a time.
const READ_SIZE: usize = 64 * 1024;

/// Blobs in memory. Clones share their blobs.
#[derive(Debug, Clone)]
pub struct MemoryBlobs {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    blobs: HashMap<String, Bytes>,
    /// Bytes still free, unfinished blobs counted as taken.
    free: usize,
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
        Self { shared: Arc::new(Mutex::new(Shared { blobs: HashMap::new(), free: bytes })) }
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

    fn get(&self, key: &str) -> Result<Bytes, BlobError> {
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
        let rest = self.get(key)?;
        Ok(Box::pin(stream::unfold(rest, |mut rest| async move {
            let part = rest.split_to(READ_SIZE.min(rest.len()));
            (!part.is_empty()).then_some((Ok(part), rest))
        })))
    }

    async fn local_file(&self, key: &str) -> Result<LocalFile, BlobError> {
        let bytes = self.get(key)?;
        joined(spawn_blocking(move || write_temporary(&bytes)).await)
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let mut shared = self.lock();
        if let Some(blob) = shared.blobs.remove(checked(key)?) {
            shared.free += blob.len();
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), BlobError> {
        Ok(())
    }
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
        place.insert(std::mem::take(&mut self.buffer).freeze());
        drop(shared);
        Ok(())
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.store.lock().free += self.buffer.len();
    }
}
