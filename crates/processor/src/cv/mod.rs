//! Profiles of curricula vitae: filled by tasks, read and edited by people, exported.
//!
//! A field is edited as a whole, also where it is a list, and then counts until it is reverted: a later task
//! changes what it was read out of, and what nobody edited. What shows a value stays with the value: as long as
//! an item says the same, it keeps its quote.

mod check;
mod countries;
mod export;
pub(crate) mod field;
pub(crate) mod item;
pub(crate) mod profile;
mod rules;

use quire_ai::{PageText, look_up};
use quire_domain::{DocumentId, Error, ErrorCode, Result, UserId, clock::SharedClock};
use quire_store::{
    AsyncPgConnection, Pool, Rollback, Transaction,
    cv::{self, CvEdit, CvProfile, NewCvEdit},
    documents::{self, Document},
};
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

pub(crate) use check::Changes;
pub(crate) use export::{CvFormat, ExportedCv};

use crate::{documents::Documents, exports::Exports};
use check::{Edit, NewItem, check};
use field::CvField;
use item::{Evidence, Item, plain};
use profile::{Profile, edited_fields, edited_to_json, profile_of};

/// The task type whose answers fill profiles.
const TASK_TYPE: &str = "extract_cv";

/// Keeps what a completed task says of a profile, if it is of the type that does. To be called in
/// the transaction that ends the task.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn fill_profile(
    connection: &mut AsyncPgConnection,
    document: DocumentId,
    task_type: &str,
    output: &Value,
) -> Result<()> {
    if task_type == TASK_TYPE
        && let Some(data) = output.get("data")
    {
        let extracted = profile_of(data);
        cv::fill(connection, document, &extracted.fields, extracted.is_cv).await?;
    }
    Ok(())
}

/// The use cases on profiles. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Profiles {
    pool: Pool,
    clock: SharedClock,
    documents: Documents,
    exports: Exports,
}

/// A page of a history.
#[derive(Debug)]
pub(crate) struct EditPage {
    /// What was changed, newest first.
    pub(crate) edits: Vec<CvEdit>,
    /// The last of them, when there are more after it.
    pub(crate) next: Option<i64>,
}

impl Profiles {
    pub(crate) fn new(pool: Pool, clock: SharedClock, documents: Documents, exports: Exports) -> Self {
        Self { pool, clock, documents, exports }
    }

    /// The profile of a document.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], also while no task has filled it; those of a document that may not be
    /// looked at.
    pub(crate) async fn get_cv(&self, owner: UserId, id: DocumentId) -> Result<Profile> {
        Ok(self.open(owner, id).await?.1)
    }

    async fn open(&self, owner: UserId, id: DocumentId) -> Result<(Document, Profile)> {
        let document = self.documents.find_document(owner, id).await?;
        let stored = cv::find(&mut *self.pool.get().await?, owner, id).await?.ok_or_else(no_profile)?;
        Ok((document, Profile::read(&stored)))
    }

    /// Changes fields of a profile. With `expected`, only of that version.
    ///
    /// # Errors
    /// As [`Self::get_cv`]; [`ErrorCode::ValidationFailed`]; [`ErrorCode::PreconditionFailed`] when it is
    /// another version.
    pub(crate) async fn update_cv(
        &self,
        owner: UserId,
        id: DocumentId,
        expected: Option<i64>,
        changes: Changes,
    ) -> Result<Profile> {
        let (_, profile) = self.open(owner, id).await?;
        let (edits, reverted) = check(&profile, changes, self.clock.now().date_naive())?;
        let edits = self.shown(id, edits).await?;
        let now = self.clock.now();
        let mut connection = self.pool.get().await?;
        let saved = connection
            .transaction(async |connection| -> Result<_, Rollback> {
                let locked = cv::lock(connection, owner, id).await?.ok_or_else(no_profile)?;
                if expected.is_some_and(|version| version != locked.version) {
                    return Err(another_version().into());
                }
                let mut change = Change::of(&locked);
                for (field, items) in &edits {
                    change.edit(*field, items, |items| edited_to_json(items, owner, now));
                }
                reverted.iter().for_each(|field| change.revert(*field));
                if change.noted.is_empty() {
                    return Ok(locked);
                }
                let edited = Value::Object(change.edited);
                Ok(cv::save(connection, &locked, &edited, &change.noted, owner, now).await?)
            })
            .await?;
        Ok(Profile::read(&saved))
    }

    /// Looks up in the text what is not known to be there.
    async fn shown(&self, id: DocumentId, edits: Vec<Edit>) -> Result<Vec<(CvField, Vec<Item>)>> {
        let new = edits.iter().flat_map(|edit| &edit.items);
        let wanted: Vec<String> = new.filter_map(|item| item.wanted.clone()).collect();
        let mut found = Vec::new();
        if !wanted.is_empty() {
            let pages = documents::pages(&mut *self.pool.get().await?, id).await?;
            let page = |page: documents::Page| {
                Some(PageText { number: page.number.try_into().ok()?, text: page.text })
            };
            let pages: Vec<_> = pages.into_iter().filter_map(page).collect();
            let looked_up = spawn_blocking(move || look_up(&pages, &wanted)).await;
            found = looked_up.map_err(|e| Error::internal("looking values up").with_source(e))?;
        }
        let mut found = found.into_iter().map(Evidence::from);
        let mut shown = |item: NewItem| {
            let looked_up = item.wanted.and_then(|_| found.next());
            Item { parts: item.parts, evidence: item.evidence.or(looked_up).unwrap_or(Evidence::NONE) }
        };
        let field = |edit: Edit| (edit.field, edit.items.into_iter().map(&mut shown).collect());
        Ok(edits.into_iter().map(field).collect())
    }

