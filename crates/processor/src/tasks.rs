//! What users do with tasks: submit a document, ask for more, look, cancel, try again.

use std::time::Duration;

use quire_domain::{
    DocumentId, Error, ErrorCode, Result, TaskId, UserId,
    ports::clock::SharedClock,
    task::{Task, TaskFilter},
};
use quire_store::{
    AsyncPgConnection, Pool, Rollback, Transaction as _, announced,
    documents::{self, FirstCopy, NewDocument},
    limits,
    tasks::{self, NewTask, Submitted},
};
use quire_web::tasks::{TaskLine, TaskPage};
use serde_json::{Map, Value};

use crate::{
    Surroundings,
    admission::Admission,
    intake::Received,
    live::relay::Signal,
    order::{Order, Orders, TaskTypeNames, task_keys},
    preflight::Preflight,
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
    orders: Orders,
    preflight: Preflight,
    signal: Signal,
    admission: Admission,
    max_attempts: i16,
}

/// What a submission became.
#[derive(Debug)]
pub struct Submission {
    /// The first task, and by it the document.
    pub task: Task,
    /// The other tasks, in the order in which they were asked for.
    pub others: Vec<Task>,
    /// The first document of this user with the same bytes, if there was one before.
    pub duplicate_of: Option<DocumentId>,
}

impl Submission {
    /// `None` without a task.
    fn of(tasks: Vec<Task>, duplicate_of: Option<DocumentId>) -> Option<Self> {
        let mut tasks = tasks.into_iter();
        let task = tasks.next()?;
        Some(Self { task, others: tasks.collect(), duplicate_of })
    }

    /// All tasks, in short.
    pub fn lines(&self) -> Vec<TaskLine> {
        std::iter::once(&self.task).chain(&self.others).map(TaskLine::from).collect()
    }
}

impl Tasks {
    /// The use cases with these surroundings.
    pub fn new(surroundings: &Surroundings, signal: Signal, admission: Admission, max_attempts: i16) -> Self {
        let Surroundings { pool, clock, engines, blobs, scanner, reader, .. } = surroundings.clone();
        let preflight = Preflight::new(blobs, reader, scanner.is_some());
        let orders = Orders::new(engines, preflight.clone());
        Self { pool, clock, orders, preflight, signal, admission, max_attempts }
    }

    /// Checks what a client asks for: the task types exist, the parameters fit, and whoever is to answer
    /// can do it.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] by field, [`ErrorCode::TaskTypeUnavailable`].
    pub(crate) fn check_order(
        &self,
        names: &TaskTypeNames,
        params: Map<String, Value>,
        idempotency_key: Option<String>,
    ) -> Result<Order> {
        self.orders.check(names, params, idempotency_key)
    }

    /// Refuses several tasks that are one too many together: one was let in before they were known.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyTasks`], [`ErrorCode::Overloaded`].
    pub(crate) async fn check_more(&self, owner: UserId, tasks: usize) -> Result<()> {
        self.admission.check_more(owner, tasks).await
    }

    /// What checks orders.
    pub(crate) fn orders(&self) -> &Orders {
        &self.orders
    }

