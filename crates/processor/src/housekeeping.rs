//! What has to be cleared away from time to time: what has expired, and the bytes of
//! documents that are gone. Every replica does it; each step may be done twice.

use std::time::Duration;

use quire_domain::{
    Result,
    error::chain,
    ports::{blobs::SharedBlobStore, clock::SharedClock},
};
use quire_store::{Pool, announced, documents, events, limits, sessions};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(60);

/// How many rows one step takes at a time.
const BATCH: i64 = 1_000;

/// Clears away what has expired. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Housekeeping {
    pool: Pool,
    blobs: SharedBlobStore,
    clock: SharedClock,
    event_retention: Duration,
}

impl Housekeeping {
    /// Keeps events for `event_retention`.
    pub fn new(pool: Pool, blobs: SharedBlobStore, clock: SharedClock, event_retention: Duration) -> Self {
        Self { pool, blobs, clock, event_retention }
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
        let mut connection = self.pool.get().await?;
        sessions::sweep_expired(&mut connection, now).await?;
        limits::sweep_expired(&mut connection, now).await?;
        let oldest = now - self.event_retention;
        while events::sweep_older_than(&mut connection, oldest, BATCH).await? > 0 {}
        while announced::sweep_expired(&mut connection, now, BATCH).await? > 0 {}
        self.delete_blobs(&mut connection).await
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
