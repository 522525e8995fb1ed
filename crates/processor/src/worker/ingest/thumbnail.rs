//! The picture of a locked document's first page.

use quire_domain::{document::storage_key, error::chain, ids::uuid_v7};

use super::DocumentReading;
use crate::{
    documents::THUMBNAIL_SIZE, intake::storage_failed, unclaimed::UnclaimedBlob, worker::stop::Stop,
};

impl DocumentReading<'_> {
    /// Keeps a picture of the first page of a document that was opened with a password: later nobody
    /// can draw it any more. Other documents are drawn when somebody looks. Gives the
    /// picture, which is this attempt's own until the document points to it.
    pub(super) async fn keep_thumbnail(&self) -> Result<Option<UnclaimedBlob>, Stop> {
        if self.params.password.is_none() {
            return Ok(None);
        }
        let options = self.params.options(&self.document.filename);
        let picture = match self.parts.reader.thumbnail(self.path(), &options, 1, THUMBNAIL_SIZE).await {
            Ok(picture) => picture,
            Err(error) => {
                tracing::debug!(error = chain(&error), "the document has no thumbnail");
                return Ok(None);
            }
        };
        let unique = uuid_v7(self.parts.clock.now());
        let key = storage_key(self.document.user_id(), unique, "thumbnail.webp");
        let blob = UnclaimedBlob::new(self.parts.blobs.clone(), key);
        let mut writer = self.parts.blobs.create(blob.key()).await.map_err(storage_failed)?;
        writer.write(picture.into()).await.map_err(storage_failed)?;
        writer.finish().await.map_err(storage_failed)?;
        Ok(Some(blob))
    }
}
