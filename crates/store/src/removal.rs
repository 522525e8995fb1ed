//! Documents that are deleted, with all that belongs to them.

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, UserId};
use uuid::Uuid;

use crate::{
    audit::{self, Action},
    error::from_diesel,
    transaction::Rollback,
};

/// How often a deletion that got into the way of a worker is tried.
const TRIES: u32 = 5;

/// Who deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remover {
    /// Whose documents may be deleted.
    pub user_id: UserId,
    /// Whether those of others may be, too, that are in quarantine.
    pub is_staff: bool,
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// The documents.
    pub documents: Vec<DocumentId>,
    /// How many tasks they had.
    pub tasks: i64,
    /// How many pages of text.
    pub pages: i64,
    /// Blobs that no document names any more. They are noted for deletion.
    pub storage_keys: Vec<String>,
    /// How many bytes the files in them have.
    pub bytes: i64,
}

#[derive(QueryableByName)]
struct Chosen {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
}

/// Deletes those of these documents that are there and may be deleted by `remover`, all or nothing; with
/// `parts`, also what was split from them. Deletions of what is not the remover's own are recorded.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_documents(
    connection: &mut AsyncPgConnection,
    remover: Remover,
    ids: &[DocumentId],
    parts: bool,
) -> Result<Removed> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut tries = 0;
    loop {
        tries += 1;
        let deleted = connection
            .transaction(async |connection| Attempt { connection, remover }.delete(&ids, parts).await)
            .await;
        match deleted {
            Ok(removed) => return Ok(removed),
            Err(Failed::Database(error)) if is_deadlock(&error) && tries < TRIES => {}
            Err(Failed::Database(error)) => return Err(from_diesel(error, "deleting documents")),
            Err(Failed::Other(rollback)) => return Err(rollback.into()),
        }
    }
}

/// A worker may have begun with a task between two steps of the deletion. (SQLSTATE 40P01; diesel has
/// no kind for it.)
fn is_deadlock(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, information)
        if information.message().contains("deadlock detected"))
}

enum Failed {
    Database(diesel::result::Error),
    Other(Rollback),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

struct Attempt<'a> {
    connection: &'a mut AsyncPgConnection,
    remover: Remover,
}

impl Attempt<'_> {
    async fn delete(mut self, ids: &[Uuid], parts: bool) -> Result<Removed, Failed> {
        let chosen = self.choose(ids, parts).await?;
        if chosen.is_empty() {
            return Ok(Removed::default());
        }
        let ids: Vec<Uuid> = chosen.iter().map(|document| document.id).collect();
        let removed = self.remove(&ids).await?;
        let foreign = chosen.iter().filter(|document| document.user_id != self.remover.user_id.0);
        for document in foreign {
            let (actor, subject) = (Some(self.remover.user_id), Some(UserId(document.user_id)));
            let recorded = audit::record(self.connection, actor, subject, Action::QuarantinedDocumentDeleted);
            recorded.await.map_err(|error| Failed::Other(error.into()))?;
        }
        Ok(removed)
    }

    /// Locks what is deleted: tasks before documents, as workers do.
    async fn choose(&mut self, ids: &[Uuid], parts: bool) -> Result<Vec<Chosen>, Failed> {
        let chosen: Vec<Chosen> = diesel::sql_query(CHOOSE)
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<BigInt, _>(self.remover.user_id.0)
            .bind::<Bool, _>(self.remover.is_staff)
            .bind::<Bool, _>(parts)
            .load(self.connection)
            .await?;
        let ids: Vec<Uuid> = chosen.iter().map(|document| document.id).collect();
        diesel::sql_query("select from tasks where document_id = any($1) order by id for update")
            .bind::<Array<SqlUuid>, _>(&ids)
            .execute(self.connection)
            .await?;
        // Somebody else may have been faster.
        let locked =
            diesel::sql_query("select id, user_id from documents where id = any($1) order by id for update");
        Ok(locked.bind::<Array<SqlUuid>, _>(&ids).load(self.connection).await?)
    }

    async fn remove(&mut self, ids: &[Uuid]) -> Result<Removed, Failed> {
        #[derive(QueryableByName)]
        struct Counted {
            #[diesel(sql_type = BigInt)]
            tasks: i64,
            #[diesel(sql_type = BigInt)]
            pages: i64,
        }
        #[derive(QueryableByName)]
        struct Blob {
            #[diesel(sql_type = Text)]
            key: String,
            #[diesel(sql_type = BigInt)]
            size: i64,
        }
        let counted: Counted =
            diesel::sql_query(COUNT).bind::<Array<SqlUuid>, _>(ids).get_result(self.connection).await?;
        let blobs: Vec<Blob> =
            diesel::sql_query(BLOBS).bind::<Array<SqlUuid>, _>(ids).load(self.connection).await?;
        diesel::sql_query("delete from documents where id = any($1)")
            .bind::<Array<SqlUuid>, _>(ids)
            .execute(self.connection)
            .await?;
        Ok(Removed {
            documents: ids.iter().copied().map(DocumentId).collect(),
            tasks: counted.tasks,
            pages: counted.pages,
            bytes: blobs.iter().map(|blob| blob.size).sum(),
            storage_keys: blobs.into_iter().map(|blob| blob.key).collect(),
        })
    }
}

const CHOOSE: &str = "\
    with recursive chosen as ( \
        select id from documents where id = any($1) and (user_id = $2 or $3 and status = 'QUARANTINED') \
        union \
        select part.id from chosen join documents part on part.parent_id = chosen.id \
        where $4 and (part.user_id = $2 or $3 and part.status = 'QUARANTINED') \
    ) select id, user_id from documents join chosen using (id)";

const COUNT: &str = "\
    select (select count(*) from tasks where document_id = any($1)) as tasks, \
        (select count(*) from document_pages where document_id = any($1)) as pages";

/// Nobody can begin to share a blob of documents that are locked. What was only announced has none.
const BLOBS: &str = "\
    select key, max(size) as size from ( \
        select storage_key as key, size from documents where id = any($1) and sha256 is not null \
        union all \
        select thumbnail_key, 0 from documents where id = any($1) and thumbnail_key is not null \
    ) as gone \
    where not exists (select from documents kept where kept.storage_key = gone.key and kept.id <> all($1)) \
    group by key order by key";
