//! `/process/tasks/{id}/export`: results as files.

use actix_web::{
    HttpResponse, get,
    http::header,
    web::{Data, Path, Query},
};
use quire_domain::{FieldErrors, Result};
use quire_web::{caller::Caller, problem::HttpResult};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    outgoing::{FileBytes, attachment, seal, stem},
    tasks::task_id,
};
use crate::{
    Processor,
    exports::{DocumentFormat, ExportFormat},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportTask {
    /// `docx`, `pdf`, `md` (Markdown), `txt` (the answer for people) or `json` (the answer for
    /// programs).
    #[param(default = "docx", example = "pdf")]
    format: Option<String>,
}

impl ExportTask {
    fn check(&self) -> Result<ExportFormat> {
        const DEFAULT: ExportFormat = ExportFormat::Document(DocumentFormat::Docx);
        let Some(name) = &self.format else { return Ok(DEFAULT) };
        if let Some(format) = ExportFormat::parse(name) {
            return Ok(format);
        }
        let names: Vec<_> = ExportFormat::ALL.iter().map(|format| format.as_str()).collect();
        let mut errors = FieldErrors::default();
        errors.add("format", format!("A format is one of {}.", names.join(", ")));
        errors.into_result().map(|()| DEFAULT)
    }
}

/// Export the result of a task
///
/// As a file with the name of the document and the type of the task, such as
/// `report-summarize.docx`.
#[utoipa::path(
    operation_id = "export_task",
    tag = "Tasks",
    params(("id" = Uuid, Path, description = "The task."), ExportTask),
    responses(
        (status = 200, description = "The result.", content(
            (FileBytes = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (FileBytes = "application/pdf"),
            (String = "text/markdown"),
            (String = "text/plain"),
            (Object = "application/json"),
        ), headers(("Content-Disposition" = String, description = "`attachment` with the name of the file."))),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such task, or not yours."),
        (status = 409, description = "It is not completed."),
        (status = 422, description = "No such format."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/process/tasks/{id}/export")]
pub(crate) async fn export_task(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    query: Query<ExportTask>,
) -> HttpResult<HttpResponse> {
    let format = query.check()?;
    let exported = processor.exports.export_task(caller.user_id, task_id(&id)?, format).await?;
    let name = format!("{}-{}.{}", stem(&exported.task.filename), exported.task.task_type, format.as_str());
    let mut response = HttpResponse::Ok();
    seal(&mut response, "private, no-cache");
    Ok(response
        .insert_header((header::CONTENT_TYPE, format.media_type()))
        .insert_header(attachment(&name))
        .body(exported.bytes))
}
