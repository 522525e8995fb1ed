//! Documents as clients read them.

use chrono::{DateTime, Utc};
use quire_domain::search::Fragment;
use quire_store::{documents::Document, removal::Removed};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::outgoing::hex;
use crate::library::{Line, Match};

/// A document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
pub(super) struct DocumentView {
    id: Uuid,
    #[schema(example = "report.pdf")]
    filename: String,
    /// What the file is, judged by its content. The same as `media_type`.
    #[schema(example = "application/pdf")]
    content_type: String,
    /// Where its bytes are in storage. For people who look after the storage: addresses are made of `id`.
    s3_key: String,
    /// `INITIATED`, `QUEUED`, `PROCESSING`, `COMPLETED`, `FAILED` or `QUARANTINED`.
    #[schema(example = "COMPLETED")]
    status: &'static str,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Why it could not be read, for people.
    #[schema(example = json!(null))]
    last_error: Option<String>,
    /// Why it could not be read, for programs.
    #[schema(example = json!(null))]
    error_code: Option<String>,
    /// `cv`, `invoice`, `cover_letter` or `other`.
    #[schema(example = "invoice")]
    kind: String,
    /// Empty if it is in no folder.
    #[schema(example = "Invoices/2026")]
    folder: String,
    description: String,
    tags: Vec<String>,
    /// In bytes; 0 until they have come.
    #[schema(minimum = 0, example = 48213)]
    size: i64,
    /// In hexadecimal digits; `null` until the bytes have come.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: Option<String>,
    /// What the client said it was.
    #[schema(example = "application/pdf")]
    declared_type: Option<String>,
    /// What the file is, judged by its content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// How many pages it has, where its format has pages; `null` until it has been read.
    #[schema(example = 3)]
    pages: Option<u64>,
    /// The language of its text, as ISO 639-1.
    #[schema(example = "en")]
    language: Option<String>,
    /// The document that it was split from.
    parent_id: Option<Uuid>,
    /// Which pages of that it has; the first is 1.
    parent_pages: Option<Vec<i32>>,
    /// What it says about itself. Left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// With `q`: where it was found in its text, on three pages at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<Vec<MatchView>>,
}

/// Where a document answers a search.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Match)]
struct MatchView {
    /// The page; the first is 1.
    #[schema(example = 3)]
    page: i32,
    /// The place as HTML: what was found is in `<mark>`, and everything else is escaped.
    #[schema(example = "The harbour of <mark>Bergen</mark> was founded in 1070 …")]
    highlight: String,
    /// The place as plain text.
    #[schema(example = "The harbour of Bergen was founded in 1070 …")]
    snippet: String,
}

impl DocumentView {
    /// With all that is known.
    pub(super) fn full(mut document: Document) -> Self {
        let metadata = std::mem::take(&mut document.metadata);
        let pages = metadata.get("pages").and_then(Value::as_u64);
        let language = metadata.get("language").and_then(Value::as_str).map(str::to_owned);
        Self {
            id: document.id().0,
            status: document.status().as_str(),
            filename: document.filename,
            content_type: document.media_type.clone(),
            s3_key: document.storage_key,
            created_at: document.created_at,
            updated_at: document.updated_at,
            last_error: document.last_error,
            error_code: document.error_code,
            kind: document.kind,
            folder: document.folder,
            description: document.description,
            tags: document.tags,
            size: document.size,
            sha256: document.sha256.as_deref().map(hex),
            declared_type: document.declared_type,
            media_type: document.media_type,
            pages,
            language,
            parent_id: document.parent_id,
            parent_pages: document.parent_pages,
            metadata: Some(metadata),
            matches: None,
        }
    }

    /// As a line of a list.
    pub(super) fn line(line: Line) -> Self {
        let matches = line.matches.map(|found| found.into_iter().map(MatchView::from).collect());
        Self { metadata: None, matches, ..Self::full(line.document) }
    }
}

impl From<Match> for MatchView {
    fn from(found: Match) -> Self {
        Self {
            page: found.page,
            highlight: found.fragments.iter().map(marked).collect(),
            snippet: found.fragments.iter().map(|fragment| fragment.text.as_str()).collect(),
        }
    }
}

fn marked(fragment: &Fragment) -> String {
    let mut escaped = String::with_capacity(fragment.text.len());
    for c in fragment.text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    if fragment.is_match { format!("<mark>{escaped}</mark>") } else { escaped }
}

/// What a deletion removed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Removed)]
pub(super) struct RemovedView {
    #[schema(example = 1)]
    documents: usize,
    #[schema(example = 2)]
    tasks: i64,
    /// Pages of text.
    #[schema(example = 12)]
    pages: i64,
    /// Files and pictures that nothing needs any more. A file that another document shares stays.
    #[schema(example = 1)]
    blobs: usize,
    /// How many bytes these files have.
    #[schema(example = 48213)]
    bytes: i64,
    /// What was asked for and is not there, or not yours. Only for many.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_found: Option<Vec<Uuid>>,
}

impl RemovedView {
    /// What was removed, and of many, what was not there.
    pub(super) fn new(removed: &Removed, not_found: Option<Vec<Uuid>>) -> Self {
        Self {
            documents: removed.documents.len(),
            tasks: removed.tasks,
            pages: removed.pages,
            blobs: removed.storage_keys.len(),
            bytes: removed.bytes,
            not_found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_document_is_html() {
        let fragment = |text: &str, is_match| Fragment { text: text.to_owned(), is_match };
        let found = Match {
            page: 1,
            fragments: vec![
                fragment("<mark>&\"' ", false),
                fragment("<b>", true),
                fragment("</mark>", false),
            ],
        };
        let view = MatchView::from(found);
        assert_eq!(view.highlight, "&lt;mark&gt;&amp;&quot;&#39; <mark>&lt;b&gt;</mark>&lt;/mark&gt;");
        assert_eq!(view.snippet, "<mark>&\"' <b></mark>");
    }
}
