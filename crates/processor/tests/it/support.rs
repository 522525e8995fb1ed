//! A whole processor of a test's own: its routes over real HTTP, a database, storage in a
//! directory, and workers where a test wants them.

use std::{collections::BTreeSet, path::Path, process::Stdio, sync::Arc, time::Duration};

use quire_ai::{Engines, SharedEngine, SharedEngines, testing::ScriptedEngine};
use quire_domain::{
    UserId,
    clock::{SharedClock, SystemClock},
    ports::blobs::SharedBlobStore,
    user::Role,
};
use quire_extract::child::ChildPool;
use quire_processor::{
    Processor, Running, Surroundings, config::ProcessorConfig, housekeeping::Housekeeping, serve,
};
pub(crate) use quire_testkit::fixture;
use quire_testkit::{Answer, HttpClient, Seaweed, TestDatabase, listener, wait_for, wait_until};
use quire_web::{
    WebContext,
    config::{Environment, Reader},
    shutdown::Shutdown,
    token::Tokens,
};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// What a test wants to be different.
pub(crate) struct Setup {
    database: TestDatabase,
    variables: Vec<(&'static str, String)>,
    engine: Option<SharedEngine>,
    blobs: Option<SharedBlobStore>,
    clock: SharedClock,
}

impl Setup {
    /// Without a worker; tasks wait until a test takes care of them.
    pub(crate) async fn new() -> Self {
        let variables = vec![
            ("JWT_SECRET_KEY", SECRET.to_owned()),
            ("HTTP_WORKERS", "1".to_owned()),
            ("WORKER", "off".to_owned()),
            ("WORKER_CONCURRENCY", "4".to_owned()),
            ("READ_TIMEOUT", "20".to_owned()),
            ("READ_CPU_LIMIT", "2".to_owned()),
            ("READ_MEMORY_LIMIT", (256_u32 << 20).to_string()),
        ];
        let (database, clock) = (TestDatabase::new().await, Arc::new(SystemClock));
        Self { database, variables, engine: Some(ScriptedEngine::new([])), blobs: None, clock }
    }

    /// Sets an environment variable of the processor.
    pub(crate) fn set(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_string()));
        self
    }

    pub(crate) fn engine(self, engine: SharedEngine) -> Self {
        Self { engine: Some(engine), ..self }
    }

    /// The engines of the configuration: the built-in one, if no variable says otherwise.
    pub(crate) fn configured_engines(self) -> Self {
        Self { engine: None, ..self }
    }

    /// A worker in the process of the server.
    pub(crate) fn worker(self) -> Self {
        self.set("WORKER", "on")
    }

    /// Storage in a bucket, which only this test uses.
    pub(crate) async fn in_a_bucket(self) -> Self {
        let server = Seaweed::shared().await;
        self.set("APP_ENV", "aws")
            .set("S3_BUCKET_NAME", Seaweed::new_bucket())
            .set("AWS_REGION", Seaweed::REGION)
            .set("AWS_ENDPOINT_URL", &server.endpoint)
            .set("AWS_ACCESS_KEY_ID", &server.key_id)
            .set("AWS_SECRET_ACCESS_KEY", &server.secret)
    }

    /// Storage other than a directory.
    pub(crate) fn blobs(self, blobs: SharedBlobStore) -> Self {
        Self { blobs: Some(blobs), ..self }
    }

    /// A time of day of the test's own.
    pub(crate) fn clock(self, clock: SharedClock) -> Self {
        Self { clock, ..self }
    }

    pub(crate) async fn start(mut self) -> Quire {
        let media = quire_testkit::data_directory();
        self.variables.push(("DATABASE_URL", self.database.url().to_owned()));
        self.variables.push(("MEDIA_ROOT", media.path().to_str().unwrap().to_owned()));
        let environment = Environment::from_pairs(self.variables);
        let mut reader = Reader::new(&environment);
        let config = ProcessorConfig::read(&mut reader);
        reader.finish().unwrap();

        let clock = self.clock;
        let tokens = Tokens::new(&config.tokens, clock.clone()).unwrap();
        let pool = self.database.pool();
        let mut surroundings =
            Surroundings::new(&config, pool, tokens.clone(), clock.clone(), Shutdown::new()).await.unwrap();
        if let Some(engine) = self.engine {
            surroundings.engines = Arc::new(Engines::only(engine));
        }
        surroundings.blobs = self.blobs.unwrap_or(surroundings.blobs);
        let program = env!("CARGO_BIN_EXE_quire-processor").into();
        let children = ChildPool::new(program, config.reading.limits.clone());
        surroundings.reader = Arc::new(config.reading.reader(children).await.unwrap());

        let process = Process::start(&config, surroundings.clone());
        let client = process.serve(&config, &surroundings);
        Quire { client, config, surroundings, _process: process, database: self.database, media }
    }
}

