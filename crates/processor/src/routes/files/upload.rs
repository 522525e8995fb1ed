//! `POST /files/`: a file, and what is said about it.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    post,
    web::{Data, Payload},
};
use quire_web::{caller::Caller, problem::HttpResult};

use super::{
    super::{
        admission::admit, form::check_content_type, submission, submit::SubmitForm, tasks::idempotency_key,
    },
    view::UploadedView,
};
use crate::{Processor, task_type::READ, tasks::Submission};

/// Upload a file
///
/// Stores the file; it is read in the background, and nothing more is done with it unless a
/// `task_type` is named. With an `Idempotency-Key` a repeated request makes nothing new and gives the
/// file of the first.
#[utoipa::path(
    operation_id = "upload_file",
    tag = "Files",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request.")),
    request_body(content = SubmitForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored; it will be read.", body = UploadedView,
            headers(("Location" = String, description = "Where to read about the file."))),
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
#[post("/files")]
pub(crate) async fn upload_file(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let key = idempotency_key(&request)?;
    check_content_type(&request)?;
    admit(&request, &processor, caller.user_id).await?;
    let mut body = Multipart::new(request.headers(), payload);
    let (received, order) = submission::receive(&mut body, caller.user_id, &processor, READ, key).await?;
    let submission = processor.tasks.submit_document(caller.user_id, received, order).await?;
    let tasks = submission.lines();
    let Submission { task, duplicate_of, .. } = submission;
    let document = processor.files.get_file(caller.user_id, task.document_id).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/files/{}/", document.id())))
        .json(UploadedView::new(document, task, tasks, duplicate_of)))
}
