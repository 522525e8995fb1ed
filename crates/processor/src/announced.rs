//! Documents whose bytes their users send to storage by themselves: first they are announced, then
//! the bytes come, then the user says so.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quire_domain::{
    DocumentId, Error, ErrorCode, Result, UserId,
    details::DocumentDetails,
    document::{DocumentStatus, sanitize_filename},
    ports::{
        blobs::{BlobError, BlobInfo, SharedBlobStore, SignedRequest, SignedUpload},
        clock::SharedClock,
    },
};
use quire_store::{
    Pool,
    announced::{self, Announcement, NewAnnouncement},
    documents::{self, Document},
};

use crate::{
    admission::Admission,
    intake::{Arrival, Intake, Received, checksum::Sha256Digest, storage_failed},
    order::Order,
    tasks::{Submission, Tasks},
};

/// An upload that began in time may take this long.
const GRACE: TimeDelta = TimeDelta::hours(24);

/// The most documents that one user may have announced at a time.
const OPEN_MAX: i64 = 1_000;

/// The use cases on announced documents. Cheap to clone.
#[derive(Clone)]
pub struct Announcements {
    pool: Pool,
    blobs: SharedBlobStore,
    clock: SharedClock,
    intake: Intake,
    admission: Admission,
    tasks: Tasks,
    /// How long an address to upload to is good.
    lasts: Duration,
}

/// What a client says of a file that it will send.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names say it")]
pub struct NewUpload {
    pub filename: String,
    pub content_type: String,
    /// In bytes.
    pub size: Option<u64>,
    pub sha256: Option<Sha256Digest>,
    pub details: DocumentDetails,
    pub idempotency_key: Option<String>,
}

/// A document that waits for its bytes.
#[derive(Debug)]
pub struct Awaited {
    /// The document.
    pub document_id: DocumentId,
    /// Where its bytes will be.
    pub object_key: String,
    /// How to send them.
    pub upload: SignedRequest,
}

/// What the use cases are made of.
#[allow(missing_docs, reason = "the names say it")]
pub struct AnnouncementParts {
    pub pool: Pool,
    pub blobs: SharedBlobStore,
    pub clock: SharedClock,
    pub intake: Intake,
    pub admission: Admission,
    pub tasks: Tasks,
}

impl Announcements {
    /// Addresses are good as long as `lasts` says.
    pub fn new(parts: AnnouncementParts, lasts: Duration) -> Self {
        let AnnouncementParts { pool, blobs, clock, intake, admission, tasks } = parts;
        Self { pool, blobs, clock, intake, admission, tasks, lasts }
    }

    /// Announces a document, and gives leave to send its bytes to storage. What was announced with the
    /// same idempotency key is given again, as long as its address is good.
    ///
    /// # Errors
    /// [`ErrorCode::PayloadTooLarge`], [`ErrorCode::StorageQuotaExceeded`],
    /// [`ErrorCode::TooManyUploads`]; of what was announced before, [`ErrorCode::WrongState`] and
    /// [`ErrorCode::UploadExpired`]; [`ErrorCode::StorageUnavailable`].
    pub async fn initiate_upload(&self, owner: UserId, new: &NewUpload) -> Result<Awaited> {
        self.intake.check_announced_size(new.size, 0)?;
        self.check_room(owner, new.size).await?;
        let now = self.clock.now();
        let link_expires_at = after(now, self.lasts);
        let filename = sanitize_filename(&new.filename);
        let announcement = NewAnnouncement {
            document_id: DocumentId::new(now),
            user_id: owner,
            filename: &filename,
            declared_type: &new.content_type,
            storage_key: &self.intake.new_key(owner, &filename),
            details: &new.details,
            size: new.size.and_then(|size| i64::try_from(size).ok()),
            sha256: new.sha256.as_ref(),
            idempotency_key: new.idempotency_key.as_deref(),
            link_expires_at,
            expires_at: link_expires_at + GRACE,
        };
        let upload = SignedUpload {
            media_type: Some(new.content_type.clone()),
            size: new.size,
            sha256: new.sha256,
            expires_in: self.lasts,
        };
        // An address that leads nowhere does no harm; a document that nobody can send does.
        let signed = self.sign(announcement.storage_key, &upload).await?;
        let stored = announced::announce(&mut *self.pool.get().await?, &announcement).await?;
        match &new.idempotency_key {
            Some(key) if !stored => self.announced_before(owner, key).await,
            _ => Ok(Awaited {
                document_id: announcement.document_id,
                object_key: announcement.storage_key.to_owned(),
                upload: signed,
            }),
        }
    }

    /// Refuses one document more than this user may announce, or than there is room for.
    async fn check_room(&self, owner: UserId, size: Option<u64>) -> Result<()> {
        let mut connection = self.pool.get().await?;
        let open = announced::open(&mut connection, owner).await?;
        if open.count >= OPEN_MAX {
            return Err(Error::new(
                ErrorCode::TooManyUploads,
                format!(
                    "{OPEN_MAX} of your documents are announced and have not come. Send some of them first."
                ),
            )
            .with_retry_after(Duration::from_mins(10)));
        }
        let more = size.unwrap_or_default().saturating_add(open.bytes.unsigned_abs());
        self.admission.check_quota(&mut connection, owner, more).await
    }

