//! Pages that are pictures: their characters are recognised, page by page.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use quire_domain::error::chain;
use quire_extract::{
    document::{Extracted, Method, Page, Warning},
    ocr::Languages,
    options::ReadOptions,
};
use quire_store::{documents, queue};

use super::{DocumentReading, stored_page, unreadable_now};
use crate::worker::stop::Stop;

/// What recognising all pages is of the whole task, in percent.
const SHARE_OF_TASK: usize = 80;

impl DocumentReading<'_> {
    /// Recognises the pages that are pictures. Each is kept in the database at once, so that an attempt
    /// that begins again goes on where this one was; one that fails costs a warning.
    pub(super) async fn recognize_pictures(
        &self,
        extracted: &mut Extracted,
        options: &ReadOptions,
    ) -> Result<(), Stop> {
        let languages = match self.parts.reader.languages(self.params.ocr_languages.as_deref()) {
            Ok(languages) => languages,
            Err(error) => {
                tracing::debug!(error = chain(&error), "text in pictures is not recognised");
                extracted.warnings.push(Warning::new(
                    "pictures_not_recognised",
                    "Text in pictures was not read: this installation does not recognise it in these languages.",
                ));
                return Ok(());
            }
        };
        let mut kept = self.kept_pages().await?;
        let (mut pictures, mut done) = (Vec::new(), Vec::new());
        for mut page in extracted.pages.drain(..) {
            match kept.remove(&page.number) {
                Some((text, confidence)) if page.is_picture => {
                    (page.text, page.confidence, page.method) = (text, confidence, Method::Ocr);
                    done.push(page);
                }
                _ if page.is_picture => pictures.push(page),
                _ => done.push(page),
            }
        }
        let total = pictures.len();
        let recognize = |page| self.recognize(page, options, &languages);
        let mut pages =
            stream::iter(pictures).map(recognize).buffer_unordered(self.parts.reader.parallel_pages());
        let mut recognized = 0;
        while let Some(page) = pages.next().await {
            done.push(page?);
            recognized += 1;
            self.report(recognized, total).await;
        }
        drop(pages);
        done.sort_by_key(|page| page.number);
        extracted.pages = done;
        Ok(())
    }

    /// The pages that an earlier attempt recognised, by number.
    async fn kept_pages(&self) -> Result<HashMap<u32, (String, Option<f32>)>, Stop> {
        let mut connection = self.parts.pool.get().await?;
        let kept = documents::pages(&mut connection, self.document.id()).await?;
        let number = |page: &documents::Page| u32::try_from(page.number).unwrap_or_default();
        Ok(kept.into_iter().map(|page| (number(&page), (page.text, page.confidence))).collect())
    }

    async fn recognize(
        &self,
        mut page: Page,
        options: &ReadOptions,
        languages: &Languages,
    ) -> Result<Page, Stop> {
        let recognizing = self.parts.reader.recognize(self.path(), options, languages, &mut page);
        recognizing.await.map_err(unreadable_now)?;
        if page.method == Method::Ocr {
            self.keep(&page).await?;
        }
        Ok(page)
    }

    async fn keep(&self, page: &Page) -> Result<(), Stop> {
        let Some(page) = stored_page(page.clone()) else { return Ok(()) };
        let mut connection = self.parts.pool.get().await?;
        Ok(documents::keep_page(&mut connection, self.document.id(), &page).await?)
    }

    /// Says how far it is. A courtesy: the task goes on without it.
    async fn report(&self, recognized: usize, total: usize) {
        let percent = i16::try_from(SHARE_OF_TASK * recognized / total.max(1)).unwrap_or_default();
        let message = format!("The text of page {recognized} of {total} was recognised.");
        let written = async {
            let mut connection = self.parts.pool.get().await?;
            queue::report_progress(&mut connection, self.claim, percent, &message).await
        };
        match written.await {
            Ok(true) => self.parts.signal.written(),
            Ok(false) => {}
            Err(error) => tracing::debug!(error = chain(&error), "progress could not be reported"),
        }
    }
}
