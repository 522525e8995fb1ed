//! Size and digest of bytes that go by.

use bytes::Bytes;
use quire_domain::{Error, Result};
use sha2::{Digest, Sha256};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Measured, checksum::Sha256Digest};

/// Bytes from which on hashing is worth the way to another thread.
const BATCH: usize = 1024 * 1024;

/// Size and digest of what has gone by. Large files are hashed beside the thread that receives
/// them, at most two batches of bytes behind.
pub(super) struct Measure {
    size: u64,
    hashing: Hashing,
    batch: Vec<Bytes>,
    batched: usize,
}

/// Where the hash function is.
enum Hashing {
    Here(Sha256),
    Elsewhere(JoinHandle<Sha256>),
}

impl Default for Measure {
    fn default() -> Self {
        Self { size: 0, hashing: Hashing::Here(Sha256::new()), batch: Vec::new(), batched: 0 }
    }
}

impl Measure {
    /// Bytes that have gone by.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Lets these go by.
    ///
    /// # Errors
    /// When hashing was stopped, as the runtime ends.
    pub(super) async fn take(&mut self, chunk: Bytes) -> Result<()> {
        self.size += chunk.len() as u64;
        self.batched += chunk.len();
        self.batch.push(chunk);
        if self.batched >= BATCH { self.hash_elsewhere().await } else { Ok(()) }
    }

    /// What was measured.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(super) async fn finish(self) -> Result<Measured> {
        let hasher = self.hashing.come_back().await?;
        let sha256: Sha256Digest = hashed(hasher, &self.batch).finalize().into();
        Ok(Measured { size: self.size, sha256 })
    }

    async fn hash_elsewhere(&mut self) -> Result<()> {
        let hashing = std::mem::replace(&mut self.hashing, Hashing::Here(Sha256::new()));
        let (hasher, batch) = (hashing.come_back().await?, std::mem::take(&mut self.batch));
        self.batched = 0;
        self.hashing = Hashing::Elsewhere(spawn_blocking(move || hashed(hasher, &batch)));
        Ok(())
    }
}

impl Hashing {
    async fn come_back(self) -> Result<Sha256> {
        match self {
            Self::Here(hasher) => Ok(hasher),
            Self::Elsewhere(hashing) => {
                hashing.await.map_err(|e| Error::internal("hashing a file").with_source(e))
            }
        }
    }
}

fn hashed(mut hasher: Sha256, batch: &[Bytes]) -> Sha256 {
    for chunk in batch {
        hasher.update(chunk);
    }
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_the_bytes_come_the_digest_is_theirs() {
        let bytes: Vec<u8> = (0..3 * BATCH + 17).map(|number| (number % 251) as u8).collect();
        let expected: Sha256Digest = Sha256::digest(&bytes).into();
        for piece in [1000, BATCH - 1, BATCH, 2 * BATCH + 1, bytes.len()] {
            let mut measure = Measure::default();
            for chunk in bytes.chunks(piece) {
                measure.take(Bytes::copy_from_slice(chunk)).await.unwrap();
            }
            assert_eq!(measure.size(), bytes.len() as u64);
            let measured = measure.finish().await.unwrap();
            assert_eq!(measured, Measured { size: bytes.len() as u64, sha256: expected }, "{piece}");
        }
        let nothing = Measure::default().finish().await.unwrap();
        assert_eq!(nothing, Measured { size: 0, sha256: Sha256::digest([]).into() });
    }
}
