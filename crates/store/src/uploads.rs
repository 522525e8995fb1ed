//! Uploads that come in pieces: how far they have come, and which request receives one now.
//!
//! A request that receives holds a *lease*, by PostgreSQL's own clock, and renews it. Everything it
//! writes is fenced by its name ([`Holder`]), so that one that was taken for dead cannot undo what
//! came after it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{IntervalDsl, now},
    pg::sql_types::Timestamptz,
    prelude::*,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, TaskId, UserId, ports::resumable::UploadState};
use serde_json::Value;
use uuid::Uuid;

use crate::{error::Context, schema::uploads};

/// How long a request that asks for an upload is taken to wait for it, in seconds.
const ASKED_FOR: i32 = 4;

/// An upload as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = uploads, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct Upload {
    pub id: Uuid,
    user_id: Option<i64>,
    pub storage_key: String,
    pub metadata: String,
    length: Option<i64>,
    received: i64,
    state: Option<Value>,
    /// The SHA-256 of what has been received, not finished.
    pub hash_state: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    holder: Option<Uuid>,
    pub finished_at: Option<DateTime<Utc>>,
    document_id: Option<Uuid>,
    task_id: Option<Uuid>,
}

impl Upload {
    /// Whose it is; `None` when the account is gone.
    pub fn user_id(&self) -> Option<UserId> {
        self.user_id.map(UserId)
    }

    /// How long the file is, in bytes, if the client has said so.
    pub fn length(&self) -> Option<u64> {
        self.length.map(i64::cast_unsigned)
    }

    /// Bytes that are durable.
    pub fn received(&self) -> u64 {
        self.received.cast_unsigned()
    }

    /// Whether all bytes are here.
    pub fn is_complete(&self) -> bool {
        self.length == Some(self.received)
    }

    /// Whether a request receives, or did when it was last heard of.
    pub fn is_held(&self) -> bool {
        self.holder.is_some()
    }

    /// What blob storage goes on from; `None` before the first bytes and after the last.
    pub fn state(&self) -> Option<UploadState> {
        let adapter = self.state.clone()?;
        Some(UploadState { offset: self.received(), adapter })
    }

    /// The document that it has become, if that is still there.
    pub fn document_id(&self) -> Option<DocumentId> {
        self.document_id.map(DocumentId)
    }

    /// The first task of that document.
    pub fn task_id(&self) -> Option<TaskId> {
        self.task_id.map(TaskId)
    }
}

/// An upload that begins.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = uploads)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct NewUpload<'a> {
    pub id: Uuid,
    pub user_id: i64,
    pub storage_key: &'a str,
    pub metadata: &'a str,
    pub length: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A request that receives an upload, and how long it may be silent.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// Which request.
    pub id: Uuid,
    /// How long its lease lasts without being renewed.
    pub lease: Duration,
}

impl Holder {
    fn lease_in_milliseconds(self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }
}

/// How far an upload has come.
#[derive(Debug, Clone)]
pub struct Checkpoint<'a> {
    /// How long the file is, in bytes, if that is known by now.
    pub length: Option<u64>,
    /// What blob storage goes on from.
    pub state: &'a UploadState,
    /// The SHA-256 up to there, not finished.
    pub hash_state: &'a [u8],
    /// When it expires if nothing more comes.
    pub expires_at: DateTime<Utc>,
}

/// Stores an upload of which no byte has come.
///
/// # Errors
/// When the database does not answer, or the account is gone.
pub async fn create(connection: &mut AsyncPgConnection, upload: &NewUpload<'_>) -> Result<()> {
    diesel::insert_into(uploads::table)
        .values(upload)
        .execute(connection)
        .await
        .context("storing an upload")?;
    Ok(())
}

/// How many unfinished uploads a user has, counted up to `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn count_open(connection: &mut AsyncPgConnection, owner: UserId, limit: i64) -> Result<i64> {
    let open: Vec<Uuid> = uploads::table
        .filter(uploads::user_id.eq(owner.0).and(uploads::finished_at.is_null()))
        .limit(limit)
        .select(uploads::id)
        .load(connection)
        .await
        .context("counting uploads")?;
    Ok(i64::try_from(open.len()).unwrap_or(limit))
}

