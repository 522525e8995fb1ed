use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Body, Method, RequestBuilder, StatusCode, multipart, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A real HTTP client for one server. Follows no redirects.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    base_url: String,
    token: Option<String>,
}

impl HttpClient {
    /// A client for the server at `base_url`, such as `http://127.0.0.1:4711`.
    ///
    /// # Panics
    /// When the TLS library does not initialise.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the client of the tests, with a time limit")]
        let builder = reqwest::Client::builder();
        let builder = builder.timeout(TIME_LIMIT).redirect(redirect::Policy::none()).no_proxy();
        Self { client: builder.build().expect("an HTTP client"), base_url: base_url.into(), token: None }
    }

    /// The same client, with a bearer token on every request.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Where the server is.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Begins a request; `path` starts with `/`.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let request = self.client.request(method, format!("{}{path}", self.base_url));
        match &self.token {
            Some(token) => Call(request.header(AUTHORIZATION, format!("Bearer {token}"))),
            None => Call(request),
        }
    }

    /// Sends a `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    /// Sends a `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path).send().await
    }

    /// Sends a `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call(Method::POST, path).json(body).send().await
    }

    /// Sends a `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call(Method::PATCH, path).json(body).send().await
    }

    /// Sends a `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call(Method::PUT, path).json(body).send().await
    }
}

/// A request that is being put together.
#[derive(Debug)]
pub struct Call(RequestBuilder);

impl Call {
    /// Adds a header.
    #[must_use]
    pub fn header(self, name: &str, value: impl AsRef<str>) -> Self {
        Self(self.0.header(name, value.as_ref()))
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        Self(self.0.json(body))
    }

    /// Sets a form body.
    #[must_use]
    pub fn multipart(self, form: multipart::Form) -> Self {
        Self(self.0.multipart(form))
    }

    /// Sets any body.
    #[must_use]
    pub fn body(self, body: impl Into<Body>) -> Self {
        Self(self.0.body(body))
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn send(self) -> Answer {
        let response = self.0.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("half an answer: {error:?}"));
        Answer { status, headers, body }
    }

    /// The request as `reqwest` has it, for what streams.
    pub fn into_inner(self) -> RequestBuilder {
        self.0
    }
}

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The same answer, when its status is `status`.
    ///
    /// # Panics
    /// When it is another, showing the body.
    #[track_caller]
    #[must_use = "use `assert_status` when nothing but the status matters"]
    pub fn expect_status(self, status: u16) -> Self {
        self.assert_status(status);
        self
    }

    /// Checks the status.
    ///
    /// # Panics
    /// When it is another, showing the body.
    #[track_caller]
    pub fn assert_status(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "the body was: {}", self.text());
    }

    /// Checks that this is a problem (RFC 9457) with this status and code, and returns it.
    ///
    /// # Panics
    /// When it is not, showing the body.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> Value {
        self.assert_status(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem: Value = self.json();
        assert_eq!(problem["code"], code, "the problem was: {problem}");
        assert_eq!(problem["status"], status, "the problem was: {problem}");
        problem
    }

    /// The body, read as JSON.
    ///
    /// # Panics
    /// When it is not that.
    #[track_caller]
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body: {}", self.text()))
    }

    /// The body, read as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, when it is there and readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
