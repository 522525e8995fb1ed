//! The end of an upload: a document.
//!
//! Each step may be done again: whoever is lost between two of them, the next one goes on. The task's
//! idempotency key says whether there is a document already. Until the row says so as well, the blob is
//! not given away: an error of the database or of storage leaves it where it is.

use quire_domain::{
    DocumentId, Error, Result, TaskId, UserId,
    ports::{blobs::BlobError, resumable::ResumableWriter},
};
use quire_store::{
    documents, tasks,
    uploads::{self, Upload},
};

use super::{
    Uploads,
    digest::RunningDigest,
    idempotency_key,
    metadata::{UploadMetadata, without_params},
    reception::{Failed, not_resumed},
};
use crate::{
    intake::{Arrival, Measured, checksum::Sha256Digest, storage_failed},
    tasks::Submission,
};

impl Uploads {
    /// Makes a document of an upload whose last byte has just been made durable. Without a writer, its
    /// blob is finished.
    pub(super) async fn complete(
        &self,
        owner: UserId,
        upload: &Upload,
        size: u64,
        writer: Option<Box<dyn ResumableWriter>>,
        sha256: Sha256Digest,
    ) -> Result<(), Failed> {
        if let Some(writer) = writer {
            match writer.finish().await {
                // The second: by a process that was lost before it could say so.
                Ok(()) | Err(BlobError::NotFound) => {}
                Err(error) => return Err(storage_failed(error).into()),
            }
        }
        let made = self.make_document(owner, upload, Measured { size, sha256 }).await;
        let (document, task) = made.map_err(|error| match error.code.status() {
            500.. => Failed::Interrupted(error),
            _ => Failed::Refused(error),
        })?;
        Ok(self.finish(upload, document, task).await?)
    }

    /// The same for an upload that somebody else has left behind.
    pub(super) async fn complete_left_behind(&self, owner: UserId, upload: &Upload) -> Result<(), Failed> {
        if let Some((document, task)) = self.find_made(owner, upload).await? {
            return Ok(self.finish(upload, document, task).await?);
        }
        let (Some(state), Some(hash_state)) = (upload.state(), &upload.hash_state) else {
            return Err(Error::internal("an upload is complete and has no state").into());
        };
        let digest = RunningDigest::resume(hash_state)?.finish();
        let writer = match self.blobs.resume(&upload.storage_key, &state).await {
            Ok(writer) => Some(writer),
            Err(BlobError::NotFound) => None,
            Err(error) => return Err(not_resumed(error).into()),
        };
        self.complete(owner, upload, upload.received(), writer, digest).await
    }

    /// The document and task that an upload has been made to, if it has.
    pub(super) async fn find_made(
        &self,
        owner: UserId,
        upload: &Upload,
    ) -> Result<Option<(DocumentId, TaskId)>> {
        let mut connection = self.pool.get().await?;
        let key = idempotency_key(upload.id);
        let task = tasks::find_by_idempotency_key(&mut connection, owner, &key).await?;
        Ok(task.map(|task| (task.document_id, task.id)))
    }

    async fn make_document(
        &self,
        owner: UserId,
        upload: &Upload,
        measured: Measured,
    ) -> Result<(DocumentId, TaskId)> {
        let said = UploadMetadata::parse(&upload.metadata)?;
        let arrival = Arrival {
            owner,
            filename: said.filename(),
            declared_type: said.declared_type(),
            sha256: said.sha256()?,
        };
        let order = self.order(&said, upload.id)?;
        let received = self.intake.adopt_lent(arrival, upload.storage_key.clone(), Some(measured)).await?;
        let received = received.with_details(said.details()?);
        let Submission { task, .. } = self.tasks.submit_document(owner, received, order).await?;
        self.delete_unneeded(owner, upload, task.document_id).await?;
        Ok((task.document_id, task.id))
    }

    /// The document may have the bytes of an earlier one, which are the same.
    async fn delete_unneeded(&self, owner: UserId, upload: &Upload, document: DocumentId) -> Result<()> {
        let document = documents::find(&mut *self.pool.get().await?, owner, document).await?;
        if document.is_some_and(|document| document.storage_key != upload.storage_key) {
            self.blobs.delete(&upload.storage_key).await.map_err(storage_failed)?;
        }
        Ok(())
    }

    async fn finish(&self, upload: &Upload, document: DocumentId, task: TaskId) -> Result<()> {
        let (metadata, now) = (without_params(&upload.metadata), self.clock.now());
        let mut connection = self.pool.get().await?;
        uploads::finish(&mut connection, upload.id, &metadata, (document, task), now).await
    }
}
