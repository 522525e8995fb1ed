//! The queue: tasks that do nothing, through the real worker and the real database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use clap::Args;
use quire_ai::{AiError, Answer, Engine, EngineInfo, Engines, Request, RunContext, task::TaskType};
use quire_backends::blobs::memory::MemoryBlobs;
use quire_domain::{failure::Failure, ports::clock::SystemClock};
use quire_processor::{Processor, Surroundings, config::ProcessorConfig};
use quire_store::{Pool, PoolOptions};
use quire_web::{
    config::{Environment, Reader},
    shutdown::Shutdown,
    token::Tokens,
};
use serde_json::{Value, json};

use crate::{
    Result,
    database::{Database, number},
    report::{print_table, rate},
    workplace::Workplace,
};

const DONE_WITHIN: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(10);
const UNFINISHED: &str = "select (exists (select from tasks where status = 'pending') \
    or exists (select from tasks where status = 'processing'))::int::bigint";

/// How to load.
#[derive(Args)]
pub(crate) struct Options {
    /// Tasks in each step.
    #[arg(long, default_value_t = 20_000)]
    tasks: i64,
    /// Tasks at a time, one step for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [2, 16, 64])]
    concurrency: Vec<usize>,
    /// Connections to the database; by default as many as the processor takes.
    #[arg(long)]
    connections: Option<usize>,
    /// Let the database answer before anything is on the disk: shows what the disk costs.
    #[arg(long)]
    not_durable: bool,
}

/// Answers at once.
#[derive(Default)]
struct AtOnce {
    runs: AtomicU64,
}

#[async_trait]
impl Engine for AtOnce {
    fn info(&self) -> EngineInfo {
        EngineInfo { provider: "none", model: "none".to_owned() }
    }

    fn supports(&self, _: &dyn TaskType, _: &Value) -> Result<(), Failure> {
        Ok(())
    }

    async fn run(&self, _: &Request, _: &RunContext) -> Result<Answer, AiError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        Ok(Answer {
            result: String::new(),
            output: json!({}),
            warnings: Vec::new(),
            provider: "none".to_owned(),
            model: "none".to_owned(),
            input_tokens: None,
            output_tokens: None,
            cost: None,
        })
    }
}

/// Measures, and prints.
pub(crate) async fn run(workplace: &Workplace, options: &Options) -> Result<()> {
    let database = Database::start(workplace, !options.not_durable).await?;
    database.execute(DOCUMENTS).await?;
    let mut rows = Vec::new();
    for &concurrency in &options.concurrency {
        database.execute(&tasks(options.tasks)).await?;
        database.execute("vacuum analyze").await?;
        let time = work_off(&database, options, concurrency).await?;
        check(&database, options.tasks).await?;
        let count = u64::try_from(options.tasks).unwrap_or_default();
        rows.push(vec![
            concurrency.to_string(),
            count.to_string(),
            format!("{:.2}", time.as_secs_f64()),
            rate(count, time),
        ]);
        database.execute("truncate tasks, events").await?;
    }
    let durable = if options.not_durable { "not durable" } else { "durable" };
    print_table(
        &format!("Tasks that do nothing, through the queue ({durable})"),
        &["tasks at a time", "tasks", "seconds", "tasks/s"],
        &rows,
    );
    Ok(())
}

/// Sixteen users with a hundred documents each, which have been read.
const DOCUMENTS: &str = "\
    insert into users (username, username_key, email, email_key, password_hash) \
    select 'u' || n, 'u' || n, 'u' || n || '@example.com', 'u' || n || '@example.com', '' \
        from generate_series(1, 16) n; \
    insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status) \
    select gen_random_uuid(), users.id, 'note.txt', 'text/plain', 20, sha256(''), gen_random_uuid()::text, 'COMPLETED' \
        from users, generate_series(1, 100); \
    insert into document_pages (document_id, number, text, method) \
    select id, 1, 'Twenty bytes of text', 'text' from documents";

/// So many tasks, the same number for each document.
fn tasks(count: i64) -> String {
    format!(
        "insert into tasks (id, user_id, document_id, task_type, max_attempts) \
         select gen_random_uuid(), user_id, id, 'summarize', 5 from documents, generate_series(1, {count} / 1600 + 1) \
         limit {count}"
    )
}

/// Lets a worker do all tasks; the time from its start until none is left.
async fn work_off(database: &Database, options: &Options, concurrency: usize) -> Result<Duration> {
    let config = config(database, concurrency)?;
    let clock = Arc::new(SystemClock);
    let pool = Pool::new(PoolOptions {
        size: options.connections.unwrap_or(config.database.pool_size),
        ..PoolOptions::new(database.url(), "quire-load")
    })?;
    let (engine, shutdown) = (Arc::new(AtOnce::default()), Shutdown::new());
    let tokens = Tokens::new(&config.tokens, clock.clone())?;
    let surroundings = Surroundings {
        blobs: Arc::new(MemoryBlobs::default()),
        engines: Arc::new(Engines::only(engine.clone())),
        ..Surroundings::new(&config, pool, tokens, clock, shutdown.clone()).await?
    };
    let mut watching = database.connect().await?;
    let begun = Instant::now();
    let running = Processor::start(&config, surroundings);
    while number(&mut watching, UNFINISHED).await? > 0 {
        if begun.elapsed() > DONE_WITHIN {
            return Err(format!(
                "{} tasks were done in {DONE_WITHIN:?}",
                engine.runs.load(Ordering::Relaxed)
            )
            .into());
        }
        tokio::time::sleep(POLL).await;
    }
    let time = begun.elapsed();
    shutdown.soft.cancel();
    running.stopped().await;
    let runs = engine.runs.load(Ordering::Relaxed);
    match i64::try_from(runs) {
        Ok(runs) if runs == options.tasks => Ok(time),
        _ => Err(format!("{} tasks were run {runs} times", options.tasks).into()),
    }
}

/// None lost, none done twice.
async fn check(database: &Database, wanted: i64) -> Result<()> {
    let queries = [
        "select count(*) from tasks where status = 'completed' and attempt = 1",
        "select count(distinct task_id) from events where name = 'task_completed'",
        "select count(*) from events where name = 'task_completed'",
        "select count(*) from events where name = 'task_started'",
    ];
    for query in queries {
        let found = database.number(query).await?;
        if found != wanted {
            return Err(format!("{found} instead of {wanted}: {query}").into());
        }
    }
    Ok(())
}

fn config(database: &Database, concurrency: usize) -> Result<ProcessorConfig> {
    let environment = Environment::from_pairs([
        ("DATABASE_URL", database.url().to_owned()),
        ("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef".to_owned()),
        ("STORAGE_BACKEND", "memory".to_owned()),
        ("WORKER_CONCURRENCY", concurrency.to_string()),
    ]);
    let mut reader = Reader::new(&environment);
    let config = ProcessorConfig::read(&mut reader);
    reader.finish().map_err(|errors| errors.to_string())?;
    Ok(config)
}
