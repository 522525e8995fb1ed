//! `GET /documents/{id}`.

use actix_web::{
    HttpResponse, get,
    web::{Data, Path},
};
use quire_web::{caller::Caller, problem::HttpResult};

use super::{super::outgoing::document_id, view::DocumentView};
use crate::Processor;

/// Read a document
///
/// What is known of it, whatever its state: also before its bytes have come, and in quarantine.
#[utoipa::path(
    operation_id = "get_document",
    tag = "Documents",
    params(("id" = Uuid, Path, description = "The document.")),
    responses(
        (status = 200, description = "The document.", body = DocumentView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/documents/{id}")]
pub(crate) async fn get_document(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let document = processor.library.get_document(caller.user_id, document_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(DocumentView::full(document)))
}
