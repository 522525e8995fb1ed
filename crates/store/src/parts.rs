//! Parts of split documents: documents of their own, with the text of the pages they came from.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Binary, Integer, Jsonb, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, UserId};
use serde_json::Value;

use uuid::Uuid;

use crate::error::{Context, is_without_parent};

/// A part whose bytes have been stored.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct NewPart {
    /// The same in every attempt at the task that splits, so that a part is stored once.
    pub id: DocumentId,
    pub filename: String,
    /// The pages of the whole, in their order; the first page is 1.
    pub pages: Vec<i32>,
    pub size: i64,
    pub sha256: [u8; 32],
    pub storage_key: String,
    pub metadata: Value,
}

/// Stores the parts of a document of this user and says that they are ready, all or nothing. Gives those
/// it stored: parts that are there already stay as they are, and a document that has been deleted
/// gets none.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    whole: DocumentId,
    parts: &[NewPart],
) -> Result<Vec<DocumentId>> {
    let stored = connection
        .transaction(async |connection| {
            let mut stored = Vec::new();
            for part in parts {
                stored.extend(insert_one(connection, owner, whole, part).await?);
            }
            diesel::QueryResult::Ok(stored)
        })
        .await;
    match stored {
        Err(error) if is_without_parent(&error) => Ok(Vec::new()),
        stored => stored.context("storing the parts of a document"),
    }
}

async fn insert_one(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    whole: DocumentId,
    part: &NewPart,
) -> diesel::QueryResult<Vec<DocumentId>> {
    #[derive(QueryableByName)]
    struct Stored {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let stored: Vec<Stored> = diesel::sql_query(INSERT)
        .bind::<SqlUuid, _>(whole.0)
        .bind::<BigInt, _>(owner.0)
        .bind::<SqlUuid, _>(part.id.0)
        .bind::<Text, _>(&part.filename)
        .bind::<Array<Integer>, _>(&part.pages)
        .bind::<BigInt, _>(part.size)
        .bind::<Binary, _>(part.sha256.as_slice())
        .bind::<Text, _>(&part.storage_key)
        .bind::<Jsonb, _>(&part.metadata)
        .load(connection)
        .await?;
    Ok(stored.into_iter().map(|part| DocumentId(part.id)).collect())
}

/// The part is of the kind of the whole, and is read already: its text is that of its pages. What is
/// made of a clean document is clean.
const INSERT: &str = "\
    with part as ( \
        insert into documents (id, user_id, kind, filename, media_type, size, sha256, storage_key, status, \
            metadata, parent_id, parent_pages, tags, scan_verdict, scanned_at) \
        select $3, whole.user_id, whole.kind, $4, whole.media_type, $6, $7, $8, 'COMPLETED', $9, whole.id, $5, \
            array['split'], scanned.verdict, case when scanned.verdict is not null then whole.scanned_at end \
        from documents whole cross join lateral ( \
            select case whole.scan_verdict when 'clean' then whole.scan_verdict end as verdict) as scanned where whole.id = $1 and whole.user_id = $2 \
        on conflict (id) do nothing returning id, user_id, filename \
    ), page as ( \
        insert into document_pages (document_id, number, text, method, confidence) \
        select part.id, place.number::integer, page.text, page.method, page.confidence \
        from part cross join unnest($5) with ordinality as place (page, number) \
        join document_pages page on page.document_id = $1 and page.number = place.page \
    ), event as ( \
        insert into events (user_id, name, document_id, filename, status, message) \
        select part.user_id, 'document_ready', part.id, part.filename, 'COMPLETED', \
            'A part of a document is ready.' from part \
    ) select id from part";
