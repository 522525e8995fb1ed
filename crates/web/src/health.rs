//! Health: for load balancers, orchestrators and people.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    io::{self, BufRead, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use actix_web::{HttpResponse, get, web};
use futures_util::future::{BoxFuture, join_all};
use quire_domain::{Result, error::chain};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::config::HttpConfig;

/// How long a check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// The answer is of this moment.
const NOT_STORED: (&str, &str) = ("cache-control", "no-store");

/// The check that `/health` shows by its own name.
const DATABASE: &str = "database";

type Run = dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync;

/// A part that is looked at.
#[derive(Clone)]
struct Check {
    name: &'static str,
    /// Whether requests cannot be served without it.
    is_needed: bool,
    run: Arc<Run>,
}

/// What a service is, and what it checks to know whether it is well. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    service: &'static str,
    version: &'static str,
    checks: Vec<Check>,
    limit: Duration,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.checks.iter().map(|check| check.name).collect();
        f.debug_struct("Health")
            .field("service", &self.service)
            .field("checks", &names)
            .finish_non_exhaustive()
    }
}

impl Health {
    /// The health of that service, with nothing to check yet.
    pub fn new(service: &'static str, version: &'static str) -> Self {
        Self { service, version, checks: Vec::new(), limit: CHECK_LIMIT }
    }

    /// Adds a check; it counts as failed when it takes longer than two seconds. The one named
    /// `database` is shown by `/health` under that name.
    #[must_use]
    pub fn check<F, Fut>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.with(name, true, check)
    }

    /// Adds a check of a part that requests can be served without: when it fails, the whole is
    /// degraded, and the status is still 200.
    #[must_use]
    pub fn watch<F, Fut>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.with(name, false, check)
    }

    fn with<F, Fut>(mut self, name: &'static str, is_needed: bool, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.checks.push(Check { name, is_needed, run: Arc::new(move || Box::pin(check())) });
        self
    }

    /// Mounts `/health`, `/health/live` and `/health/ready`.
    pub fn configure(self) -> impl FnOnce(&mut ServiceConfig<'_>) {
        move |app| {
            app.app_data(web::Data::new(self)).service(health).service(health_live).service(health_ready);
        }
    }

    /// Runs all checks at once.
    async fn run(&self) -> BTreeMap<&'static str, State> {
        join_all(self.checks.iter().map(async |Check { name, run, .. }| {
            let failure = match tokio::time::timeout(self.limit, run()).await {
                Ok(Ok(())) => return (*name, State::Ok),
                Ok(Err(error)) => chain(&error),
                Err(_) => "no answer in time".to_owned(),
            };
            tracing::warn!(check = name, error = failure, "health check failed");
            (*name, State::Unavailable)
        }))
        .await
        .into_iter()
        .collect()
    }

    /// Whether requests can be served while the parts are like that.
    fn serves(&self, states: &BTreeMap<&'static str, State>) -> bool {
        let works = |check: &Check| states.get(check.name) == Some(&State::Ok);
        self.checks.iter().all(|check| works(check) || !check.is_needed)
    }

    fn respond(&self, states: &BTreeMap<&'static str, State>, body: impl Serialize) -> HttpResponse {
        let mut response =
            if self.serves(states) { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
        response.insert_header(NOT_STORED).json(body)
    }
}

/// Whether one part works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It works.
    Ok,
    /// It does not answer, or not in time.
    Unavailable,
}

/// Whether the whole works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    /// All parts work.
    Ok,
    /// Some part does not.
    Degraded,
}

impl Overall {
    fn of(states: &BTreeMap<&'static str, State>) -> Self {
        if states.values().all(|state| *state == State::Ok) { Self::Ok } else { Self::Degraded }
    }
}

/// How a service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// Whether all parts work.
    pub status: Overall,
    /// The name of the service.
    #[schema(example = "quire-processor")]
    pub service: &'static str,
    /// Its version.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// Whether the database answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<State>,
}

/// Whether a service can take requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadyBody {
    /// Whether all parts work.
    pub status: Overall,
    /// Each part by its name.
    pub checks: BTreeMap<&'static str, State>,
}

/// That a service runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveBody {
    /// Always `ok`.
    pub status: Overall,
}

/// How the service is
///
/// Which service this is, and whether it and its database work.
#[utoipa::path(
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "Everything that is needed works.", body = HealthBody),
        (status = 503, description = "Some part that is needed does not work.", body = HealthBody),
    )
)]
#[get("/health")]
async fn health(subject: web::Data<Health>) -> HttpResponse {
    let states = subject.run().await;
    let status = Overall::of(&states);
    let database = states.get(DATABASE).copied();
    subject
        .respond(&states, HealthBody { status, service: subject.service, version: subject.version, database })
}

