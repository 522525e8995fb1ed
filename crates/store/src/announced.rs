//! Documents that were announced: their users send the bytes to storage by themselves, and say when
//! they have.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Array, BigInt, Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, UserId, details::DocumentDetails, document::DocumentStatus};
use uuid::Uuid;

use crate::{
    documents::{FirstCopy, NewDocument},
    error::{Context, from_diesel, violated_constraint},
    schema::{announcements, documents},
    tasks::{INSERT_EVENTS, INSERT_TASKS, NewTask, Submitted, bind_tasks, unless_repeated},
};

/// A document whose bytes are to come.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct NewAnnouncement<'a> {
    pub document_id: DocumentId,
    pub user_id: UserId,
    pub filename: &'a str,
    /// What the client says it is.
    pub declared_type: &'a str,
    pub storage_key: &'a str,
    pub details: &'a DocumentDetails,
    pub size: Option<i64>,
    pub sha256: Option<&'a [u8; 32]>,
    pub idempotency_key: Option<&'a str>,
    /// The bytes have to begin to come before.
    pub link_expires_at: DateTime<Utc>,
    /// The document has to be enqueued before.
    pub expires_at: DateTime<Utc>,
}

/// What a client said of bytes that are to come.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = announcements, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct Announcement {
    document_id: Uuid,
    pub size: Option<i64>,
    pub sha256: Option<Vec<u8>>,
    pub link_expires_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl Announcement {
    /// The document that waits for them.
    pub fn document_id(&self) -> DocumentId {
        DocumentId(self.document_id)
    }
}

/// What is announced and has not been enqueued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Open {
    /// How many documents.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// Their bytes, as far as their clients said.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

const ANNOUNCE: &str = "\
    with document as ( \
        insert into documents (id, user_id, filename, declared_type, media_type, size, storage_key, kind, \
            folder, description, tags, status) \
        values ($1, $2, $3, $4, $4, 0, $5, $6, $7, $8, $9, 'INITIATED') returning id, user_id \
    ) \
    insert into announcements (document_id, user_id, size, sha256, idempotency_key, link_expires_at, expires_at) \
    select id, user_id, $10, $11, $12, $13, $14 from document";

/// Stores a document whose bytes are to come. `false`, and nothing is stored, if the idempotency key
/// was used before.
///
/// # Errors
/// When the database does not answer, or the account is gone.
pub async fn announce(connection: &mut AsyncPgConnection, new: &NewAnnouncement<'_>) -> Result<bool> {
    let inserted = diesel::sql_query(ANNOUNCE)
        .bind::<SqlUuid, _>(new.document_id.0)
        .bind::<BigInt, _>(new.user_id.0)
        .bind::<Text, _>(new.filename)
        .bind::<Text, _>(new.declared_type)
        .bind::<Text, _>(new.storage_key)
        .bind::<Text, _>(new.details.kind.as_str())
        .bind::<Text, _>(&new.details.folder)
        .bind::<Text, _>(&new.details.description)
        .bind::<Array<Text>, _>(&new.details.tags)
        .bind::<Nullable<BigInt>, _>(new.size)
        .bind::<Nullable<Binary>, _>(new.sha256.map(<[u8; 32]>::as_slice))
        .bind::<Nullable<Text>, _>(new.idempotency_key)
        .bind::<Timestamptz, _>(new.link_expires_at)
        .bind::<Timestamptz, _>(new.expires_at)
        .execute(connection)
        .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if violated_constraint(&error) == Some("announcements_idempotency_key") => Ok(false),
        Err(error) => Err(from_diesel(error, "announcing a document")),
    }
}

