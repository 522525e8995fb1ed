//! What users do with tasks: submit a document, ask for more, look, cancel, try again.

use std::time::Duration;

use quire_ai::{Choice, SharedEngines};
use quire_domain::{
    DocumentId, Error, ErrorCode, FieldErrors, Result, TaskId, UserId,
    ports::clock::SharedClock,
    task::{Task, TaskFilter},
};
use quire_store::{
    AsyncPgConnection, Pool, Rollback, Transaction as _, announced,
    documents::{self, FirstCopy, NewDocument},
    limits,
    tasks::{self, NewTask, Submitted},
};
use quire_web::tasks::TaskPage;
use serde_json::{Map, Value};

use crate::{
    Surroundings,
    admission::Admission,
    intake::Received,
    live::relay::Signal,
    order::Order,
    preflight::Preflight,
    task_type::{ReadingParams, TaskType},
};

/// The task type of a submission that names none.
pub const DEFAULT_TASK_TYPE: &str = "summarize";

/// How often the database is asked what became of a submission that it broke off.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// The use cases on tasks. Cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    pool: Pool,
    clock: SharedClock,
    engines: SharedEngines,
    preflight: Preflight,
    signal: Signal,
    admission: Admission,
    max_attempts: i16,
}

/// What a submission became.
#[derive(Debug)]
pub struct Submission {
    /// The task, and by it the document.
    pub task: Task,
    /// The first document of this user with the same bytes, if there was one before.
    pub duplicate_of: Option<DocumentId>,
}

impl Tasks {
    /// The use cases with these surroundings.
    pub fn new(surroundings: &Surroundings, signal: Signal, admission: Admission, max_attempts: i16) -> Self {
        let Surroundings { pool, clock, engines, blobs, scanner, reader, .. } = surroundings.clone();
        let preflight = Preflight::new(blobs, reader, scanner.is_some());
        Self { pool, clock, engines, preflight, signal, admission, max_attempts }
    }

    /// Checks what a client asks for: the task type exists, the parameters fit, and the
    /// configured provider can do it.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] by field, [`ErrorCode::TaskTypeUnavailable`].
    pub fn check_order(
        &self,
        task_type: Option<&str>,
        mut params: Map<String, Value>,
        idempotency_key: Option<String>,
    ) -> Result<Order> {
        let task_type = find_task_type(task_type)?;
        let reading = ReadingParams::take_from(&mut params).map_err(invalid)?;
        self.preflight.check_languages(&reading)?;
        let mut params = task_type.check_params(&Value::Object(params)).map_err(invalid)?;
        self.check_supported(task_type, &params)?;
        reading.show_in(&mut params);
        Ok(Order { task_type, params, reading, idempotency_key })
    }

    /// Refuses what can be seen to be wrong before the file has come; parameters may still
    /// follow it.
    ///
    /// # Errors
    /// As [`check_order`](Self::check_order).
    pub fn refuse_early(&self, task_type: Option<&str>, mut params: Map<String, Value>) -> Result<()> {
        let task_type = find_task_type(task_type)?;
        let _ = ReadingParams::take_from(&mut params);
        match task_type.check_params(&Value::Object(params)) {
            Ok(params) => self.check_supported(task_type, &params),
            Err(_) => Ok(()),
        }
    }

    /// Whether the configured provider does tasks of this type, with default parameters.
    pub fn is_available(&self, task_type: TaskType) -> bool {
        // Without parameters, a task type that needs some is refused for that alone.
        let params = task_type.check_params(&Value::Object(Map::new())).unwrap_or_default();
        task_type.check_support(&self.engines, &Choice::default(), &params).is_ok()
    }

    fn check_supported(&self, task_type: TaskType, params: &Value) -> Result<()> {
        task_type.check_support(&self.engines, &Choice::default(), params).map_err(|failure| {
            Error::new(ErrorCode::TaskTypeUnavailable, failure.message.clone())
                .with_field("task_type", failure.message)
        })
    }

    /// Turns a received file and an order into a document with its first task. Gives the task
    /// that an earlier request with the same idempotency key made, if there was one; then the
    /// file goes. The bytes of a file that this user has stored before are stored once.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] when the document cannot be worked on like that;
    /// [`ErrorCode::StorageQuotaExceeded`]; when the database does not answer.
    pub async fn submit_document(
        &self,
        owner: UserId,
        received: Received,
        order: Order,
    ) -> Result<Submission> {
        // On a task of its own: a client that hangs up now must not leave a half-done step.
        let tasks = self.clone();
        tokio::spawn(async move { tasks.store_document(owner, received, &order).await })
            .await
            .map_err(|e| Error::internal("storing a submission").with_source(e))?
    }

