//! What the framework refuses, as problems.

use actix_web::{
    Error as ActixError, ResponseError,
    error::{JsonPayloadError, PayloadError, QueryPayloadError, UrlencodedError},
    http::StatusCode,
    web,
};
use quire_domain::{Error, ErrorCode};
use serde_json::error::Category;

use super::{Problem, body::catalogue, unmatched::unmatched};

/// The largest JSON, form or plain body that is read into memory, in bytes. Files do not go
/// this way: they are streamed.
const BODY_LIMIT: usize = 1024 * 1024;

/// Makes errors of the framework problems: bodies, queries, paths and forms that cannot be
/// read, unknown paths (404) and methods (405, see [`AllowedMethods`](super::AllowedMethods)).
/// Also serves the catalogue of errors, to which the problems' `type` points.
pub fn configure_errors(app: &mut web::ServiceConfig) {
    let json = web::JsonConfig::default()
        .limit(BODY_LIMIT)
        .error_handler(|error, _| Problem(from_json(error)).into());
    let query = web::QueryConfig::default().error_handler(|error, _| Problem(from_query(error)).into());
    let form = web::FormConfig::default()
        .limit(BODY_LIMIT)
        .error_handler(|error, _| Problem(from_form(error)).into());
    let path = web::PathConfig::default().error_handler(|_, _| {
        // What cannot even be an id names nothing.
        Problem::new(ErrorCode::NotFound, "There is nothing under this path.").into()
    });
    app.app_data(json)
        .app_data(query)
        .app_data(form)
        .app_data(path)
        .app_data(web::PayloadConfig::new(BODY_LIMIT))
        .service(catalogue)
        .default_service(web::to(unmatched));
}

fn from_json(error: JsonPayloadError) -> Error {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => too_large(),
        JsonPayloadError::ContentType => not_json(),
        JsonPayloadError::Payload(error) => from_payload(&error),
        JsonPayloadError::Deserialize(error) => match error.classify() {
            Category::Data => from_data_error("", &error.to_string()),
            Category::Syntax | Category::Eof | Category::Io => malformed_json(&error),
        },
        error => Error::internal("JSON failed").with_source(error),
    }
}

pub(crate) fn not_json() -> Error {
    Error::new(
        ErrorCode::UnsupportedMediaType,
        "The body must be JSON, with `content-type: application/json`.",
    )
}

pub(crate) fn malformed_json(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    Error::new(
        ErrorCode::MalformedRequest,
        format!("The body is not JSON: it breaks off or goes wrong at line {line}, column {column}."),
    )
}

/// An error in the data of a well-formed body. `path` is where, as far as it is known;
/// `message` is serde's, of which only what was expected is passed on.
pub(crate) fn from_data_error(path: &str, message: &str) -> Error {
    let quoted = |prefix: &str| {
        let rest = message.strip_prefix(prefix)?;
        rest.split_once('`').map(|(name, _)| name)
    };
    let (name, what) = if let Some(name) = quoted("missing field `") {
        (name, "This field is required.".to_owned())
    } else if let Some(name) = quoted("unknown field `") {
        (name, "There is no such field.".to_owned())
    } else if let Some(name) = quoted("duplicate field `") {
        (name, "This field is there twice.".to_owned())
    } else {
        ("", expected(message))
    };
    let field = match (path, name) {
        ("" | ".", name) => name.to_owned(),
        // The last part of the path may be the field of which serde speaks.
        (path, name) if name.is_empty() || path == name || path.ends_with(&format!(".{name}")) => {
            path.to_owned()
        }
        (path, name) => format!("{path}.{name}"),
    };
    if field.is_empty() {
        return Error::new(ErrorCode::ValidationFailed, what);
    }
    Error::new(ErrorCode::ValidationFailed, format!("Please check: {field}.")).with_field(&field, what)
}

fn expected(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    match message[..end].rsplit_once("expected ") {
        Some((_, kind)) => format!("Expected {kind}."),
        None => "The value is not valid.".to_owned(),
    }
}

fn from_query(error: QueryPayloadError) -> Error {
    from_pairs("query string", &error)
}

fn from_form(error: UrlencodedError) -> Error {
    match error {
        UrlencodedError::Overflow { .. } => too_large(),
        UrlencodedError::ContentType => Error::new(
            ErrorCode::UnsupportedMediaType,
            "The body must be a form, with `content-type: application/x-www-form-urlencoded`.",
        ),
        UrlencodedError::Payload(error) => from_payload(&error),
        UrlencodedError::Parse(error) => from_pairs("form", &error),
        _ => Error::new(ErrorCode::MalformedRequest, "The form could not be read."),
    }
}

/// Pairs of names and values: serde names the field only where it is missing or unknown.
fn from_pairs(what: &str, error: &dyn std::error::Error) -> Error {
    let message = error.to_string();
    let start =
        ["missing field", "unknown field", "duplicate field"].iter().find_map(|kind| message.find(kind));
    match start {
        Some(start) => from_data_error("", &message[start..]),
        None => {
            Error::new(ErrorCode::MalformedRequest, format!("The {what} has a value that could not be read."))
        }
    }
}

fn from_payload(error: &PayloadError) -> Error {
    match error {
        PayloadError::Overflow => too_large(),
        PayloadError::Incomplete(_) | PayloadError::Io(_) => {
            Error::new(ErrorCode::UploadInterrupted, "The connection ended before the body was complete.")
        }
        _ => Error::new(ErrorCode::MalformedRequest, "The body could not be read."),
    }
}

fn too_large() -> Error {
    Error::new(ErrorCode::PayloadTooLarge, "The body is larger than is accepted here.")
}

/// Any other error of the framework or of a library on top of it.
pub(crate) fn from_framework(error: &ActixError) -> Error {
    if let Some(error) = error.as_error::<PayloadError>() {
        return from_payload(error);
    }
    let cause: &dyn ResponseError = error.as_response_error();
    let status = cause.status_code();
    let sentence = || format!("{}.", error.to_string().trim_end_matches('.'));
    match from_status(status) {
        Some(code) if status.is_client_error() => Error::new(code, sentence()),
        // Statuses without a code of their own, such as 411 Length Required.
        None if status.is_client_error() => Error::new(ErrorCode::MalformedRequest, sentence()),
        _ => Error::internal(format!("the framework failed: {error}")),
    }
}

/// The code for a bare status, where one says no more than the status itself.
pub(crate) fn from_status(status: StatusCode) -> Option<ErrorCode> {
    match status {
        StatusCode::BAD_REQUEST => Some(ErrorCode::MalformedRequest),
        StatusCode::UNAUTHORIZED => Some(ErrorCode::NotAuthenticated),
        StatusCode::FORBIDDEN => Some(ErrorCode::Forbidden),
        StatusCode::NOT_FOUND => Some(ErrorCode::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(ErrorCode::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE => Some(ErrorCode::PayloadTooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(ErrorCode::UnsupportedMediaType),
        StatusCode::UNPROCESSABLE_ENTITY => Some(ErrorCode::ValidationFailed),
        _ => None,
    }
}
