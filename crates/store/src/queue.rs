//! The queue: what workers do with tasks. The `tasks` table is the truth.
//!
//! A claim is a lease: it ends by itself when the worker is lost, and another worker takes
//! over. Everything a worker writes is fenced by worker and attempt, so that one that was
//! taken for lost cannot overwrite what came after it. All times are PostgreSQL's.

use std::{fmt, time::Duration};

use bigdecimal::BigDecimal;
use diesel::{
    data_types::PgInterval,
    prelude::*,
    sql_types::{
        Array, BigInt, Binary, Bool, Integer, Interval, Jsonb, Nullable, Numeric, SmallInt, Text,
        Uuid as SqlUuid,
    },
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{
    DocumentId, Result, TaskId, UserId,
    failure::{Failure, FailureCode},
    task::TaskStatus,
};
use serde_json::Value;
use uuid::Uuid;

use crate::error::Context;

/// A task that a worker holds.
#[derive(Clone, QueryableByName)]
pub struct Claim {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = SqlUuid)]
    document_id: Uuid,
    /// What to do.
    #[diesel(sql_type = Text)]
    pub task_type: String,
    /// How to do it; checked when it was submitted.
    #[diesel(sql_type = Jsonb)]
    pub params: Value,
    /// Which attempt this is, from 1.
    #[diesel(sql_type = SmallInt)]
    pub attempt: i16,
    /// How many there may be.
    #[diesel(sql_type = SmallInt)]
    pub max_attempts: i16,
    /// The worker that holds it.
    #[diesel(sql_type = SqlUuid)]
    worker: Uuid,
    /// What opens the document, if the user sent it.
    #[diesel(sql_type = Nullable<Text>)]
    pub document_password: Option<String>,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("id", &self.id).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

impl Claim {
    /// The task.
    pub fn id(&self) -> TaskId {
        TaskId(self.id)
    }

    /// Whose it is.
    pub fn user_id(&self) -> UserId {
        UserId(self.user_id)
    }

    /// The document it works on.
    pub fn document_id(&self) -> DocumentId {
        DocumentId(self.document_id)
    }
}

/// Claims up to `limit` tasks that are due, in turn from the users that have any: beginning
/// with the first user after `after_user`, so that one user's thousand tasks do not keep
/// another's one waiting. Says so by a `task_started` event each.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(
    connection: &mut AsyncPgConnection,
    worker: Uuid,
    lease: Duration,
    after_user: UserId,
    limit: i32,
) -> Result<Vec<Claim>> {
    diesel::sql_query(CLAIM)
        .bind::<BigInt, _>(after_user.0)
        .bind::<Integer, _>(limit)
        .bind::<SqlUuid, _>(worker)
        .bind::<Interval, _>(interval(lease))
        .load(connection)
        .await
        .context("claiming tasks")
}

/// `turns` walks the index from user to user (a loose index scan) and stops after `limit`
/// users; each of them gives an equal share of the batch, oldest first. A task that still waits for
/// something ([`Ending::Wait`]) is looked at again and again: that is no news.
const CLAIM: &str = "\
    with recursive turns (user_id, n) as ( \
        (select user_id, 1 from tasks where status = 'pending' and run_at <= now() and user_id > $1 \
             order by user_id limit 1) \
        union all \
        select (select t.user_id from tasks t where t.status = 'pending' and t.run_at <= now() \
             and t.user_id > turns.user_id order by t.user_id limit 1), turns.n + 1 \
        from turns where turns.user_id is not null and turns.n < $2 \
    ), users_in_turn as (select user_id from turns where user_id is not null), \
    picked as ( \
        select candidate.id from users_in_turn cross join lateral ( \
            select t.id from tasks t \
            where t.user_id = users_in_turn.user_id and t.status = 'pending' and t.run_at <= now() \
            order by t.run_at, t.id \
            limit (select ceil($2::numeric / greatest(count(*), 1)) from users_in_turn) \
            for update skip locked \
        ) as candidate limit $2 \
    ), task as ( \
        update tasks set status = 'processing', attempt = attempt + 1, worker = $3, \
            lease_until = now() + $4, started_at = now(), progress = 0 \
        from picked where tasks.id = picked.id returning tasks.* \
    ), event as ( \
        insert into events (user_id, name, task_id, document_id, filename, task_type, status, message, progress) \
        select task.user_id, 'task_started', task.id, task.document_id, documents.filename, task.task_type, \
            'processing', 'A worker has begun.', 0 \
        from task join documents on documents.id = task.document_id \
        where coalesce(task.error_code, '') not in ('scanner_unavailable', 'provider_busy') \
    ) \
    select id, user_id, document_id, task_type, params, attempt, max_attempts, worker, document_password from task";

/// Takes up again the claim of a task: what a heartbeat gives back for each task that is
/// still held.
#[derive(Debug, Clone, QueryableByName)]
pub struct Held {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    /// Its user wants it cancelled.
    #[diesel(sql_type = Bool)]
    pub cancel_requested: bool,
}

