//! A JSON body whose errors name the field.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Bytes};
use quire_domain::Error;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::{self, Problem};

/// Extracts a JSON body. As `web::Json`, but when a field is missing or of the wrong kind the
/// problem (422) names it, with its place in nested bodies. The size is limited by the app's
/// `PayloadConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonBody<T>(pub T);

impl<T> JsonBody<T> {
    /// What was in the body.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned> JsonBody<T> {
    /// Reads the body of a request that has been taken in whole.
    ///
    /// # Errors
    /// As for the extractor.
    pub fn read(request: &HttpRequest, bytes: &[u8]) -> Result<T, Error> {
        if is_json(request.content_type()) { parse(bytes) } else { Err(problem::not_json()) }
    }
}

/// As [`JsonBody`], where a body may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalJsonBody<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJsonBody<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = is_json(request.content_type());
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            match &bytes.await?[..] {
                [] => Ok(Self(None)),
                _ if !json => Err(Problem(problem::not_json()).into()),
                bytes => Ok(Self(Some(parse(bytes).map_err(Problem)?))),
            }
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = is_json(request.content_type());
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !json {
                return Err(Problem(problem::not_json()).into());
            }
            Ok(Self(parse(&bytes.await?).map_err(Problem)?))
        })
    }
}

/// `application/json`, or a type with the suffix `+json` (RFC 6839, 3.1).
fn is_json(content_type: &str) -> bool {
    let essence = content_type.to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refused(&path, error.inner())
    })?;
    json.end().map_err(|error| refused("", &error))?;
    Ok(value)
}

fn refused(path: &str, error: &serde_json::Error) -> Error {
    match error.classify() {
        Category::Data => problem::from_data_error(path, &error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => problem::malformed_json(error),
    }
}

#[cfg(test)]
mod tests {
    use quire_domain::ErrorCode;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Body {
        name: String,
        jobs: Vec<Job>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Job {
        years: u8,
    }

    fn error(body: &str) -> Error {
        parse::<Body>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn the_field_is_named_with_its_place() {
        for (body, field, message) in [
            (r#"{"jobs": []}"#, "name", "This field is required."),
            (r#"{"name": 5, "jobs": []}"#, "name", "Expected a string."),
            (r#"{"name": "a", "jobs": [{"years": 1}, {}]}"#, "jobs[1].years", "This field is required."),
            (r#"{"name": "a", "jobs": [{"years": 300}]}"#, "jobs[0].years", "Expected u8."),
            (r#"{"name": "a", "nam": 1}"#, "nam", "There is no such field."),
        ] {
            let error = error(body);
            assert_eq!(error.code, ErrorCode::ValidationFailed, "{body}");
            assert_eq!(error.fields.0[field], [message], "{body}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "{\"name\": }", "{\"name\": \"a\", \"jobs\": []} trailing"] {
            assert_eq!(error(body).code, ErrorCode::MalformedRequest, "{body}");
        }
        assert_eq!(error("[]").code, ErrorCode::ValidationFailed);
    }
}
