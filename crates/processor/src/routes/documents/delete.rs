//! `DELETE /documents/{id}` and `POST /documents/bulk-delete`.

use actix_web::{
    HttpResponse, delete, post,
    web::{Data, Path, Query},
};
use quire_domain::{DocumentId, Error, ErrorCode, FieldErrors, user::Role};
use quire_store::removal::Remover;
use quire_web::{caller::Caller, json_body::JsonBody, problem::HttpResult};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{super::outgoing::document_id, flag, view::RemovedView};
use crate::Processor;

/// The most documents that are deleted at a time.
const MANY: usize = 1_000;

/// What goes along.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeleteDocument {
    /// Also what was split from it.
    #[param(value_type = Option<bool>, default = false)]
    parts: Option<String>,
}

/// Documents to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeleteDocuments {
    /// At most 1,000.
    #[schema(max_items = 1_000)]
    ids: Vec<Uuid>,
    /// Also what was split from them.
    #[serde(default)]
    parts: bool,
}

fn remover(caller: Caller) -> Remover {
    let is_staff = matches!(caller.role, Role::Staff | Role::Superuser);
    Remover { user_id: caller.user_id, is_staff }
}

/// Delete a document
///
/// With its tasks, its text and its file, for good. Tasks on it that are being worked on end. Parts
/// that were split from it stay, unless `parts` says otherwise. Staff may delete what is in quarantine,
/// whose ever it is.
#[utoipa::path(
    operation_id = "delete_document",
    tag = "Documents",
    params(("id" = Uuid, Path, description = "The document."), DeleteDocument),
    responses(
        (status = 200, description = "What was removed.", body = RemovedView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document (any more), or not yours."),
        (status = 422, description = "A parameter is not valid."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[delete("/documents/{id}")]
pub(crate) async fn delete_document(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    query: Query<DeleteDocument>,
) -> HttpResult<HttpResponse> {
    let mut errors = FieldErrors::default();
    let parts = flag("parts", query.parts.as_deref(), &mut errors);
    errors.into_result()?;
    let removed = processor.library.delete_document(remover(caller), document_id(&id)?, parts).await?;
    Ok(HttpResponse::Ok().json(RemovedView::new(&removed, None)))
}

/// Delete many documents
///
/// As `DELETE /documents/{id}`: those that are there, all or nothing.
#[utoipa::path(
    operation_id = "delete_documents",
    tag = "Documents",
    request_body = DeleteDocuments,
    responses(
        (status = 200, description = "What was removed, and in `not_found` what is not there, or not yours.",
            body = RemovedView),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token."),
        (status = 415, description = "The body does not say that it is JSON."),
        (status = 422, description = "A field is not valid, or too many documents were named."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[post("/documents/bulk-delete")]
pub(crate) async fn delete_documents(
    caller: Caller,
    processor: Data<Processor>,
    body: JsonBody<DeleteDocuments>,
) -> HttpResult<HttpResponse> {
    let DeleteDocuments { ids, parts } = body.into_inner();
    if ids.len() > MANY {
        return Err(too_many().into());
    }
    let ids = ids.into_iter().map(DocumentId).collect();
    let done = processor.library.delete_documents(remover(caller), ids, parts).await?;
    let not_found = done.not_found.iter().map(|id| id.0).collect();
    Ok(HttpResponse::Ok().json(RemovedView::new(&done.removed, Some(not_found))))
}

fn too_many() -> Error {
    let message = format!("At most {MANY} documents are deleted at a time.");
    Error::new(ErrorCode::ValidationFailed, message.clone()).with_field("ids", message)
}
