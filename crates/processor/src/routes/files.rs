//! `/files/{id}/…`: the file of a document, and pictures of its pages.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    get, head,
    http::header,
    web::{Bytes, Data, Path, Query},
};
use quire_domain::{Error, ErrorCode, FieldErrors};
use quire_store::documents::Document;
use quire_web::{caller::Caller, problem::HttpResult};
use serde::Deserialize;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, SeekFrom},
};
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;

use super::{
    conditional::{Validators, Wanted},
    outgoing::{attachment, document_id, seal},
};
use crate::{Processor, documents::THUMBNAIL_SIZE};

/// How large a picture may be asked for, in pixels of its longest side.
const SIZES: std::ops::RangeInclusive<u32> = 16..=2048;
/// The size of a page's picture, unless asked otherwise.
const PAGE_SIZE: u32 = 1024;

/// Bytes read from a file at a time.
const READ_SIZE: usize = 256 * 1024;

/// A file stays as it is, but its document may be deleted or locked away: ask each time.
const ASK_EACH_TIME: &str = "private, no-cache";
/// A picture of a page stays as it is.
const A_DAY: &str = "private, max-age=86400";

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
        (status = 200, description = "The file.", content_type = "application/octet-stream", body = [u8],
            headers(
                ("Content-Disposition" = String, description = "`attachment` with the name of the file."),
                ("ETag" = String, description = "Changes with the content."),
            )),
        (status = 206, description = "The part that was asked for.", content_type = "application/octet-stream", body = [u8],
            headers(("Content-Range" = String, description = "Which part it is, and how long the whole."))),
        (status = 304, description = "The file of `If-None-Match` is the one that is here."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; or its file is gone (`document_missing`)."),
        (status = 409, description = "Not uploaded yet, or in quarantine (`document_quarantined`)."),
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
    let validators = Validators::strong(hex(&document.sha256), document.created_at);
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
        (status = 409, description = "Not uploaded yet, or in quarantine (`document_quarantined`)."),
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
    let validators = Validators::strong(hex(&document.sha256), document.created_at);
    match validators.judge(&request, None) {
        Ok(Wanted::Nothing) => return Ok(not_modified(&validators, ASK_EACH_TIME)),
        Ok(_) => {}
        Err(judgement) => return Ok(judgement.into()),
    }
    processor.documents.download_file(&document).await?;
    let mut response = HttpResponse::Ok();
    describe_file(&mut response, &document, &validators);
    Ok(response.no_chunking(u64::try_from(document.size).unwrap_or_default()).finish())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GetThumbnail {
    /// The longest side, in pixels.
    #[param(value_type = Option<u32>, minimum = 16, maximum = 2048, default = 400)]
    size: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GetPagePicture {
    /// The longest side, in pixels.
    #[param(value_type = Option<u32>, minimum = 16, maximum = 2048, default = 1024)]
    size: Option<String>,
}

/// See the first page of a document
///
/// As WebP, never larger than a picture that was uploaded.
#[utoipa::path(
    operation_id = "get_thumbnail",
    tag = "Files",
    params(("id" = Uuid, Path, description = "The document."), GetThumbnail),
    responses(
        (status = 200, description = "The picture.", content_type = "image/webp", body = [u8]),
        (status = 304, description = "The picture of `If-None-Match` is good still."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; its file is gone (`document_missing`); or there is nothing to see in it (`no_picture`)."),
        (status = 409, description = "Not uploaded yet, in quarantine (`document_quarantined`), or protected with a password (`document_encrypted`)."),
        (status = 422, description = "A `size` out of bounds, or a document that is damaged (`document_corrupt`) or too complex (`document_too_complex`)."),
        (status = 503, description = "The database or storage is away, or many documents are being read right now."),
    ),
    security(("bearer" = [])),
)]
#[get("/files/{id}/thumbnail")]
pub(crate) async fn get_thumbnail(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    query: Query<GetThumbnail>,
) -> HttpResult<HttpResponse> {
    let size = checked_size(query.size.as_deref(), THUMBNAIL_SIZE)?;
    let document = processor.documents.find_document(caller.user_id, document_id(&id)?).await?;
    let validators = of_picture(&document, 1, size);
    match validators.judge(&request, None) {
        Ok(Wanted::Nothing) => Ok(not_modified(&validators, A_DAY)),
        Ok(_) => Ok(picture(&validators, processor.documents.get_thumbnail(&document, size).await?)),
        Err(judgement) => Ok(judgement.into()),
    }
}

/// See a page of a document
///
/// As WebP, never larger than a picture that was uploaded. Of an image with several frames, the
/// frames are its pages.
#[utoipa::path(
    operation_id = "get_page_picture",
    tag = "Files",
    params(
        ("id" = Uuid, Path, description = "The document."),
        ("number" = u32, Path, description = "The page; the first is 1."),
        GetPagePicture,
    ),
    responses(
        (status = 200, description = "The picture.", content_type = "image/webp", body = [u8]),
        (status = 304, description = "The picture of `If-None-Match` is good still."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; no such page (`page_not_found`); its file is gone (`document_missing`); or there is nothing to see in it (`no_picture`)."),
        (status = 409, description = "Not uploaded yet, in quarantine (`document_quarantined`), or protected with a password (`document_encrypted`)."),
        (status = 422, description = "A `size` out of bounds, or a document that is damaged (`document_corrupt`) or too complex (`document_too_complex`)."),
        (status = 503, description = "The database or storage is away, or many documents are being read right now."),
    ),
    security(("bearer" = [])),
)]
#[get("/files/{id}/pages/{number}")]
pub(crate) async fn get_page_picture(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    path: Path<(String, String)>,
    query: Query<GetPagePicture>,
) -> HttpResult<HttpResponse> {
    let (id, number) = path.into_inner();
    let size = checked_size(query.size.as_deref(), PAGE_SIZE)?;
    let document = processor.documents.find_document(caller.user_id, document_id(&id)?).await?;
    let page = page_number(&number)?;
    let validators = of_picture(&document, page, size);
    match validators.judge(&request, None) {
        Ok(Wanted::Nothing) => Ok(not_modified(&validators, A_DAY)),
        Ok(_) => Ok(picture(&validators, processor.documents.get_page_picture(&document, page, size).await?)),
        Err(judgement) => Ok(judgement.into()),
    }
}

