//! `POST /api/files/`: a file with its metadata.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    post,
    web::{Data, Payload},
};
use quire_domain::{Result, UserId};
use quire_web::{caller::Caller, problem::HttpResult, tasks::TaskLine};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{
        admission::admit,
        form::{Fields, check_content_type, field_error, read_text, receive_file},
        records::{RecordView, file_url},
        tasks::idempotency_key,
    },
    metadata::{Metadata, in_process_params},
};
use crate::{
    Processor, intake::Received, order::Order, parts::expected_parts, task_type::READ, tasks::Submission,
};

/// The form of a file with metadata.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read field by field as it arrives; this is its description")]
struct ObjectForm {
    /// The file.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// What is said of it, as JSON.
    metadata: Option<Metadata>,
}

/// A file that has come in, with its record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoredObject)]
struct StoredView {
    file: ObjectView,
    record: RecordView,
    /// `null` unless a process was asked for.
    processing: Option<ProcessingView>,
    /// The task that works on the file: the first of the process, or the one that reads it.
    task_id: Uuid,
    /// All tasks that work on it.
    tasks: Vec<TaskLine>,
    /// Whether you had sent the same bytes before. They are stored once.
    duplicate: bool,
    /// The first document with these bytes, if there was one before.
    duplicate_of: Option<Uuid>,
}

/// Where a file is in storage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Object)]
struct ObjectView {
    /// Its place among the files of the request; there is one.
    #[schema(example = 0)]
    idx: u32,
    #[schema(example = "uploads/user-42/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01-report.pdf")]
    object_key: String,
    /// The bucket, or `local`.
    #[schema(example = "local")]
    bucket: String,
    /// Where its owner gets it.
    url: String,
}

/// What is being done with a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Processing)]
struct ProcessingView {
    /// The task that splits the file, or else the first: `GET /process/tasks/{id}` tells what becomes of it.
    process_id: Uuid,
    /// The ids that the records of the parts will have, in their order; empty where their number is only
    /// known when the file has been read, and where nothing is split.
    record_ids: Vec<Uuid>,
}

/// Upload a file with metadata
///
/// Stores the file and makes a record of it; it is read in the background, and split when `process` asks
/// for it. With an `Idempotency-Key` a repeated request makes nothing new and gives the record of the
/// first.
#[utoipa::path(
    operation_id = "upload_object",
    tag = "Records",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request.")),
    request_body(content = ObjectForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored.", body = StoredView,
            headers(("Location" = String, description = "Where to read the record."))),
        (status = 400, description = "The form could not be read, or the upload ended early."),
        (status = 401, description = "No valid token."),
        (status = 413, description = "The file is too large, or your storage is full (`storage_quota_exceeded`)."),
        (status = 415, description = "Not a multipart form; files of this type are not accepted (`file_type_refused`), or it is a program under the name of a document (`disguised_executable`)."),
        (status = 422, description = "No file, an empty file, or metadata that is not valid: `errors` names the place, such as `metadata.tags`."),
        (status = 429, description = "Too many of your tasks are waiting, or you have sent too many files (`too_many_uploads`)."),
        (status = 503, description = "The database or storage is away, or too much work is waiting."),
    ),
    security(("bearer" = [])),
)]
#[post("/api/files")]
pub(crate) async fn upload_object(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let (owner, key) = (caller.user_id, idempotency_key(&request)?);
    check_content_type(&request)?;
    admit(&request, &processor, owner).await?;
    let mut body = Multipart::new(request.headers(), payload);
    let (received, order) = receive(&mut body, owner, &processor, key).await?;
    let submission = processor.tasks.submit_document(owner, received, order).await;
    let submission = submission.map_err(in_process_params)?;
    let tasks = submission.lines();
    let processing = processing(&submission);
    let Submission { task, duplicate_of, .. } = submission;
    let document = processor.files.get_file(owner, task.document_id).await?;
    let file = ObjectView {
        idx: 0,
        object_key: document.storage_key.clone(),
        bucket: processor.files.bucket().to_owned(),
        url: file_url(&document, &request),
    };
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/records/{}", document.id())))
        .json(StoredView {
            file,
            record: RecordView::new(document, &request),
            processing,
            task_id: task.id.0,
            tasks,
            duplicate: duplicate_of.is_some(),
            duplicate_of: duplicate_of.map(|first| first.0),
        }))
}

/// What is being done, if anything but reading was asked for.
fn processing(submission: &Submission) -> Option<ProcessingView> {
    let tasks = || std::iter::once(&submission.task).chain(&submission.others);
    let parts = tasks().find_map(|task| Some((task, expected_parts(task)?)));
    let (task, parts) = match parts {
        Some(found) => found,
        None => (tasks().find(|task| task.task_type != READ)?, Vec::new()),
    };
    Some(ProcessingView { process_id: task.id.0, record_ids: parts.into_iter().map(|id| id.0).collect() })
}

/// Reads the form. The metadata may come before or after the file, which is stored as it arrives, and
/// goes again when the rest turns out wrong.
async fn receive(
    body: &mut Multipart,
    owner: UserId,
    processor: &Processor,
    idempotency_key: Option<String>,
) -> Result<(Received, Order)> {
    let (mut file, mut metadata) = (None, None);
    let mut fields = Fields::of(body);
    while let Some(mut field) = fields.next().await? {
        match field.name().unwrap_or_default() {
            "file" if file.is_some() => return Err(field_error("file", "Send one file at a time.")),
            "file" => file = Some(receive_file(field, owner, &processor.intake, None).await?),
            "metadata" if metadata.is_some() => {
                return Err(field_error("metadata", "Send `metadata` once."));
            }
            "metadata" => metadata = Some(Metadata::parse(&read_text(&mut field, "metadata").await?)?),
            name => {
                let name = name.to_owned();
                read_text(&mut field, &name).await?;
            }
        }
    }
    let said = metadata.unwrap_or_default().check()?;
    let order = processor.tasks.check_order(&said.task_types, said.params, idempotency_key);
    let order = order.map_err(in_process_params)?;
    processor.tasks.check_more(owner, order.tasks()).await?;
    let received = file.ok_or_else(|| field_error("file", "Send the file as a form field named `file`."))?;
    let received = match said.file_name {
        Some(name) => processor.intake.rename(received, &name)?,
        None => received,
    };
    Ok((received.with_details(said.details), order))
}
