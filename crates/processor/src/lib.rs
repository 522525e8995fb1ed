//! Service 2, the processor: documents come in, tasks are done, events go out.
//!
//! Three thin layers: a route takes a request apart, a use case decides, and `quire_store`
//! runs the SQL. The worker runs beside the server, or in a process of its own.

pub mod config;
pub mod documents;
pub mod exports;
pub mod housekeeping;
pub mod intake;
pub mod library;
pub mod live;
mod load;
mod order;
mod preflight;
mod routes;
pub mod serve;
mod task_type;
pub mod tasks;
mod unclaimed;
pub mod worker;

pub use routes::{docs, openapi, routes};

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use quire_ai::SharedEngine;
use quire_backends::blobs::{local::LocalBlobs, memory::MemoryBlobs};
use quire_domain::{
    Error, Result,
    ports::{
        blobs::{BlobError, SharedBlobStore},
        clock::SharedClock,
    },
};
use quire_extract::{DocumentReader, child::ChildPool};
use quire_store::Pool;
use quire_web::{shutdown::Shutdown, token::Tokens};
use tokio_util::task::TaskTracker;

use crate::{
    config::{IntakeConfig, ProcessorConfig, StorageBackend},
    documents::Documents,
    exports::Exports,
    housekeeping::Housekeeping,
    intake::Intake,
    library::{Library, indexer::Indexer},
    live::{Live, hub::Hub, relay::Relay},
    tasks::Tasks,
    worker::{Worker, WorkerParts},
};

/// What lies outside the processor: given by `main`, replaced in tests.
#[derive(Clone)]
pub struct Surroundings {
    /// The database.
    pub pool: Pool,
    /// Verifies access tokens.
    pub tokens: Tokens,
    /// Tells the time.
    pub clock: SharedClock,
    /// Where the bytes of documents are kept.
    pub blobs: SharedBlobStore,
    /// Answers AI tasks.
    pub engine: SharedEngine,
    /// Reads documents.
    pub reader: Arc<DocumentReader>,
    /// Tells everybody when to stop.
    pub shutdown: Shutdown,
}

impl Surroundings {
    /// What the configuration asks for.
    ///
    /// # Errors
    /// When storage cannot be used, the provider's configuration does not suffice, or characters are
    /// to be recognised and cannot.
    pub async fn new(
        config: &ProcessorConfig,
        pool: Pool,
        tokens: Tokens,
        clock: SharedClock,
        shutdown: Shutdown,
    ) -> Result<Self> {
        let engine = quire_ai::engine(&config.ai)
            .map_err(|e| Error::internal("setting up the AI provider").with_source(e))?;
        let children = ChildPool::of_this_program(config.reading.limits.clone())
            .map_err(|e| Error::internal("finding this program").with_source(e))?;
        let reader = config.reading.reader(children).await;
        let reader = Arc::new(reader.map_err(|e| Error::internal("setting up OCR").with_source(e))?);
        let blobs = open_storage(&config.intake, &clock).await?;
        Ok(Self { pool, tokens, clock, blobs, engine, reader, shutdown })
    }
}

async fn open_storage(config: &IntakeConfig, clock: &SharedClock) -> Result<SharedBlobStore> {
    Ok(match config.storage {
        StorageBackend::Local => Arc::new(
            open_directory(config, clock)
                .await
                .map_err(|e| Error::internal("opening the directory of MEDIA_ROOT").with_source(e))?,
        ),
        StorageBackend::Memory => Arc::new(MemoryBlobs::default()),
    })
}

/// Also removes what uploads of processes that were killed have left.
async fn open_directory(config: &IntakeConfig, clock: &SharedClock) -> Result<LocalBlobs, BlobError> {
    let blobs = LocalBlobs::open(&config.media_root).await?;
    let swept = blobs.sweep_incoming(clock.now()).await?;
    if swept > 0 {
        tracing::info!(files = swept, "removed unfinished uploads of a process that was lost");
    }
    Ok(blobs)
}

/// The processor as its routes see it. Cheap to clone.
#[derive(Clone)]
pub struct Processor {
    pub(crate) intake: Intake,
    pub(crate) tasks: Tasks,
    pub(crate) documents: Documents,
    pub(crate) library: Library,
    pub(crate) exports: Exports,
    live: Live,
    surroundings: Surroundings,
}

/// The processor with what runs beside its routes.
pub struct Running {
    /// For the routes.
    pub processor: Processor,
    background: TaskTracker,
}

impl Processor {
    /// Starts the relay of events, housekeeping, the indexer and, when configured, the worker. They stop
    /// with [`Surroundings::shutdown`].
    #[must_use]
    pub fn start(config: &ProcessorConfig, surroundings: Surroundings) -> Running {
        let Surroundings { pool, tokens, clock, blobs, engine, reader, shutdown } = surroundings.clone();
        let background = TaskTracker::new();
        let hub = Hub::default();
        let relay = Relay::spawn(pool.clone(), hub.clone(), shutdown.clone(), &background);
        let intake = Intake::new(blobs.clone(), clock.clone(), config.intake.max_upload_size);
        let tasks = Tasks::new(&surroundings, relay.signal(), config.tasks);
        let documents =
            Documents::new(pool.clone(), blobs.clone(), reader.clone(), config.reading.limits.children);
        let library = Library::new(pool.clone(), blobs.clone(), relay.signal());
        let exports = Exports::new(tasks.clone());
        let housekeeping =
            Housekeeping::new(pool.clone(), blobs.clone(), clock.clone(), config.worker.event_retention);
        background.spawn(housekeeping.run(shutdown.soft.clone()));
        let indexer = Indexer::new(pool.clone(), relay.wakes());
        background.spawn(indexer.run(shutdown.soft.clone()));
        if config.worker.enabled {
            let parts = WorkerParts {
                pool: pool.clone(),
                blobs,
                reader,
                engine,
                signal: relay.signal(),
                clock: clock.clone(),
            };
            let worker = Worker::new(parts, config.worker.clone(), relay.wakes());
            background.spawn(worker.run(shutdown.clone()));
        }
        background.close();
        let live = Live::new(pool, hub, tokens, clock, shutdown);
        Running {
            processor: Self { intake, tasks, documents, library, exports, live, surroundings },
            background,
        }
    }

    /// Puts what the routes need into the app's data.
    pub fn data(&self, app: &mut ServiceConfig) {
        app.app_data(Data::new(self.clone())).app_data(Data::new(self.live.clone()));
    }

    /// Whether storage works, for the health checks.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check_storage(&self) -> Result<()> {
        self.surroundings.blobs.check().await.map_err(intake::storage_failed)
    }
}

impl Running {
    /// Waits until everything beside the routes has stopped.
    pub async fn stopped(self) {
        self.background.wait().await;
    }
}
