//! What every exchange of the protocol has in common: its version, and what the server can do.

use std::future::{Ready, ready};

use actix_web::{
    Error as ActixError, FromRequest, HttpRequest, HttpResponse,
    body::BoxBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
};
use quire_domain::{Error, ErrorCode, Result};
use quire_web::problem::Problem;

use super::headers::text;
use crate::uploads::ChecksumAlgorithm;

/// The one version that is spoken here.
const VERSION: &str = "1.0.0";
const EXTENSIONS: &str =
    "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// The client speaks the version of the protocol that is spoken here.
pub(super) struct Tus;

impl FromRequest for Tus {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let spoken = request.headers().get(TUS_RESUMABLE).is_some_and(|version| version == VERSION);
        let detail = "This speaks version 1.0.0 of the protocol tus: send `Tus-Resumable: 1.0.0`.";
        ready(if spoken {
            Ok(Self)
        } else {
            Err(Problem(Error::new(ErrorCode::TusVersionUnsupported, detail)))
        })
    }
}

/// Says the version with every answer, errors included; the middleware of these routes.
pub(super) async fn speak(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let mut response = next.call(request).await?;
    let version = HeaderValue::from_static(VERSION);
    if response.status() == StatusCode::PRECONDITION_FAILED {
        response.headers_mut().insert(TUS_VERSION, version.clone());
    }
    response.headers_mut().insert(TUS_RESUMABLE, version);
    Ok(response)
}

/// What the server can do.
pub(super) fn describe(max_size: u64) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((TUS_VERSION, VERSION))
        .insert_header((TUS_EXTENSION, EXTENSIONS))
        .insert_header((TUS_MAX_SIZE, max_size))
        .insert_header((
            TUS_CHECKSUM_ALGORITHM,
            ChecksumAlgorithm::ALL.map(ChecksumAlgorithm::name).join(","),
        ))
        .finish()
}

/// The method that a `POST` stands for.
pub(super) enum Overridden {
    Patch,
    Delete,
}

/// Which method that is.
///
/// # Errors
/// [`ErrorCode::MethodNotAllowed`] when it is neither.
pub(super) fn overridden(request: &HttpRequest) -> Result<Overridden> {
    match text(request, &METHOD_OVERRIDE)?.unwrap_or_default() {
        "PATCH" => Ok(Overridden::Patch),
        "DELETE" => Ok(Overridden::Delete),
        _ => Err(Error::new(
            ErrorCode::MethodNotAllowed,
            "POST stands for another method here: send `X-HTTP-Method-Override: PATCH`, or `DELETE`.",
        )),
    }
}