fn checked_size(text: Option<&str>, default: u32) -> Result<u32, Error> {
    let Some(text) = text else { return Ok(default) };
    if let Some(size) = text.parse().ok().filter(|size| SIZES.contains(size)) {
        return Ok(size);
    }
    let mut errors = FieldErrors::default();
    errors.add("size", format!("A size is a number from {} to {}.", SIZES.start(), SIZES.end()));
    errors.into_result().map(|()| default)
}

fn page_number(text: &str) -> Result<u32, Error> {
    text.parse().ok().filter(|page| *page > 0).ok_or_else(|| {
        Error::new(ErrorCode::PageNotFound, "There is no such page. Pages are counted from 1.")
    })
}

/// Weak: another release may draw the same page a little differently.
fn of_picture(document: &Document, page: u32, size: u32) -> Validators {
    Validators::weak(format!("{}-{page}-{size}", hex(&document.sha256)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn not_modified(validators: &Validators, caching: &'static str) -> HttpResponse {
    let mut response = HttpResponse::NotModified();
    seal(&mut response, caching);
    validators.describe(&mut response);
    response.finish()
}

fn picture(validators: &Validators, bytes: Bytes) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    seal(&mut response, A_DAY);
    validators.describe(&mut response);
    response.insert_header((header::CONTENT_TYPE, "image/webp")).body(bytes)
}

fn describe_file(
    response: &mut actix_web::HttpResponseBuilder,
    document: &Document,
    validators: &Validators,
) {
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