    /// Turns a received file and an order into a document with its first tasks. Gives the tasks
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
            self.preflight.check(&order.reading, order.work(), storage_key, filename).await?;
        }
        let mut connection = self.pool.get().await?;
        let document = received.as_document(owner);
        let (ids, keys) = (self.new_ids(order), order.idempotency_keys());
        let tasks = self.new_tasks(&ids, keys.as_deref(), order);
        let is_announced = received.is_announced();
        let duplicate_of = match self.insert(&mut connection, &document, &tasks, is_announced).await {
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
        read_back(&mut connection, owner, &ids, order, duplicate_of).await
    }

    /// Stores a submission; where there is a quota, nobody else's of this user can slip in between.
    async fn insert(
        &self,
        connection: &mut AsyncPgConnection,
        document: &NewDocument<'_>,
        tasks: &[NewTask<'_>],
        is_announced: bool,
    ) -> Result<Submitted> {
        if !self.admission.has_quota() {
            return insert_document(connection, document, tasks, is_announced).await;
        }
        let owner = document.user_id;
        let stored = connection.transaction(async |connection| -> Result<_, Rollback> {
            limits::lock(connection, &format!("storage:{owner}")).await?;
            self.admission.check_quota(connection, owner, document.size.unsigned_abs()).await?;
            Ok(insert_document(connection, document, tasks, is_announced).await?)
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

    /// What an earlier request with the idempotency key of this order made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_repeated(&self, owner: UserId, order: &Order) -> Result<Option<Submission>> {
        let Some(key) = &order.idempotency_key else { return Ok(None) };
        let found = find_by_key(&mut *self.pool.get().await?, owner, key).await?;
        Ok(Submission::of(found, None))
    }

    /// Makes more tasks for a document that is there already.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`] when the document cannot be worked on like that;
    /// [`ErrorCode::NotFound`] when the document is not there or not this user's.
    pub async fn create_task(
        &self,
        owner: UserId,
        document: DocumentId,
        order: &Order,
    ) -> Result<Submission> {
        let found = documents::find(&mut *self.pool.get().await?, owner, document).await?;
        let found = found.ok_or_else(|| Error::not_found("document"))?;
        if self.preflight.may_read(&found) {
            // It may look into the file: nobody's connection waits for that.
            self.preflight.check(&order.reading, order.work(), &found.storage_key, &found.filename).await?;
        }
        let (ids, keys) = (self.new_ids(order), order.idempotency_keys());
        let new = self.new_tasks(&ids, keys.as_deref(), order);
        let mut connection = self.pool.get().await?;
        tasks::create(&mut connection, owner, document, &new)
            .await?
            .ok_or_else(|| Error::not_found("document"))?;
        self.signal.written();
        read_back(&mut connection, owner, &ids, order, None).await
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

    /// Ids for the tasks of an order, ascending: they tell its order.
    fn new_ids(&self, order: &Order) -> Vec<TaskId> {
        let now = self.clock.now();
        let mut ids: Vec<_> = order.jobs.iter().map(|_| TaskId::new(now)).collect();
        ids.sort_unstable();
        ids
    }

    fn new_tasks<'a>(
        &self,
        ids: &[TaskId],
        keys: Option<&'a [String]>,
        order: &'a Order,
    ) -> Vec<NewTask<'a>> {
        let jobs = ids.iter().zip(&order.jobs).enumerate();
        jobs.map(|(place, (id, job))| NewTask {
            id: *id,
            task_type: job.task_type.name(),
            params: &job.params,
            max_attempts: self.max_attempts,
            idempotency_key: keys.and_then(|keys| keys.get(place)).map(String::as_str),
            document_password: order.reading.password.as_deref(),
        })
        .collect()
    }
}

/// What the request made, or what the one made that it repeated.
async fn read_back(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    ids: &[TaskId],
    order: &Order,
    duplicate_of: Option<DocumentId>,
) -> Result<Submission> {
    let found = match &order.idempotency_key {
        Some(key) => find_by_key(connection, owner, key).await?,
        None => tasks::find_all(connection, owner, ids).await?,
    };
    Submission::of(found, duplicate_of).ok_or_else(|| Error::internal("a task that was just stored is gone"))
}

/// The tasks of the request with this idempotency key, in its order.
async fn find_by_key(connection: &mut AsyncPgConnection, owner: UserId, key: &str) -> Result<Vec<Task>> {
    let keys: Vec<_> = task_keys(key).collect();
    tasks::find_all_by_idempotency_key(connection, owner, &keys).await
}

async fn insert_document(
    connection: &mut AsyncPgConnection,
    document: &NewDocument<'_>,
    new: &[NewTask<'_>],
    is_announced: bool,
) -> Result<Submitted> {
    if !is_announced {
        return tasks::submit_document(connection, document, new).await;
    }
    let enqueued = announced::enqueue(connection, document, new).await?;
    enqueued
        .ok_or_else(|| Error::new(ErrorCode::WrongState, "The document does not wait for its file any more."))
}

async fn is_stored(pool: &Pool, owner: UserId, id: DocumentId) -> Result<bool> {
    Ok(documents::find(&mut *pool.get().await?, owner, id).await?.is_some())
}

fn wrong_state(task: &Task, wanted: &str) -> Error {
    Error::new(ErrorCode::WrongState, format!("The task is {}, so it cannot be {wanted}.", task.status))
}
