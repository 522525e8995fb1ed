//! `/files/{id}/download`: the file of a document.

use actix_web::{
    HttpRequest, HttpResponse, get, head,
    http::header,
    web::{Data, Path, Query},
};
use quire_store::documents::Document;
use quire_web::{caller::Caller, problem::HttpResult};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::{
    outgoing::{FileBytes, document_id},
    stored_file::StoredFile,
};
use crate::Processor;

/// Who sends the file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Fetch {
    /// `1` to be sent the bytes also where storage could send them itself.
    #[serde(default)]
    #[param(value_type = Option<u8>, example = 1)]
    proxy: String,
}

impl Fetch {
    /// Whether the bytes are to come from this service.
    pub(in super::super) fn is_proxied(&self) -> bool {
        matches!(self.proxy.as_str(), "1" | "true")
    }
}

/// Download a file
///
/// The bytes as they were uploaded. Where documents are kept in a bucket, the answer leads there: 302
/// with an address that is good for a few minutes; with `?proxy=1` the bytes come from here. A single `Range` is served, so that a download that broke off
/// can go on; with `If-Range`, only of the same file. The `ETag` is made from the content.
#[utoipa::path(
    operation_id = "download_file",
    tag = "Files",
    params(
        ("id" = Uuid, Path, description = "The document."),
        Fetch,
        ("Range" = Option<String>, Header, description = "One range of bytes, such as `bytes=1000-`."),
        ("If-Range" = Option<String>, Header, description = "The `ETag` or `Last-Modified` of which the range is wanted."),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what is there already."),
    ),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream", body = FileBytes,
            headers(
                ("Content-Disposition" = String, description = "`attachment` with the name of the file."),
                ("ETag" = String, description = "Changes with the content."),
            )),
        (status = 206, description = "The part that was asked for.", content_type = "application/octet-stream", body = FileBytes,
            headers(("Content-Range" = String, description = "Which part it is, and how long the whole."))),
        (status = 302, description = "The file is where `Location` leads."),
        (status = 304, description = "The file of `If-None-Match` is the one that is here."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; or its file is gone (`document_missing`)."),
        (status = 409, description = "Not uploaded yet, not scanned for viruses yet (`document_not_scanned`), or in quarantine (`document_quarantined`)."),
        (status = 412, description = "Not the file of `If-Match`."),
        (status = 416, description = "The range begins behind the end of the file."),
        (status = 503, description = "The database or storage is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/files/{id}/download")]
pub(crate) async fn download_file(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    fetch: Query<Fetch>,
) -> HttpResult<HttpResponse> {
    let document = processor.documents.find_document(caller.user_id, document_id(&id)?).await?;
    send(&request, &processor, &document, &fetch).await
}

/// Sends the file of a document, or the client to where it is.
pub(in super::super) async fn send(
    request: &HttpRequest,
    processor: &Processor,
    document: &Document,
    fetch: &Fetch,
) -> HttpResult<HttpResponse> {
    if !fetch.is_proxied()
        && let Some(signed) = processor.files.link_file(document).await?
    {
        return Ok(HttpResponse::Found()
            .insert_header((header::LOCATION, signed.url))
            .insert_header((header::CACHE_CONTROL, "private, no-store"))
            .append_header((header::VARY, "authorization"))
            .finish());
    }
    StoredFile::of(document).send(request, &processor.documents).await
}

/// Ask about a file
///
/// The headers of a download, without the bytes: name, type, length and `ETag`.
#[utoipa::path(
    operation_id = "head_file",
    tag = "Files",
    params(("id" = Uuid, Path, description = "The document.")),
    responses(
        (status = 200, description = "The file is here.",
            headers(
                ("Content-Disposition" = String, description = "`attachment` with the name of the file."),
                ("Content-Length" = u64, description = "In bytes."),
                ("ETag" = String, description = "Changes with the content."),
            )),
        (status = 304, description = "The file of `If-None-Match` is the one that is here."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; or its file is gone (`document_missing`)."),
        (status = 409, description = "Not uploaded yet, not scanned for viruses yet (`document_not_scanned`), or in quarantine (`document_quarantined`)."),
        (status = 412, description = "Not the file of `If-Match`."),
        (status = 503, description = "The database or storage is away."),
    ),
    security(("bearer" = [])),
)]
#[head("/files/{id}/download")]
pub(crate) async fn head_file(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let document = processor.documents.find_document(caller.user_id, document_id(&id)?).await?;
    StoredFile::of(&document).send(&request, &processor.documents).await
}
