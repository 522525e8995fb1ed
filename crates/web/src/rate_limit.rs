//! What a client may still do in a window of time, told in headers.

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The state of a window, as `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` tell it
/// (draft-ietf-httpapi-ratelimit-headers-07).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many in a window.
    pub limit: u64,
    /// How many are left in this one.
    pub remaining: u64,
    /// Seconds until the next begins.
    pub reset: u64,
}

impl RateLimit {
    /// Tells it with the response to this request, whatever the response is.
    pub fn tell(self, request: &HttpRequest) {
        request.extensions_mut().insert(self);
    }

    /// Puts what a route had to tell into the headers of its response.
    pub(crate) fn write(request: &HttpRequest, headers: &mut HeaderMap) {
        if let Some(Self { limit, remaining, reset }) = request.extensions().get::<Self>() {
            headers.insert(LIMIT, HeaderValue::from(*limit));
            headers.insert(REMAINING, HeaderValue::from(*remaining));
            headers.insert(RESET, HeaderValue::from(*reset));
        }
    }
}