    async fn store_document(&self, owner: UserId, received: Received, order: &Order) -> Result<Submission> {
        let NewDocument { storage_key, filename, .. } = received.as_document(owner);
        if self.preflight.may_read_new() {
            self.preflight.check(order, storage_key, filename).await?;
        }
        let mut connection = self.pool.get().await?;
        let id = TaskId::new(self.clock.now());
        let document = received.as_document(owner);
        let task = self.new_task(id, order);
        let is_announced = received.is_announced();
        let duplicate_of = match self.insert(&mut connection, &document, &task, is_announced).await {
            Ok(Submitted::Accepted) => {
                received.keep();
                None
            }
            Ok(Submitted::Shared(first)) => {
                self.share(&mut connection, owner, received, &first).await?;
                Some(first.document_id)
            }
            Ok(Submitted::Repeated) => {
                drop(received);
                None
            }
            Err(error) => {
                self.settle(owner, received, &error);
                return Err(error);
            }
        };
        self.signal.written();
        let task = self.read_back(&mut connection, owner, id, &order.idempotency_key).await?;
        Ok(Submission { task, duplicate_of })
    }

    /// Stores a submission; where there is a quota, nobody else's of this user can slip in between.
    async fn insert(
        &self,
        connection: &mut AsyncPgConnection,
        document: &NewDocument<'_>,
        task: &NewTask<'_>,
        is_announced: bool,
    ) -> Result<Submitted> {
        if !self.admission.has_quota() {
            return insert_document(connection, document, task, is_announced).await;
        }
        let owner = document.user_id;
        let stored = connection.transaction(async |connection| -> Result<_, Rollback> {
            limits::lock(connection, &format!("storage:{owner}")).await?;
            self.admission.check_quota(connection, owner, document.size.unsigned_abs()).await?;
            Ok(insert_document(connection, document, task, is_announced).await?)
        });
        Ok(stored.await?)
    }

    /// Lets the bytes of the first copy serve the new document, too. Should they be gone, those that
    /// have just come take their place, for all documents that had them.
    async fn share(
        &self,
        connection: &mut AsyncPgConnection,
        owner: UserId,
        received: Received,
        first: &FirstCopy,
    ) -> Result<()> {
        let storage_key = received.as_document(owner).storage_key.to_owned();
        if storage_key == first.storage_key {
            // The first copy is this very blob.
            received.keep();
            return Ok(());
        }
        if received.is_stored(&first.storage_key).await {
            return Ok(());
        }
        documents::replace_blob(connection, owner, &first.storage_key, &storage_key).await?;
        received.keep();
        Ok(())
    }

    /// Decides about the file of a submission that was not stored. A connection can break after
    /// the commit and before its answer: then the document is there, and its bytes must stay.
    /// As long as the database does not say which, they do.
    fn settle(&self, owner: UserId, received: Received, error: &Error) {
        if error.code != ErrorCode::DatabaseUnavailable {
            return;
        }
        let pool = self.pool.clone();
        tokio::spawn(async move {
            loop {
                match is_stored(&pool, owner, received.document_id).await {
                    Ok(true) => return received.keep(),
                    Ok(false) => return,
                    Err(_) => tokio::time::sleep(SETTLE_EVERY).await,
                }
            }
        });
    }

