//! `POST /process/submit`: a document and what to do with it.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    post,
    web::{Data, Payload},
};
use quire_web::{caller::Caller, problem::HttpResult, tasks::AcceptedView};
use utoipa::ToSchema;

use super::{admission::admit, form::check_content_type, submission, tasks::idempotency_key};
use crate::{
    Processor,
    tasks::{DEFAULT_TASK_TYPE, Submission},
};

/// The form of a submission.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read field by field as it arrives; this is its description")]
pub(super) struct SubmitForm {
    /// The document: PDF, DOCX or text.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// What to do with it; for several tasks, up to 10 task types with commas between, or the field once
    /// for each. When left out, `POST /process/submit` summarizes, and `POST /files/` reads. See
    /// `GET /process/task-types`.
    #[schema(example = "summarize")]
    task_type: Option<String>,
    /// Parameters of the task type, as a JSON object of at most 64 KiB. Single parameters may also be sent
    /// as form fields of their own name. With several task types, the object has the parameters of each
    /// under its name, such as `{"translate": {"target_language": "de"}}`; those that all tasks take
    /// (`password`, `ocr_languages`, `provider`, `model`, `fresh`) may stand beside the names, and may be
    /// fields of their own.
    #[schema(example = "{}")]
    params: Option<String>,
    /// The SHA-256 checksum of the file, in hex digits: a file with another one is refused. It may
    /// also be sent as `Repr-Digest`.
    sha256: Option<String>,
    /// `cv`, `invoice`, `cover_letter` or `other`.
    #[schema(example = "other")]
    kind: Option<String>,
    /// Where the document belongs, such as `Invoices/2026`.
    folder: Option<String>,
    /// In your own words.
    description: Option<String>,
    /// Separated by commas, or as a JSON array.
    #[schema(example = "urgent,2026")]
    tags: Option<String>,
}

/// Submit a document
///
/// Stores the file and answers at once; the task is done in the background. The result can be
/// read at `GET /process/tasks/{id}`, and an event tells when it is there. With an
/// `Idempotency-Key` a repeated request makes nothing new and gives the tasks of the first.
#[utoipa::path(
    operation_id = "submit_document",
    tag = "Tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request.")),
    request_body(content = SubmitForm, content_type = "multipart/form-data"),
    responses(
        (status = 202, description = "Accepted; the result will follow.", body = AcceptedView),
        (status = 400, description = "The form could not be read, or the upload ended early."),
        (status = 401, description = "No valid token."),
        (status = 413, description = "The file is too large, or your storage is full (`storage_quota_exceeded`)."),
        (status = 415, description = "Not a multipart form; files of this type are not accepted (`file_type_refused`), or it is a program under the name of a document (`disguised_executable`)."),
        (status = 422, description = "No file, an empty file, another file than its checksum says (`checksum_mismatch`), an unknown task type or wrong parameters."),
        (status = 429, description = "Too many of your tasks are waiting, or you have sent too many files (`too_many_uploads`)."),
        (status = 503, description = "The database or storage is away, or too much work is waiting."),
    ),
    security(("bearer" = [])),
)]
#[post("/process/submit")]
pub(crate) async fn submit_document(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let key = idempotency_key(&request)?;
    check_content_type(&request)?;
    admit(&request, &processor, caller.user_id).await?;
    let mut body = Multipart::new(request.headers(), payload);
    let (received, order) =
        submission::receive(&mut body, caller.user_id, &processor, DEFAULT_TASK_TYPE, key).await?;
    let submission = processor.tasks.submit_document(caller.user_id, received, order).await?;
    let tasks = submission.lines();
    let Submission { task, duplicate_of, .. } = submission;
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/process/tasks/{}", task.id)))
        .json(AcceptedView::new(task, tasks).duplicate_of(duplicate_of)))
}
