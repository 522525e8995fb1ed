//! The processor's configuration.

mod ai;
mod ai_limits;
mod doors;
mod intake;
mod reading;
mod scanning;
mod storage;

use std::{num::NonZero, time::Duration};

use quire_ai::AiConfig;
use quire_domain::task::DEFAULT_MAX_ATTEMPTS;
use quire_web::config::{
    AppEnv, DatabaseConfig, HttpConfig, LogConfig, Reader, Section, TokenConfig, Variable,
};

pub use self::{
    ai_limits::AiLimits,
    doors::DoorsConfig,
    intake::{IntakeConfig, UploadLimits},
    reading::{Ocr, ReadingConfig},
    scanning::ScanningConfig,
    storage::StorageConfig,
};

/// All that the processor reads from its environment.
#[derive(Debug, Clone)]
pub struct ProcessorConfig {
    /// Which kind of installation this is.
    pub app_env: AppEnv,
    /// Where to listen.
    pub http: HttpConfig,
    /// How to log.
    pub log: LogConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Tokens.
    pub tokens: TokenConfig,
    /// Where documents are stored.
    pub storage: StorageConfig,
    /// How documents come in.
    pub intake: IntakeConfig,
    /// Ways in beside forms.
    pub doors: DoorsConfig,
    /// How much work may wait.
    pub tasks: TaskLimits,
    /// The worker.
    pub worker: WorkerConfig,
    /// Whether documents are scanned for viruses.
    pub scanning: ScanningConfig,
    /// How documents are read.
    pub reading: ReadingConfig,
    /// Who answers AI tasks.
    pub ai: AiConfig,
    /// How much may be asked of them.
    pub ai_limits: AiLimits,
}

/// How much work may wait, and how often it is tried.
#[derive(Debug, Clone, Copy)]
pub struct TaskLimits {
    /// Above this many waiting tasks of one user, submissions answer 429.
    pub pending_per_user: i64,
    /// Above this many waiting tasks of all users, submissions answer 503.
    pub pending: i64,
    /// How often a task is tried.
    pub max_attempts: i16,
}

/// How background work is done.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Whether this process works at all (`quire-processor worker` always does).
    pub enabled: bool,
    /// How many tasks at a time.
    pub concurrency: usize,
    /// How long a task stays claimed without a sign of life.
    pub lease: Duration,
    /// How long running tasks may go on after a stop was asked for.
    pub grace: Duration,
    /// How long events are kept.
    pub event_retention: Duration,
}

const MAX_PENDING_TASKS_PER_USER: Variable = Variable::new(
    "MAX_PENDING_TASKS_PER_USER",
    "Waiting tasks of one user from which on submissions answer 429.",
)
.default("1000");
const MAX_PENDING_TASKS: Variable =
    Variable::new("MAX_PENDING_TASKS", "Waiting tasks of all users from which on submissions answer 503.")
        .default("100000");
const TASK_MAX_ATTEMPTS: Variable =
    Variable::new("TASK_MAX_ATTEMPTS", "How often a task is tried before it fails.").default("5");

const WORKER: Variable =
    Variable::new("WORKER", "Whether this process does background work, on or off.").default("on");
const WORKER_CONCURRENCY: Variable =
    Variable::new("WORKER_CONCURRENCY", "Tasks worked on at a time; 0 means one per processor core.")
        .default("0");
const WORKER_LEASE: Variable =
    Variable::new("WORKER_LEASE", "Seconds after which the task of a lost worker is given to another.")
        .default("30");
const WORKER_GRACE: Variable =
    Variable::new("WORKER_GRACE", "Seconds that running tasks may go on after a stop was asked for.")
        .default("20");
const EVENT_RETENTION_DAYS: Variable =
    Variable::new("EVENT_RETENTION_DAYS", "Days for which events can be replayed.").default("30");

const WORKER_SECTION: Section<'static> = Section {
    title: "Tasks and the worker",
    variables: &[
        WORKER,
        WORKER_CONCURRENCY,
        WORKER_LEASE,
        WORKER_GRACE,
        TASK_MAX_ATTEMPTS,
        MAX_PENDING_TASKS_PER_USER,
        MAX_PENDING_TASKS,
        EVENT_RETENTION_DAYS,
    ],
};
impl ProcessorConfig {
    /// The port when `PORT` is not set.
    pub const DEFAULT_PORT: &'static str = "8002";

    /// Sections that only the processor has, for `--help` and the documentation.
    pub const OWN_SECTIONS: &[Section<'static>] = &[
        storage::SECTION,
        intake::SECTION,
        doors::SECTION,
        scanning::SECTION,
        reading::SECTION,
        WORKER_SECTION,
        ai::SECTION,
        ai_limits::SECTION,
    ];

    /// A section for each model provider, which follow those.
    pub const PROVIDER_SECTIONS: &[Section<'static>] = &ai::PROVIDER_SECTIONS;

    /// Reads all sections; what is wrong is collected by the reader.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let (app_env, intake) = (AppEnv::read(reader), IntakeConfig::read(reader));
        Self {
            app_env,
            http: HttpConfig::read(reader, Self::DEFAULT_PORT),
            log: LogConfig::read(reader),
            database: DatabaseConfig::read(reader),
            tokens: TokenConfig::read(reader),
            storage: StorageConfig::read(reader, app_env, intake.max_upload_size),
            intake,
            doors: DoorsConfig::read(reader),
            tasks: TaskLimits::read(reader),
            worker: WorkerConfig::read(reader),
            scanning: ScanningConfig::read(reader),
            reading: ReadingConfig::read(reader),
            ai: ai::read(reader),
            ai_limits: AiLimits::read(reader),
        }
    }
}

impl TaskLimits {
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut number = |variable, most| reader.number(variable, 1..=most);
        Self {
            pending_per_user: number(&MAX_PENDING_TASKS_PER_USER, 1_000_000).cast_signed(),
            pending: number(&MAX_PENDING_TASKS, 10_000_000).cast_signed(),
            max_attempts: i16::try_from(number(&TASK_MAX_ATTEMPTS, 100)).unwrap_or(DEFAULT_MAX_ATTEMPTS),
        }
    }
}

impl WorkerConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        let concurrency = match reader.count(&WORKER_CONCURRENCY, 0..=1024) {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            concurrency => concurrency,
        };
        let days = reader.number(&EVENT_RETENTION_DAYS, 1..=3650);
        Self {
            enabled: reader.flag(&WORKER),
            concurrency,
            lease: reader.seconds(&WORKER_LEASE, 1..=3600),
            grace: reader.seconds(&WORKER_GRACE, 0..=3600),
            event_retention: Duration::from_secs(days * 24 * 60 * 60),
        }
    }
}
