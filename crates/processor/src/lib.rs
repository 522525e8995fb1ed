//! Service 2, the processor: documents come in, tasks are done, events go out.
//!
//! Three thin layers: a route takes a request apart, a use case decides, and `quire_store`
//! runs the SQL. The worker runs beside the server, or in a process of its own.

mod admission;
pub mod announced;
pub mod config;
pub mod documents;
pub mod exports;
pub mod files;
pub mod housekeeping;
pub mod intake;
pub mod inventory;
pub mod live;
mod load;
mod order;
mod parts;
mod preflight;
pub mod records;
mod routes;
pub mod serve;
pub mod signed_blobs;
mod task_type;
pub mod tasks;
pub mod uploads;
pub mod worker;

pub use routes::{docs, openapi, routes};

use std::{path::Path, sync::Arc};

use actix_web::web::{Data, ServiceConfig};
use quire_ai::SharedEngine;
use quire_backends::blobs::{links::Links, local::LocalBlobs, memory::MemoryBlobs, s3::S3Blobs};
use quire_domain::{
    Error, Result,
    ports::{
        blobs::{BlobError, SharedBlobStore},
        clock::SharedClock,
    },
};
use quire_extract::{DocumentReader, child::ChildPool};
use quire_store::Pool;
use quire_web::{config::TokenConfig, shutdown::Shutdown, token::Tokens};
use secrecy::ExposeSecret;
use tokio_util::task::TaskTracker;

use crate::{
    admission::Admission,
    announced::{AnnouncementParts, Announcements},
    config::{IntakeConfig, ProcessorConfig, StorageConfig},
    documents::Documents,
    exports::Exports,
    files::Files,
    housekeeping::Housekeeping,
    intake::Intake,
    live::{Live, hub::Hub, relay::Relay},
    records::Records,
    signed_blobs::SignedBlobs,
    tasks::Tasks,
    uploads::Uploads,
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
    /// Signs links to blobs, and knows its own again.
    pub links: Links,
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
        let links = signed_links(&config.tokens, &clock);
        let blobs = open_storage(&config.storage, &clock, &links).await?;
        Ok(Self { pool, tokens, clock, blobs, links, engine, reader, shutdown })
    }
}

/// Signs links to blobs that the processor serves itself. Their keys are derived from the secrets of
/// tokens, and so rotate with them.
pub fn signed_links(config: &TokenConfig, clock: &SharedClock) -> Links {
    let previous = config.previous_secrets.iter().map(|secret| secret.expose_secret().as_bytes());
    Links::new(config.secret.expose_secret().as_bytes(), previous, clock.clone())
}

/// The blob storage that the configuration asks for.
///
/// # Errors
/// When it cannot be used.
pub async fn open_storage(
    config: &StorageConfig,
    clock: &SharedClock,
    links: &Links,
) -> Result<SharedBlobStore> {
    Ok(match config {
        StorageConfig::Local { media_root } => Arc::new(
            open_directory(media_root, clock)
                .await
                .map_err(|e| Error::internal("opening the directory of MEDIA_ROOT").with_source(e))?
                .with_links(links.clone()),
        ),
        StorageConfig::S3(options) => Arc::new(
            S3Blobs::open(options, clock.clone())
                .await
                .map_err(|e| Error::internal("opening the bucket of S3_BUCKET_NAME").with_source(e))?,
        ),
        StorageConfig::Memory => Arc::new(MemoryBlobs::default().with_links(links.clone())),
    })
}

/// Also removes what uploads of processes that were killed have left.
async fn open_directory(media_root: &Path, clock: &SharedClock) -> Result<LocalBlobs, BlobError> {
    let blobs = LocalBlobs::open(media_root).await?;
    let swept = blobs.sweep_incoming(clock.now()).await?;
    if swept > 0 {
        tracing::info!(files = swept, "removed unfinished uploads of a process that was lost");
    }
    Ok(blobs)
}

/// The processor as its routes see it. Cheap to clone.
#[derive(Clone)]
pub struct Processor {
    pub(crate) admission: Admission,
    pub(crate) announcements: Announcements,
    pub(crate) intake: Intake,
    pub(crate) tasks: Tasks,
    pub(crate) documents: Documents,
    pub(crate) exports: Exports,
    pub(crate) files: Files,
    pub(crate) records: Records,
    pub(crate) signed_blobs: SignedBlobs,
    pub(crate) uploads: Uploads,
    live: Live,
    surroundings: Surroundings,
}

/// The processor with what runs beside its routes.
pub struct Running {
    /// For the routes.
    pub processor: Processor,
    /// Runs by itself, every minute; for whoever cannot wait.
    pub housekeeping: Housekeeping,
    background: TaskTracker,
}

impl Processor {
    /// Starts the relay of events, housekeeping and, when configured, the worker. They stop
    /// with [`Surroundings::shutdown`].
    #[must_use]
    pub fn start(config: &ProcessorConfig, surroundings: Surroundings) -> Running {
        let Surroundings { pool, tokens, clock, blobs, links, engine, reader, shutdown } =
            surroundings.clone();
        let background = TaskTracker::new();
        let hub = Hub::default();
        let relay = Relay::spawn(pool.clone(), hub.clone(), shutdown.clone(), &background);
        let IntakeConfig { max_upload_size, types, limits, upload_expiry } = config.intake.clone();
        let intake = Intake::new(blobs.clone(), clock.clone(), max_upload_size, types);
        let admission = Admission::new(pool.clone(), clock.clone(), limits, config.tasks);
        let tasks = Tasks::new(&surroundings, relay.signal(), admission.clone(), config.tasks.max_attempts);
        let documents =
            Documents::new(pool.clone(), blobs.clone(), reader.clone(), config.reading.limits.children);
        let exports = Exports::new(tasks.clone());
        let files = Files::new(pool.clone(), blobs.clone(), documents.clone());
        let announcements = Announcements::new(
            AnnouncementParts {
                pool: pool.clone(),
                blobs: blobs.clone(),
                clock: clock.clone(),
                intake: intake.clone(),
                admission: admission.clone(),
                tasks: tasks.clone(),
            },
            config.doors.upload_url_ttl,
        );
        let secret = config.doors.records_webhook_secret.clone();
        let records = Records::new(pool.clone(), clock.clone(), intake.clone(), tasks.clone(), secret);
        let signed_blobs = SignedBlobs::new(pool.clone(), blobs.clone(), links, intake.clone());
        let uploads = Uploads::new(&surroundings, intake.clone(), tasks.clone(), upload_expiry);
        let housekeeping =
            Housekeeping::new(pool.clone(), blobs.clone(), clock.clone(), config.worker.event_retention)
                .with_uploads(uploads.clone());
        background.spawn(housekeeping.clone().run(shutdown.soft.clone()));
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
        let processor = Self {
            admission,
            announcements,
            intake,
            tasks,
            documents,
            exports,
            files,
            records,
            signed_blobs,
            uploads,
            live,
            surroundings,
        };
        Running { processor, housekeeping, background }
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
