//! Tasks as their users see them: submit, read, list, cancel, retry. What workers do with
//! them is in [`crate::queue`].

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Binary, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{
    DocumentId, Result, TaskId, UserId,
    task::{Task, TaskFilter, TaskStatus},
};
use serde_json::Value;
use uuid::Uuid;

pub use crate::waiting::{count_open, count_pending};
use crate::{
    documents::{FirstCopy, NewDocument},
    error::{Context, from_diesel, violated_constraint},
    schema::{documents, tasks},
};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = tasks, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    document_id: Uuid,
    #[diesel(select_expression = documents::filename)]
    filename: String,
    task_type: String,
    params: Value,
    status: String,
    attempt: i16,
    max_attempts: i16,
    cancel_requested: bool,
    progress: i16,
    result: Option<String>,
    output: Option<Value>,
    warnings: Value,
    error_code: Option<String>,
    error_message: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cost: Option<BigDecimal>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Row> for Task {
    fn from(row: Row) -> Self {
        Self {
            id: TaskId(row.id),
            document_id: DocumentId(row.document_id),
            filename: row.filename,
            task_type: row.task_type,
            params: row.params,
            // The column is checked, so the fallback is never seen.
            status: TaskStatus::parse(&row.status).unwrap_or(TaskStatus::Failed),
            attempt: row.attempt,
            max_attempts: row.max_attempts,
            cancel_requested: row.cancel_requested,
            progress: row.progress,
            result: row.result,
            output: row.output,
            warnings: row.warnings,
            error_code: row.error_code,
            error_message: row.error_message,
            provider: row.provider,
            model: row.model,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost: row.cost.map(|cost| cost.normalized().to_plain_string()),
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// A task to be done.
#[derive(Clone)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct NewTask<'a> {
    pub id: TaskId,
    pub task_type: &'a str,
    pub params: &'a Value,
    pub max_attempts: i16,
    pub idempotency_key: Option<&'a str>,
    /// What opens the document; forgotten when the task ends.
    pub document_password: Option<&'a str>,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It is stored and waits for a worker.
    Accepted,
    /// It is stored, and shares the blob of an earlier document with the same bytes.
    Shared(FirstCopy),
    /// The idempotency key was used before; nothing was stored.
    Repeated,
}

/// Tasks for `document`, in a statement that binds what [`bind_tasks`] does.
pub(crate) const INSERT_TASKS: &str = "\
    insert into tasks (id, user_id, document_id, task_type, params, max_attempts, idempotency_key, \
        document_password) \
    select new.id, document.user_id, document.id, new.task_type, new.params, new.max_attempts, \
        new.idempotency_key, new.document_password \
    from document cross join unnest($1, $2, $3, $4, $5, $6) \
        as new (id, task_type, params, max_attempts, idempotency_key, document_password) returning *";

/// The events that say so, in the order of the tasks.
pub(crate) const INSERT_EVENTS: &str = "\
    insert into events (user_id, name, task_id, document_id, filename, task_type, status, message, progress) \
    select task.user_id, 'task_queued', task.id, task.document_id, document.filename, task.task_type, \
        'pending', 'The task waits for a worker.', 0 from task join document on document.id = task.document_id \
    order by task.id";

/// A new document; it shares the blob of the first with the same bytes.
const INSERT_DOCUMENT: &str = "\
    insert into documents (id, user_id, filename, declared_type, media_type, size, sha256, storage_key, kind, \
        folder, description, tags, status) \
    select $7, $8, $9, $10, $11, $12, $13, coalesce(first.storage_key, $14), $15, $16, $17, $18, 'QUEUED' \
    from first returning id, user_id, filename";

#[derive(QueryableByName)]
struct FirstRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    storage_key: Option<String>,
}

/// Stores a document, its first tasks and their events, all or nothing, in one statement.
///
/// # Errors
/// When the database does not answer, or the account is gone.
pub async fn submit_document(
    connection: &mut AsyncPgConnection,
    document: &NewDocument<'_>,
    tasks: &[NewTask<'_>],
) -> Result<Submitted> {
    let sql = format!(
        "with first as materialized (select id, storage_key from first_document_with($8, $13)), \
         document as ({INSERT_DOCUMENT}), task as ({INSERT_TASKS}), event as ({INSERT_EVENTS}) \
         select id, storage_key from first"
    );
    let inserted = bind_tasks(diesel::sql_query(sql).into_boxed(), tasks)
        .bind::<SqlUuid, _>(document.id.0)
        .bind::<BigInt, _>(document.user_id.0)
        .bind::<Text, _>(document.filename)
        .bind::<Nullable<Text>, _>(document.declared_type)
        .bind::<Text, _>(document.media_type)
        .bind::<BigInt, _>(document.size)
        .bind::<Binary, _>(document.sha256.as_slice())
        .bind::<Text, _>(document.storage_key)
        .bind::<Text, _>(document.details.kind.as_str())
        .bind::<Text, _>(&document.details.folder)
        .bind::<Text, _>(&document.details.description)
        .bind::<Array<Text>, _>(&document.details.tags)
        .get_result(connection)
        .await;
    Ok(match unless_repeated(inserted)? {
        None => Submitted::Repeated,
        Some(FirstRow { id: Some(id), storage_key: Some(storage_key) }) => {
            Submitted::Shared(FirstCopy { document_id: DocumentId(id), storage_key })
        }
        Some(_) => Submitted::Accepted,
    })
}

/// Stores more tasks for a document of this user, and their events, all or nothing; `None` when there
/// is no such document.
///
/// # Errors
/// When the database does not answer.
pub async fn create(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    document: DocumentId,
    tasks: &[NewTask<'_>],
) -> Result<Option<Submitted>> {
    let sql = format!(
        "with document as (select id, user_id, filename from documents where id = $7 and user_id = $8), \
         task as ({INSERT_TASKS}) {INSERT_EVENTS}"
    );
    let inserted = bind_tasks(diesel::sql_query(sql).into_boxed(), tasks)
        .bind::<SqlUuid, _>(document.0)
        .bind::<BigInt, _>(owner.0)
        .execute(connection)
        .await;
    Ok(match unless_repeated(inserted)? {
        None => Some(Submitted::Repeated),
        Some(0) => None,
        Some(_) => Some(Submitted::Accepted),
    })
}

pub(crate) type BoxedQuery<'a> =
    diesel::query_builder::BoxedSqlQuery<'a, diesel::pg::Pg, diesel::query_builder::SqlQuery>;

pub(crate) fn bind_tasks<'a>(query: BoxedQuery<'a>, tasks: &[NewTask<'a>]) -> BoxedQuery<'a> {
    query
        .bind::<Array<SqlUuid>, _>(column(tasks, |task| task.id.0))
        .bind::<Array<Text>, _>(column(tasks, |task| task.task_type))
        .bind::<Array<Jsonb>, _>(column(tasks, |task| task.params))
        .bind::<Array<SmallInt>, _>(column(tasks, |task| task.max_attempts))
        .bind::<Array<Nullable<Text>>, _>(column(tasks, |task| task.idempotency_key))
        .bind::<Array<Nullable<Text>>, _>(column(tasks, |task| task.document_password))
}

fn column<'a, T>(tasks: &[NewTask<'a>], value: impl Fn(&NewTask<'a>) -> T) -> Vec<T> {
    tasks.iter().map(value).collect()
}

/// What a statement with tasks gave; `None` if an idempotency key of theirs was used before.
pub(crate) fn unless_repeated<T>(inserted: diesel::QueryResult<T>) -> Result<Option<T>> {
    match inserted {
        Ok(inserted) => Ok(Some(inserted)),
        Err(error) if violated_constraint(&error) == Some("tasks_idempotency_key") => Ok(None),
        Err(error) => Err(from_diesel(error, "storing a task")),
    }
}

/// A task of this user.
///
/// # Errors
/// When the database does not answer.
pub async fn find(connection: &mut AsyncPgConnection, owner: UserId, id: TaskId) -> Result<Option<Task>> {
    tasks::table
        .inner_join(documents::table)
        .filter(tasks::id.eq(id.0).and(tasks::user_id.eq(owner.0)))
        .select(Row::as_select())
        .first::<Row>(connection)
        .await
        .optional()
        .context("reading a task")
        .map(|row| row.map(Task::from))
}

/// The task that was made with this idempotency key.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_idempotency_key(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    key: &str,
) -> Result<Option<Task>> {
    tasks::table
        .inner_join(documents::table)
        .filter(tasks::user_id.eq(owner.0).and(tasks::idempotency_key.eq(key)))
        .select(Row::as_select())
        .first::<Row>(connection)
        .await
        .optional()
        .context("reading a task by its idempotency key")
        .map(|row| row.map(Task::from))
}

/// Those of these tasks that are there and this user's, by their ids.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    ids: &[TaskId],
) -> Result<Vec<Task>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Row> = tasks::table
        .inner_join(documents::table)
        .filter(tasks::user_id.eq(owner.0).and(tasks::id.eq_any(ids)))
        .order(tasks::id)
        .select(Row::as_select())
        .load(connection)
        .await
        .context("reading tasks")?;
    Ok(rows.into_iter().map(Task::from).collect())
}

