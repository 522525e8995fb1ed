//! Records: what was stored, under which key, and what was said of it. They are documents, as clients
//! of older systems see them.

pub mod signature;

use quire_domain::{
    DocumentId, Error, ErrorCode, Result, UserId,
    details::DocumentDetails,
    document::{DocumentStatus, owner_of_key, storage_prefix},
    ports::{blobs::is_valid_key, clock::SharedClock},
};
use quire_store::{
    Pool,
    documents::{self, Document},
    records::{self, ObjectState, RecordFilter},
    users,
};

use self::signature::{Signed, WebhookSecret, invalid};
use crate::{
    intake::{Arrival, Intake},
    openness::Openness,
    order::Order,
    tasks::{Submission, Tasks},
};

/// The use cases on records. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    pool: Pool,
    clock: SharedClock,
    intake: Intake,
    tasks: Tasks,
    openness: Openness,
    secret: Option<WebhookSecret>,
}

/// A page of records, newest first.
#[derive(Debug)]
pub struct RecordPage {
    /// The documents.
    pub documents: Vec<Document>,
    /// The last of them, when there are more after it.
    pub next: Option<DocumentId>,
}

/// An object that is in storage already, and what is said of it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names say it")]
pub struct NewRecord {
    pub object_key: String,
    pub filename: String,
    /// What its sender says it is.
    pub declared_type: Option<String>,
    pub details: DocumentDetails,
}

impl Records {
    /// Puts the use cases together from what they need. Without a secret, nobody registers records by
    /// signed messages.
    pub(crate) fn new(
        pool: Pool,
        clock: SharedClock,
        intake: Intake,
        tasks: Tasks,
        openness: Openness,
        secret: Option<WebhookSecret>,
    ) -> Self {
        Self { pool, clock, intake, tasks, openness, secret }
    }

    /// A page of records.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_records(&self, owner: UserId, filter: &RecordFilter, limit: u8) -> Result<RecordPage> {
        let mut connection = self.pool.get().await?;
        let mut documents = records::list(&mut connection, owner, filter, i64::from(limit) + 1).await?;
        let more = documents.len() > usize::from(limit);
        documents.truncate(usize::from(limit));
        let next = documents.last().filter(|_| more).map(Document::id);
        Ok(RecordPage { documents, next })
    }

    /// One record.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], also while its bytes have not come.
    pub async fn get_record(&self, owner: UserId, id: DocumentId) -> Result<Document> {
        let found = documents::find(&mut *self.pool.get().await?, owner, id).await?;
        let found = found.filter(|document| document.status() != DocumentStatus::Initiated);
        found.ok_or_else(|| Error::not_found("record"))
    }

    /// The document of an object, if its bytes may be looked at.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] while its bytes have not come;
    /// [`ErrorCode::DocumentQuarantined`].
    pub async fn find_object(&self, owner: UserId, key: &str) -> Result<Document> {
        if !is_valid_key(key) {
            return Err(no_object());
        }
        let found = records::find_by_key(&mut *self.pool.get().await?, owner, key).await?;
        let document = found.ok_or_else(no_object)?;
        self.openness.check(&document)?;
        Ok(document)
    }

    /// The user in whose place an object is.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn find_owner(&self, object_key: &str) -> Result<UserId> {
        let owner = owner_of_key(object_key).ok_or_else(no_object)?;
        let found = users::find(&mut *self.pool.get().await?, owner).await?;
        found.map(|_| owner).ok_or_else(no_object)
    }

    /// Refuses what no worker outside has signed.
    ///
    /// # Errors
    /// [`ErrorCode::SignatureInvalid`], also when there is no secret.
    pub fn verify(&self, signed: Signed<'_>, body: &[u8]) -> Result<()> {
        let secret = self.secret.as_ref();
        secret.ok_or_else(|| invalid("Signed messages are not accepted here."))?.verify(
            signed,
            body,
            self.clock.now(),
        )
    }

    /// Makes a document of an object that is in storage, in the place of this user, and that no
    /// document has yet. Whatever is wrong with it, the object stays.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::AlreadyRegistered`] (a repeated request with the
    /// idempotency key of the first gives its document); as
    /// [`Intake::receive`] and [`Tasks::submit_document`].
    pub async fn register_object(&self, owner: UserId, new: NewRecord, order: Order) -> Result<Submission> {
        if let Some(submission) = self.tasks.find_repeated(owner, &order).await? {
            return Ok(submission);
        }
        self.check_is_free(owner, &new.object_key).await?;
        let arrival = Arrival {
            owner,
            filename: &new.filename,
            declared_type: new.declared_type.as_deref(),
            sha256: None,
        };
        let received = self.intake.adopt_lent(arrival, new.object_key.clone(), None).await;
        let received = received.map_err(|error| match error.code {
            ErrorCode::DocumentMissing => no_object(),
            _ => error,
        })?;
        let submission = self.tasks.submit_document(owner, received.with_details(new.details), order).await?;
        if submission.duplicate_of.is_some() {
            self.give_up_copy(owner, &submission, &new.object_key).await?;
        }
        Ok(submission)
    }

    async fn check_is_free(&self, owner: UserId, key: &str) -> Result<()> {
        if !is_valid_key(key) || !key.starts_with(&storage_prefix(owner)) {
            return Err(no_object());
        }
        match records::state_of(&mut *self.pool.get().await?, key).await? {
            ObjectState::Unknown => Ok(()),
            ObjectState::GivenUp => Err(no_object()),
            ObjectState::Taken => {
                Err(Error::new(ErrorCode::AlreadyRegistered, "There is a document for this object already."))
            }
        }
    }

    /// The document shares the bytes of another: the object has become useless.
    async fn give_up_copy(&self, owner: UserId, submission: &Submission, key: &str) -> Result<()> {
        let mut connection = self.pool.get().await?;
        let document = documents::find(&mut connection, owner, submission.task.document_id).await?;
        match document {
            Some(document) if document.storage_key != key => records::give_up(&mut connection, key).await,
            _ => Ok(()),
        }
    }
}

fn no_object() -> Error {
    Error::not_found("object")
}
