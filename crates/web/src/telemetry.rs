//! The log: structured, to standard error, for people on a terminal and as JSON elsewhere.

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::ParseError, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{LogConfig, LogFormat};

/// Why the log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `LOG_LEVEL` is not a filter.
    #[error("LOG_LEVEL is not a level or filter")]
    Filter(#[from] ParseError),
    /// Somebody has started it before.
    #[error("the log was started twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts the log of this process. Once, before anything is logged.
///
/// # Errors
/// When the filter is not one, or the log was started before.
pub fn init(config: &LogConfig) -> Result<(), TelemetryError> {
    subscriber(config, io::stderr)?.try_init()?;
    Ok(())
}

fn subscriber<W>(config: &LogConfig, writer: W) -> Result<impl Subscriber + Send + Sync, ParseError>
where
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&config.level)?;
    Ok(tracing_subscriber::registry().with(layer(config.format, writer).with_filter(filter)))
}

fn layer<W>(format: LogFormat, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let terminal = io::stderr().is_terminal();
    let json = match format {
        LogFormat::Auto => !terminal,
        LogFormat::Pretty => false,
        LogFormat::Json => true,
    };
    let layer = fmt::layer().with_writer(writer).with_ansi(terminal && !json);
    if json {
        // The line's own fields at the top, those of the request under `span`.
        Box::new(layer.json().flatten_event(true).with_span_list(false))
    } else {
        Box::new(layer.with_target(false))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use actix_web::{
        App, HttpResponse, get,
        middleware::from_fn,
        test::{TestRequest, call_service, init_service},
    };
    use quire_domain::{Error, UserId, user::Role};
    use serde_json::Value;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::{caller::Caller, problem::HttpResult, request, testing::context};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Lines {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        fn json(&self) -> Vec<Value> {
            self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    #[get("/items/{id}")]
    async fn item(_: Caller) -> HttpResponse {
        tracing::info!("inside");
        HttpResponse::Ok().finish()
    }

    #[get("/broken")]
    async fn broken() -> HttpResult<HttpResponse> {
        Err(Error::internal("reading the key").with_source(io::Error::other("disk on fire")).into())
    }

    #[get("/health/live")]
    async fn live() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    /// The log of one request.
    async fn logged(format: LogFormat, uri: &str) -> Lines {
        let lines = Lines::default();
        let config = LogConfig { level: "info".to_owned(), format };
        let _guard = tracing::subscriber::set_default(subscriber(&config, lines.clone()).unwrap());
        let (context, _) = context();
        let token = context.tokens.issue_access(UserId(7), Role::User).unwrap().token;
        let app = init_service(
            App::new()
                .configure(|app| context.configure(app))
                .service(item)
                .service(broken)
                .service(live)
                .wrap(from_fn(request::finish))
                .wrap(request::span()),
        )
        .await;
        let request = TestRequest::get()
            .uri(uri)
            .peer_addr("192.0.2.1:5000".parse().unwrap())
            .insert_header(("x-request-id", "the-id"))
            .insert_header(("authorization", format!("Bearer {token}")))
            .insert_header(("cookie", "session=chocolate"))
            .to_request();
        call_service(&app, request).await;
        assert!(!lines.text().contains(&token), "{}", lines.text());
        lines
    }

    #[actix_web::test]
    async fn one_line_per_request_without_query_token_or_cookie() {
        let lines = logged(LogFormat::Json, "/items/5?token=secret&q=private").await;
        let json = lines.json();
        assert_eq!(json.len(), 2, "{}", lines.text());
        let (inside, line) = (&json[0], &json[1]);
        assert_eq!(inside["span"]["request.id"], "the-id");
        assert_eq!(line["message"], "request");
        assert_eq!(line["method"], "GET");
        assert_eq!(line["route"], "/items/{id}");
        assert_eq!(line["path"], "/items/5");
        assert_eq!(line["status"], 200);
        assert_eq!(line["client.address"], "192.0.2.1");
        assert!(line["duration_ms"].is_number());
        assert_eq!(line["span"]["request.id"], "the-id");
        assert_eq!(line["span"]["user.id"], 7);
        for word in ["secret", "private", "chocolate"] {
            assert!(!lines.text().contains(word), "{word} in {}", lines.text());
        }
    }

    #[actix_web::test]
    async fn lines_for_people_are_as_discreet() {
        let text = logged(LogFormat::Pretty, "/items/5?token=secret").await.text();
        assert!(text.contains("/items/5") && text.contains("the-id"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }

    #[actix_web::test]
    async fn a_server_error_is_logged_once_with_its_causes() {
        let lines = logged(LogFormat::Json, "/broken").await;
        let errors: Vec<_> = lines.json().into_iter().filter(|line| line["level"] == "ERROR").collect();
        assert_eq!(errors.len(), 1, "{}", lines.text());
        let causes = errors[0]["error"].as_str().unwrap();
        assert!(causes.ends_with("reading the key: disk on fire"), "{causes}");
        assert_eq!(lines.text().matches("disk on fire").count(), 1);
    }

    #[actix_web::test]
    async fn client_errors_leave_only_the_request_line() {
        let lines = logged(LogFormat::Json, "/nowhere").await;
        assert_eq!(lines.json().len(), 1, "{}", lines.text());
        assert_eq!(lines.json()[0]["status"], 404);
    }

    #[actix_web::test]
    async fn health_checks_are_quiet() {
        assert_eq!(logged(LogFormat::Json, "/health/live").await.text(), "");
    }
}