/// An upload of this user.
///
/// # Errors
/// When the database does not answer.
pub async fn find(connection: &mut AsyncPgConnection, owner: UserId, id: Uuid) -> Result<Option<Upload>> {
    uploads::table
        .find(id)
        .filter(uploads::user_id.eq(owner.0))
        .select(Upload::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading an upload")
}

/// Takes an upload for a request; `None` while another holds it (or there is none). The caller has
/// made sure whose it is.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(connection: &mut AsyncPgConnection, id: Uuid, holder: Holder) -> Result<Option<Upload>> {
    let free =
        uploads::holder.is_null().or(uploads::lease_until.lt(now.into_sql::<Timestamptz>().nullable()));
    diesel::update(uploads::table.find(id).filter(free))
        .set((
            uploads::holder.eq(holder.id),
            uploads::lease_until
                .eq((now.into_sql::<Timestamptz>() + holder.lease_in_milliseconds().milliseconds())
                    .nullable()),
            uploads::release_requested_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(Upload::as_returning())
        .get_result(connection)
        .await
        .optional()
        .context("taking an upload")
}

/// Asks whoever holds an upload to let go of it, if nothing comes in any more.
///
/// # Errors
/// When the database does not answer.
pub async fn request_release(connection: &mut AsyncPgConnection, id: Uuid) -> Result<()> {
    diesel::update(uploads::table.find(id).filter(uploads::holder.is_not_null()))
        .set(uploads::release_requested_at.eq(now.into_sql::<Timestamptz>().nullable()))
        .execute(connection)
        .await
        .context("asking for an upload")?;
    Ok(())
}

/// Keeps an upload: whether another request asks for it now, or `None` when it is lost.
///
/// # Errors
/// When the database does not answer.
pub async fn renew(connection: &mut AsyncPgConnection, id: Uuid, holder: Holder) -> Result<Option<bool>> {
    diesel::update(uploads::table.find(id).filter(uploads::holder.eq(holder.id)))
        .set(
            uploads::lease_until
                .eq((now.into_sql::<Timestamptz>() + holder.lease_in_milliseconds().milliseconds())
                    .nullable()),
        )
        .returning(
            uploads::release_requested_at
                .gt((now.into_sql::<Timestamptz>() - ASKED_FOR.seconds()).nullable()),
        )
        .get_result(connection)
        .await
        .optional()
        .map(|kept| kept.map(|asked: Option<bool>| asked.unwrap_or_default()))
        .context("keeping an upload")
}

/// Stores how far an upload has come; `false` when it is lost, or its account is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn checkpoint(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    holder: Holder,
    reached: &Checkpoint<'_>,
) -> Result<bool> {
    let mine = uploads::holder.eq(holder.id).and(uploads::user_id.is_not_null());
    let stored = diesel::update(uploads::table.find(id).filter(mine))
        .set((
            uploads::length.eq(reached.length.map(u64::cast_signed)),
            uploads::received.eq(reached.state.offset.cast_signed()),
            uploads::state.eq(&reached.state.adapter),
            uploads::hash_state.eq(reached.hash_state),
            uploads::expires_at.eq(reached.expires_at),
        ))
        .execute(connection)
        .await
        .context("storing how far an upload has come")?;
    Ok(stored > 0)
}

/// Says what an upload has become, and lets go of it. `metadata` is what is still to be known of it.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    metadata: &str,
    (document, task): (DocumentId, TaskId),
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::update(uploads::table.find(id))
        .set((
            uploads::metadata.eq(metadata),
            uploads::state.eq(None::<Value>),
            uploads::hash_state.eq(None::<Vec<u8>>),
            uploads::holder.eq(None::<Uuid>),
            uploads::lease_until.eq(None::<DateTime<Utc>>),
            uploads::finished_at.eq(at),
            uploads::document_id.eq(document.0),
            uploads::task_id.eq(task.0),
        ))
        .execute(connection)
        .await
        .context("finishing an upload")?;
    Ok(())
}

/// Lets go of an upload.
///
/// # Errors
/// When the database does not answer.
pub async fn release(connection: &mut AsyncPgConnection, id: Uuid, holder: Holder) -> Result<()> {
    diesel::update(uploads::table.find(id).filter(uploads::holder.eq(holder.id)))
        .set((uploads::holder.eq(None::<Uuid>), uploads::lease_until.eq(None::<DateTime<Utc>>)))
        .execute(connection)
        .await
        .context("letting go of an upload")?;
    Ok(())
}

/// Forgets an upload whose bytes have been given up.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(connection: &mut AsyncPgConnection, id: Uuid, holder: Holder) -> Result<()> {
    diesel::delete(uploads::table.find(id).filter(uploads::holder.eq(holder.id)))
        .execute(connection)
        .await
        .context("forgetting an upload")?;
    Ok(())
}

/// Uploads that have expired, or whose account is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn expired(connection: &mut AsyncPgConnection, at: DateTime<Utc>, limit: i64) -> Result<Vec<Uuid>> {
    uploads::table
        .filter(uploads::expires_at.le(at).or(uploads::user_id.is_null()))
        .order(uploads::expires_at)
        .limit(limit)
        .select(uploads::id)
        .load(connection)
        .await
        .context("reading expired uploads")
}

/// Uploads of which all bytes are here, and which nobody is making a document of.
///
/// # Errors
/// When the database does not answer.
pub async fn left_behind(connection: &mut AsyncPgConnection, limit: i64) -> Result<Vec<Uuid>> {
    let free =
        uploads::holder.is_null().or(uploads::lease_until.lt(now.into_sql::<Timestamptz>().nullable()));
    uploads::table
        .filter(uploads::length.eq(uploads::received.nullable()).and(uploads::finished_at.is_null()))
        .filter(free)
        .order(uploads::id)
        .limit(limit)
        .select(uploads::id)
        .load(connection)
        .await
        .context("reading uploads that are complete")
}
