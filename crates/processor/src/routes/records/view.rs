//! Records as clients read them.

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use quire_store::documents::Document;
use quire_web::origin::absolute;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::outgoing::hex;

/// A record: a document, under the names that clients of older systems know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Record)]
pub(in super::super) struct RecordView {
    /// The document: all other paths take this id, too.
    id: Uuid,
    #[schema(example = "report.pdf")]
    file_name: String,
    #[schema(example = "Reports/2026")]
    folder_name: String,
    /// Where the bytes are in storage.
    #[schema(example = "uploads/user-42/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01-report.pdf")]
    object_key: String,
    /// Where its owner gets it.
    url: String,
    uploaded_at: DateTime<Utc>,
    /// What it is, judged by its content.
    #[schema(example = "application/pdf")]
    mime_type: String,
    description: String,
    tags: Vec<String>,
    /// In bytes.
    #[schema(minimum = 0, example = 48213)]
    size: i64,
    /// In hexadecimal digits.
    sha256: Option<String>,
    /// `QUEUED`, `PROCESSING`, `COMPLETED`, `FAILED` or `QUARANTINED`.
    #[schema(example = "COMPLETED")]
    status: &'static str,
    /// What it was split from.
    parent_id: Option<Uuid>,
}

impl RecordView {
    /// For the client of this request, who knows the service under some origin.
    pub(in super::super) fn new(document: Document, request: &HttpRequest) -> Self {
        Self {
            id: document.id().0,
            url: file_url(&document, request),
            status: document.status().as_str(),
            file_name: document.filename,
            folder_name: document.folder,
            object_key: document.storage_key,
            uploaded_at: document.created_at,
            mime_type: document.media_type,
            description: document.description,
            tags: document.tags,
            size: document.size,
            sha256: document.sha256.as_deref().map(hex),
            parent_id: document.parent_id,
        }
    }
}

/// Where the owner of a document gets its file. Documents may share an object; each has its own name.
pub(in super::super) fn file_url(document: &Document, request: &HttpRequest) -> String {
    absolute(request, &format!("/files/{}/download/", document.id()))
}