    /// What was changed in a profile, newest first: what came before the edit with that number.
    ///
    /// # Errors
    /// As [`Self::get_cv`].
    pub(crate) async fn list_cv_edits(
        &self,
        owner: UserId,
        id: DocumentId,
        before: Option<i64>,
        limit: u8,
    ) -> Result<EditPage> {
        self.open(owner, id).await?;
        let mut connection = self.pool.get().await?;
        // One more tells whether there is a next page.
        let mut edits = cv::list_edits(&mut connection, owner, id, before, i64::from(limit) + 1).await?;
        let more = edits.len() > usize::from(limit);
        edits.truncate(usize::from(limit));
        let next = edits.last().filter(|_| more).map(|edit| edit.id);
        Ok(EditPage { edits, next })
    }

    /// The profile of a document as a file.
    ///
    /// # Errors
    /// As [`Self::get_cv`].
    pub(crate) async fn export_cv(
        &self,
        owner: UserId,
        id: DocumentId,
        format: CvFormat,
    ) -> Result<ExportedCv> {
        let (document, profile) = self.open(owner, id).await?;
        export::export(&self.exports, document, profile, format).await
    }
}

/// What becomes of the edited fields of a profile, and what is to be noted of that.
struct Change {
    profile: Profile,
    edited: Map<String, Value>,
    noted: Vec<NewCvEdit>,
}

impl Change {
    fn of(locked: &CvProfile) -> Self {
        Self { profile: Profile::read(locked), edited: edited_fields(locked), noted: Vec::new() }
    }

    /// What says the same as before is no change.
    fn edit(&mut self, field: CvField, items: &[Item], stored: impl FnOnce(&[Item]) -> Value) {
        let (before, after) = (self.profile.plain(field), plain(field.form(), items));
        if before != after {
            self.edited.insert(field.as_str().to_owned(), stored(items));
            self.noted.push(NewCvEdit { field: field.as_str(), before, after, is_revert: false });
        }
    }

    /// What nobody edited stays as it is.
    fn revert(&mut self, field: CvField) {
        if self.edited.remove(field.as_str()).is_some() {
            let before = self.profile.plain(field);
            let after = plain(field.form(), &self.profile.field(field).extracted);
            self.noted.push(NewCvEdit { field: field.as_str(), before, after, is_revert: true });
        }
    }
}

fn no_profile() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "This document has no profile. A task of the type `extract_cv` makes one of a curriculum vitae.",
    )
}

fn another_version() -> Error {
    Error::new(
        ErrorCode::PreconditionFailed,
        "The profile was changed meanwhile. Please read it again, and then change it.",
    )
}

#[cfg(test)]
mod tests {
    use quire_testkit::TestDatabase;
    use serde_json::json;

    use super::*;

    const OWNER: UserId = UserId(1);

    async fn document(database: &TestDatabase) -> DocumentId {
        let id = "01900000-0000-7000-8000-000000000001";
        let insert = format!(
            "insert into users (id, username, username_key, email, email_key, password_hash) overriding system value
                 values (1, 'ada', 'ada', 'a', 'a', '');
             insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status)
                 values ('{id}', 1, 'cv.pdf', 'application/pdf', 1, sha256('1'), 'uploads/1', 'COMPLETED')"
        );
        database.execute(&insert).await;
        id.parse().unwrap()
    }

    #[tokio::test]
    async fn the_answer_of_a_task_of_the_type_fills_the_profile() {
        let database = TestDatabase::new().await;
        let id = document(&database).await;
        let mut connection = database.pool().get().await.unwrap();
        let name = json!({"value": "Ada", "quote": "Ada", "page": 1, "check": "verified", "confidence": 1.0});
        let output =
            json!({"schema_version": 1, "data": {"is_cv": true, "name": name, "emails": [], "city": null}});
        for (task_type, output, is_filled) in [
            ("summarize", &output, false),
            (TASK_TYPE, &json!({}), false),
            (TASK_TYPE, &json!({"data": {"is_cv": false, "name": name}}), false),
            (TASK_TYPE, &output, true),
        ] {
            fill_profile(&mut connection, id, task_type, output).await.unwrap();
            let stored = cv::find(&mut connection, OWNER, id).await.unwrap();
            assert_eq!(stored.is_some(), is_filled, "{task_type} {output}");
            if let Some(stored) = stored {
                assert_eq!(Profile::read(&stored).text(CvField::Name), Some("Ada"));
            }
        }
    }
}