/// Whether the process runs
///
/// Answers as long as the process serves requests at all; asks no other part.
#[utoipa::path(
    tag = "health",
    security(()),
    responses((status = 200, description = "The process runs.", body = LiveBody))
)]
#[get("/health/live")]
async fn health_live() -> HttpResponse {
    HttpResponse::Ok().insert_header(NOT_STORED).json(LiveBody { status: Overall::Ok })
}

/// Whether requests can be sent here
///
/// Asks every part that is needed to serve requests, and those that can be away for a while: without one
/// of these, `status` is `degraded` and requests are served.
#[utoipa::path(
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "All parts that are needed work.", body = ReadyBody),
        (status = 503, description = "Some part that is needed does not work.", body = ReadyBody),
    )
)]
#[get("/health/ready")]
async fn health_ready(subject: web::Data<Health>) -> HttpResponse {
    let checks = subject.run().await;
    let status = Overall::of(&checks);
    subject.respond(&checks, ReadyBody { status, checks: checks.clone() })
}

/// Asks the server that this configuration describes, on this machine, whether it is alive:
/// for the health checks of containers, which have no other program to ask with.
///
/// # Errors
/// A sentence, when it does not answer within 2 s, or not with 200.
pub fn ask(http: &HttpConfig) -> Result<(), String> {
    let host = match http.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    let status = ask_status(host, http.port).map_err(|e| format!("no answer on port {}: {e}", http.port))?;
    if status.starts_with("HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(format!("the answer was {}", status.trim()))
    }
}

fn ask_status(host: &str, port: u16) -> io::Result<String> {
    let address = (host, port).to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, CHECK_LIMIT)?;
    stream.set_read_timeout(Some(CHECK_LIMIT))?;
    stream.set_write_timeout(Some(CHECK_LIMIT))?;
    stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut status = String::new();
    io::BufReader::new(stream.take(8 * 1024)).read_line(&mut status)?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use actix_web::{
        App,
        http::StatusCode,
        test::{TestRequest, call_service, init_service, read_body_json},
    };
    use quire_domain::{Error, ErrorCode};
    use serde_json::{Value, json};
    use utoipa_actix_web::AppExt;

    use super::*;

    async fn get(subject: Health, path: &str) -> (StatusCode, Value) {
        let app = App::new().into_utoipa_app().configure(subject.configure()).into_app();
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        (response.status(), read_body_json(response).await)
    }

    fn well() -> Health {
        Health::new("quire-test", "1.2.3").check("database", async || Ok(()))
    }

    fn ill() -> Health {
        well().check("storage", async || Err(Error::new(ErrorCode::StorageUnavailable, "The disk is full.")))
    }

    #[actix_web::test]
    async fn all_is_well() {
        assert_eq!(
            get(well(), "/health").await,
            (
                StatusCode::OK,
                json!({"status": "ok", "service": "quire-test", "version": "1.2.3", "database": "ok"})
            )
        );
        assert_eq!(
            get(well(), "/health/ready").await,
            (StatusCode::OK, json!({"status": "ok", "checks": {"database": "ok"}}))
        );
    }

    #[actix_web::test]
    async fn a_failed_check_is_named_and_says_no_more() {
        let (status, body) = get(ill(), "/health").await;
        assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("degraded")));
        assert_eq!(
            get(ill(), "/health/ready").await,
            (
                StatusCode::SERVICE_UNAVAILABLE,
                json!({"status": "degraded", "checks": {"database": "ok", "storage": "unavailable"}})
            )
        );
        assert_eq!(get(ill(), "/health/live").await, (StatusCode::OK, json!({"status": "ok"})));
    }

    #[actix_web::test]
    async fn what_is_only_watched_is_told_and_takes_nothing_away() {
        let watched = || well().watch("scanner", async || Err(Error::internal("no answer")));
        assert_eq!(
            get(watched(), "/health/ready").await,
            (
                StatusCode::OK,
                json!({"status": "degraded", "checks": {"database": "ok", "scanner": "unavailable"}})
            )
        );
        let (status, body) = get(watched(), "/health").await;
        assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("degraded")));
    }

    #[actix_web::test]
    async fn a_check_that_hangs_counts_as_failed() {
        let mut hanging = Health::new("quire-test", "1").check("database", pending);
        hanging.limit = Duration::from_millis(1);
        let (status, body) = get(hanging, "/health").await;
        assert_eq!((status, &body["database"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")));
    }
}
