//! Multipart forms with a file in them, taken apart as they arrive.

use std::io;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{
    HttpRequest,
    http::header::{self, ContentDisposition},
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use quire_domain::{Error, ErrorCode, Result, UserId};

use crate::intake::{
    Arrival, Intake, Received,
    checksum::{Sha256Digest, parse_repr_digest},
};

/// The largest value of a text field, in bytes.
const FIELD_MAX: usize = 64 * 1024;
/// The most fields in one body.
const FIELDS_MAX: usize = 32;

/// What may surround the file in a body: text fields, headers, boundaries.
pub(super) const OVERHEAD: u64 = 1024 * 1024;

/// The fields of a form, so many at most.
pub(super) struct Fields<'a> {
    body: &'a mut Multipart,
    count: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn of(body: &'a mut Multipart) -> Self {
        Self { body, count: 0 }
    }

    /// The next field; the one before must have been read.
    pub(super) async fn next(&mut self) -> Result<Option<Field>> {
        let Some(field) = self.body.next().await else { return Ok(None) };
        self.count += 1;
        if self.count > FIELDS_MAX {
            return Err(Error::new(ErrorCode::MalformedRequest, "The form has too many fields."));
        }
        field.map(Some).map_err(malformed)
    }
}

/// Refuses what is no multipart form.
pub(super) fn check_content_type(request: &HttpRequest) -> Result<()> {
    let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let multipart =
        declared.is_some_and(|declared| declared.to_ascii_lowercase().starts_with("multipart/form-data"));
    if multipart {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::UnsupportedMediaType,
        "Send a multipart form (`multipart/form-data`) with the field `file`.",
    ))
}

/// Stores the file of a form as it arrives. Its part may have a `Repr-Digest`, which goes before
/// `sha256`, the checksum that the form has told.
pub(super) async fn receive_file(
    field: Field,
    owner: UserId,
    intake: &Intake,
    sha256: Option<Sha256Digest>,
) -> Result<Received> {
    let filename = field.content_disposition().and_then(filename).unwrap_or_default();
    let declared = field.content_type().map(ToString::to_string);
    let digest = field.headers().get("repr-digest");
    let digest = digest.and_then(|digest| digest.to_str().ok()).map(parse_repr_digest).transpose()?.flatten();
    let chunks = field.map_err(|error| io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()));
    let arrival =
        Arrival { owner, filename: &filename, declared_type: declared.as_deref(), sha256: digest.or(sha256) };
    intake.receive(arrival, chunks).await
}

/// The name of the file, in either form that clients send it (`filename*` is not for forms by
/// RFC 7578, but some send it alone).
fn filename(disposition: &ContentDisposition) -> Option<String> {
    let plain = || disposition.get_filename().map(str::to_owned);
    let extended = disposition.get_filename_ext();
    extended.and_then(|name| String::from_utf8(name.value.clone()).ok()).or_else(plain)
}

/// A field of text.
pub(super) async fn read_text(field: &mut Field, name: &str) -> Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk: Bytes = chunk.map_err(malformed)?;
        if text.len() + chunk.len() > FIELD_MAX {
            return Err(field_error(name, "This is longer than the 64 KiB that a field may have."));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| field_error(name, "This is not valid UTF-8 text."))
}

/// What is wrong with one field.
pub(super) fn field_error(field: &str, message: &str) -> Error {
    Error::new(ErrorCode::ValidationFailed, message.to_owned()).with_field(field, message)
}

fn malformed(error: MultipartError) -> Error {
    let code = match &error {
        MultipartError::Incomplete | MultipartError::Payload(_) => ErrorCode::UploadInterrupted,
        _ => ErrorCode::MalformedRequest,
    };
    let detail = match code {
        ErrorCode::UploadInterrupted => "The upload ended before the form was complete.",
        _ => "The body is not a multipart form that can be read.",
    };
    Error::new(code, detail).with_source(error.to_string())
}
