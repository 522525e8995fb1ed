//! `/documents/initiate-upload` and `/documents/{id}/enqueue`: a client sends the bytes of a document to
//! storage by itself.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    post,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use quire_domain::{
    FieldErrors, Result,
    details::{self, DocumentDetails},
    document::{DocumentKind, DocumentStatus},
};
use quire_web::{
    caller::Caller,
    json_body::{JsonBody, OptionalJsonBody},
    origin::absolute,
    problem::HttpResult,
    tasks::TaskLine,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    admission::admit_file,
    outgoing::document_id,
    tasks::idempotency_key,
    values::{Tags, TaskTypes, is_media_type},
};
use crate::{
    Processor,
    announced::{Awaited, NewUpload},
    intake::checksum::{Sha256Digest, parse_hex},
    order::TaskTypeNames,
    task_type::READ,
    tasks::Submission,
};

/// A document whose bytes will be sent to storage.
#[derive(Debug, Deserialize, ToSchema)]
struct InitiateUpload {
    #[schema(example = "report.pdf")]
    filename: String,
    /// What you say it is. It has to be sent as `Content-Type`; the content decides.
    #[schema(example = "application/pdf")]
    content_type: String,
    /// In bytes. A file of another size is refused.
    #[schema(minimum = 1, example = 48213)]
    size_bytes: Option<u64>,
    /// In hexadecimal digits. A file with another checksum is refused.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: Option<String>,
    /// `cv`, `invoice`, `cover_letter` or `other`.
    #[schema(example = "other")]
    kind: Option<String>,
    /// Where the document belongs, such as `Invoices/2026`.
    folder: Option<String>,
    /// In your own words.
    description: Option<String>,
    tags: Option<Tags>,
}

/// Where to send the bytes of a document, and how.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InitiatedUpload)]
struct InitiatedView {
    document_id: Uuid,
    /// Where the bytes will be in storage.
    #[schema(example = "uploads/user-42/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01-report.pdf")]
    object_key: String,
    /// Where to send them. Whoever has the address can, without anything else.
    upload_url: String,
    #[schema(example = "PUT")]
    method: &'static str,
    /// Headers that have to be sent just so.
    #[schema(example = json!({"content-type": "application/pdf"}))]
    headers: BTreeMap<String, String>,
    /// Until when the upload has to begin.
    expires_at: DateTime<Utc>,
    #[schema(example = "INITIATED")]
    status: &'static str,
}

/// What is to be done with a document whose bytes have come.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnqueueDocument {
    /// `read` when left out.
    task_type: Option<TaskTypes>,
    /// Parameters of the task type; with several, those of each under its name.
    #[serde(default)]
    #[schema(value_type = Object)]
    params: Map<String, Value>,
}

/// The job of a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnqueuedDocument)]
struct EnqueuedView {
    /// The first task: `GET /process/tasks/{id}` tells what becomes of it.
    job_id: Uuid,
    document_id: Uuid,
    /// The state of the task.
    #[schema(example = "pending")]
    status: &'static str,
    #[schema(example = "read")]
    task_type: String,
    /// All tasks that work on it.
    tasks: Vec<TaskLine>,
    /// Whether you had sent the same bytes before. They are stored once.
    duplicate: bool,
    /// The first document with these bytes, if there was one before.
    duplicate_of: Option<Uuid>,
}

impl InitiateUpload {
    fn check(self, idempotency_key: Option<String>) -> Result<NewUpload> {
        let mut errors = FieldErrors::default();
        if self.filename.trim().is_empty() {
            errors.add("filename", "A file has a name.");
        }
        if !is_media_type(&self.content_type) {
            errors.add("content_type", "A media type is written as application/pdf.");
        }
        if self.size_bytes == Some(0) {
            errors.add("size_bytes", "An empty file is not accepted.");
        }
        let kind = self.kind.as_deref().filter(|kind| !kind.is_empty());
        let details = DocumentDetails {
            kind: kind.and_then(|kind| details::check_kind(kind, &mut errors)).unwrap_or(DocumentKind::Other),
            folder: details::check_folder("folder", self.folder.as_deref().unwrap_or_default(), &mut errors),
            description: details::check_description(
                self.description.as_deref().unwrap_or_default(),
                &mut errors,
            ),
            tags: self.tags.unwrap_or_default().check(&mut errors),
        };
        let sha256 = digest(self.sha256.as_deref(), &mut errors);
        errors.into_result()?;
        Ok(NewUpload {
            filename: self.filename,
            content_type: self.content_type,
            size: self.size_bytes,
            sha256,
            details,
            idempotency_key,
        })
    }
}

