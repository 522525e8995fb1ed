//! `GET /api/files/{object_key}`: a file, by where it is in storage.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path, Query},
};
use quire_web::{caller::Caller, problem::HttpResult};

use super::super::{
    files::download::{Fetch, send},
    outgoing::FileBytes,
};
use crate::Processor;

/// Download an object
///
/// The file of a record, by its `object_key`. As `GET /files/{id}/download`, with the same ranges and
/// conditions.
#[utoipa::path(
    operation_id = "fetch_object",
    tag = "Records",
    params(
        ("object_key" = String, Path, description = "Where the file is in storage. It has slashes in it, which stay as they are."),
        Fetch,
    ),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream", body = FileBytes),
        (status = 206, description = "The part that was asked for.", content_type = "application/octet-stream", body = FileBytes),
        (status = 302, description = "The file is where `Location` leads."),
        (status = 304, description = "The file of `If-None-Match` is the one that is here."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such object, or not yours; or its file is gone (`document_missing`)."),
        (status = 409, description = "Not uploaded yet, or in quarantine (`document_quarantined`)."),
        (status = 412, description = "Not the file of `If-Match`."),
        (status = 416, description = "The range begins behind the end of the file."),
        (status = 503, description = "The database or storage is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/api/files/{object_key:.*}")]
pub(crate) async fn fetch_object(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    key: Path<String>,
    fetch: Query<Fetch>,
) -> HttpResult<HttpResponse> {
    let document = processor.records.find_object(caller.user_id, &key).await?;
    send(&request, &processor, &document, &fetch).await
}
