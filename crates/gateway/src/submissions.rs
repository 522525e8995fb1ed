//! Files on their way to the processor.

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use hyper::header::HeaderMap;
use quire_domain::{Error, ErrorCode, Result, UserId};
use quire_store::users;

use crate::{Gateway, accounts::account_gone, proxy::Answer};

/// An upload, before its body is read.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    /// The media type of the body, without parameters.
    pub(crate) media_type: &'a str,
    /// How long the body is, if the client said so.
    pub(crate) content_length: Option<u64>,
    /// What the processor is to know of the request.
    pub(crate) headers: HeaderMap,
}

/// Counts the call, and passes the upload on to the processor. What can be refused by the head
/// of the request is refused before anything is counted or read.
///
/// # Errors
/// [`ErrorCode::UnsupportedMediaType`], [`ErrorCode::PayloadTooLarge`],
/// [`ErrorCode::TokenInvalid`], and what goes wrong on the way.
pub(crate) async fn submit_file(
    gateway: &Gateway,
    user_id: UserId,
    upload: Upload<'_>,
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
) -> Result<Answer> {
    if !upload.media_type.eq_ignore_ascii_case("multipart/form-data") {
        return Err(Error::new(
            ErrorCode::UnsupportedMediaType,
            "Send the file as a form, with `content-type: multipart/form-data`.",
        ));
    }
    gateway.proxy().check_length(upload.content_length)?;
    let counted = {
        let mut connection = gateway.pool().get().await?;
        users::count_api_call(&mut connection, user_id).await?
    };
    if !counted {
        return Err(account_gone());
    }
    gateway.proxy().submit(upload.headers, payload).await
}
