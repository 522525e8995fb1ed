//! What users take out of their documents: the file, pictures of its pages, its text.

use std::{
    collections::BTreeMap,
    io,
    ops::{Range, RangeInclusive},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use quire_domain::{
    DocumentId, Error, ErrorCode, Result, UserId,
    document::DocumentStatus,
    failure::FailureCode,
    ports::blobs::{BlobError, ByteStream, LocalFile, SharedBlobStore},
};
use quire_extract::{DocumentReader, ExtractError, child::Room, document, options::ReadOptions};
use quire_store::{
    Pool,
    documents::{self, Document, Page},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// The longest side of a thumbnail that is stored, in pixels.
pub const THUMBNAIL_SIZE: u32 = 400;

/// The most pages whose words are looked up again for one request.
pub const PAGES_WITH_WORDS: usize = 50;

/// A reader at work for somebody else may need many times longer; a person who waits does not.
const PATIENCE: Duration = Duration::from_secs(10);

/// The use cases on stored documents. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Documents {
    pool: Pool,
    blobs: SharedBlobStore,
    reader: Arc<DocumentReader>,
    /// For those who want something made now. Fewer than the reader has room for, where it has
    /// room for several, so that they never keep all of it from the worker.
    turns: Arc<Semaphore>,
    /// How long a request waits until a reader is free.
    patience: Duration,
}

/// The text of a document, or of some of its pages.
#[derive(Debug)]
pub struct DocumentText {
    /// Whose text it is.
    pub document: Document,
    /// The pages, in order.
    pub pages: Vec<Page>,
    /// What was asked for beyond the text, by page number: sizes and places of words.
    pub layout: Option<BTreeMap<u32, document::Page>>,
}

/// A reader that is free, and the leave to use it.
struct Turn<'a> {
    _leave: SemaphorePermit<'a>,
    room: Room<'a>,
}

impl Documents {
    /// Puts the use cases together from what they need. The reader works on `children` documents
    /// at a time.
    pub fn new(pool: Pool, blobs: SharedBlobStore, reader: Arc<DocumentReader>, children: u32) -> Self {
        let turns = children.saturating_sub(1).max(1) as usize;
        Self { pool, blobs, reader, turns: Arc::new(Semaphore::new(turns)), patience: PATIENCE }
    }

    /// A document whose bytes may be looked at.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] while its bytes have not come;
    /// [`ErrorCode::DocumentQuarantined`].
    pub async fn find_document(&self, owner: UserId, id: DocumentId) -> Result<Document> {
        let found = documents::find(&mut *self.pool.get().await?, owner, id).await?;
        let document = found.ok_or_else(|| Error::not_found("document"))?;
        check_is_open(&document)?;
        Ok(document)
    }

    /// Whether the file of a document is in storage, with [`Document::size`] bytes.
    ///
    /// # Errors
    /// [`ErrorCode::DocumentMissing`], [`ErrorCode::StorageUnavailable`].
    pub async fn check_file(&self, document: &Document) -> Result<()> {
        let info = self.blobs.info(&document.storage_key).await.map_err(unreadable)?;
        if i64::try_from(info.size) == Ok(document.size) {
            Ok(())
        } else {
            Err(Error::internal("a stored file has another length than its document"))
        }
    }

    /// Those bytes of the file of a document.
    ///
    /// # Errors
    /// As [`Self::check_file`].
    pub async fn download_file(&self, document: &Document, range: Range<u64>) -> Result<ByteStream> {
        self.check_file(document).await?;
        self.blobs.read_range(&document.storage_key, range).await.map_err(unreadable)
    }

    /// The first page as a picture (WebP): the stored one if it has this size.
    ///
    /// # Errors
    /// As [`Self::get_page_picture`].
    pub async fn get_thumbnail(&self, document: &Document, size: u32) -> Result<Bytes> {
        if let (Some(key), THUMBNAIL_SIZE) = (&document.thumbnail_key, size)
            && let Some(stored) = self.stored_picture(key).await?
        {
            return Ok(stored);
        }
        self.get_page_picture(document, 1, size).await
    }

    /// A page as a picture (WebP), its longest side `size` pixels, made now.
    ///
    /// # Errors
    /// [`ErrorCode::PageNotFound`]; [`ErrorCode::NoPicture`] for what has no looks;
    /// [`ErrorCode::DocumentEncrypted`], [`ErrorCode::DocumentCorrupt`],
    /// [`ErrorCode::DocumentTooComplex`], [`ErrorCode::DocumentMissing`];
    /// [`ErrorCode::Overloaded`] when no reader gets free in time.
    pub async fn get_page_picture(&self, document: &Document, page: u32, size: u32) -> Result<Bytes> {
        let file = self.local_file(document).await?;
        let options = ReadOptions::of_file(&document.filename);
        let turn = self.turn().await?;
        let picture = turn.room.thumbnail(&file.path, &options, page, size).await;
        picture.map(Bytes::from).map_err(not_drawn)
    }

