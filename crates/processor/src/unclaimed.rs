//! Bytes that no document points to yet.

use quire_domain::{error::chain, ports::blobs::SharedBlobStore};
use tokio::runtime::Handle;

/// A blob that is deleted on drop unless somebody keeps it, whatever the reason: a refusal, an error, a
/// client that has gone, a document that was deleted meanwhile.
#[derive(Debug)]
pub(crate) struct UnclaimedBlob {
    blobs: SharedBlobStore,
    key: String,
    claimed: bool,
}

impl UnclaimedBlob {
    /// Watches over the blob of this key, which nobody else may write to.
    pub(crate) fn new(blobs: SharedBlobStore, key: String) -> Self {
        Self { blobs, key, claimed: false }
    }

    /// The same for a blob that somebody else sees to.
    pub(crate) fn lent(blobs: SharedBlobStore, key: String) -> Self {
        Self { blobs, key, claimed: true }
    }

    /// The storage that the blob is in.
    pub(crate) fn store(&self) -> &SharedBlobStore {
        &self.blobs
    }

    /// Where the blob is.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// A document points to the blob now: it stays.
    pub(crate) fn keep(mut self) {
        self.claimed = true;
    }
}

impl Drop for UnclaimedBlob {
    fn drop(&mut self) {
        if self.claimed {
            return;
        }
        let (blobs, key) = (self.blobs.clone(), std::mem::take(&mut self.key));
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = blobs.delete(&key).await {
                tracing::warn!(
                    storage.key = key,
                    error = chain(&error),
                    "a blob that nothing points to could not be deleted"
                );
            }
        });
    }
}
