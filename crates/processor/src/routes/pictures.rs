//! `/files/{id}/thumbnail` and `/files/{id}/pages/{number}`: pictures of pages.

use std::ops::RangeInclusive;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Bytes, Data, Path, Query},
};
use quire_domain::{Error, ErrorCode, FieldErrors};
use quire_store::documents::Document;
use quire_web::{caller::Caller, problem::HttpResult};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    conditional::{Validators, Wanted},
    outgoing::{FileBytes, document_id, hex, not_modified, seal},
};
use crate::{Processor, documents::THUMBNAIL_SIZE};

/// How large a picture may be asked for, in pixels of its longest side.
const SIZES: RangeInclusive<u32> = 16..=2048;
/// The size of a page's picture, unless asked otherwise.
const PAGE_SIZE: u32 = 1024;

/// A picture of a page stays as it is.
const A_DAY: &str = "private, max-age=86400";

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
        (status = 200, description = "The picture.", content_type = "image/webp", body = FileBytes),
        (status = 304, description = "The picture of `If-None-Match` is good still."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; its file is gone (`document_missing`); or there is nothing to see in it (`no_picture`)."),
        (status = 409, description = "Not uploaded yet, not scanned for viruses yet (`document_not_scanned`), in quarantine (`document_quarantined`), or protected with a password (`document_encrypted`)."),
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
        (status = 200, description = "The picture.", content_type = "image/webp", body = FileBytes),
        (status = 304, description = "The picture of `If-None-Match` is good still."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; no such page (`page_not_found`); its file is gone (`document_missing`); or there is nothing to see in it (`no_picture`)."),
        (status = 409, description = "Not uploaded yet, not scanned for viruses yet (`document_not_scanned`), in quarantine (`document_quarantined`), or protected with a password (`document_encrypted`)."),
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
    Validators::weak(format!("{}-{page}-{size}", hex(document.sha256.as_deref().unwrap_or_default())))
}

fn picture(validators: &Validators, bytes: Bytes) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    seal(&mut response, A_DAY);
    validators.describe(&mut response);
    response.insert_header((header::CONTENT_TYPE, "image/webp")).body(bytes)
}