    /// The stored text of a document: of all pages, or of those in `range` that it has. With
    /// `layout`, also the sizes of pages and places of words, which are read from the file again.
    ///
    /// # Errors
    /// As [`Self::find_document`]; [`ErrorCode::WrongState`] before the document has been read,
    /// [`ErrorCode::DocumentUnreadable`] if it could not be; [`ErrorCode::PageNotFound`].
    /// With `layout`, [`ErrorCode::ValidationFailed`] for more than [`PAGES_WITH_WORDS`] pages,
    /// and as [`Self::get_page_picture`].
    pub async fn get_document_text(
        &self,
        owner: UserId,
        id: DocumentId,
        range: Option<RangeInclusive<i32>>,
        layout: bool,
    ) -> Result<DocumentText> {
        let document = self.find_document(owner, id).await?;
        check_is_read(&document)?;
        let pages = documents::find_pages(&mut *self.pool.get().await?, owner, id, range.as_ref()).await?;
        if let (Some(range), true) = (&range, pages.is_empty()) {
            let detail = format!("The document has no page {}.", range.start());
            return Err(Error::new(ErrorCode::PageNotFound, detail));
        }
        let layout = if layout { Some(self.read_layout(&document, &pages).await?) } else { None };
        Ok(DocumentText { document, pages, layout })
    }

    async fn read_layout(
        &self,
        document: &Document,
        pages: &[Page],
    ) -> Result<BTreeMap<u32, document::Page>> {
        if pages.len() > PAGES_WITH_WORDS {
            return Err(too_many_pages());
        }
        let number = |page: Option<&Page>| page.and_then(|page| u32::try_from(page.number).ok());
        let (Some(first), Some(last)) = (number(pages.first()), number(pages.last())) else {
            return Ok(BTreeMap::new());
        };
        let file = self.local_file(document).await?;
        let options = ReadOptions {
            pages: Some(vec![first..=last]),
            words: true,
            ..ReadOptions::of_file(&document.filename)
        };
        let turn = self.turn().await?;
        let read = turn.room.read(&file.path, &options).await.map_err(not_read)?;
        Ok(read.pages.into_iter().map(|page| (page.number, page)).collect())
    }

    async fn local_file(&self, document: &Document) -> Result<LocalFile> {
        self.blobs.local_file(&document.storage_key).await.map_err(unreadable)
    }

    /// `None` if it is gone: it can be made again.
    async fn stored_picture(&self, key: &str) -> Result<Option<Bytes>> {
        let stream = match self.blobs.read(key).await {
            Ok(stream) => stream,
            Err(BlobError::NotFound) => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        // Written by us, and small.
        let bytes: BytesMut =
            stream.try_collect().await.map_err(|error: io::Error| unreadable(error.into()))?;
        Ok(Some(bytes.freeze()))
    }

    /// Waits for a free reader, but not for long.
    async fn turn(&self) -> Result<Turn<'_>> {
        let waiting = async {
            let leave = self.turns.acquire().await.map_err(io::Error::other);
            let leave = leave.map_err(ExtractError::Unavailable)?;
            Ok(Turn { _leave: leave, room: self.reader.room().await? })
        };
        match timeout(self.patience, waiting).await {
            Ok(turn) => turn.map_err(not_read),
            Err(_) => Err(Error::new(
                ErrorCode::Overloaded,
                "Many documents are being read right now. Please try again in a moment.",
            )
            .with_retry_after(self.patience)),
        }
    }
}

/// What asks for the words of more pages than are looked up at a time is told so.
pub(crate) fn too_many_pages() -> Error {
    let message = format!(
        "Places of words are given for at most {PAGES_WITH_WORDS} pages at a time; ask for `page=3` or `pages=3-7`."
    );
    Error::new(ErrorCode::ValidationFailed, message.clone()).with_field("pages", message)
}

/// Whether the bytes of a document may be looked at.
///
/// # Errors
/// [`ErrorCode::WrongState`] while they have not come; [`ErrorCode::DocumentQuarantined`].
pub(crate) fn check_is_open(document: &Document) -> Result<()> {
    match document.status() {
        DocumentStatus::Initiated => {
            Err(Error::new(ErrorCode::WrongState, "The file has not been uploaded yet."))
        }
        DocumentStatus::Quarantined => Err(Error::new(
            ErrorCode::DocumentQuarantined,
            "A virus was found in this file. It is locked away and cannot be opened.",
        )),
        DocumentStatus::Queued
        | DocumentStatus::Processing
        | DocumentStatus::Completed
        | DocumentStatus::Failed => Ok(()),
    }
}

