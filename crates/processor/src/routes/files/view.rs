//! Files as clients read them.

use chrono::{DateTime, Utc};
use quire_domain::{
    DocumentId,
    document::{DocumentStatus, ScanVerdict},
    task::Task,
};
use quire_store::documents::Document;
use quire_web::tasks::TaskLine;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::outgoing::hex;

/// A file, with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub(super) struct FileView {
    /// The document: all other paths take this id, too.
    id: Uuid,
    /// As it was sent, made safe.
    #[schema(example = "report.pdf")]
    original_filename: String,
    /// In bytes; 0 until they have come.
    #[schema(minimum = 0, example = 48213)]
    size: i64,
    /// In hexadecimal digits; `null` until the bytes have come.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: Option<String>,
    /// What the file is, judged by its content.
    #[schema(example = "application/pdf")]
    mime_type: String,
    /// What the client said it was.
    #[schema(example = "application/pdf")]
    declared_type: Option<String>,
    /// Whether the client said that it was something else than it is.
    type_mismatch: bool,
    /// `INITIATED`, `QUEUED`, `PROCESSING`, `COMPLETED`, `FAILED` or `QUARANTINED`.
    #[schema(example = "COMPLETED")]
    status: &'static str,
    /// Why it could not be read, for people.
    #[schema(example = json!(null))]
    last_error: Option<String>,
    /// Why it could not be read, for programs.
    #[schema(example = json!(null))]
    error_code: Option<String>,
    /// What a scan for viruses found: `clean`, `infected` or `not_scanned` (over a limit of the scanner).
    /// `null` as long as nothing is known.
    #[schema(example = json!(null))]
    scan: Option<&'static str>,
    /// `cv`, `invoice`, `cover_letter` or `other`.
    #[schema(example = "other")]
    kind: String,
    folder: String,
    description: String,
    tags: Vec<String>,
    /// How many pages it has, where its format has pages; `null` until it has been read.
    #[schema(example = 3)]
    pages: Option<u64>,
    /// Of a picture or film, in pixels.
    width: Option<u64>,
    /// Of a picture or film, in pixels.
    height: Option<u64>,
    /// Of a sound or film, in seconds.
    duration: Option<f64>,
    /// The language of its text, as ISO 639-1.
    #[schema(example = "en")]
    language: Option<String>,
    /// The document that it was split from.
    parent_id: Option<Uuid>,
    /// Which pages of that it has; the first is 1.
    parent_pages: Option<Vec<i32>>,
    /// Where to get its bytes; `null` where they are not given out.
    #[schema(example = "/files/0198f3a2-6c1d-7b1f-8e21-4d1f6f0f5c02/download/")]
    download_url: Option<String>,
    /// Where to get a picture of its first page; `null` where its bytes are not given out.
    #[schema(example = "/files/0198f3a2-6c1d-7b1f-8e21-4d1f6f0f5c02/thumbnail/")]
    thumbnail_url: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A file that has come in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadedFile)]
pub(super) struct UploadedView {
    #[serde(flatten)]
    file: FileView,
    /// The first task that works on it.
    task_id: Uuid,
    /// What the task does.
    #[schema(example = "read")]
    task_type: String,
    /// All tasks that work on it.
    tasks: Vec<TaskLine>,
    /// Whether you had sent the same bytes before. They are stored once.
    duplicate: bool,
    /// The first document with these bytes, if there was one before.
    duplicate_of: Option<Uuid>,
}

/// How far a file is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileStatus)]
pub(super) struct StatusView {
    id: Uuid,
    /// `INITIATED`, `QUEUED`, `PROCESSING`, `COMPLETED`, `FAILED` or `QUARANTINED`.
    #[schema(example = "PROCESSING")]
    status: &'static str,
    /// Why it could not be read, for people.
    #[schema(example = json!(null))]
    last_error: Option<String>,
    /// How far its newest task is, in percent; `null` if it never had one.
    #[schema(minimum = 0, maximum = 100, example = 40)]
    progress: Option<i16>,
    /// Its newest task.
    task_id: Option<Uuid>,
    /// `pending`, `processing`, `completed`, `failed` or `cancelled`.
    #[schema(example = "processing")]
    task_status: Option<&'static str>,
    updated_at: DateTime<Utc>,
}

impl From<Document> for FileView {
    fn from(document: Document) -> Self {
        let id = document.id().0;
        let number = |name| document.metadata.get(name).and_then(Value::as_u64);
        let is_open = is_open(document.status());
        let address = |what| is_open.then(|| format!("/files/{id}/{what}/"));
        Self {
            id,
            status: document.status().as_str(),
            type_mismatch: differs(document.declared_type.as_deref(), &document.media_type),
            scan: document.scan_verdict().map(ScanVerdict::as_str),
            pages: number("pages"),
            width: number("width"),
            height: number("height"),
            duration: document.metadata.get("duration").and_then(Value::as_f64),
            language: document.metadata.get("language").and_then(Value::as_str).map(str::to_owned),
            download_url: address("download"),
            thumbnail_url: address("thumbnail"),
            original_filename: document.filename,
            size: document.size,
            sha256: document.sha256.as_deref().map(hex),
            mime_type: document.media_type,
            declared_type: document.declared_type,
            last_error: document.last_error,
            error_code: document.error_code,
            kind: document.kind,
            folder: document.folder,
            description: document.description,
            tags: document.tags,
            parent_id: document.parent_id,
            parent_pages: document.parent_pages,
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

impl UploadedView {
    pub(super) fn new(
        document: Document,
        task: Task,
        tasks: Vec<TaskLine>,
        duplicate_of: Option<DocumentId>,
    ) -> Self {
        Self {
            file: document.into(),
            task_id: task.id.0,
            task_type: task.task_type,
            tasks,
            duplicate: duplicate_of.is_some(),
            duplicate_of: duplicate_of.map(|first| first.0),
        }
    }
}

impl StatusView {
    pub(super) fn new(document: Document, task: Option<&Task>) -> Self {
        Self {
            id: document.id().0,
            status: document.status().as_str(),
            updated_at: document.updated_at,
            last_error: document.last_error,
            progress: task.map(|task| task.progress),
            task_id: task.map(|task| task.id.0),
            task_status: task.map(|task| task.status.as_str()),
        }
    }
}

/// Whether the bytes of a document in this state are given out.
fn is_open(status: DocumentStatus) -> bool {
    !matches!(status, DocumentStatus::Initiated | DocumentStatus::Quarantined)
}

/// Whether what a client said contradicts what the content says. `application/octet-stream` says
/// nothing (RFC 2046, 4.5.1).
fn differs(declared: Option<&str>, detected: &str) -> bool {
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    declared.map(essence).is_some_and(|declared| {
        !declared.is_empty() && declared != "application/octet-stream" && declared != essence(detected)
    })
}

#[cfg(test)]
mod tests {
    use super::differs;

    #[test]
    fn a_client_that_says_nothing_does_not_contradict() {
        for (declared, differ) in [
            (None, false),
            (Some(""), false),
            (Some("application/octet-stream"), false),
            (Some("Text/Plain; charset=utf-8"), false),
            (Some("application/pdf"), true),
        ] {
            assert_eq!(differs(declared, "text/plain"), differ, "{declared:?}");
        }
    }
}
