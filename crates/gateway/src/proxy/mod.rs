//! The upload proxy: a request body passes through to the processor as it arrives. Nothing of
//! it is kept, in memory or on disk, beyond a few chunks.

mod answer;
mod body;
mod connector;

use std::{pin::pin, time::Duration};

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use hyper::{Request, Uri, header::HeaderMap};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use quire_domain::{Error, ErrorCode, Result};
use tokio::time::timeout;

pub(crate) use self::answer::Answer;
use self::{
    body::{Feed, UploadBody},
    connector::Connector,
};

/// How long a connection to the processor may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept: shorter than the processor keeps it (75 s), so that
/// no request is sent just as the other side hangs up.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the client may send nothing in the middle of its upload.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(60);

/// Chunks of a body that may wait for the processor. A chunk has at most 64 KiB.
const CHUNKS: usize = 8;

/// What may surround the file in a form: boundaries, headers, text fields. In bytes.
const FORM_OVERHEAD: u64 = 1024 * 1024;

/// Where uploads go, and how long and how large they may be.
#[derive(Debug, Clone)]
pub struct ProxyConfig {
    /// `http://host:port` of the processor.
    pub processor_url: Uri,
    /// How long the processor may take to accept the next chunk, and to answer after the last.
    pub processor_timeout: Duration,
    /// The largest file, in bytes.
    pub max_upload_size: u64,
}

/// A way to the processor. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    client: Client<Connector, UploadBody>,
    submit: Uri,
    answer_timeout: Duration,
    max_upload_size: u64,
}

impl Proxy {
    pub(crate) fn new(config: &ProxyConfig) -> Result<Self> {
        let base = config.processor_url.to_string();
        let submit = format!("{}/process/submit", base.trim_end_matches('/'))
            .parse()
            .map_err(|e| Error::internal("the address of the processor").with_source(e))?;
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            .build(Connector::new(CONNECT_TIMEOUT));
        Ok(Self {
            client,
            submit,
            answer_timeout: config.processor_timeout,
            max_upload_size: config.max_upload_size,
        })
    }

    /// The largest body that is passed on, in bytes.
    fn max_body(&self) -> u64 {
        self.max_upload_size.saturating_add(FORM_OVERHEAD)
    }

    /// Refuses a body whose announced length is too large already.
    ///
    /// # Errors
    /// [`ErrorCode::PayloadTooLarge`].
    pub(crate) fn check_length(&self, announced: Option<u64>) -> Result<()> {
        match announced {
            Some(length) if length > self.max_body() => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Passes an upload on, and brings the answer back. The answer may come before the whole
    /// body was sent; the rest is then not sent. When the client goes away or the call is
    /// dropped, the request to the processor is broken off, never ended.
    ///
    /// # Errors
    /// [`ErrorCode::UpstreamUnavailable`], [`ErrorCode::UpstreamTimeout`],
    /// [`ErrorCode::UploadInterrupted`], [`ErrorCode::PayloadTooLarge`].
    pub(crate) async fn submit(
        &self,
        headers: HeaderMap,
        payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    ) -> Result<Answer> {
        let (feed, body) = body::channel(CHUNKS);
        let mut request = Request::post(self.submit.clone())
            .body(body)
            .map_err(|e| Error::internal("a request to the processor").with_source(e))?;
        *request.headers_mut() = headers;

        let mut answering = pin!(self.client.request(request));
        let mut sending = pin!(self.send(payload, feed));
        let answered = tokio::select! {
            // In this order: what the processor has said counts, also when sending failed.
            biased;
            answered = &mut answering => answered,
            sent = &mut sending => {
                sent?;
                timeout(self.answer_timeout, &mut answering).await.map_err(|_| too_slow())?
            }
        };
        let response = answered.map_err(unavailable)?;
        // `sending` lives on, so that the request is not broken off under the answer.
        timeout(self.answer_timeout, Answer::read(response)).await.map_err(|_| too_slow())?
    }

    /// Feeds the body of the client to the request, chunk by chunk, as fast as the slower of
    /// the two sides.
    async fn send(&self, payload: impl Stream<Item = Result<Bytes, PayloadError>>, feed: Feed) -> Result<()> {
        let mut payload = pin!(payload);
        let mut length = 0_u64;
        loop {
            let next = timeout(CLIENT_TIMEOUT, payload.next()).await;
            let chunk = match next.map_err(|_| interrupted(None))? {
                Some(chunk) => chunk.map_err(|error| interrupted(Some(error)))?,
                None => break,
            };
            length = length.saturating_add(chunk.len() as u64);
            if length > self.max_body() {
                return Err(self.too_large());
            }
            let taken = timeout(self.answer_timeout, feed.chunk(chunk)).await;
            if !taken.map_err(|_| too_slow())? {
                // The processor takes no more. Its answer, or its absence, tells why.
                return Ok(());
            }
        }
        timeout(self.answer_timeout, feed.end()).await.map_err(|_| too_slow())
    }

    fn too_large(&self) -> Error {
        let limit = self.max_upload_size;
        Error::new(
            ErrorCode::PayloadTooLarge,
            format!("The file is larger than the {limit} bytes that are accepted here."),
        )
    }
}

fn interrupted(cause: Option<PayloadError>) -> Error {
    let error = Error::new(
        ErrorCode::UploadInterrupted,
        "The upload ended before it was complete. Please send the file again.",
    );
    match cause {
        Some(cause) => error.with_source(cause.to_string()),
        None => error.with_source("the client sent nothing for too long"),
    }
}

fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        ErrorCode::UpstreamUnavailable,
        "Files cannot be taken in at this moment. Please try again shortly.",
    )
    .with_retry_after(Duration::from_secs(5))
    .with_source(source)
}

fn too_slow() -> Error {
    Error::new(
        ErrorCode::UpstreamTimeout,
        "The file could not be taken in within the time allowed. Please look at your tasks before you send it again.",
    )
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    fn proxy() -> Proxy {
        Proxy::new(&ProxyConfig {
            processor_url: Uri::from_static("http://127.0.0.1:1"),
            processor_timeout: Duration::from_secs(60),
            max_upload_size: 1000,
        })
        .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_for_too_long_is_given_up() {
        let (feed, mut body) = body::channel(CHUNKS);
        let first = stream::iter([Ok(Bytes::from_static(b"x"))]);
        let payload = first.chain(stream::pending());
        let error = proxy().send(payload, feed).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UploadInterrupted);
        assert!(body.frame().await.unwrap().is_ok());
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_processor_that_takes_nothing_for_too_long_is_given_up() {
        let (feed, _body) = body::channel(CHUNKS);
        let payload = stream::iter((0..=CHUNKS).map(|_| Ok(Bytes::from_static(b"x"))));
        let error = proxy().send(payload, feed).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UpstreamTimeout);
    }

    #[tokio::test]
    async fn a_body_may_be_as_long_as_a_file_with_its_form_and_no_longer() {
        let proxy = proxy();
        let limit = 1000 + FORM_OVERHEAD;
        assert!(proxy.check_length(None).is_ok());
        assert!(proxy.check_length(Some(limit)).is_ok());
        let error = proxy.check_length(Some(limit + 1)).unwrap_err();
        assert_eq!(error.code, ErrorCode::PayloadTooLarge);
        let unlimited = Proxy { max_upload_size: u64::MAX, ..proxy };
        assert!(unlimited.check_length(Some(u64::MAX)).is_ok());
    }
}
