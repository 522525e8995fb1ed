//! The worker: claims tasks, does them, and says how they ended.
//!
//! No transaction is open and no connection is held while a task is being done. Everything a
//! task writes is idempotent, so that a task may be begun again after a crash.

mod answer;
mod answer_key;
mod given;
pub(crate) mod ingest;
mod lease;
mod read;
mod run;
mod split;
mod stop;

use std::{sync::Arc, time::Duration};

use quire_ai::SharedEngines;
use quire_domain::{
    UserId,
    error::chain,
    ids::uuid_v7,
    ports::{blobs::SharedBlobStore, clock::SharedClock, scanner::SharedScanner},
};
use quire_extract::DocumentReader;
use quire_store::{Pool, queue};
use quire_web::shutdown::Shutdown;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    config::WorkerConfig,
    live::{deltas::Deltas, relay::Signal},
};
use lease::Leases;

/// How often the queue is looked at when nobody wakes the worker: the safety net.
const POLL: Duration = Duration::from_secs(1);

/// What a worker works with.
#[derive(Clone)]
pub struct WorkerParts {
    /// The database.
    pub pool: Pool,
    /// Where the bytes of documents are.
    pub blobs: SharedBlobStore,
    /// Looks for viruses before a document is read, where there is one.
    pub scanner: Option<SharedScanner>,
    /// Reads documents, in child processes.
    pub reader: Arc<DocumentReader>,
    /// Answers AI tasks.
    pub engines: SharedEngines,
    /// Limits, budgets and kept replies.
    pub accounts: Accounts,
    /// Tells the relay that events were written.
    pub signal: Signal,
    /// Tells answers while they are being written.
    pub deltas: Deltas,
    /// Makes the worker's id.
    pub clock: SharedClock,
}

/// Does tasks, as many at a time as configured.
pub struct Worker {
    state: State,
    wakes: watch::Receiver<u64>,
}

impl Worker {
    /// A worker with an id of its own. `wakes` changes whenever something was written that may
    /// be of interest: a new task, a request to cancel one.
    pub fn new(parts: WorkerParts, config: WorkerConfig, wakes: watch::Receiver<u64>) -> Self {
        let state = State {
            id: uuid_v7(parts.clock.now()),
            leases: Leases::default(),
            parts,
            config: Arc::new(config),
            hand_back: CancellationToken::new(),
        };
        Self { state, wakes }
    }

    /// Works until told to stop. After [`Shutdown::soft`] nothing more is claimed; tasks that
    /// still run after the grace period, or after [`Shutdown::hard`], are handed back.
    pub async fn run(self, shutdown: Shutdown) {
        self.state.run(self.wakes, shutdown).await;
    }
}

/// What the loops of one worker share.
#[derive(Clone)]
struct State {
    id: Uuid,
    parts: WorkerParts,
    config: Arc<WorkerConfig>,
    leases: Leases,
    /// Cancelled when running tasks are to be handed back.
    hand_back: CancellationToken,
}

impl State {
    async fn run(self, wakes: watch::Receiver<u64>, shutdown: Shutdown) {
        let background = CancellationToken::new();
        let tracker = TaskTracker::new();
        let heartbeat = tokio::spawn(self.clone().heartbeat(wakes.clone(), background.clone()));
        let recovery = tokio::spawn(self.clone().recover(background.clone()));
        tracing::info!(worker.id = %self.id, concurrency = self.config.concurrency, "the worker has started");

        tokio::select! {
            () = self.claim_loop(wakes, &tracker, &shutdown.soft) => {}
            () = shutdown.hard.cancelled() => {}
        }
        tracker.close();
        tracing::info!(worker.id = %self.id, running = tracker.len(), "the worker claims no more tasks");
        tokio::select! {
            () = tracker.wait() => {}
            () = tokio::time::sleep(self.config.grace) => {}
            () = shutdown.hard.cancelled() => {}
        }
        self.hand_back.cancel();
        tracker.wait().await;
        background.cancel();
        let _ = tokio::join!(heartbeat, recovery);
        tracing::info!(worker.id = %self.id, "the worker has stopped");
    }