fn check_is_read(document: &Document) -> Result<()> {
    match document.status() {
        DocumentStatus::Completed => Ok(()),
        DocumentStatus::Failed => {
            let failure = documents::failure_of(document);
            Err(Error::new(ErrorCode::DocumentUnreadable, failure.message))
        }
        _ => Err(Error::new(
            ErrorCode::WrongState,
            "The document has not been read yet. An event `document_ready` tells when it has.",
        )),
    }
}

/// Storage that does not give out a file.
fn unreadable(error: BlobError) -> Error {
    match error {
        BlobError::NotFound => Error::new(
            ErrorCode::DocumentMissing,
            "The file of this document is not in storage any more. Please upload it again.",
        ),
        error => Error::new(
            ErrorCode::StorageUnavailable,
            "The file cannot be read right now. Please try again later.",
        )
        .with_retry_after(Duration::from_secs(30))
        .with_source(error),
    }
}

/// A document of which there is no picture.
fn not_drawn(error: ExtractError) -> Error {
    match error {
        ExtractError::Unsupported { .. } | ExtractError::Empty | ExtractError::ImageOnly => Error::new(
            ErrorCode::NoPicture,
            "There is nothing to see in a document of this kind, so there is no picture of it.",
        ),
        error => not_read(error),
    }
}

/// The verdict on a document, as clients see it.
fn not_read(error: ExtractError) -> Error {
    let Some(failure) = error.failure() else {
        return Error::new(ErrorCode::Overloaded, "Documents cannot be read now. Please try again later.")
            .with_retry_after(PATIENCE)
            .with_source(error);
    };
    let code = match failure.code {
        FailureCode::DocumentEncrypted => ErrorCode::DocumentEncrypted,
        FailureCode::DocumentCorrupt => ErrorCode::DocumentCorrupt,
        FailureCode::DocumentTooComplex => ErrorCode::DocumentTooComplex,
        FailureCode::PageNotFound => ErrorCode::PageNotFound,
        _ => ErrorCode::DocumentUnreadable,
    };
    Error::new(code, failure.message)
}

#[cfg(test)]
mod tests {
    use quire_backends::blobs::memory::MemoryBlobs;
    use quire_extract::{Excess, child::ChildPool, limits::Limits};
    use quire_store::PoolOptions;

    use super::*;

    /// Of somebody who does not wait at all, with a reader that has room for so many.
    fn impatient(children: u32) -> Documents {
        let pool = Pool::new(PoolOptions::new("postgres://127.0.0.1/none", "test")).unwrap();
        let limits = Limits { children, ..Limits::default() };
        let reader = Arc::new(DocumentReader::new(ChildPool::new("nothing".into(), limits), None));
        let documents = Documents::new(pool, Arc::new(MemoryBlobs::default()), reader, children);
        Documents { patience: Duration::ZERO, ..documents }
    }

    fn is_overloaded(turn: Result<Turn<'_>>) -> bool {
        turn.is_err_and(|error| error.code == ErrorCode::Overloaded && error.retry_after.is_some())
    }

    #[tokio::test]
    async fn requests_leave_room_for_the_worker() {
        let documents = impatient(3);
        let first = documents.turn().await.unwrap();
        let second = documents.turn().await.unwrap();
        assert!(is_overloaded(documents.turn().await));
        let workers = documents.reader.room().await.unwrap();
        drop(first);
        let third = documents.turn().await.unwrap();
        drop((second, third, workers));
    }

    #[tokio::test]
    async fn requests_do_not_wait_for_long_work_of_the_worker() {
        let documents = impatient(1);
        let workers = documents.reader.room().await.unwrap();
        assert!(is_overloaded(documents.turn().await));
        drop(workers);
        assert!(documents.turn().await.is_ok());
    }

    #[test]
    fn every_verdict_on_a_document_is_told_by_its_own_code() {
        let unsupported = || ExtractError::Unsupported { media_type: "audio/wav".into() };
        for (error, drawn, read) in [
            (ExtractError::Encrypted, "document_encrypted", "document_encrypted"),
            (ExtractError::Corrupt, "document_corrupt", "document_corrupt"),
            (ExtractError::TooComplex(Excess::Cpu), "document_too_complex", "document_too_complex"),
            (ExtractError::NoSuchPage { pages: 3 }, "page_not_found", "page_not_found"),
            (unsupported(), "no_picture", "document_unreadable"),
            (ExtractError::Empty, "no_picture", "document_unreadable"),
            (ExtractError::Unavailable(io::Error::other("gone")), "overloaded", "overloaded"),
        ] {
            let again = match &error {
                ExtractError::Unavailable(_) => ExtractError::Unavailable(io::Error::other("gone")),
                error => serde_json::from_value(serde_json::json!(error)).unwrap(),
            };
            assert_eq!((not_drawn(error).code.as_str(), not_read(again).code.as_str()), (drawn, read));
        }
    }
}
