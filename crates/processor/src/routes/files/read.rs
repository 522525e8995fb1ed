//! `/files/{id}/` and `/files/{id}/status/`: what is known of a file.

use actix_web::{
    HttpResponse, get,
    web::{Data, Path},
};
use quire_web::{caller::Caller, problem::HttpResult};

use super::{
    super::outgoing::document_id,
    view::{FileView, StatusView},
};
use crate::Processor;

/// Read about a file
///
/// All that is known of it, in every state: also of a file that has not come yet, and of one in
/// quarantine, whose bytes are not given out.
#[utoipa::path(
    operation_id = "get_file",
    tag = "Files",
    params(("id" = Uuid, Path, description = "The document.")),
    responses(
        (status = 200, description = "The file.", body = FileView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/files/{id}")]
pub(crate) async fn get_file(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let document = processor.files.get_file(caller.user_id, document_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(FileView::from(document)))
}

/// Ask how far a file is
///
/// Its state, and how far the newest task on it is: little, for who asks often. (Events tell the same
/// without asking.)
#[utoipa::path(
    operation_id = "get_file_status",
    tag = "Files",
    params(("id" = Uuid, Path, description = "The document.")),
    responses(
        (status = 200, description = "How far it is.", body = StatusView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/files/{id}/status")]
pub(crate) async fn get_file_status(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let (document, task) = processor.files.get_file_status(caller.user_id, document_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(StatusView::new(document, task.as_ref())))
}
