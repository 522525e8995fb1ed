//! What happens around every request: an id, a span, one line in the log, and the finishing
//! of the response.
//!
//! Two middlewares belong together, [`span`] outside of [`finish`]:
//! `.wrap(from_fn(request::finish)).wrap(request::span())`.

use std::{
    fmt,
    future::{Ready, ready},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    Error as ActixError, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BodySize, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{
            CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
};
use quire_domain::{
    Error, UserId,
    clock::{Clock, SharedClock, SystemClock},
    error::chain,
    ids::uuid_v7,
};
use tracing::Span;
use tracing_actix_web::{RootSpanBuilder, TracingLogger};

use crate::{
    caller::Caller,
    client_address::ClientAddress,
    problem::{self, Occurrence, Problem},
    rate_limit::RateLimit,
};

/// The header that carries a request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: the one it came with in `x-request-id`, if that is 1 to 128 letters,
/// digits and `. _ -`; else a new one. It is on every response, problem and log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that the request has by now, or gets.
    fn of(request: &HttpRequest) -> Self {
        if let Some(id) = request.extensions().get::<Self>() {
            return id.clone();
        }
        let id = Self(accepted(request.headers()).unwrap_or_else(|| made(request)));
        request.extensions_mut().insert(id.clone());
        id
    }

    fn header_value(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for RequestId {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

fn accepted(headers: &HeaderMap) -> Option<Arc<str>> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    ((1..=128).contains(&id.len()) && id.bytes().all(plain)).then(|| id.into())
}

fn made(request: &HttpRequest) -> Arc<str> {
    let now = request.app_data::<SharedClock>().map_or_else(|| SystemClock.now(), |clock| clock.now());
    uuid_v7(now).to_string().into()
}

/// The span of a request: everything logged within carries `request.id`, and `user.id` once
/// it is known.
#[derive(Debug)]
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = RequestId::of(request.request());
        tracing::info_span!("request", request.id = %id, user.id = tracing::field::Empty)
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, ActixError>) {
        // `finish` logs: it knows the request even when there is no response.
    }
}

/// The middleware that opens the span. Outermost.
pub fn span() -> TracingLogger<RequestSpan> {
    TracingLogger::new()
}

/// The middleware that finishes responses (for `from_fn`): every error becomes a complete
/// problem, server errors are logged with their causes, every response carries its request id
/// and safe defaults for browsers, and one line is logged.
///
/// # Errors
/// When a middleware inside failed; the error then carries the complete problem.
pub async fn finish<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    let seen = Seen::of(request.request());
    match next.call(request).await {
        Ok(response) => {
            let mut response = seen.complete(response);
            seen.dress(response.headers_mut());
            let request = response.request().clone();
            RateLimit::write(&request, response.headers_mut());
            drop(request);
            let (route, user) = {
                let request = response.request();
                let user = request.extensions().get::<Caller>().map(|caller| caller.user_id);
                (request.match_pattern(), user)
            };
            seen.log(response.status(), route.as_deref(), user);
            Ok(response)
        }
        Err(error) => {
            let failed = seen.failed(&error);
            seen.log(failed.status_code(), None, None);
            Err(failed.into())
        }
    }
}

/// What is known of a request before it is given away.
#[derive(Debug, Clone)]
struct Seen {
    id: RequestId,
    method: Method,
    path: Arc<str>,
    client: ClientAddress,
    started: Instant,
}

impl Seen {
    fn of(request: &HttpRequest) -> Self {
        Self {
            id: RequestId::of(request),
            method: request.method().clone(),
            path: request.path().into(),
            client: ClientAddress::of(request),
            started: Instant::now(),
        }
    }

    fn occurrence(&self) -> Occurrence<'_> {
        Occurrence { instance: &self.path, request_id: self.id.as_str() }
    }

    fn complete<B: MessageBody>(&self, response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
        let rendered = match response.response().error() {
            Some(error) => Some(self.render(error)),
            None => bare(&response).map(|error| problem::render(&error, Some(&self.occurrence()))),
        };
        let Some(mut rendered) = rendered else {
            return response.map_into_left_body();
        };
        // What others have added (CORS, `Allow`) stays.
        for (name, value) in response.headers() {
            if name != CONTENT_TYPE && name != CONTENT_LENGTH && !rendered.headers().contains_key(name) {
                rendered.headers_mut().append(name.clone(), value.clone());
            }
        }
        response.into_response(rendered).map_into_right_body()
    }

    fn render(&self, error: &ActixError) -> HttpResponse {
        match error.as_error::<Problem>() {
            Some(Problem(error)) => self.render_domain(error),
            None => self.render_domain(&problem::from_framework(error)),
        }
    }

    fn render_domain(&self, error: &Error) -> HttpResponse {
        log_cause(error);
        problem::render(error, Some(&self.occurrence()))
    }

    fn failed(&self, error: &ActixError) -> Failed {
        let domain = match error.as_error::<Problem>() {
            Some(Problem(error)) => {
                log_cause(error);
                let mut copy = Error::new(error.code, error.detail.clone());
                copy.fields = error.fields.clone();
                copy.retry_after = error.retry_after;
                copy
            }
            None => {
                let error = problem::from_framework(error);
                log_cause(&error);
                error
            }
        };
        Failed { seen: self.clone(), error: domain }
    }

    /// Adds what every response has.
    fn dress(&self, headers: &mut HeaderMap) {
        if let Some(id) = self.id.header_value() {
            headers.insert(REQUEST_ID, id);
        }
        for (name, value) in [(X_CONTENT_TYPE_OPTIONS, "nosniff"), (REFERRER_POLICY, "same-origin")] {
            if !headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }

    fn log(&self, status: StatusCode, route: Option<&str>, user: Option<UserId>) {
        if let Some(user) = user {
            Span::current().record("user.id", user.0);
        }
        let (method, path, client) = (self.method.as_str(), &*self.path, self.client.0);
        let (status, duration_ms) = (status.as_u16(), milliseconds(self.started.elapsed()));
        let quiet = path.starts_with("/health") || path == "/metrics";
        if quiet {
            tracing::debug!(method, route, path, status, duration_ms, client.address = %client, "request");
        } else {
            tracing::info!(method, route, path, status, duration_ms, client.address = %client, "request");
        }
    }
}

/// With microseconds, as a fraction.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// An error response without a body, as the framework sends for a method that a resource does
/// not have.
fn bare<B: MessageBody>(response: &ServiceResponse<B>) -> Option<Error> {
    let empty = matches!(response.response().body().size(), BodySize::None | BodySize::Sized(0));
    if !empty || response.headers().contains_key(CONTENT_TYPE) || response.request().method() == Method::HEAD
    {
        return None;
    }
    problem::from_status(response.status()).map(|code| Error::new(code, format!("{}.", code.title())))
}

fn log_cause(error: &Error) {
    match error.code.status() {
        500 => tracing::error!(error = chain(error), "request failed"),
        501.. => tracing::warn!(error = chain(error), "request could not be served"),
        _ => {}
    }
}

/// An error of a middleware, with what the request knows.
#[derive(Debug)]
struct Failed {
    seen: Seen,
    error: Error,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        Problem::status(&self.error)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = problem::render(&self.error, Some(&self.seen.occurrence()));
        self.seen.dress(response.headers_mut());
        response
    }
}
