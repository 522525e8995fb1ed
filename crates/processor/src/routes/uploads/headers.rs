//! The headers of the protocol.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use chrono::{DateTime, Utc};
use quire_domain::{Error, ErrorCode, Result};

use crate::uploads::{Checksum, Piece};

pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
pub(super) const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub(super) const QUIRE_DOCUMENT_ID: HeaderName = HeaderName::from_static("quire-document-id");
pub(super) const QUIRE_TASK_ID: HeaderName = HeaderName::from_static("quire-task-id");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");

/// The media type of a piece.
const PIECE: &str = "application/offset+octet-stream";

/// What a client says to begin an upload.
#[derive(Debug)]
pub(super) struct Creation {
    /// `None` when it will only be known later.
    pub(super) length: Option<u64>,
    pub(super) metadata: String,
    /// The piece that comes along, if one does.
    pub(super) first: Option<Piece>,
}

impl Creation {
    /// Reads it.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedRequest`], [`ErrorCode::UnsupportedMediaType`].
    pub(super) fn of(request: &HttpRequest) -> Result<Self> {
        let length = match (number(request, &UPLOAD_LENGTH)?, text(request, &UPLOAD_DEFER_LENGTH)?) {
            (Some(length), None) => Some(length),
            (None, Some("1")) => None,
            _ => {
                return Err(malformed(
                    "Send `Upload-Length` with the bytes of the file, or `Upload-Defer-Length: 1`.",
                ));
            }
        };
        let metadata = text(request, &UPLOAD_METADATA)?.unwrap_or_default().to_owned();
        let comes_along = is_piece(request) || content_length(request).is_some_and(|length| length > 0);
        let first = if comes_along {
            check_content_type(request)?;
            Some(Piece {
                offset: 0,
                length: None,
                announced: content_length(request),
                checksum: checksum(request)?,
            })
        } else {
            None
        };
        Ok(Self { length, metadata, first })
    }
}

/// What a client says of a piece.
///
/// # Errors
/// [`ErrorCode::MalformedRequest`], [`ErrorCode::UnsupportedMediaType`].
pub(super) fn piece(request: &HttpRequest) -> Result<Piece> {
    check_content_type(request)?;
    let offset = number(request, &UPLOAD_OFFSET)?
        .ok_or_else(|| malformed("Send `Upload-Offset` with the place of the first byte."))?;
    Ok(Piece {
        offset,
        length: number(request, &UPLOAD_LENGTH)?,
        announced: content_length(request),
        checksum: checksum(request)?,
    })
}

/// A header as text, where it is there once.
///
/// # Errors
/// [`ErrorCode::MalformedRequest`].
pub(super) fn text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Result<Option<&'a str>> {
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    let value = value.to_str().ok().filter(|_| values.next().is_none());
    let broken =
        || malformed(format!("The header `{name}` is there twice, or is not of visible ASCII characters."));
    value.map(|value| Some(value.trim())).ok_or_else(broken)
}

/// A header as a number: digits alone. One that no number can hold is larger than everything.
fn number(request: &HttpRequest, name: &HeaderName) -> Result<Option<u64>> {
    let Some(text) = text(request, name)? else { return Ok(None) };
    if text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
        return Err(malformed(format!("The header `{name}` is a number of bytes, in digits.")));
    }
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

fn checksum(request: &HttpRequest) -> Result<Option<Checksum>> {
    text(request, &UPLOAD_CHECKSUM)?.map(Checksum::parse).transpose()
}

fn is_piece(request: &HttpRequest) -> bool {
    let declared = request.headers().get(header::CONTENT_TYPE);
    declared.and_then(|declared| declared.to_str().ok()).is_some_and(|declared| {
        declared.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(PIECE))
    })
}

fn check_content_type(request: &HttpRequest) -> Result<()> {
    if is_piece(request) {
        return Ok(());
    }
    let detail = "A piece is sent as `Content-Type: application/offset+octet-stream`.";
    Err(Error::new(ErrorCode::UnsupportedMediaType, detail))
}

fn content_length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A time as headers have it (RFC 9110, 5.6.7).
pub(super) fn http_date(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorCode::MalformedRequest, message)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(headers: &[(&'static str, &str)]) -> HttpRequest {
        headers
            .iter()
            .fold(TestRequest::default(), |request, pair| request.append_header(*pair))
            .to_http_request()
    }

    #[test]
    fn numbers_are_digits_alone() {
        for (text, expected) in [("0", 0), (" 12 ", 12), ("99999999999999999999999", u64::MAX)] {
            let request = request(&[("upload-length", text)]);
            assert_eq!(number(&request, &UPLOAD_LENGTH).unwrap(), Some(expected), "{text}");
        }
        for text in ["", "-1", "+1", "1.0", "1e3", "0x10", "1 2", "²"] {
            let request = request(&[("upload-length", text)]);
            assert!(number(&request, &UPLOAD_LENGTH).is_err(), "{text}");
        }
        assert!(number(&request(&[("upload-length", "1"), ("upload-length", "1")]), &UPLOAD_LENGTH).is_err());
    }

    #[test]
    fn a_length_is_said_or_put_off() {
        assert_eq!(Creation::of(&request(&[("upload-length", "5")])).unwrap().length, Some(5));
        assert_eq!(Creation::of(&request(&[("upload-defer-length", "1")])).unwrap().length, None);
        for headers in [
            &[][..],
            &[("upload-defer-length", "0")],
            &[("upload-length", "5"), ("upload-defer-length", "1")],
        ] {
            assert_eq!(Creation::of(&request(headers)).unwrap_err().code, ErrorCode::MalformedRequest);
        }
    }

    #[test]
    fn bytes_come_along_only_as_a_piece() {
        let with = |more: &[(&'static str, &str)]| {
            Creation::of(&request(&[&[("upload-length", "5")], more].concat()))
        };
        assert!(with(&[]).unwrap().first.is_none());
        assert!(with(&[("content-length", "0"), ("content-type", "text/plain")]).unwrap().first.is_none());
        let first = with(&[("content-type", PIECE), ("content-length", "3")]).unwrap().first.unwrap();
        assert_eq!((first.offset, first.announced), (0, Some(3)));
        let refused = with(&[("content-type", "text/plain"), ("content-length", "3")]).unwrap_err();
        assert_eq!(refused.code, ErrorCode::UnsupportedMediaType);
    }

    #[test]
    fn times_are_written_as_headers_have_them() {
        let time = DateTime::from_timestamp(784_111_777, 0).unwrap();
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
