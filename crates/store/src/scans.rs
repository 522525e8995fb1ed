//! What the virus scanner says of documents.

use diesel::{
    prelude::*,
    sql_types::{Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use quire_domain::{
    DocumentId, Result,
    document::{DocumentStatus, ScanVerdict},
    event::EventName,
    failure::{Failure, FailureCode},
};
use serde_json::json;

use crate::{
    documents::Document,
    error::Context,
    events::{self, NewEvent},
    schema::{blob_deletions, document_pages, documents, kept_replies},
};

/// Says that nothing was found in a document. One that was not read because it could not be scanned
/// may be read now. `false` when a virus has been found meanwhile: that stays.
///
/// # Errors
/// When the database does not answer.
pub async fn record_clean(connection: &mut AsyncPgConnection, id: DocumentId) -> Result<bool> {
    let recorded = diesel::sql_query(
        "update documents set scan_verdict = 'clean', scanned_at = now(), updated_at = now(), \
             status = case when waits then 'PROCESSING' else status end, \
             error_code = case when not waits then error_code end, \
             last_error = case when not waits then last_error end \
         from (select id as found, status = 'FAILED' and error_code is not distinct from $2 as waits \
             from documents where id = $1 for update) as document \
         where id = document.found and status <> 'QUARANTINED'",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(FailureCode::DocumentNotScanned.as_str())
    .execute(connection)
    .await
    .context("recording a clean document")?;
    Ok(recorded > 0)
}

/// Says that a document could not be scanned, for the reason given. If it has not been read, it has
/// failed by that.
///
/// # Errors
/// When the database does not answer.
pub async fn record_not_scanned(
    connection: &mut AsyncPgConnection,
    id: DocumentId,
    failure: &Failure,
) -> Result<()> {
    diesel::sql_query(
        "update documents set scan_verdict = 'not_scanned', scanned_at = now(), updated_at = now(), \
             status = case status when 'PROCESSING' then 'FAILED' else status end, \
             error_code = case status when 'PROCESSING' then $2 else error_code end, \
             last_error = case status when 'PROCESSING' then $3 else last_error end \
         where id = $1 and scan_verdict is distinct from 'infected'",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(failure.code.as_str())
    .bind::<Text, _>(failure.message.as_ref())
    .execute(connection)
    .await
    .context("recording a document that was not scanned")?;
    Ok(())
}

/// Puts a document into quarantine and says so: nothing that was read of it stays. `false` when it is
/// there already.
///
/// # Errors
/// When the database does not answer.
pub async fn quarantine(
    connection: &mut AsyncPgConnection,
    document: &Document,
    signature: &str,
    failure: &Failure,
) -> Result<bool> {
    connection
        .transaction(async |connection| {
            if !lock_away(connection, document, signature, failure).await? {
                return Ok(false);
            }
            forget_what_was_read(connection, document).await?;
            let event = NewEvent {
                user_id: document.user_id().0,
                name: EventName::DocumentQuarantined.as_str(),
                document_id: document.id().0,
                filename: &document.filename,
                status: DocumentStatus::Quarantined.as_str(),
                message: "A virus was found in this document; it is locked away.",
            };
            events::insert(connection, &event).await?;
            Ok(true)
        })
        .await
        .context("putting a document into quarantine")
}

async fn lock_away(
    connection: &mut AsyncPgConnection,
    document: &Document,
    signature: &str,
    failure: &Failure,
) -> diesel::QueryResult<bool> {
    let quarantined = DocumentStatus::Quarantined.as_str();
    let open = documents::table.find(document.id().0).filter(documents::status.ne(quarantined));
    let locked = diesel::update(open)
        .set((
            documents::status.eq(quarantined),
            documents::scan_verdict.eq(ScanVerdict::Infected.as_str()),
            documents::scan_signature.eq(signature),
            documents::scanned_at.eq(diesel::dsl::now),
            documents::updated_at.eq(diesel::dsl::now),
            documents::error_code.eq(failure.code.as_str()),
            documents::last_error.eq(failure.message.as_ref()),
            documents::metadata.eq(json!({})),
            documents::thumbnail_key.eq(None::<&str>),
        ))
        .execute(connection)
        .await?;
    Ok(locked > 0)
}

async fn forget_what_was_read(
    connection: &mut AsyncPgConnection,
    document: &Document,
) -> diesel::QueryResult<()> {
    diesel::delete(document_pages::table.filter(document_pages::document_id.eq(document.id().0)))
        .execute(connection)
        .await?;
    diesel::delete(kept_replies::table.filter(kept_replies::document_id.eq(document.id().0)))
        .execute(connection)
        .await?;
    if let Some(thumbnail) = &document.thumbnail_key {
        diesel::insert_into(blob_deletions::table)
            .values(blob_deletions::storage_key.eq(thumbnail))
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
    }
    Ok(())
}
