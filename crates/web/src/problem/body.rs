//! The problem document and its headers.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{HttpResponse, HttpResponseBuilder, Responder, get, http::header};
use quire_domain::{Error, ErrorCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;

/// The media type of RFC 9457.
const CONTENT_TYPE: &str = "application/problem+json";

/// Where [`catalogue`](fn@catalogue) is served; `type` points into it.
const CATALOGUE: &str = "/docs/errors";

/// An error, as a client reads it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Names the kind of error: a reference into the catalogue of errors.
    #[serde(rename = "type")]
    #[schema(example = "/docs/errors#not_found")]
    pub kind: String,
    /// The same for every error of this kind.
    #[schema(example = "Not found")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// A sentence for the person who asked.
    #[schema(example = "There is no such task, or it is not yours.")]
    pub detail: String,
    /// A stable name, for programs.
    #[schema(example = "not_found")]
    pub code: &'static str,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/process/tasks/0198f6a2-0000-7000-8000-000000000000")]
    pub instance: Option<String>,
    /// Under this id the log tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0198f6a2-0000-7000-8000-000000000001")]
    pub request_id: Option<String>,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<BTreeMap<String, Vec<String>>>,
}

/// What only the request knows about a problem.
pub(crate) struct Occurrence<'a> {
    /// The path, without query.
    pub(crate) instance: &'a str,
    pub(crate) request_id: &'a str,
}

/// The response for an error.
pub(crate) fn render(error: &Error, occurrence: Option<&Occurrence<'_>>) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(Problem::status(error));
    response
        .insert_header((header::CONTENT_TYPE, CONTENT_TYPE))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(after) = error.retry_after {
        response.insert_header((header::RETRY_AFTER, whole_seconds(after)));
    }
    if let Some(challenge) = challenge(error.code) {
        response.insert_header((header::WWW_AUTHENTICATE, challenge));
    }
    let body = ProblemBody {
        kind: format!("{CATALOGUE}#{}", error.code),
        title: error.code.title(),
        status: error.code.status(),
        detail: error.detail.to_string(),
        code: error.code.as_str(),
        instance: occurrence.map(|o| o.instance.to_owned()),
        request_id: occurrence.map(|o| o.request_id.to_owned()),
        errors: (!error.fields.is_empty()).then(|| error.fields.0.clone()),
    };
    // Strings and numbers always serialize.
    response.body(serde_json::to_vec(&body).unwrap_or_default())
}

/// Rounded up, so that nobody comes back too early; at least 1.
fn whole_seconds(after: Duration) -> u64 {
    let up = u64::from(after.subsec_nanos() > 0);
    after.as_secs().saturating_add(up).max(1)
}

/// What to send with a 401 (RFC 6750, section 3): `invalid_token` only when a token was sent.
fn challenge(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::TokenInvalid => Some(r#"Bearer realm="quire", error="invalid_token""#),
        ErrorCode::TokenExpired => {
            Some(r#"Bearer realm="quire", error="invalid_token", error_description="expired""#)
        }
        other if other.status() == 401 => Some(r#"Bearer realm="quire""#),
        _ => None,
    }
}

/// The catalogue that `type` points to: every code with its status and title.
#[get("/docs/errors")]
pub(super) async fn catalogue() -> impl Responder {
    let rows: String = ErrorCode::ALL
        .iter()
        .map(|code| {
            let (status, title) = (code.status(), code.title());
            format!("<tr id=\"{code}\"><td><code>{code}</code></td><td>{status}</td><td>{title}</td></tr>\n")
        })
        .collect();
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html>\n<html lang=\"en\">\n<title>Quire: errors</title>\n<h1>Errors</h1>\n\
         <table>\n<tr><th>code</th><th>status</th><th>title</th></tr>\n{rows}</table>\n</html>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_in_whole_seconds_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (90_000, 90)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis} ms");
        }
    }
}