/// A running processor with all it needs. Ends with the value.
pub(crate) struct Quire {
    /// Without a token.
    pub(crate) client: HttpClient,
    pub(crate) config: ProcessorConfig,
    pub(crate) surroundings: Surroundings,
    /// The server, and the worker in it.
    _process: Process,
    pub(crate) database: TestDatabase,
    pub(crate) media: TempDir,
}

impl Quire {
    pub(crate) async fn user(&self, name: &str) -> User {
        self.database
            .execute(&format!(
                "insert into users (username, username_key, email, email_key, password_hash)
                 values ('{name}', '{name}', '{name}@example.org', '{name}@example.org', '')"
            ))
            .await;
        let id =
            UserId(self.database.query_one(&format!("select id from users where username = '{name}'")).await);
        let token = self.surroundings.tokens.issue_access(id, Role::User).unwrap().token;
        User { id, client: self.client.with_token(&token), token }
    }

    /// Starts one more process with a worker, and no server.
    /// Starts a worker with the engines of the server.
    pub(crate) fn start_worker(&self) -> Process {
        self.start_worker_process(&self.worker_config(), self.surroundings.engines.clone())
    }

    pub(crate) fn start_worker_on(&self, engine: SharedEngine) -> Process {
        self.start_worker_with(&self.worker_config(), engine)
    }

    fn worker_config(&self) -> ProcessorConfig {
        let mut config = self.config.clone();
        config.worker.enabled = true;
        config
    }

    pub(crate) fn start_worker_with(&self, config: &ProcessorConfig, engine: SharedEngine) -> Process {
        self.start_worker_process(config, Arc::new(Engines::only(engine)))
    }

    fn start_worker_process(&self, config: &ProcessorConfig, engines: SharedEngines) -> Process {
        let surroundings = Surroundings { engines, shutdown: Shutdown::new(), ..self.surroundings.clone() };
        Process::start(config, surroundings)
    }

    /// Starts one more server, as on another machine: nothing is shared but the database and what is on
    /// the disk.
    pub(crate) async fn start_replica(&self) -> (Process, HttpClient) {
        let Surroundings { tokens, clock, engines, reader, .. } = self.surroundings.clone();
        let pool = self.database.pool();
        let new = Surroundings::new(&self.config, pool, tokens, clock, Shutdown::new()).await.unwrap();
        let surroundings = Surroundings { engines, reader, ..new };
        let process = Process::start(&self.config, surroundings.clone());
        let client = process.serve(&self.config, &surroundings);
        (process, client)
    }

    /// The housekeeping of its server.
    pub(crate) fn housekeeping(&self) -> Housekeeping {
        self._process.running.as_ref().unwrap().housekeeping.clone()
    }

    /// The program, with the same database and storage and nothing else in its environment.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quire-processor"));
        command
            .env_clear()
            .current_dir(self.media.path())
            .env("DATABASE_URL", self.database.url())
            .env("JWT_SECRET_KEY", SECRET)
            .env("MEDIA_ROOT", self.media.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Brings the database back, and waits until the pool has found out which of its connections
    /// are dead: it hands them out in turn, and has ten at most.
    pub(crate) async fn bring_back_database(&self) {
        self.database.bring_back().await;
        let alive = async || {
            for _ in 0..10 {
                if self.surroundings.pool.check().await.is_err() {
                    return false;
                }
            }
            true
        };
        wait_until("every connection is alive", alive).await;
    }

    /// Every file in storage, those of unfinished uploads included.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        collect_files(self.media.path(), &mut files);
        files
    }

    pub(crate) async fn wait_until_no_files(&self) {
        wait_until("storage is empty", || async { self.files().is_empty() }).await;
    }

    /// The names of a task's events, in order.
    pub(crate) async fn events(&self, task: &str) -> Vec<String> {
        let query =
            format!("select coalesce(json_agg(name order by id), '[]') from events where task_id = '{task}'");
        self.database.query_one(&query).await
    }

    pub(crate) async fn count(&self, what: &str) -> i64 {
        self.database.query_one(&format!("select count(*) from {what}")).await
    }
}

