//! What the processor answered, bounded in size.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::{Response, body::Incoming};
use quire_domain::Result;

use super::unavailable;

/// The largest answer that is passed on, in bytes. An answer to a submission has less than a
/// thousand.
const MAX_ANSWER: usize = 1024 * 1024;

/// Headers of an answer that are passed on; the others are between the two services.
const PASSED_ON: [&str; 9] = [
    "allow",
    "cache-control",
    "content-type",
    "idempotency-replayed",
    "location",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
];

/// An answer that is passed on as it is.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Bytes,
}

impl Answer {
    /// Reads the whole answer.
    pub(super) async fn read(response: Response<Incoming>) -> Result<Self> {
        let (head, body) = response.into_parts();
        let headers = PASSED_ON
            .into_iter()
            .filter_map(|name| Some((name, head.headers.get(name)?.as_bytes().to_vec())))
            .collect();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(unavailable)?;
        Ok(Self { status: head.status.as_u16(), headers, body: body.to_bytes() })
    }

    /// The same answer for the client.
    pub(crate) fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = HttpResponseBuilder::new(status);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                response.insert_header((HeaderName::from_static(name), value));
            }
        }
        response.body(self.body)
    }
}