    /// Claims as many tasks as there is room for, whenever something may be waiting, until
    /// `stop` is cancelled. A claim that has begun is not abandoned: it may have been made.
    async fn claim_loop(
        &self,
        mut wakes: watch::Receiver<u64>,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) {
        const FIRST: UserId = UserId(i64::MIN);
        let room = Arc::new(Semaphore::new(self.config.concurrency));
        let mut turn = FIRST;
        while let Some(Some(mut permits)) = stop.run_until_cancelled(all_free(&room)).await {
            // Marked as seen before looking: what is written during the look wakes us again.
            wakes.mark_unchanged();
            let wanted = permits.num_permits();
            let claimed = match self.claim(turn, wanted).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "tasks could not be claimed");
                    stop.run_until_cancelled(tokio::time::sleep(POLL)).await;
                    continue;
                }
            };
            let whole_round = turn == FIRST;
            let full = claimed.len() == wanted;
            turn = claimed.iter().map(queue::Claim::user_id).max().filter(|_| full).unwrap_or(FIRST);
            for claim in claimed {
                self.begin(claim, permits.split(1), tracker);
            }
            drop(permits);
            if whole_round && !full {
                stop.run_until_cancelled(woken(&mut wakes, POLL)).await;
            }
        }
    }

    fn begin(&self, claim: queue::Claim, permit: Option<OwnedSemaphorePermit>, tracker: &TaskTracker) {
        let state = self.clone();
        let lease = self.leases.hold(claim.id(), &self.hand_back);
        tracker.spawn(async move {
            state.run_task(claim, lease).await;
            drop(permit);
        });
    }

    async fn claim(&self, after: UserId, limit: usize) -> quire_domain::Result<Vec<queue::Claim>> {
        let mut connection = self.parts.pool.get().await?;
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let claimed = queue::claim(&mut connection, self.id, self.config.lease, after, limit).await?;
        if !claimed.is_empty() {
            self.parts.signal.written();
        }
        Ok(claimed)
    }

    /// Renews the leases of running tasks three times per lease, and at once when something
    /// was written, since that may have been a request to cancel (at most every 200 ms).
    async fn heartbeat(self, mut wakes: watch::Receiver<u64>, stop: CancellationToken) {
        let beat = self.config.lease / 3;
        while !stop.is_cancelled() {
            let _ = stop
                .run_until_cancelled(async {
                    tokio::time::sleep(Duration::from_millis(200).min(beat)).await;
                    woken(&mut wakes, beat).await;
                })
                .await;
            if let Err(error) = self.renew().await {
                tracing::warn!(error = chain(&error), "leases could not be renewed");
            }
        }
    }

    async fn renew(&self) -> quire_domain::Result<()> {
        let held = self.leases.ids();
        if held.is_empty() {
            return Ok(());
        }
        let mut connection = self.parts.pool.get().await?;
        let renewed = queue::renew(&mut connection, self.id, &held, self.config.lease).await?;
        self.leases.renewed(&held, &renewed);
        Ok(())
    }

    /// Takes back the tasks of lost workers.
    async fn recover(self, stop: CancellationToken) {
        let mut ticks = interval((self.config.lease / 3).max(Duration::from_millis(100)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            match self.recover_once().await {
                Ok(0) => {}
                Ok(recovered) => {
                    tracing::warn!(tasks = recovered, "took back tasks of lost workers");
                    self.parts.signal.written();
                }
                Err(error) => tracing::warn!(error = chain(&error), "lost tasks could not be looked for"),
            }
        }
    }

    async fn recover_once(&self) -> quire_domain::Result<usize> {
        queue::recover_expired(&mut *self.parts.pool.get().await?).await
    }
}

/// Does a step that must not be left half-done, also when the task is interrupted meanwhile.
async fn undisturbed<T: Send + 'static>(
    step: impl Future<Output = quire_domain::Result<T>> + Send + 'static,
) -> quire_domain::Result<T> {
    let done = tokio::spawn(step.in_current_span()).await;
    done.map_err(|e| quire_domain::Error::internal("a step of a task").with_source(e))?
}

/// Waits for one free place, and takes all that are free then.
async fn all_free(room: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    let mut permits = room.clone().acquire_owned().await.ok()?;
    let more = u32::try_from(room.available_permits()).unwrap_or_default();
    if let Ok(more) = room.clone().try_acquire_many_owned(more) {
        permits.merge(more);
    }
    Some(permits)
}

/// Waits until something was written somewhere, at most for `limit`.
async fn woken(wakes: &mut watch::Receiver<u64>, limit: Duration) {
    let wake = async {
        if wakes.changed().await.is_err() {
            // Nobody is left to wake us: the time limit is all there is.
            std::future::pending::<()>().await;
        }
    };
    let _ = tokio::time::timeout(limit, wake).await;
}