/// What was said of the bytes of a document of this user.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    document: DocumentId,
) -> Result<Option<Announcement>> {
    announcements::table
        .find(document.0)
        .filter(announcements::user_id.eq(owner.0))
        .select(Announcement::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading an announcement")
}

/// What was announced with this idempotency key.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_idempotency_key(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    key: &str,
) -> Result<Option<Announcement>> {
    announcements::table
        .filter(announcements::user_id.eq(owner.0).and(announcements::idempotency_key.eq(key)))
        .select(Announcement::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading an announcement by its idempotency key")
}

/// What this user has announced and not enqueued.
///
/// # Errors
/// When the database does not answer.
pub async fn open(connection: &mut AsyncPgConnection, owner: UserId) -> Result<Open> {
    let (count, bytes) = announcements::table
        .inner_join(documents::table)
        .filter(announcements::user_id.eq(owner.0))
        .filter(documents::status.eq(DocumentStatus::Initiated.as_str()))
        .select((
            sql::<BigInt>("count(*)"),
            sql::<BigInt>("least(coalesce(sum(announcements.size), 0), 9223372036854775807)::bigint"),
        ))
        .first(connection)
        .await
        .context("counting announcements")?;
    Ok(Open { count, bytes })
}

/// A document whose bytes have come, unless it has been enqueued before. It shares the blob of the first
/// with the same bytes.
const UPDATE_DOCUMENT: &str = "\
    update documents set status = 'QUEUED', media_type = $9, size = $10, sha256 = $11, \
        storage_key = coalesce(first.storage_key, documents.storage_key), updated_at = now() \
    from first where documents.id = $7 and documents.user_id = $8 and documents.status = 'INITIATED' \
    returning documents.id, documents.user_id, documents.filename";

/// A blob of its own, of a document that shares another.
const GIVE_UP_BLOB: &str = "\
    insert into blob_deletions (storage_key) \
    select $12 from document cross join first where first.storage_key <> $12 on conflict do nothing";

#[derive(QueryableByName)]
struct Enqueued {
    #[diesel(sql_type = Bool)]
    stored: bool,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    storage_key: Option<String>,
}

/// Takes an announced document whose bytes have come from `INITIATED` to `QUEUED`, with its first tasks
/// and their events, all or nothing, in one statement. `None` if it does not wait for them any more. What
/// people said of it stays as it is.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue(
    connection: &mut AsyncPgConnection,
    document: &NewDocument<'_>,
    tasks: &[NewTask<'_>],
) -> Result<Option<Submitted>> {
    let sql = format!(
        "with first as materialized (select id, storage_key from first_document_with($8, $11)), \
         document as ({UPDATE_DOCUMENT}), given_up as ({GIVE_UP_BLOB}), task as ({INSERT_TASKS}), \
         event as ({INSERT_EVENTS}) \
         select exists (select from task) as stored, first.id, first.storage_key from first"
    );
    let updated = bind_tasks(diesel::sql_query(sql).into_boxed(), tasks)
        .bind::<SqlUuid, _>(document.id.0)
        .bind::<BigInt, _>(document.user_id.0)
        .bind::<Text, _>(document.media_type)
        .bind::<BigInt, _>(document.size)
        .bind::<Binary, _>(document.sha256.as_slice())
        .bind::<Text, _>(document.storage_key)
        .get_result(connection)
        .await;
    Ok(match unless_repeated(updated)? {
        None => Some(Submitted::Repeated),
        Some(Enqueued { stored: false, .. }) => None,
        Some(Enqueued { id: Some(id), storage_key: Some(storage_key), .. }) => {
            Some(Submitted::Shared(FirstCopy { document_id: DocumentId(id), storage_key }))
        }
        Some(_) => Some(Submitted::Accepted),
    })
}

/// Removes documents whose bytes were waited for long enough, and announcements that are of no more
/// use. Gives how many, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep_expired(
    connection: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<usize> {
    diesel::sql_query(
        "with expired as ( \
             select document_id from announcements where expires_at <= $1 order by expires_at limit $2 \
         ), document as ( \
             delete from documents using expired where id = document_id and status = 'INITIATED' \
         ) delete from announcements using expired where announcements.document_id = expired.document_id",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .execute(connection)
    .await
    .context("sweeping expired announcements")
}