fn digest(text: Option<&str>, errors: &mut FieldErrors) -> Option<Sha256Digest> {
    match parse_hex("sha256", text.filter(|text| !text.is_empty())?) {
        Ok(digest) => Some(digest),
        Err(error) => {
            errors.0.extend(error.fields.0);
            None
        }
    }
}

/// Announce a document
///
/// For bytes that go to storage by themselves: send them to `upload_url` with the `method` and `headers`
/// of the answer, then enqueue the document. What is not enqueued within a day after `expires_at` is
/// forgotten. With an `Idempotency-Key` a repeated request announces nothing new.
#[utoipa::path(
    operation_id = "initiate_upload",
    tag = "Documents",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request.")),
    request_body = InitiateUpload,
    responses(
        (status = 201, description = "Its bytes may come.", body = InitiatedView),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token."),
        (status = 409, description = "What was announced with this `Idempotency-Key` has been enqueued already."),
        (status = 410, description = "What was announced with this `Idempotency-Key` has expired."),
        (status = 413, description = "The file is too large, or your storage is full (`storage_quota_exceeded`)."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Some fields are not valid."),
        (status = 429, description = "You have announced or sent too many files (`too_many_uploads`), or too many of your tasks are waiting."),
        (status = 503, description = "The database or storage is away, or too much work is waiting."),
    ),
    security(("bearer" = [])),
)]
#[post("/documents/initiate-upload")]
pub(crate) async fn initiate_upload(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    body: JsonBody<InitiateUpload>,
) -> HttpResult<HttpResponse> {
    let new = body.into_inner().check(idempotency_key(&request)?)?;
    processor.intake.check_announced_size(new.size, 0)?;
    admit_file(&request, &processor, caller.user_id, new.size.unwrap_or_default()).await?;
    let Awaited { document_id, object_key, upload } =
        processor.announcements.initiate_upload(caller.user_id, &new).await?;
    let upload_url = if upload.url.starts_with('/') { absolute(&request, &upload.url) } else { upload.url };
    // Whoever has the address may use it.
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(InitiatedView {
        document_id: document_id.0,
        object_key,
        upload_url,
        method: upload.method,
        headers: upload.headers.into_iter().collect(),
        expires_at: upload.expires_at,
        status: DocumentStatus::Initiated.as_str(),
    }))
}

/// Enqueue a document whose bytes have been sent
///
/// Judges what has come, and has it worked on in the background. Large files take a moment: all of
/// their bytes are read.
#[utoipa::path(
    operation_id = "enqueue_document",
    tag = "Documents",
    params(
        ("id" = Uuid, Path, description = "The document."),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request."),
    ),
    request_body(content = Option<EnqueueDocument>, description = "May be left out."),
    responses(
        (status = 202, description = "Accepted; the result will follow.", body = EnqueuedView),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours."),
        (status = 409, description = "Nothing was uploaded (`not_uploaded`), something else than was announced (`upload_mismatch`), or the document was enqueued before (`wrong_state`)."),
        (status = 410, description = "The document was waited for in vain."),
        (status = 413, description = "The file is too large, or your storage is full (`storage_quota_exceeded`)."),
        (status = 415, description = "Files of this type are not accepted (`file_type_refused`), or it is a program under the name of a document (`disguised_executable`)."),
        (status = 422, description = "An empty file, an unknown task type or wrong parameters."),
        (status = 429, description = "Too many of your tasks are waiting."),
        (status = 503, description = "The database or storage is away, or too much work is waiting."),
    ),
    security(("bearer" = [])),
)]
#[post("/documents/{id}/enqueue")]
pub(crate) async fn enqueue_document(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    body: OptionalJsonBody<EnqueueDocument>,
) -> HttpResult<HttpResponse> {
    let EnqueueDocument { task_type, params } = body.0.unwrap_or_default();
    let (id, key) = (document_id(&id)?, idempotency_key(&request)?);
    let names = task_type.map_or_else(|| TaskTypeNames::one(READ), TaskTypes::into_names);
    let order = processor.tasks.check_order(&names, params, key)?;
    processor.admission.check_load(caller.user_id, order.tasks()).await?;
    let submission = processor.announcements.enqueue_document(caller.user_id, id, order).await?;
    let tasks = submission.lines();
    let Submission { task, duplicate_of, .. } = submission;
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/process/tasks/{}", task.id)))
        .json(EnqueuedView {
            job_id: task.id.0,
            document_id: task.document_id.0,
            status: task.status.as_str(),
            task_type: task.task_type,
            tasks,
            duplicate: duplicate_of.is_some(),
            duplicate_of: duplicate_of.map(|first| first.0),
        }))
}