    /// The task that an earlier request with the idempotency key of this order made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_repeated(&self, owner: UserId, order: &Order) -> Result<Option<Task>> {
        let Some(key) = &order.idempotency_key else { return Ok(None) };
        tasks::find_by_idempotency_key(&mut *self.pool.get().await?, owner, key).await
    }

    /// Makes one more task for a document that is there already.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] when the document cannot be worked on like that;
    /// [`ErrorCode::NotFound`] when the document is not there or not this user's.
    pub async fn create_task(&self, owner: UserId, document: DocumentId, order: &Order) -> Result<Task> {
        let found = documents::find(&mut *self.pool.get().await?, owner, document).await?;
        let found = found.ok_or_else(|| Error::not_found("document"))?;
        if self.preflight.may_read(&found) {
            // It may look into the file: nobody's connection waits for that.
            self.preflight.check(order, &found.storage_key, &found.filename).await?;
        }
        let id = TaskId::new(self.clock.now());
        let mut connection = self.pool.get().await?;
        tasks::create(&mut connection, owner, document, &self.new_task(id, order))
            .await?
            .ok_or_else(|| Error::not_found("document"))?;
        self.signal.written();
        self.read_back(&mut connection, owner, id, &order.idempotency_key).await
    }

    /// One task.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn get_task(&self, owner: UserId, id: TaskId) -> Result<Task> {
        let mut connection = self.pool.get().await?;
        tasks::find(&mut connection, owner, id).await?.ok_or_else(|| Error::not_found("task"))
    }

    /// A page of tasks, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_tasks(&self, owner: UserId, filter: &TaskFilter, limit: u8) -> Result<TaskPage> {
        let mut connection = self.pool.get().await?;
        let tasks = tasks::list(&mut connection, owner, filter, i64::from(limit) + 1).await?;
        Ok(TaskPage::of(tasks, limit))
    }

    /// Cancels a task: at once while it waits, soon while it is being worked on.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] when it is over.
    pub async fn cancel_task(&self, owner: UserId, id: TaskId) -> Result<Task> {
        let mut connection = self.pool.get().await?;
        let changed = tasks::cancel(&mut connection, owner, id).await?.is_some();
        let task = tasks::find(&mut connection, owner, id).await?.ok_or_else(|| Error::not_found("task"))?;
        if !changed {
            return Err(wrong_state(&task, "cancelled"));
        }
        self.signal.written();
        Ok(task)
    }

    /// Puts a failed or cancelled task back to wait.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] when it neither failed nor was cancelled.
    pub async fn retry_task(&self, owner: UserId, id: TaskId) -> Result<Task> {
        let mut connection = self.pool.get().await?;
        let changed = tasks::retry(&mut connection, owner, id).await?.is_some();
        let task = tasks::find(&mut connection, owner, id).await?.ok_or_else(|| Error::not_found("task"))?;
        if !changed {
            return Err(wrong_state(&task, "tried again"));
        }
        self.signal.written();
        Ok(task)
    }

    fn new_task<'a>(&self, id: TaskId, order: &'a Order) -> NewTask<'a> {
        NewTask {
            id,
            task_type: order.task_type.name(),
            params: &order.params,
            max_attempts: self.max_attempts,
            idempotency_key: order.idempotency_key.as_deref(),
            document_password: order.reading.password.as_deref(),
        }
    }

    /// The task that the request made, or the one that it repeated.
    async fn read_back(
        &self,
        connection: &mut AsyncPgConnection,
        owner: UserId,
        id: TaskId,
        idempotency_key: &Option<String>,
    ) -> Result<Task> {
        let found = match idempotency_key {
            Some(key) => tasks::find_by_idempotency_key(connection, owner, key).await?,
            None => tasks::find(connection, owner, id).await?,
        };
        found.ok_or_else(|| Error::internal("a task that was just stored is gone"))
    }
}

async fn insert_document(
    connection: &mut AsyncPgConnection,
    document: &NewDocument<'_>,
    task: &NewTask<'_>,
    is_announced: bool,
) -> Result<Submitted> {
    if !is_announced {
        return tasks::submit_document(connection, document, task).await;
    }
    let enqueued = announced::enqueue(connection, document, task).await?;
    enqueued
        .ok_or_else(|| Error::new(ErrorCode::WrongState, "The document does not wait for its file any more."))
}

async fn is_stored(pool: &Pool, owner: UserId, id: DocumentId) -> Result<bool> {
    Ok(documents::find(&mut *pool.get().await?, owner, id).await?.is_some())
}

fn find_task_type(name: Option<&str>) -> Result<TaskType> {
    let name = name.unwrap_or(DEFAULT_TASK_TYPE);
    TaskType::find(name).ok_or_else(|| unknown_task_type(name))
}

fn unknown_task_type(name: &str) -> Error {
    let known: Vec<_> = TaskType::all().map(TaskType::name).collect();
    let message = format!("There is no task type `{}`. There are: {}.", shorten(name), known.join(", "));
    Error::new(ErrorCode::ValidationFailed, message.clone()).with_field("task_type", message)
}

fn invalid(fields: FieldErrors) -> Error {
    fields.into_result().err().unwrap_or_else(|| Error::internal("parameters were refused without a reason"))
}

fn wrong_state(task: &Task, wanted: &str) -> Error {
    Error::new(ErrorCode::WrongState, format!("The task is {}, so it cannot be {wanted}.", task.status))
}

/// What a client sent is repeated in part only.
fn shorten(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}
