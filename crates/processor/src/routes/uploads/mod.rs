//! `/files/uploads`: files that come in pieces, by the protocol tus 1.0 (<https://tus.io/protocols/resumable-upload>)
//! with its extensions creation, creation-with-upload, creation-defer-length, termination, checksum and
//! expiration.

mod headers;
mod protocol;

use std::io;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, delete, head,
    http::header,
    middleware::from_fn,
    options, patch, post,
    web::{Data, Path, Payload},
};
use futures_util::TryStreamExt;
use quire_domain::{Error, Result, UserId};
use quire_web::{caller::Caller, problem::HttpResult};
use tokio_util::sync::CancellationToken;
use utoipa_actix_web::{scope::scope, service_config::ServiceConfig};
use uuid::Uuid;

use self::{
    headers::{Creation, http_date, piece},
    protocol::{Tus, speak},
};
use super::{admission::admit_file, outgoing::FileBytes};
use crate::{
    Processor,
    uploads::{Piece, UploadStatus},
};

/// The routes.
pub(super) fn routes(app: &mut ServiceConfig<'_>) {
    app.service(
        scope("/files/uploads")
            .service(get_upload_options)
            .service(create_upload)
            .service(get_upload)
            .service(append_to_upload)
            .service(delete_upload)
            .service(override_upload_method)
            .wrap(from_fn(speak)),
    );
}

/// What uploads in pieces can do here
///
/// Versions and extensions of the protocol tus, the largest file, and the algorithms of checksums.
#[utoipa::path(
    operation_id = "get_upload_options",
    tag = "Uploads",
    responses((status = 204, description = "In the headers.", headers(
        ("Tus-Version" = String, description = "`1.0.0`"),
        ("Tus-Extension" = String, description = "Names, separated by commas."),
        ("Tus-Max-Size" = u64, description = "In bytes."),
        ("Tus-Checksum-Algorithm" = String, description = "Names, separated by commas."),
    ))),
    security(()),
)]
#[options("")]
async fn get_upload_options(processor: Data<Processor>) -> HttpResponse {
    protocol::describe(processor.uploads.max_size())
}

/// Begin an upload in pieces
///
/// Answers where to send the bytes (`PATCH`) and to ask how many have come (`HEAD`). The first of them
/// may come along, as `application/offset+octet-stream`. What is to be done with the document is said
/// and checked now: `Upload-Metadata` takes `filename`, `filetype`, `sha256` (of the whole file, in hex
/// digits), `task_type` (`read` when left out), `params` (a JSON object), `kind`, `folder`,
/// `description` and `tags`, each with its value in Base64.
#[utoipa::path(
    operation_id = "create_upload",
    tag = "Uploads",
    params(
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Length" = Option<u64>, Header, description = "How long the file is, in bytes."),
        ("Upload-Defer-Length" = Option<String>, Header, description = "`1` when the length will only be known later."),
        ("Upload-Metadata" = Option<String>, Header, description = "`name base64`, separated by commas.", example = "filename YS5wZGY=,task_type c3VtbWFyaXpl"),
        ("Upload-Checksum" = Option<String>, Header, description = "Of the bytes that come along."),
    ),
    request_body(content = FileBytes, content_type = "application/offset+octet-stream", description = "The first bytes, or nothing."),
    responses(
        (status = 201, description = "It can begin, or has begun.", headers(
            ("Location" = String, description = "Where the upload is."),
            ("Upload-Offset" = u64, description = "How many bytes have come along."),
            ("Upload-Expires" = String, description = "When it goes if nothing more comes."),
        )),
        (status = 400, description = "A header cannot be read."),
        (status = 401, description = "No valid token."),
        (status = 412, description = "Another version of the protocol (`tus_version_unsupported`)."),
        (status = 413, description = "The file is too large, or there is no room for it (`storage_quota_exceeded`)."),
        (status = 415, description = "Bytes come along in another media type, or all have come and files of this type are not accepted."),
        (status = 422, description = "The file is empty, or the metadata asks for what does not exist."),
        (status = 429, description = "Too many files, unfinished uploads or waiting tasks."),
        (status = 460, description = "The bytes are not those of the checksum (`upload_checksum_mismatch`)."),
        (status = 503, description = "The database or storage is away, or too much work is waiting."),
    ),
    security(("bearer" = [])),
)]
#[post("")]
async fn create_upload(
    request: HttpRequest,
    caller: Caller,
    _: Tus,
    processor: Data<Processor>,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let Creation { length, metadata, first } = Creation::of(&request)?;
    admit_file(&request, &processor, caller.user_id, length.unwrap_or_default()).await?;
    let mut status = processor.uploads.create_upload(caller.user_id, length, metadata).await?;
    if let Some(piece) = first {
        let id = status.id;
        status = match receive(&processor, caller.user_id, id, piece, payload).await {
            Ok(status) => status,
            Err(error) => {
                // Its client does not know where it is.
                let _ = processor.uploads.delete_upload(caller.user_id, id).await;
                return Err(error.into());
            }
        };
    }
    let mut response = HttpResponse::Created();
    describe(&mut response, &status);
    Ok(response.insert_header((header::LOCATION, format!("/files/uploads/{}", status.id))).finish())
}

