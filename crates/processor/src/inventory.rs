//! Storage held against the database: blobs that nothing names, and documents without bytes.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use quire_domain::{
    DocumentId, Result,
    ports::{
        blobs::{BlobError, ListedBlob, SharedBlobStore},
        clock::SharedClock,
    },
};
use quire_store::{
    Pool,
    inventory::{self, Stored},
};

use crate::intake::storage_failed;

/// Under this all blobs lie.
const PREFIX: &str = "uploads/";

/// Keys and documents that are looked up at a time.
const BATCH: usize = 1_000;

/// Blobs that are looked for at the same time, where each has to be asked for.
const LOOKUPS: usize = 16;

/// How old a blob must be to count: the row of a younger one may still be on its way.
pub const GRACE: Duration = Duration::from_hours(1);

/// Holds storage against the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Inventory {
    pool: Pool,
    blobs: SharedBlobStore,
    clock: SharedClock,
}

/// What should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Bytes that no document names.
    Orphan(ListedBlob),
    /// A document whose bytes are gone.
    Lost {
        /// The document.
        document_id: DocumentId,
        /// Where its bytes should be.
        storage_key: String,
    },
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Blobs in storage.
    pub blobs: u64,
    /// Documents whose bytes have come.
    pub documents: u64,
}

impl Inventory {
    /// Holds this storage against this database.
    pub fn new(pool: Pool, blobs: SharedBlobStore, clock: SharedClock) -> Self {
        Self { pool, blobs, clock }
    }

    /// Goes through all blobs that are older than `grace`, and through all documents. Memory stays
    /// bounded however many there are.
    ///
    /// # Errors
    /// When the database or storage does not answer; what was found until then has been told.
    pub async fn check(&self, grace: Duration, mut found: impl FnMut(Finding)) -> Result<Counted> {
        let blobs = self.find_orphans(grace, &mut found).await?;
        let documents = self.find_lost(&mut found).await?;
        Ok(Counted { blobs, documents })
    }

    /// Deletes a blob that nothing names.
    ///
    /// # Errors
    /// When storage does not do it.
    pub async fn delete_orphan(&self, blob: &ListedBlob) -> Result<()> {
        self.blobs.delete(&blob.key).await.map_err(storage_failed)
    }

    async fn find_orphans(&self, grace: Duration, found: &mut impl FnMut(Finding)) -> Result<u64> {
        let newest = self.clock.now() - grace;
        let mut count = 0;
        let mut blobs = self.blobs.list(PREFIX).chunks(BATCH);
        while let Some(batch) = blobs.next().await {
            let batch: Vec<ListedBlob> =
                batch.into_iter().collect::<Result<_, BlobError>>().map_err(storage_failed)?;
            count += batch.len() as u64;
            let old: Vec<_> = batch.into_iter().filter(|blob| blob.modified <= newest).collect();
            let keys: Vec<_> = old.iter().map(|blob| blob.key.clone()).collect();
            let unknown = inventory::unknown_keys(&mut *self.pool.get().await?, &keys).await?;
            old.into_iter()
                .filter(|blob| unknown.contains(&blob.key))
                .map(Finding::Orphan)
                .for_each(&mut *found);
        }
        Ok(count)
    }

    async fn find_lost(&self, found: &mut impl FnMut(Finding)) -> Result<u64> {
        let mut count = 0;
        let mut after = None;
        loop {
            let batch = inventory::stored_after(&mut *self.pool.get().await?, after, BATCH as i64).await?;
            let Some(last) = batch.last() else { return Ok(count) };
            after = Some(last.document_id);
            count += batch.len() as u64;
            let lookups = stream::iter(batch).map(|stored| self.look_up(stored)).buffer_unordered(LOOKUPS);
            let lost: Vec<Option<Stored>> = lookups.try_collect().await?;
            for Stored { document_id, storage_key } in lost.into_iter().flatten() {
                // Deleted while we looked, it is not lost.
                if inventory::is_stored(&mut *self.pool.get().await?, document_id, &storage_key).await? {
                    found(Finding::Lost { document_id, storage_key });
                }
            }
        }
    }

    /// The document, if its bytes are not there.
    async fn look_up(&self, stored: Stored) -> Result<Option<Stored>> {
        match self.blobs.info(&stored.storage_key).await {
            Ok(_) => Ok(None),
            Err(BlobError::NotFound) => Ok(Some(stored)),
            Err(error) => Err(storage_failed(error)),
        }
    }
}
