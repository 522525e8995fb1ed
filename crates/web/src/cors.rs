//! Cross-origin requests from browsers.

use actix_cors::Cors;

use crate::config::{CorsOrigins, HttpConfig};

/// How long a browser may remember a preflight answer, in seconds.
const MAX_AGE: usize = 3600;

/// Headers of ours that scripts of other origins may read.
const EXPOSED: [&str; 23] = [
    "accept-ranges",
    "content-disposition",
    "content-range",
    "etag",
    "link",
    "location",
    "quire-document-id",
    "quire-task-id",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "tus-checksum-algorithm",
    "tus-extension",
    "tus-max-size",
    "tus-resumable",
    "tus-version",
    "upload-defer-length",
    "upload-expires",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "x-request-id",
];

/// The CORS middleware for this configuration. Without credentials: other origins send a
/// token in a header, and cookies are for Quire's own pages.
pub fn cors(config: &HttpConfig) -> Cors {
    let cors = Cors::default().allow_any_method().allow_any_header().expose_headers(EXPOSED).max_age(MAX_AGE);
    match &config.cors_allowed_origins {
        CorsOrigins::Any => cors.allow_any_origin().send_wildcard(),
        CorsOrigins::Only(origins) => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}
