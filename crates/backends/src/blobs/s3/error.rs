//! What S3 answers instead of doing what was asked, as errors of the port.

use std::{error::Error as StdError, io};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStreamError,
};
use quire_domain::ports::blobs::BlobError;

/// What goes to the log.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// The server's own words.
    #[error("S3 answered {operation} with {status} {code}: {message}")]
    Answered { operation: &'static str, status: u16, code: String, message: String },
    /// No answer, or none that can be read.
    #[error("no answer of S3 to {operation}")]
    Unanswered { operation: &'static str, source: Box<dyn StdError + Send + Sync> },
}

/// What an answer means for us, whatever was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// No such object, or no such upload.
    Missing,
    /// There is no such bucket.
    NoBucket,
    /// The range begins behind the end.
    OutOfRange,
    /// A condition does not hold: there is something under the key.
    Taken,
    /// Wrong credentials, or a right is missing.
    Denied,
    /// A quota is used up.
    Full,
    /// Anything else.
    Other,
}

/// What the answer means; [`Meaning::Other`] when there is none.
pub(super) fn meaning<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Meaning {
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    match (error.code().unwrap_or_default(), status) {
        ("NoSuchBucket", _) => Meaning::NoBucket,
        // An answer to HEAD has no body to tell the code.
        ("NoSuchKey" | "NoSuchUpload" | "NotFound", _) | (_, 404) => Meaning::Missing,
        ("InvalidRange", _) | (_, 416) => Meaning::OutOfRange,
        ("PreconditionFailed" | "ConditionalRequestConflict", _) | (_, 412) => Meaning::Taken,
        (_, 401 | 403) => Meaning::Denied,
        ("QuotaExceeded" | "QuotaExceededException" | "XMinioStorageFull", _) | (_, 507) => Meaning::Full,
        _ => Meaning::Other,
    }
}

/// The error of the port, with all that is known for the log.
pub(super) fn failed<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> BlobError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let meaning = meaning(&error);
    let fault = fault(operation, error);
    match meaning {
        Meaning::Missing => BlobError::NotFound,
        Meaning::Taken => BlobError::key_is_taken(),
        Meaning::Denied => BlobError::Denied(io::Error::new(io::ErrorKind::PermissionDenied, fault)),
        Meaning::Full => BlobError::Full(io::Error::new(io::ErrorKind::QuotaExceeded, fault)),
        Meaning::NoBucket | Meaning::OutOfRange | Meaning::Other => BlobError::Io(io::Error::other(fault)),
    }
}

/// As [`failed`], where a missing thing is a fault of the storage.
pub(super) fn failed_to_write<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> BlobError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match meaning(&error) {
        Meaning::Missing => BlobError::Io(io::Error::other(fault(operation, error))),
        _ => failed(operation, error),
    }
}

fn fault<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match (&error, error.raw_response()) {
        (SdkError::ServiceError(_), Some(response)) => Fault::Answered {
            operation,
            status: response.status().as_u16(),
            code: error.code().unwrap_or("(no code)").to_owned(),
            message: error.message().unwrap_or("(no message)").to_owned(),
        },
        _ => Fault::Unanswered { operation, source: Box::new(error) },
    }
}

/// A body that broke off on its way to us.
pub(super) fn broken_off(error: ByteStreamError) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, error)
}