impl Held {
    /// The task.
    pub fn id(&self) -> TaskId {
        TaskId(self.id)
    }
}

/// Renews the leases of these tasks. Those missing from the answer are not held any more.
///
/// # Errors
/// When the database does not answer.
pub async fn renew(
    connection: &mut AsyncPgConnection,
    worker: Uuid,
    tasks: &[TaskId],
    lease: Duration,
) -> Result<Vec<Held>> {
    let ids: Vec<Uuid> = tasks.iter().map(|id| id.0).collect();
    diesel::sql_query(
        "update tasks set lease_until = now() + $3 \
         where id = any($2) and worker = $1 and status = 'processing' returning id, cancel_requested",
    )
    .bind::<SqlUuid, _>(worker)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Interval, _>(interval(lease))
    .load(connection)
    .await
    .context("renewing leases")
}

/// Says how far a task is, in percent, with an event. `false` when it is not held any more.
///
/// # Errors
/// When the database does not answer.
pub async fn report_progress(
    connection: &mut AsyncPgConnection,
    claim: &Claim,
    progress: i16,
    message: &str,
) -> Result<bool> {
    let written = diesel::sql_query(
        "with task as ( \
             update tasks set progress = $4 \
             where id = $1 and worker = $2 and attempt = $3 and status = 'processing' and progress < $4 returning * \
         ) \
         insert into events (user_id, name, task_id, document_id, filename, task_type, status, message, progress) \
         select task.user_id, 'task_progress', task.id, task.document_id, documents.filename, task.task_type, \
             task.status, $5, task.progress from task join documents on documents.id = task.document_id",
    )
    .bind::<SqlUuid, _>(claim.id)
    .bind::<SqlUuid, _>(claim.worker)
    .bind::<SmallInt, _>(claim.attempt)
    .bind::<SmallInt, _>(progress)
    .bind::<Text, _>(message)
    .execute(connection)
    .await
    .context("reporting progress")?;
    Ok(written > 0)
}

/// What a completed task leaves behind.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct Completion {
    /// Text for people.
    pub result: String,
    /// JSON for programs.
    pub output: Value,
    pub warnings: Value,
    pub provider: String,
    pub model: String,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub cost: Option<BigDecimal>,
    /// Names what was answered, if the same question may be answered by it.
    pub answer_key: Option<[u8; 32]>,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub enum Ending {
    /// Done.
    Completed(Box<Completion>),
    /// It cannot be done.
    Failed(Failure),
    /// It did not work this time; try again after the delay.
    Retry(Failure, Duration),
    /// What it needs is away; look again after the delay. Does not count as an attempt, and has an event
    /// only for the first time.
    Wait(Failure, Duration),
    /// Its user cancelled it.
    Cancelled,
    /// The worker stops before it is done; somebody else may have it at once. Does not count
    /// as an attempt.
    HandedBack,
}

impl Ending {
    fn status(&self) -> TaskStatus {
        match self {
            Self::Completed(_) => TaskStatus::Completed,
            Self::Failed(_) => TaskStatus::Failed,
            Self::Retry(..) | Self::Wait(..) | Self::HandedBack => TaskStatus::Pending,
            Self::Cancelled => TaskStatus::Cancelled,
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::Completed(_) => "The result is ready.",
            Self::Failed(failure) | Self::Wait(failure, _) => &failure.message,
            Self::Retry(..) => "The attempt did not succeed; the task will be tried again.",
            Self::Cancelled => "The task was cancelled.",
            Self::HandedBack => "The worker stopped; the task waits for another one.",
        }
    }

    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Retry(failure, _) | Self::Wait(failure, _) => Some(failure),
            _ => None,
        }
    }

    fn delay(&self) -> Duration {
        match self {
            Self::Retry(_, delay) | Self::Wait(_, delay) => *delay,
            _ => Duration::ZERO,
        }
    }

    fn completion(&self) -> Option<&Completion> {
        match self {
            Self::Completed(completion) => Some(completion),
            _ => None,
        }
    }
}

