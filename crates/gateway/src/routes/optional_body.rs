//! A JSON body that may be left out.

use std::{future::Future, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpRequest,
    dev::Payload,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use quire_web::json_body::JsonBody;
use serde::de::DeserializeOwned;

/// Extracts a JSON body, or the default where the request has none at all.
#[derive(Debug)]
pub(super) struct OptionalBody<T>(pub(super) T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        // Without either of the two headers there is no body (RFC 9112, 6.3).
        let empty = !headers.contains_key(TRANSFER_ENCODING)
            && headers.get(CONTENT_LENGTH).is_none_or(|length| length == "0");
        if empty {
            return Box::pin(async { Ok(Self(T::default())) });
        }
        let body = JsonBody::<T>::from_request(request, payload);
        Box::pin(async move { body.await.map(|JsonBody(value)| Self(value)) })
    }
}