fn collect_files(directory: &Path, files: &mut BTreeSet<String>) {
    // What is removed while we look is as good as gone.
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect_files(&entry.path(), files),
            Ok(_) => {
                files.insert(entry.path().to_str().unwrap().to_owned());
            }
            Err(_) => {}
        }
    }
}

/// What runs beside the routes of one process. Whatever a test does, it ends with the value.
pub(crate) struct Process {
    pub(crate) shutdown: Shutdown,
    running: Option<Running>,
}

impl Process {
    fn start(config: &ProcessorConfig, surroundings: Surroundings) -> Self {
        let shutdown = surroundings.shutdown.clone();
        Self { running: Some(Processor::start(config, surroundings)), shutdown }
    }

    /// Serves its routes on a port of its own.
    fn serve(&self, config: &ProcessorConfig, surroundings: &Surroundings) -> HttpClient {
        let listener = listener();
        let client = HttpClient::new(format!("http://{}", listener.local_addr().unwrap()));
        let context = WebContext {
            tokens: surroundings.tokens.clone(),
            clock: surroundings.clock.clone(),
            trusted_proxies: config.http.trusted_proxies.clone(),
        };
        let processor = self.running.as_ref().unwrap().processor.clone();
        let shutdown = self.shutdown.clone();
        tokio::spawn(serve::serve_http(listener, config.http.clone(), processor, context, shutdown));
        client
    }

    /// Asks it to stop.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.soft.cancel();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.begin_to_stop();
        self.running.take().unwrap().stopped().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.shutdown.soft.cancel();
        self.shutdown.hard.cancel();
    }
}

/// Somebody with a token.
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) client: HttpClient,
    pub(crate) token: String,
}

impl User {
    pub(crate) async fn submit(&self, form: Form) -> Answer {
        self.client.call(Method::POST, "/process/submit").multipart(form).send().await
    }

    /// Submits a file for a summary.
    pub(crate) async fn submit_file(&self, name: &str, bytes: Vec<u8>) -> Submitted {
        Submitted::of(&self.submit(file(name, bytes)).await)
    }

    pub(crate) async fn submit_text(&self) -> Submitted {
        self.submit_file("notes.txt", TEXT.into()).await
    }

    pub(crate) async fn submit_fixture(&self, path: &str) -> Submitted {
        let name = path.rsplit('/').next().unwrap();
        self.submit_file(name, fixture(path)).await
    }

    pub(crate) async fn create_task(&self, document: &str) -> Answer {
        self.client.post("/process/tasks", &serde_json::json!({"document_id": document})).await
    }

    /// Asks for a task of this type for a document that is there.
    pub(crate) async fn order(&self, document: &str, task_type: &str, params: Value) -> Answer {
        let body = serde_json::json!({"document_id": document, "task_type": task_type, "params": params});
        self.client.post("/process/tasks", &body).await
    }

    pub(crate) async fn act(&self, task: &str, verb: &str) -> Answer {
        self.client.call(Method::POST, &format!("/process/tasks/{task}/{verb}")).send().await
    }

    pub(crate) async fn task(&self, id: &str) -> Value {
        self.client.get(&format!("/process/tasks/{id}")).await.expect_status(200).json()
    }

    /// Waits until the task is in this state, and gives it.
    pub(crate) async fn wait_for(&self, id: &str, status: &str) -> Value {
        wait_for(&format!("the task is {status}"), || async {
            let task = self.task(id).await;
            (task["status"] == status).then_some(task)
        })
        .await
    }

    /// Waits until nothing more happens to the task, and gives it.
    pub(crate) async fn ended(&self, id: &str) -> Value {
        wait_for("the task ends", || async {
            let task = self.task(id).await;
            (task["status"] != "pending" && task["status"] != "processing").then_some(task)
        })
        .await
    }
}

/// The ids of a submission.
pub(crate) struct Submitted {
    pub(crate) task: String,
    pub(crate) document: String,
}

impl Submitted {
    pub(crate) fn of(answer: &Answer) -> Self {
        answer.assert_status(202);
        let body: Value = answer.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self { task: text("task_id"), document: text("document_id") }
    }
}

pub(crate) const TEXT: &str = "The harbour of Bergen was founded in 1070. Ships from many countries brought grain. \
    Merchants of the Hanse traded stockfish there for centuries. Fires destroyed the wooden houses several times. \
    Today the old wharf is a place that many people visit.";

/// A form with a file.
pub(crate) fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Form {
    Form::new().part("file", Part::bytes(bytes.into()).file_name(name.to_owned()))
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