/// Ends an attempt, writes its event, and counts a completed task, in one statement. A task that would wait again ends
/// as cancelled when its user has asked for that. `false` when the claim had been lost: then
/// nothing changes.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(connection: &mut AsyncPgConnection, claim: &Claim, ending: &Ending) -> Result<bool> {
    let (completion, failure) = (ending.completion(), ending.failure());
    let not_counted = i16::from(matches!(ending, Ending::Wait(..) | Ending::HandedBack));
    let written: Vec<Ended> = diesel::sql_query(FINISH)
        .bind::<SqlUuid, _>(claim.id)
        .bind::<SqlUuid, _>(claim.worker)
        .bind::<SmallInt, _>(claim.attempt)
        .bind::<Text, _>(ending.status().as_str())
        .bind::<SmallInt, _>(not_counted)
        .bind::<Interval, _>(interval(ending.delay()))
        .bind::<Nullable<Text>, _>(failure.map(|f| f.code.as_str()))
        .bind::<Nullable<Text>, _>(failure.map(|f| f.message.as_ref()))
        .bind::<Nullable<Text>, _>(completion.map(|c| c.result.as_str()))
        .bind::<Nullable<Jsonb>, _>(completion.map(|c| &c.output))
        .bind::<Nullable<Jsonb>, _>(completion.map(|c| &c.warnings))
        .bind::<Nullable<Text>, _>(completion.map(|c| c.provider.as_str()))
        .bind::<Nullable<Text>, _>(completion.map(|c| c.model.as_str()))
        .bind::<Nullable<BigInt>, _>(completion.and_then(|c| c.input_tokens))
        .bind::<Nullable<BigInt>, _>(completion.and_then(|c| c.output_tokens))
        .bind::<Nullable<Numeric>, _>(completion.and_then(|c| c.cost.as_ref()))
        .bind::<Text, _>(ending.message())
        .bind::<Bool, _>(matches!(ending, Ending::Wait(..)))
        .bind::<Nullable<Binary>, _>(completion.and_then(|c| c.answer_key.as_ref().map(<[u8; 32]>::as_slice)))
        .load(connection)
        .await
        .context("finishing a task")?;
    Ok(!written.is_empty())
}

/// A task of which an ending was written.
#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = SqlUuid)]
    #[expect(dead_code, reason = "that there is one is the answer")]
    id: Uuid,
}

/// An attempt that is to be tried again ends the task when its user wants it cancelled. A task that
/// waited for the same before has been told of.
const FINISH: &str = "\
    with task as ( \
        update tasks set status = ending.status, attempt = attempt - $5, run_at = now() + $6, \
            error_code = case ending.status when 'cancelled' then null else $7 end, \
            error_message = case ending.status when 'cancelled' then null else $8 end, \
            result = $9, output = $10, warnings = coalesce($11, '[]'), provider = $12, model = $13, \
            input_tokens = $14, output_tokens = $15, cost = $16, answer_key = $19, \
            progress = case ending.status when 'completed' then 100 else progress end, \
            finished_at = case when ending.status <> 'pending' then now() end, \
            lease_until = null, worker = null \
        from (select id, case when $4 = 'pending' and cancel_requested then 'cancelled' else $4 end as status, \
            $18 and error_code is not distinct from $7 as waits_on from tasks where id = $1 for update) as ending \
        where tasks.id = ending.id and worker = $2 and attempt = $3 and tasks.status = 'processing' \
        returning tasks.*, ending.waits_on \
    ), event as ( \
        insert into events (user_id, name, task_id, document_id, filename, task_type, status, message, progress) \
        select task.user_id, case task.status when 'pending' then 'task_queued' else 'task_' || task.status end, \
            task.id, task.document_id, documents.filename, task.task_type, task.status, \
            case task.status when 'cancelled' then 'The task was cancelled.' else $17 end, task.progress \
        from task join documents on documents.id = task.document_id \
        where not (task.status = 'pending' and task.waits_on) \
    ), counted as ( \
        insert into spending as s (user_id, day, tasks) \
        select user_id, (now() at time zone 'UTC')::date, 1 from task where status = 'completed' \
        on conflict (user_id, day) do update set tasks = s.tasks + 1 \
    ) \
    select id from task";

/// Takes back tasks whose leases have run out: they wait again, or fail when that was the last
/// attempt, or are cancelled when their user had asked for it. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn recover_expired(connection: &mut AsyncPgConnection) -> Result<usize> {
    diesel::sql_query(RECOVER)
        .bind::<Text, _>(FailureCode::WorkerLost.as_str())
        .bind::<Text, _>("The worker was lost every time it tried this task.")
        .execute(connection)
        .await
        .context("recovering expired leases")
}

const RECOVER: &str = "\
    with expired as ( \
        select id from tasks where status = 'processing' and lease_until < now() \
        order by lease_until limit 1000 for update skip locked \
    ), task as ( \
        update tasks set \
            status = case when cancel_requested then 'cancelled' when attempt >= max_attempts then 'failed' \
                else 'pending' end, \
            error_code = case when attempt >= max_attempts and not cancel_requested then $1 end, \
            error_message = case when attempt >= max_attempts and not cancel_requested then $2 end, \
            finished_at = case when cancel_requested or attempt >= max_attempts then now() end, \
            run_at = now(), lease_until = null, worker = null \
        from expired where tasks.id = expired.id returning tasks.* \
    ) \
    insert into events (user_id, name, task_id, document_id, filename, task_type, status, message, progress) \
    select task.user_id, case task.status when 'pending' then 'task_queued' else 'task_' || task.status end, \
        task.id, task.document_id, documents.filename, task.task_type, task.status, \
        coalesce(task.error_message, case task.status when 'cancelled' then 'The task was cancelled.' \
            else 'The worker was lost; the task waits for another one.' end), task.progress \
    from task join documents on documents.id = task.document_id";

fn interval(duration: Duration) -> PgInterval {
    PgInterval::from_microseconds(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