/// Ask how far an upload has come
#[utoipa::path(
    operation_id = "get_upload",
    tag = "Uploads",
    params(
        ("id" = Uuid, Path, description = "The upload."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
    ),
    responses(
        (status = 200, description = "In the headers.", headers(
            ("Upload-Offset" = u64, description = "How many bytes have come: where to go on."),
            ("Upload-Length" = u64, description = "How long the file is, once that is known; before, `Upload-Defer-Length: 1`."),
            ("Upload-Metadata" = String, description = "As it was sent; without `params` when the upload is finished."),
            ("Upload-Expires" = String, description = "When it goes if nothing more comes."),
            ("Quire-Document-Id" = String, description = "What it has become."),
            ("Quire-Task-Id" = String, description = "What is being done with it."),
        )),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such upload, or not yours."),
        (status = 410, description = "It has expired."),
        (status = 412, description = "Another version of the protocol."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[head("/{id}")]
async fn get_upload(
    caller: Caller,
    _: Tus,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let status = processor.uploads.get_upload(caller.user_id, upload_id(&id)?).await?;
    let mut response = HttpResponse::Ok();
    describe(&mut response, &status);
    match status.length {
        Some(length) => response.insert_header((headers::UPLOAD_LENGTH, length)),
        None => response.insert_header((headers::UPLOAD_DEFER_LENGTH, "1")),
    };
    if !status.metadata.is_empty() {
        response.insert_header((headers::UPLOAD_METADATA, status.metadata));
    }
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// Send a piece
///
/// The bytes from `Upload-Offset` on. What arrives of a piece that breaks off stays: ask with `HEAD`
/// and go on from there. With the last byte the file becomes a document with a task, whose ids are in
/// the headers of the answer.
#[utoipa::path(
    operation_id = "append_to_upload",
    tag = "Uploads",
    params(
        ("id" = Uuid, Path, description = "The upload."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Offset" = u64, Header, description = "Where the piece belongs: as many bytes as have come."),
        ("Upload-Length" = Option<u64>, Header, description = "How long the file is, if that was not said before."),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha256` or `sha1` and the digest of this piece in Base64. Such a piece comes whole or not at all."),
    ),
    request_body(content = FileBytes, content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "It has come.", headers(
            ("Upload-Offset" = u64, description = "How many bytes have come altogether."),
            ("Upload-Expires" = String, description = "When it goes if nothing more comes."),
            ("Quire-Document-Id" = String, description = "With the last piece: the document."),
            ("Quire-Task-Id" = String, description = "With the last piece: its task, at `/process/tasks/{id}`."),
        )),
        (status = 400, description = "A header cannot be read, or the piece ended early (`upload_interrupted`)."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such upload, or not yours."),
        (status = 409, description = "Not the next bytes (`upload_offset_mismatch`)."),
        (status = 410, description = "It has expired, or its bytes are gone (`upload_expired`)."),
        (status = 412, description = "Another version of the protocol."),
        (status = 413, description = "More bytes than announced or allowed, or your storage is full (`storage_quota_exceeded`)."),
        (status = 415, description = "Not `application/offset+octet-stream`. With the last piece: files of this type are not accepted; the upload is gone."),
        (status = 422, description = "A length that cannot be. With the last piece: the document cannot be worked on as was asked for; the upload is gone."),
        (status = 423, description = "Another request is sending a piece (`upload_locked`)."),
        (status = 460, description = "The bytes are not those of the checksum (`upload_checksum_mismatch`); nothing of them stays."),
        (status = 503, description = "The database or storage is away, or the service restarts: go on later."),
    ),
    security(("bearer" = [])),
)]
#[patch("/{id}")]
async fn append_to_upload(
    request: HttpRequest,
    caller: Caller,
    _: Tus,
    processor: Data<Processor>,
    id: Path<String>,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    Ok(append(&request, caller, &processor, upload_id(&id)?, payload).await?)
}

/// End an upload
///
/// Its bytes go. A document that it has become stays.
#[utoipa::path(
    operation_id = "delete_upload",
    tag = "Uploads",
    params(
        ("id" = Uuid, Path, description = "The upload."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such upload, or not yours."),
        (status = 410, description = "It has expired."),
        (status = 412, description = "Another version of the protocol."),
        (status = 423, description = "A piece is coming in."),
        (status = 503, description = "The database or storage is away."),
    ),
    security(("bearer" = [])),
)]
#[delete("/{id}")]
async fn delete_upload(
    caller: Caller,
    _: Tus,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    processor.uploads.delete_upload(caller.user_id, upload_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Send a piece, or end an upload, where only `POST` passes
///
/// With `X-HTTP-Method-Override`, as `PATCH` or `DELETE`.
#[utoipa::path(
    operation_id = "override_upload_method",
    tag = "Uploads",
    params(
        ("id" = Uuid, Path, description = "The upload."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("X-HTTP-Method-Override" = String, Header, description = "`PATCH` or `DELETE`; the other headers are those of that method."),
    ),
    request_body(content = FileBytes, content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "As that method answers."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such upload, or not yours."),
        (status = 405, description = "Neither of the two."),
        (status = 412, description = "Another version of the protocol."),
    ),
    security(("bearer" = [])),
)]
#[post("/{id}")]
async fn override_upload_method(
    request: HttpRequest,
    caller: Caller,
    _: Tus,
    processor: Data<Processor>,
    id: Path<String>,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let id = upload_id(&id)?;
    match protocol::overridden(&request)? {
        protocol::Overridden::Patch => Ok(append(&request, caller, &processor, id, payload).await?),
        protocol::Overridden::Delete => {
            processor.uploads.delete_upload(caller.user_id, id).await?;
            Ok(HttpResponse::NoContent().finish())
        }
    }
}

async fn append(
    request: &HttpRequest,
    caller: Caller,
    processor: &Processor,
    id: Uuid,
    payload: Payload,
) -> Result<HttpResponse> {
    let piece = piece(request)?;
    let status = receive(processor, caller.user_id, id, piece, payload).await?;
    let mut response = HttpResponse::NoContent();
    describe(&mut response, &status);
    Ok(response.finish())
}

/// Takes a piece in on a task of its own: when the client hangs up, this handler is dropped, and what
/// has arrived is still to be kept.
async fn receive(
    processor: &Processor,
    owner: UserId,
    id: Uuid,
    piece: Piece,
    payload: Payload,
) -> Result<UploadStatus> {
    let gone = CancellationToken::new();
    let _waiting = gone.clone().drop_guard();
    let uploads = processor.uploads.clone();
    let body = payload.map_err(io::Error::other);
    actix_web::rt::spawn(async move { uploads.append_to_upload(owner, id, piece, body, gone).await })
        .await
        .map_err(|e| Error::internal("taking in a piece of an upload").with_source(e))?
}

/// What is said of an upload with every success.
fn describe(response: &mut HttpResponseBuilder, status: &UploadStatus) {
    response
        .insert_header((headers::UPLOAD_OFFSET, status.offset))
        .insert_header((headers::UPLOAD_EXPIRES, http_date(status.expires_at)));
    if let Some(document) = status.document_id {
        response.insert_header((headers::QUIRE_DOCUMENT_ID, document.to_string()));
    }
    if let Some(task) = status.task_id {
        response.insert_header((headers::QUIRE_TASK_ID, task.to_string()));
    }
}

/// What is no id names no upload.
fn upload_id(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::not_found("upload"))
}