/// The tasks that were made with these idempotency keys, by their ids.
///
/// # Errors
/// When the database does not answer.
pub async fn find_all_by_idempotency_key(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    keys: &[String],
) -> Result<Vec<Task>> {
    let rows: Vec<Row> = tasks::table
        .inner_join(documents::table)
        .filter(tasks::user_id.eq(owner.0).and(tasks::idempotency_key.eq_any(keys)))
        .order(tasks::id)
        .select(Row::as_select())
        .load(connection)
        .await
        .context("reading tasks by their idempotency keys")?;
    Ok(rows.into_iter().map(Task::from).collect())
}

/// Tasks of this user, newest first, at most `limit`. Their ids are ordered by time, so the
/// last id of one page is where the next one begins.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    filter: &TaskFilter,
    limit: i64,
) -> Result<Vec<Task>> {
    let mut query = tasks::table
        .inner_join(documents::table)
        .filter(tasks::user_id.eq(owner.0))
        .order(tasks::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(before) = filter.before {
        query = query.filter(tasks::id.lt(before.0));
    }
    if let Some(status) = filter.status {
        query = query.filter(tasks::status.eq(status.as_str()));
    }
    if let Some(task_type) = &filter.task_type {
        query = query.filter(tasks::task_type.eq(task_type.as_str()));
    }
    if let Some(document) = filter.document_id {
        query = query.filter(tasks::document_id.eq(document.0));
    }
    let rows: Vec<Row> = query.load(connection).await.context("listing tasks")?;
    Ok(rows.into_iter().map(Task::from).collect())
}

/// Cancels a task of this user: at once while it waits, by a request to its worker while it
/// is being worked on. Gives its state after that; `None` when it does not exist or was
/// done, failed or cancelled already.
///
/// # Errors
/// When the database does not answer.
pub async fn cancel(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    id: TaskId,
) -> Result<Option<TaskStatus>> {
    change_status(
        connection,
        "with task as ( \
             update tasks set cancel_requested = true, \
                 status = case status when 'pending' then 'cancelled' else status end, \
                 finished_at = case status when 'pending' then now() end \
             where id = $1 and user_id = $2 and status in ('pending', 'processing') returning * \
         ), event as ( \
             insert into events (user_id, name, task_id, document_id, filename, task_type, status, message, progress) \
             select task.user_id, 'task_cancelled', task.id, task.document_id, documents.filename, \
                 task.task_type, task.status, 'The task was cancelled before it began.', task.progress \
             from task join documents on documents.id = task.document_id where task.status = 'cancelled' \
         ) select status from task",
        owner,
        id,
    )
    .await
}

/// Puts a failed or cancelled task of this user back to wait, as if it were new; `None` when
/// it does not exist or is in another state.
///
/// # Errors
/// When the database does not answer.
pub async fn retry(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    id: TaskId,
) -> Result<Option<TaskStatus>> {
    change_status(
        connection,
        "with task as ( \
             update tasks set status = 'pending', attempt = 0, run_at = now(), cancel_requested = false, \
                 progress = 0, error_code = null, error_message = null, started_at = null, finished_at = null \
             where id = $1 and user_id = $2 and status in ('failed', 'cancelled') returning * \
         ), event as ( \
             insert into events (user_id, name, task_id, document_id, filename, task_type, status, message, progress) \
             select task.user_id, 'task_queued', task.id, task.document_id, documents.filename, \
                 task.task_type, 'pending', 'The task waits for a worker again.', 0 \
             from task join documents on documents.id = task.document_id \
         ) select status from task",
        owner,
        id,
    )
    .await
}

async fn change_status(
    connection: &mut AsyncPgConnection,
    query: &str,
    owner: UserId,
    id: TaskId,
) -> Result<Option<TaskStatus>> {
    #[derive(QueryableByName)]
    struct Status {
        #[diesel(sql_type = Text)]
        status: String,
    }
    let changed: Option<Status> = diesel::sql_query(query)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(owner.0)
        .get_result(connection)
        .await
        .optional()
        .context("changing a task")?;
    Ok(changed.and_then(|row| TaskStatus::parse(&row.status)))
}
