//! Documents are deleted: their rows at once, then their bytes.

use std::collections::HashSet;

use futures_util::{StreamExt, stream};
use quire_domain::{DocumentId, Error, Result, error::chain};
use quire_store::{
    documents,
    removal::{self, Removed, Remover},
};

use super::Library;

/// Blobs that are deleted at a time.
const AT_A_TIME: usize = 8;

/// What a deletion of many removed.
#[derive(Debug)]
pub struct BulkRemoved {
    /// What was removed.
    pub removed: Removed,
    /// What was asked for and is not there, or not the remover's.
    pub not_found: Vec<DocumentId>,
}

impl Library {
    /// Deletes a document with its tasks, its text and its bytes; with `parts`, also what was split
    /// from it. Tasks on it that are being worked on end. Staff may delete what is in quarantine,
    /// whose ever it is.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::NotFound`].
    pub async fn delete_document(&self, remover: Remover, id: DocumentId, parts: bool) -> Result<Removed> {
        let removed = self.remove(remover, vec![id], parts).await?;
        if removed.documents.is_empty() { Err(Error::not_found("document")) } else { Ok(removed) }
    }

    /// Deletes many documents, all or nothing of those that are there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_documents(
        &self,
        remover: Remover,
        ids: Vec<DocumentId>,
        parts: bool,
    ) -> Result<BulkRemoved> {
        let removed = self.remove(remover, ids.clone(), parts).await?;
        let mut known: HashSet<_> = removed.documents.iter().copied().collect();
        let not_found = ids.into_iter().filter(|id| known.insert(*id)).collect();
        Ok(BulkRemoved { removed, not_found })
    }

    async fn remove(&self, remover: Remover, ids: Vec<DocumentId>, parts: bool) -> Result<Removed> {
        // On a task of its own: a client that hangs up now must not leave a half-done step.
        let library = self.clone();
        tokio::spawn(async move { library.remove_now(remover, &ids, parts).await })
            .await
            .map_err(|e| Error::internal("deleting documents").with_source(e))?
    }

    async fn remove_now(&self, remover: Remover, ids: &[DocumentId], parts: bool) -> Result<Removed> {
        let mut connection = self.pool.get().await?;
        let removed = removal::delete_documents(&mut connection, remover, ids, parts).await?;
        drop(connection);
        // Workers look whether their tasks are still there.
        self.signal.written();
        stream::iter(&removed.storage_keys)
            .for_each_concurrent(AT_A_TIME, async |key| self.delete_blob(key).await)
            .await;
        Ok(removed)
    }

    /// What does not work now is left on the list, for housekeeping.
    async fn delete_blob(&self, key: &str) {
        let deleted = async {
            self.blobs.delete(key).await.map_err(crate::intake::storage_failed)?;
            documents::forget_blob(&mut *self.pool.get().await?, key).await
        };
        if let Err(error) = deleted.await {
            tracing::warn!(
                storage.key = key,
                error = chain(&error),
                "the bytes of a deleted document are still there; it will be tried again"
            );
        }
    }
}
