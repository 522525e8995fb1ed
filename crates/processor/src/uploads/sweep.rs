//! What is left of uploads: those that expired go with their bytes, and those whose process was lost
//! after the last byte become documents.

use quire_domain::{Result, error::chain};
use quire_store::uploads::{self, Holder, Upload};

use super::{Uploads, lease::Lease, reception::Failed};
use crate::intake::storage_failed;

/// How many uploads one sweep takes.
const BATCH: i64 = 1_000;

impl Uploads {
    /// Clears away what is left. An upload that cannot be dealt with now is logged, and is next
    /// time's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clean_up(&self) -> Result<()> {
        let now = self.clock.now();
        let mut connection = self.pool.get().await?;
        let expired = uploads::expired(&mut connection, now, BATCH).await?;
        let left_behind = uploads::left_behind(&mut connection, BATCH).await?;
        drop(connection);
        for id in expired {
            if let Some((lease, upload)) = Lease::try_acquire(&self.pool, now, id).await?
                && let Err(error) = self.discard(&upload, lease).await
            {
                tracing::warn!(upload.id = %id, error = chain(&error), "an expired upload could not be removed");
            }
        }
        for id in left_behind {
            if let Some((lease, upload)) = Lease::try_acquire(&self.pool, now, id).await?
                && let Err(error) = self.adopt(&upload, lease).await
            {
                tracing::warn!(upload.id = %id, error = chain(&error), "an upload became no document");
            }
        }
        Ok(())
    }

    /// Makes a document of an upload that somebody has left behind.
    async fn adopt(&self, upload: &Upload, lease: Lease) -> Result<()> {
        let outcome = match upload.user_id() {
            Some(owner) if upload.is_complete() && upload.finished_at.is_none() => {
                self.complete_left_behind(owner, upload).await
            }
            // Somebody else has done it, or the account has gone since.
            _ => Ok(()),
        };
        match outcome {
            Ok(()) => {
                lease.release().await;
                Ok(())
            }
            Err(Failed::Refused(error)) => {
                self.discard(upload, lease).await?;
                Err(error)
            }
            Err(Failed::Interrupted(error)) => {
                lease.release().await;
                Err(error)
            }
        }
    }

    /// Forgets an upload and frees what it takes, but for the document that it may have become.
    pub(super) async fn discard(&self, upload: &Upload, lease: Lease) -> Result<()> {
        let freed = self.free(upload, lease.holder()).await;
        // Where it is gone, there is nothing to let go of.
        lease.release().await;
        freed
    }

    async fn free(&self, upload: &Upload, holder: Holder) -> Result<()> {
        if upload.finished_at.is_none() && !self.is_document(upload).await? {
            if let Some(state) = upload.state() {
                self.blobs.abandon(&upload.storage_key, &state).await.map_err(storage_failed)?;
            }
            self.blobs.delete(&upload.storage_key).await.map_err(storage_failed)?;
        }
        uploads::remove(&mut *self.pool.get().await?, upload.id, holder).await
    }

    /// Whether there is a document, of which only the row does not know yet.
    async fn is_document(&self, upload: &Upload) -> Result<bool> {
        match upload.user_id() {
            Some(owner) if upload.is_complete() => Ok(self.find_made(owner, upload).await?.is_some()),
            _ => Ok(false),
        }
    }
}
