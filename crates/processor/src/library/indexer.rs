//! Makes the words that documents are found by. Every process does it; they leave each other's work
//! alone.

use std::time::Duration;

use quire_domain::error::chain;
use quire_store::{Pool, search};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How many pages one transaction takes.
const BATCH: i64 = 64;

/// How often it is looked when nobody wakes the indexer: the safety net.
const POLL: Duration = Duration::from_secs(1);

/// Between two looks: what is written in this time goes along.
const GATHER: Duration = Duration::from_millis(50);

/// After a fault.
const PAUSE: Duration = Duration::from_secs(5);

/// Indexes what waits for it. `wakes` changes whenever something was written.
#[derive(Debug)]
pub struct Indexer {
    pool: Pool,
    wakes: watch::Receiver<u64>,
}

impl Indexer {
    /// An indexer that has not begun.
    pub fn new(pool: Pool, wakes: watch::Receiver<u64>) -> Self {
        Self { pool, wakes }
    }

    /// Works until `stop` is cancelled. A transaction that has begun is ended.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // Marked as seen before looking: what is written during the look wakes us again.
            self.wakes.mark_unchanged();
            let pause = match self.index().await {
                Ok(0) => {
                    stop.run_until_cancelled(self.woken()).await;
                    GATHER
                }
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "what is new could not be made searchable");
                    PAUSE
                }
            };
            stop.run_until_cancelled(sleep(pause)).await;
        }
    }

    async fn index(&self) -> quire_domain::Result<usize> {
        search::index_pending(&mut *self.pool.get().await?, BATCH).await
    }

    async fn woken(&mut self) {
        let wake = async {
            if self.wakes.changed().await.is_err() {
                // Nobody is left to wake us: the time limit is all there is.
                std::future::pending::<()>().await;
            }
        };
        let _ = timeout(POLL, wake).await;
    }
}
