//! Errors on the wire: RFC 9457 `application/problem+json`, in one shape for everything.
//!
//! Handlers return [`HttpResult`]; `?` turns a domain error into a [`Problem`]. What the
//! framework itself refuses (broken JSON, unknown paths) comes in the same shape through
//! [`configure_errors`], and [`request::finish`](crate::request::finish) fills in what only the request knows.

mod body;
mod framework;
mod unmatched;

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use quire_domain::{Error, ErrorCode};

pub use body::ProblemBody;
pub(crate) use body::{Occurrence, render};
pub use framework::configure_errors;
pub(crate) use framework::{from_data_error, from_framework, from_status, malformed_json, not_json};
pub use unmatched::AllowedMethods;

/// What handlers return.
pub type HttpResult<T> = Result<T, Problem>;

/// A domain error on its way to the client.
#[derive(Debug)]
pub struct Problem(pub Error);

impl Problem {
    /// A problem with a sentence for the person who asked.
    pub fn new(code: ErrorCode, detail: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self(Error::new(code, detail))
    }

    pub(crate) fn status(error: &Error) -> StatusCode {
        StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        Self::status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        render(&self.0, None)
    }
}
