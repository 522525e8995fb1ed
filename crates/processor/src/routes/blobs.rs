//! `/blobs/{key}`: what signed links lead to, where storage has no HTTP of its own.

use std::io;

use actix_web::{
    HttpRequest, HttpResponse, get, head,
    http::header,
    put,
    web::{Data, Path, Payload},
};
use futures_util::TryStreamExt;
use quire_web::problem::HttpResult;

use super::{
    outgoing::{FileBytes, hex},
    stored_file::StoredFile,
};
use crate::{Processor, signed_blobs::Announced};

/// Fetch a file by a signed link
///
/// The link is all the permission that is needed, until it expires. It cannot be made by hand: other
/// requests give it. Ranges and conditions are served as for `GET /files/{id}/download`.
#[utoipa::path(
    operation_id = "fetch_blob",
    tag = "Signed links",
    params(("key" = String, Path, description = "Where the file is kept.")),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream", body = FileBytes),
        (status = 206, description = "The part that was asked for.", content_type = "application/octet-stream", body = FileBytes),
        (status = 304, description = "The file of `If-None-Match` is the one that is here."),
        (status = 403, description = "The link is not valid (`link_invalid`) or has expired (`link_expired`)."),
        (status = 404, description = "The document was deleted, or its file is gone."),
        (status = 409, description = "Not uploaded yet, or in quarantine (`document_quarantined`)."),
        (status = 412, description = "Not the file of `If-Match`."),
        (status = 416, description = "The range begins behind the end of the file."),
        (status = 503, description = "The database or storage is away."),
    ),
)]
#[get("/blobs/{key:.*}")]
pub(crate) async fn fetch_blob(
    request: HttpRequest,
    processor: Data<Processor>,
    key: Path<String>,
) -> HttpResult<HttpResponse> {
    send(&request, &processor, &key).await
}

/// Ask about a file by a signed link
///
/// The headers of the download, without the bytes. Takes the link for `GET`.
#[utoipa::path(
    operation_id = "head_blob",
    tag = "Signed links",
    params(("key" = String, Path, description = "Where the file is kept.")),
    responses(
        (status = 200, description = "The file is here."),
        (status = 304, description = "The file of `If-None-Match` is the one that is here."),
        (status = 403, description = "The link is not valid or has expired."),
        (status = 404, description = "The document was deleted, or its file is gone."),
        (status = 409, description = "Not uploaded yet, or in quarantine."),
        (status = 412, description = "Not the file of `If-Match`."),
        (status = 503, description = "The database or storage is away."),
    ),
)]
#[head("/blobs/{key:.*}")]
pub(crate) async fn head_blob(
    request: HttpRequest,
    processor: Data<Processor>,
    key: Path<String>,
) -> HttpResult<HttpResponse> {
    send(&request, &processor, &key).await
}

/// Store a file by a signed link
///
/// The body is the file as it is. Type, size and SHA-256 must be those that were announced, if they
/// were. It is stored once: when it has come, a second file is refused.
#[utoipa::path(
    operation_id = "store_blob",
    tag = "Signed links",
    params(("key" = String, Path, description = "Where the file is kept.")),
    request_body(content = FileBytes, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "Stored.", headers(("ETag" = String, description = "The SHA-256 of the file."))),
        (status = 400, description = "The upload ended early."),
        (status = 403, description = "The link is not valid (`link_invalid`) or has expired (`link_expired`)."),
        (status = 404, description = "No document waits for this file any more."),
        (status = 409, description = "The file has come already."),
        (status = 413, description = "The file is too large."),
        (status = 415, description = "Not the `Content-Type` that was announced."),
        (status = 422, description = "Not the size or the checksum that was announced (`checksum_mismatch`)."),
        (status = 503, description = "The database or storage is away."),
    ),
)]
#[put("/blobs/{key:.*}")]
pub(crate) async fn store_blob(
    request: HttpRequest,
    processor: Data<Processor>,
    key: Path<String>,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let announced = Announced {
        media_type: text(header::CONTENT_TYPE),
        size: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
    };
    let body = payload.map_err(|error| io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()));
    let digest = processor.signed_blobs.store_blob(&key, request.query_string(), announced, body).await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", hex(&digest)))).finish())
}

async fn send(request: &HttpRequest, processor: &Processor, key: &str) -> HttpResult<HttpResponse> {
    let (document, leave) = processor.signed_blobs.fetch_blob(key, request.query_string()).await?;
    let own = StoredFile::of(&document);
    let file = StoredFile {
        filename: leave.filename.as_deref().unwrap_or(own.filename),
        media_type: leave.media_type.as_deref().unwrap_or(own.media_type),
        ..own
    };
    file.send(request, &processor.documents).await
}
