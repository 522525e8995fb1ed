//! The processor, put together.

use actix_web::web::{Data, ServiceConfig};
use quire_domain::{Result, ports::scanner::SharedScanner};
use tokio_util::task::TaskTracker;

use crate::{
    Surroundings,
    accounts::Accounts,
    admission::Admission,
    announced::{AnnouncementParts, Announcements},
    config::{IntakeConfig, ProcessorConfig},
    cv::Profiles,
    documents::Documents,
    exports::Exports,
    files::Files,
    housekeeping::Housekeeping,
    intake::{self, Intake},
    library::{Library, indexer::Indexer},
    live::{
        Live,
        deltas::Deltas,
        hub::Hub,
        relay::{Relay, RelayHandle},
    },
    openness::Openness,
    records::Records,
    signed_blobs::SignedBlobs,
    tasks::Tasks,
    uploads::Uploads,
    worker::{Worker, WorkerParts},
};

/// The processor as its routes see it. Cheap to clone.
#[derive(Clone)]
pub struct Processor {
    pub(crate) accounts: Accounts,
    pub(crate) admission: Admission,
    pub(crate) announcements: Announcements,
    pub(crate) intake: Intake,
    pub(crate) tasks: Tasks,
    pub(crate) documents: Documents,
    pub(crate) library: Library,
    pub(crate) exports: Exports,
    pub(crate) profiles: Profiles,
    pub(crate) files: Files,
    pub(crate) records: Records,
    pub(crate) signed_blobs: SignedBlobs,
    pub(crate) uploads: Uploads,
    pub(crate) live: Live,
    pub(crate) surroundings: Surroundings,
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
    /// Starts the relay of events, housekeeping, the indexer and, when configured, the worker. They stop
    /// with [`Surroundings::shutdown`].
    #[must_use]
    pub fn start(config: &ProcessorConfig, surroundings: Surroundings) -> Running {
        let background = TaskTracker::new();
        let hub = Hub::default();
        let shutdown = surroundings.shutdown.clone();
        let relay = Relay::spawn(surroundings.pool.clone(), hub.clone(), shutdown.clone(), &background);
        let processor = Self::new(config, surroundings, hub, &relay);
        let housekeeping = processor.housekeeping(config);
        background.spawn(housekeeping.clone().run(shutdown.soft.clone()));
        let indexer = Indexer::new(processor.surroundings.pool.clone(), relay.wakes());
        background.spawn(indexer.run(shutdown.soft.clone()));
        if config.worker.enabled {
            let worker = processor.worker(config, &relay);
            background.spawn(worker.run(shutdown));
        }
        background.close();
        Running { processor, housekeeping, background }
    }

    /// Puts the use cases together.
    fn new(config: &ProcessorConfig, surroundings: Surroundings, hub: Hub, relay: &RelayHandle) -> Self {
        let Surroundings { pool, tokens, clock, blobs, links, scanner, reader, shutdown, .. } =
            surroundings.clone();
        let IntakeConfig { max_upload_size, types, limits, upload_expiry } = config.intake.clone();
        let intake = Intake::new(blobs.clone(), clock.clone(), max_upload_size, types);
        let admission = Admission::new(pool.clone(), clock.clone(), limits, config.tasks);
        let tasks = Tasks::new(&surroundings, relay.signal(), admission.clone(), config.tasks.max_attempts);
        let openness = Openness::new(scanner.is_some());
        let children = config.reading.limits.children;
        let documents = Documents::new(pool.clone(), blobs.clone(), reader, children, openness);
        let announcements = AnnouncementParts {
            pool: pool.clone(),
            blobs: blobs.clone(),
            clock: clock.clone(),
            intake: intake.clone(),
            admission: admission.clone(),
            tasks: tasks.clone(),
        };
        let exports = Exports::new(tasks.clone());
        let secret = config.doors.records_webhook_secret.clone();
        Self {
            announcements: Announcements::new(announcements, config.doors.upload_url_ttl),
            records: Records::new(
                pool.clone(),
                clock.clone(),
                intake.clone(),
                tasks.clone(),
                openness,
                secret,
            ),
            signed_blobs: SignedBlobs::new(pool.clone(), blobs.clone(), links, intake.clone(), openness),
            uploads: Uploads::new(&surroundings, intake.clone(), tasks.clone(), upload_expiry),
            files: Files::new(pool.clone(), blobs.clone(), documents.clone()),
            library: Library::new(pool.clone(), blobs, relay.signal()),
            accounts: Accounts::new(
                pool.clone(),
                clock.clone(),
                config.ai_limits.clone(),
                config.ai.timeouts.total,
            ),
            profiles: Profiles::new(pool.clone(), clock.clone(), documents.clone(), exports.clone()),
            exports,
            live: Live::new(pool, hub, tokens, clock, shutdown),
            admission,
            intake,
            tasks,
            documents,
            surroundings,
        }
    }

    fn housekeeping(&self, config: &ProcessorConfig) -> Housekeeping {
        let Surroundings { pool, blobs, clock, .. } = self.surroundings.clone();
        Housekeeping::new(pool, blobs, clock, config.worker.event_retention)
            .with_uploads(self.uploads.clone())
            .with_reply_retention(config.ai_limits.replies_retention)
    }

    fn worker(&self, config: &ProcessorConfig, relay: &RelayHandle) -> Worker {
        let Surroundings { pool, blobs, scanner, reader, engines, clock, shutdown, .. } =
            self.surroundings.clone();
        let parts = WorkerParts {
            deltas: Deltas::spawn(pool.clone(), clock.clone(), shutdown),
            accounts: self.accounts.clone(),
            signal: relay.signal(),
            pool,
            blobs,
            scanner,
            reader,
            engines,
            clock,
        };
        Worker::new(parts, config.worker.clone(), relay.wakes())
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

    /// The virus scanner, for the health checks.
    pub fn scanner(&self) -> Option<SharedScanner> {
        self.surroundings.scanner.clone()
    }
}

impl Running {
    /// Waits until everything beside the routes has stopped.
    pub async fn stopped(self) {
        self.background.wait().await;
    }
}
