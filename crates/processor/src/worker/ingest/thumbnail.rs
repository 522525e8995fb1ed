//! The picture of a locked document's first page.

use quire_domain::error::chain;

use super::DocumentReading;
use crate::{documents::THUMBNAIL_SIZE, intake::storage_failed, worker::stop::Stop};

impl DocumentReading<'_> {
    /// Keeps a picture of the first page of a document that was opened with a password: later nobody
    /// can draw it any more. Other documents are drawn when somebody looks. Gives the key of the
    /// picture.
    pub(super) async fn keep_thumbnail(&self) -> Result<Option<String>, Stop> {
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
        let key = format!("{}.thumbnail.webp", self.document.storage_key);
        let mut writer = self.parts.blobs.create(&key).await.map_err(storage_failed)?;
        writer.write(picture.into()).await.map_err(storage_failed)?;
        writer.finish().await.map_err(storage_failed)?;
        Ok(Some(key))
    }
}
