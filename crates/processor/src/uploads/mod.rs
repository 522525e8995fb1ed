//! Uploads that come in pieces, over several requests, connections and restarts.
//!
//! What has come is made durable again and again: storage first, then, in one row, how far it has
//! come, what storage goes on from, and the unfinished SHA-256. So no byte is read twice, and
//! whatever ends a request, the next one goes on from the row. Of one upload there is one receiving
//! request at a time, on whichever replica (`lease`).
//!
//! The last byte makes a document of it, through the same [`Intake`] as every door.

mod completion;
mod digest;
mod lease;
pub(crate) mod metadata;
mod reception;
mod sweep;

use std::time::Duration;

use chrono::{DateTime, Utc};
use quire_domain::{
    DocumentId, Error, ErrorCode, Result, TaskId, UserId,
    ids::uuid_v7,
    ports::{blobs::SharedBlobStore, clock::SharedClock},
};
use quire_store::{
    Pool,
    uploads::{self, NewUpload, Upload},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::{
    digest::{Checksum, ChecksumAlgorithm},
    reception::Piece,
};
use self::{lease::Lease, metadata::UploadMetadata};
use crate::{
    Surroundings,
    intake::{Intake, human_size},
    order::{Order, TaskTypeNames},
    task_type::READ,
    tasks::Tasks,
};

/// The most unfinished uploads that one user may have.
const OPEN_MAX: i64 = 1_000;

/// The use cases on uploads. Cheap to clone.
#[derive(Clone)]
pub struct Uploads {
    pool: Pool,
    blobs: SharedBlobStore,
    clock: SharedClock,
    intake: Intake,
    tasks: Tasks,
    /// How long an upload stays when nothing more comes.
    expiry: Duration,
    /// Requests are asked to come back later.
    stopping: CancellationToken,
}

/// An upload as its client sees it.
#[derive(Debug, Clone)]
pub(crate) struct UploadStatus {
    pub(crate) id: Uuid,
    /// Bytes that need not be sent again.
    pub(crate) offset: u64,
    /// In bytes, if it is known.
    pub(crate) length: Option<u64>,
    /// As the client sent it.
    pub(crate) metadata: String,
    pub(crate) expires_at: DateTime<Utc>,
    /// What it has become.
    pub(crate) document_id: Option<DocumentId>,
    pub(crate) task_id: Option<TaskId>,
}

impl From<Upload> for UploadStatus {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id,
            offset: upload.received(),
            length: upload.length(),
            document_id: upload.document_id(),
            task_id: upload.task_id(),
            metadata: upload.metadata,
            expires_at: upload.expires_at,
        }
    }
}

impl Uploads {
    /// The use cases with these surroundings. An upload of which nothing more comes stays for `expiry`.
    pub fn new(surroundings: &Surroundings, intake: Intake, tasks: Tasks, expiry: Duration) -> Self {
        let Surroundings { pool, blobs, clock, shutdown, .. } = surroundings.clone();
        Self { pool, blobs, clock, intake, tasks, expiry, stopping: shutdown.soft }
    }

    /// The largest file that is accepted, in bytes.
    pub(crate) fn max_size(&self) -> u64 {
        self.intake.max_size()
    }

    /// Begins an upload of `length` bytes, or of a length that the client does not know yet. What the
    /// metadata asks for is checked now, and not when all has been sent.
    ///
    /// # Errors
    /// [`ErrorCode::PayloadTooLarge`]; [`ErrorCode::ValidationFailed`] for an empty file and by field of
    /// the metadata; [`ErrorCode::MalformedRequest`] for metadata that cannot be read;
    /// [`ErrorCode::TooManyUploads`], [`ErrorCode::TooManyTasks`], [`ErrorCode::Overloaded`].
    pub(crate) async fn create_upload(
        &self,
        owner: UserId,
        length: Option<u64>,
        metadata: String,
    ) -> Result<UploadStatus> {
        let said = UploadMetadata::parse(&metadata)?;
        said.details()?;
        let (now, id) = (self.clock.now(), uuid_v7(self.clock.now()));
        let order = self.order(&said, id)?;
        self.tasks.check_more(owner, order.tasks()).await?;
        if let Some(length) = length {
            self.check_length(length)?;
        }
        let mut connection = self.pool.get().await?;
        if uploads::count_open(&mut connection, owner, OPEN_MAX).await? >= OPEN_MAX {
            let detail = format!("{OPEN_MAX} of your uploads are not finished. Finish or end some of them.");
            return Err(Error::new(ErrorCode::TooManyUploads, detail));
        }
        let expires_at = now + self.expiry;
        let upload = NewUpload {
            id,
            user_id: owner.0,
            storage_key: &self.intake.new_key(owner, said.filename()),
            metadata: &metadata,
            length: length.map(u64::cast_signed),
            created_at: now,
            expires_at,
        };
        uploads::create(&mut connection, &upload).await?;
        Ok(UploadStatus { id, offset: 0, length, metadata, expires_at, document_id: None, task_id: None })
    }

    /// How far an upload has come. A request that still holds it, but gets nothing any more, lets go
    /// first and says how far it came.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::UploadExpired`].
    pub(crate) async fn get_upload(&self, owner: UserId, id: Uuid) -> Result<UploadStatus> {
        let upload = self.find(owner, id).await?;
        if !upload.is_held() {
            return Ok(upload.into());
        }
        lease::wait_until_free(&self.pool, owner, id).await?;
        Ok(self.find(owner, id).await?.into())
    }

    /// Ends an upload and frees what it takes. A document that it has become stays.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::UploadExpired`]; [`ErrorCode::UploadLocked`] while more
    /// of it is coming in.
    pub(crate) async fn delete_upload(&self, owner: UserId, id: Uuid) -> Result<()> {
        self.find(owner, id).await?;
        let (lease, upload) = Lease::acquire(&self.pool, self.clock.now(), id).await?;
        self.discard(&upload, lease).await
    }

    async fn find(&self, owner: UserId, id: Uuid) -> Result<Upload> {
        let found = uploads::find(&mut *self.pool.get().await?, owner, id).await?;
        let upload = found.ok_or_else(|| Error::not_found("upload"))?;
        if upload.expires_at <= self.clock.now() {
            let detail = "Too much time has passed since the last piece came. Please begin again.";
            return Err(Error::new(ErrorCode::UploadExpired, detail));
        }
        Ok(upload)
    }

    fn check_length(&self, length: u64) -> Result<()> {
        if length > self.max_size() {
            return Err(self.too_large());
        }
        if length == 0 {
            return Err(Error::new(ErrorCode::ValidationFailed, "The file is empty.")
                .with_field("Upload-Length", "The file is empty."));
        }
        Ok(())
    }

    fn too_large(&self) -> Error {
        let limit = human_size(self.max_size());
        Error::new(
            ErrorCode::PayloadTooLarge,
            format!("The file is larger than the {limit} that are accepted."),
        )
    }

    /// What is to be done with the document. An upload makes its tasks once, however often it is completed.
    fn order(&self, said: &UploadMetadata, id: Uuid) -> Result<Order> {
        let names = TaskTypeNames::parse(said.get("task_type").unwrap_or_default()).or(READ);
        self.tasks.check_order(&names, said.params()?, Some(idempotency_key(id)))
    }
}

/// Under which an upload's task is found again.
fn idempotency_key(id: Uuid) -> String {
    format!("upload-{id}")
}
