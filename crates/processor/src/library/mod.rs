//! What users do with their documents: look, search, say something about them, delete them.

pub mod indexer;
mod removal;

pub use removal::BulkRemoved;

use std::collections::HashMap;

use quire_domain::{
    DocumentId, Error, Result, UserId,
    ports::blobs::SharedBlobStore,
    search::{Fragment, Query, highlight},
};
use quire_store::{
    AsyncPgConnection, Pool,
    documents::{self, Document},
    library::{self, DocumentChanges, DocumentFilter, DocumentList, ListKey, Listed, Sort},
    search,
};

use crate::live::relay::Signal;

/// The use cases on documents as their users keep them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Library {
    pool: Pool,
    blobs: SharedBlobStore,
    signal: Signal,
}

/// A list that is asked for.
#[derive(Debug)]
pub struct ListOrder {
    /// Which documents.
    pub filter: DocumentFilter,
    /// Only those that answer it.
    pub query: Option<Query>,
    /// In which order; by relevance only with a query.
    pub sort: Sort,
    /// Only those after this place, which is of a list of the same order.
    pub after: Option<ListKey>,
    /// How many at most.
    pub limit: u8,
}

/// A page of a list.
#[derive(Debug)]
pub struct DocumentPage {
    /// The documents, in order.
    pub lines: Vec<Line>,
    /// The place of the last of them, when there are more after it.
    pub next: Option<ListKey>,
}

/// A document in a list.
#[derive(Debug)]
pub struct Line {
    /// The document.
    pub document: Document,
    /// Where it answers the query, by page; `None` without a query.
    pub matches: Option<Vec<Match>>,
}

/// What was found on a page.
#[derive(Debug)]
pub struct Match {
    /// The page; the first is 1.
    pub page: i32,
    /// The place on it, in pieces.
    pub fragments: Vec<Fragment>,
}

impl Library {
    /// The use cases with their surroundings.
    pub fn new(pool: Pool, blobs: SharedBlobStore, signal: Signal) -> Self {
        Self { pool, blobs, signal }
    }

    /// What is known of a document, whatever its state.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::NotFound`].
    pub async fn get_document(&self, owner: UserId, id: DocumentId) -> Result<Document> {
        let found = documents::find(&mut *self.pool.get().await?, owner, id).await?;
        found.ok_or_else(|| Error::not_found("document"))
    }

    /// A page of a list, or of what was found.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_documents(&self, owner: UserId, order: &ListOrder) -> Result<DocumentPage> {
        let mut connection = self.pool.get().await?;
        let list = DocumentList {
            filter: &order.filter,
            query: order.query.as_ref(),
            sort: order.sort,
            after: order.after.as_ref(),
            // One more tells whether there is a next page.
            limit: i64::from(order.limit) + 1,
        };
        let mut listed = library::list(&mut connection, owner, &list).await?;
        let more = listed.len() > usize::from(order.limit);
        listed.truncate(usize::from(order.limit));
        let next = listed.last().filter(|_| more).map(|last| last.key.clone());
        let mut matches = match &order.query {
            Some(query) => Some(find_matches(&mut connection, owner, query, &listed).await?),
            None => None,
        };
        let line = |listed: Listed| Line {
            matches: matches.as_mut().map(|found| found.remove(&listed.document.id()).unwrap_or_default()),
            document: listed.document,
        };
        Ok(DocumentPage { lines: listed.into_iter().map(line).collect(), next })
    }

    /// Changes what is said of a document.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::NotFound`].
    pub async fn update_document(
        &self,
        owner: UserId,
        id: DocumentId,
        changes: &DocumentChanges,
    ) -> Result<Document> {
        let changed = library::update(&mut *self.pool.get().await?, owner, id, changes).await?;
        // It is found by its new words soon.
        self.signal.written();
        changed.ok_or_else(|| Error::not_found("document"))
    }
}

/// The places to show, by document.
async fn find_matches(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    query: &Query,
    listed: &[Listed],
) -> Result<HashMap<DocumentId, Vec<Match>>> {
    let of_document = |listed: &Listed| {
        let id = listed.document.id();
        listed.places.iter().map(move |place| (id, *place)).collect::<Vec<_>>()
    };
    let places: Vec<_> = listed.iter().flat_map(of_document).collect();
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let terms = query.wanted();
    let mut matches: HashMap<DocumentId, Vec<Match>> = HashMap::new();
    for passage in search::passage_texts(connection, owner, &places).await? {
        if let Some(fragments) = highlight(&passage.text, &terms) {
            let found = Match { page: passage.page, fragments };
            matches.entry(passage.document_id()).or_default().push(found);
        }
    }
    Ok(matches)
}