    async fn announced_before(&self, owner: UserId, key: &str) -> Result<Awaited> {
        let mut connection = self.pool.get().await?;
        let found = announced::find_by_idempotency_key(&mut connection, owner, key).await?;
        let announcement = found.ok_or_else(expired)?;
        let document = documents::find(&mut connection, owner, announcement.document_id()).await?;
        let document = document.ok_or_else(|| Error::not_found("document"))?;
        drop(connection);
        check_is_awaited(&document)?;
        let left = (announcement.link_expires_at - self.clock.now()).to_std().map_err(|_| expired())?;
        let upload = SignedUpload {
            media_type: document.declared_type.clone(),
            size: announcement.size.map(i64::unsigned_abs),
            sha256: announcement.sha256.as_deref().and_then(|digest| digest.try_into().ok()),
            expires_in: left,
        };
        let signed = self.sign(&document.storage_key, &upload).await?;
        Ok(Awaited { document_id: document.id(), object_key: document.storage_key, upload: signed })
    }

    async fn sign(&self, key: &str, upload: &SignedUpload) -> Result<SignedRequest> {
        self.blobs.sign_upload(key, upload).await.map_err(storage_failed)
    }

    /// Takes in a document whose bytes have come, and has it worked on.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] if it was enqueued before (a repeated request
    /// with the idempotency key of the first gives its task); [`ErrorCode::UploadExpired`];
    /// [`ErrorCode::NotUploaded`]; [`ErrorCode::UploadMismatch`], [`ErrorCode::PayloadTooLarge`] and
    /// refusals of the type, after which the bytes are gone and may come again;
    /// [`ErrorCode::ValidationFailed`] when it cannot be worked on like that, and
    /// [`ErrorCode::StorageQuotaExceeded`]; [`ErrorCode::StorageUnavailable`].
    pub async fn enqueue_document(&self, owner: UserId, id: DocumentId, order: Order) -> Result<Submission> {
        let mut connection = self.pool.get().await?;
        let found = documents::find(&mut connection, owner, id).await?;
        let document = found.ok_or_else(|| Error::not_found("document"))?;
        let announcement = announced::find(&mut connection, owner, id).await?;
        drop(connection);
        if let Some(submission) = self.tasks.find_repeated(owner, &order).await? {
            return of_document(submission, id);
        }
        check_is_awaited(&document)?;
        if announcement.as_ref().is_some_and(|announcement| announcement.expires_at <= self.clock.now()) {
            return Err(expired());
        }
        let received = match self.take_in(owner, &document, announcement.as_ref()).await {
            Ok(received) => received,
            Err(error) => return Err(self.make_room(&document, error).await),
        };
        let submission = self.tasks.submit_document(owner, received, order).await?;
        of_document(submission, id)
    }

    /// Judges the bytes that have come.
    async fn take_in(
        &self,
        owner: UserId,
        document: &Document,
        announcement: Option<&Announcement>,
    ) -> Result<Received> {
        let BlobInfo { size, .. } = self.blobs.info(&document.storage_key).await.map_err(missing)?;
        if announcement
            .and_then(|announcement| announcement.size)
            .is_some_and(|said| said.unsigned_abs() != size)
        {
            return Err(mismatch("It does not have the size that was announced."));
        }
        self.intake.check_announced_size(Some(size), 0)?;
        let arrival = Arrival {
            owner,
            filename: &document.filename,
            declared_type: document.declared_type.as_deref(),
            sha256: None,
        };
        let received = self.intake.adopt_lent(arrival, document.storage_key.clone(), None).await?;
        match announcement.and_then(|announcement| announcement.sha256.as_deref()) {
            Some(said) if said != received.as_document(owner).sha256 => {
                Err(mismatch("Its SHA-256 checksum is not the one that was announced."))
            }
            _ => Ok(received.into_announced(document.id())),
        }
    }

    /// Bytes that were refused go, so that others may come. Those that could not be looked at stay.
    async fn make_room(&self, document: &Document, error: Error) -> Error {
        let is_verdict = matches!(error.code.status(), 409 | 413 | 415 | 422);
        if !is_verdict || error.code == ErrorCode::NotUploaded {
            return error;
        }
        match self.blobs.delete(&document.storage_key).await {
            Ok(()) => error,
            // Without room for others, the verdict would stay for ever.
            Err(failed) => storage_failed(failed),
        }
    }
}

/// When something ends that begins at `now`.
fn after(now: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(duration).ok().and_then(|delta| now.checked_add_signed(delta)).unwrap_or(now)
}

/// What this request has made, or an earlier one with the same idempotency key for the same document.
fn of_document(submission: Submission, id: DocumentId) -> Result<Submission> {
    if submission.task.document_id == id {
        return Ok(submission);
    }
    Err(Error::new(ErrorCode::WrongState, "This Idempotency-Key was used for another document before."))
}

fn check_is_awaited(document: &Document) -> Result<()> {
    if document.status() == DocumentStatus::Initiated {
        return Ok(());
    }
    Err(Error::new(ErrorCode::WrongState, "The document has been enqueued already."))
}

fn expired() -> Error {
    Error::new(ErrorCode::UploadExpired, "The document was waited for in vain. Please announce it again.")
}

fn missing(error: BlobError) -> Error {
    match error {
        BlobError::NotFound => Error::new(
            ErrorCode::NotUploaded,
            "The file has not been uploaded yet. Send it to `upload_url` first.",
        ),
        error => storage_failed(error),
    }
}

fn mismatch(reason: &str) -> Error {
    Error::new(
        ErrorCode::UploadMismatch,
        format!("The file that was uploaded is not the one that was announced. {reason} Send it once more."),
    )
}
