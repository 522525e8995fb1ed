//! What has to be cleared away from time to time: what has expired, and the bytes of
//! documents that are gone. Every replica does it; each step may be done twice.

use std::time::Duration;

use quire_domain::{
    Result,
    error::chain,
    ports::{blobs::SharedBlobStore, clock::SharedClock},
};
use quire_store::{Pool, announced, documents, events, limits, replies, sessions, spending};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    inventory::{Counted, Finding, GRACE, Inventory},
    uploads::Uploads,
};

const EVERY: Duration = Duration::from_secs(60);

/// How many rows one step takes at a time.
const BATCH: i64 = 1_000;

/// How often storage is held against the database, by one of the replicas.
const INVENTORY_EVERY: Duration = Duration::from_hours(24);

/// Replies of models are kept for so long, unless said otherwise.
const REPLY_RETENTION: Duration = Duration::from_hours(30 * 24);

/// A call that is slow in being written down may still settle what was reserved for it.
const SETTLING: Duration = Duration::from_hours(1);

/// Clears away what has expired. Cheap to clone.
#[derive(Clone)]
pub struct Housekeeping {
    pool: Pool,
    blobs: SharedBlobStore,
    clock: SharedClock,
    event_retention: Duration,
    reply_retention: Duration,
    inventory: Inventory,
    uploads: Option<Uploads>,
}

impl Housekeeping {
    /// Keeps events for `event_retention`.
    pub fn new(pool: Pool, blobs: SharedBlobStore, clock: SharedClock, event_retention: Duration) -> Self {
        let inventory = Inventory::new(pool.clone(), blobs.clone(), clock.clone());
        let reply_retention = REPLY_RETENTION;
        Self { pool, blobs, clock, event_retention, reply_retention, inventory, uploads: None }
    }

    /// Keeps replies of models for so long.
    #[must_use]
    pub fn with_reply_retention(self, reply_retention: Duration) -> Self {
        Self { reply_retention, ..self }
    }

    /// Also clears away what is left of uploads in pieces.
    #[must_use]
    pub fn with_uploads(self, uploads: Uploads) -> Self {
        Self { uploads: Some(uploads), ..self }
    }

    /// Cleans up every minute until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.clean_up().await {
                tracing::warn!(
                    error = chain(&error),
                    "housekeeping was not finished; it will be tried again"
                );
            }
        }
    }

    /// Does all of it once.
    ///
    /// # Errors
    /// When the database does not answer; what is left is done next time.
    pub async fn clean_up(&self) -> Result<()> {
        let now = self.clock.now();
        if let Some(uploads) = &self.uploads {
            uploads.clean_up().await?;
        }
        let mut connection = self.pool.get().await?;
        sessions::sweep_expired(&mut connection, now).await?;
        limits::sweep_expired(&mut connection, now).await?;
        let oldest = now - self.event_retention;
        while events::sweep_older_than(&mut connection, oldest, BATCH).await? > 0 {}
        while announced::sweep_expired(&mut connection, now, BATCH).await? > 0 {}
        let oldest = now - self.reply_retention;
        while replies::sweep_older_than(&mut connection, oldest, BATCH).await? > 0 {}
        spending::sweep_expired(&mut connection, now - SETTLING).await?;
        self.delete_blobs(&mut connection).await?;
        let first_today = limits::count(&mut connection, "inventory", INVENTORY_EVERY, now).await?.count == 1;
        drop(connection);
        if first_today { self.take_inventory().await } else { Ok(()) }
    }

    /// Says in the log whether storage and the database agree; `quire doctor` tells the details.
    async fn take_inventory(&self) -> Result<()> {
        let (mut orphans, mut lost) = (0_u64, 0_u64);
        let counted = self
            .inventory
            .check(GRACE, |finding| match finding {
                Finding::Orphan(_) => orphans += 1,
                Finding::Lost { .. } => lost += 1,
            })
            .await?;
        let Counted { blobs, documents } = counted;
        if orphans + lost == 0 {
            tracing::info!(blobs, documents, "storage and the database agree");
        } else {
            tracing::warn!(
                blobs,
                documents,
                orphans,
                lost,
                "storage and the database do not agree; `quire doctor` tells where"
            );
        }
        Ok(())
    }

    async fn delete_blobs(&self, connection: &mut quire_store::AsyncPgConnection) -> Result<()> {
        for key in documents::blobs_to_delete(connection, BATCH).await? {
            match self.blobs.delete(&key).await {
                Ok(()) => documents::forget_blob(connection, &key).await?,
                Err(error) => {
                    tracing::warn!(storage.key = key, error = chain(&error), "a blob could not be deleted");
                }
            }
        }
        Ok(())
    }
}
