//! `/files/{id}/download`: the file of a document.

use std::io;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    get, head,
    http::header,
    web::{Bytes, Data, Path},
};
use futures_util::stream;
use quire_domain::Error;
use quire_store::documents::Document;
use quire_web::{caller::Caller, problem::HttpResult};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, SeekFrom},
};
use tokio_util::io::ReaderStream;

use super::{
    conditional::{Validators, Wanted},
    outgoing::{FileBytes, attachment, document_id, hex, not_modified, seal},
};
use crate::Processor;

/// Bytes read from a file at a time.
const READ_SIZE: usize = 256 * 1024;

/// A file stays as it is, but its document may be deleted or locked away: ask each time.
const ASK_EACH_TIME: &str = "private, no-cache";

/// Download a file
///
/// The bytes as they were uploaded. A single `Range` is served, so that a download that broke off
/// can go on; with `If-Range`, only of the same file. The `ETag` is made from the content.
#[utoipa::path(
    operation_id = "download_file",
    tag = "Files",
    params(
        ("id" = Uuid, Path, description = "The document."),
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
) -> HttpResult<HttpResponse> {
    let document = processor.documents.find_document(caller.user_id, document_id(&id)?).await?;
    let length = u64::try_from(document.size).unwrap_or_default();
    let validators =
        Validators::strong(hex(document.sha256.as_deref().unwrap_or_default()), document.created_at);
    let wanted = match validators.judge(&request, Some(length)) {
        Ok(Wanted::Nothing) => return Ok(not_modified(&validators, ASK_EACH_TIME)),
        Ok(wanted) => wanted,
        Err(judgement) => return Ok(judgement.into()),
    };
    let file = processor.documents.download_file(&document).await?;
    let (mut response, first, length) = match wanted {
        Wanted::Part(first, last) => {
            let mut response = HttpResponse::PartialContent();
            response.insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}")));
            (response, first, last - first + 1)
        }
        Wanted::Whole | Wanted::Nothing => (HttpResponse::Ok(), 0, length),
    };
    describe_file(&mut response, &document, &validators);
    Ok(response.body(bytes_of(file, first, length).await?))
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
    let validators =
        Validators::strong(hex(document.sha256.as_deref().unwrap_or_default()), document.created_at);
    match validators.judge(&request, None) {
        Ok(Wanted::Nothing) => return Ok(not_modified(&validators, ASK_EACH_TIME)),
        Ok(_) => {}
        Err(judgement) => return Ok(judgement.into()),
    }
    processor.documents.download_file(&document).await?;
    let mut response = HttpResponse::Ok();
    describe_file(&mut response, &document, &validators);
    // To HEAD, the length of a body is told and nothing of it sent.
    let length = u64::try_from(document.size).unwrap_or_default();
    Ok(response.body(SizedStream::new(length, stream::empty::<io::Result<Bytes>>())))
}

fn describe_file(response: &mut HttpResponseBuilder, document: &Document, validators: &Validators) {
    seal(response, ASK_EACH_TIME);
    validators.describe(response);
    response
        .insert_header((header::CONTENT_TYPE, document.media_type.as_str()))
        .insert_header(attachment(&document.filename))
        .insert_header((header::ACCEPT_RANGES, "bytes"));
}

/// A part of a file, read as the client takes it.
async fn bytes_of(
    mut file: File,
    first: u64,
    length: u64,
) -> Result<SizedStream<ReaderStream<tokio::io::Take<File>>>, Error> {
    file.seek(SeekFrom::Start(first))
        .await
        .map_err(|error| Error::internal("finding a place in a stored file").with_source(error))?;
    file.set_max_buf_size(READ_SIZE);
    Ok(SizedStream::new(length, ReaderStream::with_capacity(file.take(length), READ_SIZE)))
}
