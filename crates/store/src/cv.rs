//! Profiles of curricula vitae: what was read out of a document, what a person made of it, and the history of
//! that.
//!
//! The two are columns of their own: [`fill`] writes only `extracted`, and [`save`] only `edited`. An
//! extraction that ends while a person edits therefore loses nothing of either, whoever is first. What the
//! fields are and what they may hold is not known here.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::now,
    prelude::*,
    sql_types::{BigInt, Bool, Jsonb, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{DocumentId, Result, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::Context,
    schema::{cv_edits, cv_profiles, documents},
};

/// The profile of a document.
#[derive(Debug, Clone, PartialEq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = cv_profiles)]
pub struct CvProfile {
    document_id: Uuid,
    /// Lists of items by field.
    pub extracted: Value,
    /// `{items, at, by}` by field: what counts instead of the extracted items.
    pub edited: Value,
    /// Another one after every change.
    pub version: i64,
    /// When a task filled it last.
    pub extracted_at: DateTime<Utc>,
    /// When anything of it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl CvProfile {
    /// Whose profile it is.
    pub fn document_id(&self) -> DocumentId {
        DocumentId(self.document_id)
    }
}

/// A change of one field, about to be noted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCvEdit {
    /// The field.
    pub field: &'static str,
    /// What it held, as clients write it.
    pub before: Value,
    /// What it holds now.
    pub after: Value,
    /// Whether it went back to what was read out of the document.
    pub is_revert: bool,
}

/// A change of one field.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = cv_edits)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct CvEdit {
    pub id: i64,
    user_id: Option<i64>,
    pub field: String,
    pub before: Value,
    pub after: Value,
    pub is_revert: bool,
    pub created_at: DateTime<Utc>,
}

impl CvEdit {
    /// Who did it; `None` when that account is gone.
    pub fn user_id(&self) -> Option<UserId> {
        self.user_id.map(UserId)
    }
}

/// Keeps what was read out of a document, and leaves alone what a person edited. The document becomes one of
/// kind `cv` if it `is_cv` and nobody had said of what kind it is. Of a document that is none, by
/// both, nothing is kept: the answer is `false` then.
///
/// To be called by whoever ends the task, in the same transaction: that one holds the task, so the
/// document cannot go meanwhile.
///
/// # Errors
/// When the database does not answer.
pub async fn fill(
    connection: &mut AsyncPgConnection,
    document: DocumentId,
    extracted: &Value,
    is_cv: bool,
) -> Result<bool> {
    if is_cv {
        diesel::update(documents::table.find(document.0).filter(documents::kind.eq("other")))
            .set((documents::kind.eq("cv"), documents::updated_at.eq(now)))
            .execute(connection)
            .await
            .context("saying that a document is a curriculum vitae")?;
    }
    let filled = diesel::sql_query(FILL)
        .bind::<SqlUuid, _>(document.0)
        .bind::<Jsonb, _>(extracted)
        .bind::<Bool, _>(is_cv)
        .execute(connection)
        .await
        .context("filling a profile")?;
    Ok(filled > 0)
}

const FILL: &str = "\
    insert into cv_profiles (document_id, extracted) \
        select id, $2 from documents where id = $1 and ($3 or kind = 'cv') \
    on conflict (document_id) do update set extracted = excluded.extracted, extracted_at = now(), \
        updated_at = now(), version = cv_profiles.version + 1";

/// The profile of a document of this user.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    document: DocumentId,
) -> Result<Option<CvProfile>> {
    cv_profiles::table
        .inner_join(documents::table)
        .filter(cv_profiles::document_id.eq(document.0).and(documents::user_id.eq(owner.0)))
        .select(CvProfile::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading a profile")
}

/// The profile of a document of this user, which nobody else changes until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    document: DocumentId,
) -> Result<Option<CvProfile>> {
    diesel::sql_query(
        "select cv_profiles.* from cv_profiles join documents on documents.id = cv_profiles.document_id \
         where cv_profiles.document_id = $1 and documents.user_id = $2 for update of cv_profiles",
    )
    .bind::<SqlUuid, _>(document.0)
    .bind::<BigInt, _>(owner.0)
    .get_result(connection)
    .await
    .optional()
    .context("locking a profile")
}

/// Writes what a person edited into a profile that is [`lock`]ed, and notes what was changed by whom. Gives
/// the profile as it is then.
///
/// # Errors
/// When the database does not answer.
pub async fn save(
    connection: &mut AsyncPgConnection,
    locked: &CvProfile,
    edited: &Value,
    edits: &[NewCvEdit],
    by: UserId,
    at: DateTime<Utc>,
) -> Result<CvProfile> {
    let rows: Vec<_> = edits
        .iter()
        .map(|edit| {
            (
                cv_edits::document_id.eq(locked.document_id),
                cv_edits::user_id.eq(by.0),
                cv_edits::field.eq(edit.field),
                cv_edits::before.eq(&edit.before),
                cv_edits::after.eq(&edit.after),
                cv_edits::is_revert.eq(edit.is_revert),
                cv_edits::created_at.eq(at),
            )
        })
        .collect();
    diesel::insert_into(cv_edits::table)
        .values(rows)
        .execute(connection)
        .await
        .context("noting edits of a profile")?;
    diesel::update(cv_profiles::table.find(locked.document_id))
        .set((
            cv_profiles::edited.eq(edited),
            cv_profiles::updated_at.eq(at),
            cv_profiles::version.eq(cv_profiles::version + 1),
        ))
        .returning(CvProfile::as_returning())
        .get_result(connection)
        .await
        .context("saving a profile")
}

/// What was changed in the profile of a document of this user, newest first, at most `limit`, and only what
/// was changed before the edit with this id.
///
/// # Errors
/// When the database does not answer.
pub async fn list_edits(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    document: DocumentId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<CvEdit>> {
    cv_edits::table
        .inner_join(documents::table.on(documents::id.eq(cv_edits::document_id)))
        .filter(cv_edits::document_id.eq(document.0).and(documents::user_id.eq(owner.0)))
        .filter(cv_edits::id.lt(before.unwrap_or(i64::MAX)))
        .order(cv_edits::id.desc())
        .limit(limit)
        .select(CvEdit::as_select())
        .load(connection)
        .await
        .context("listing edits of a profile")
}
