//! What both services do with HTTP: problems, tokens, configuration, telemetry, health,
//! shutdown. Knows the domain, and nothing of databases, documents or accounts.
//!
//! A service puts it together like this (in this order: the request span outermost, then
//! [`request::finish`], then CORS):
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use actix_web::{App, get, middleware::from_fn, web};
//! use quire_domain::clock::SystemClock;
//! use quire_web::{
//!     WebContext,
//!     caller::Caller,
//!     config::{Environment, HttpConfig, LogConfig, Reader, TokenConfig},
//!     problem::HttpResult,
//!     request, server,
//!     shutdown::Shutdown,
//!     telemetry,
//!     token::Tokens,
//! };
//!
//! #[get("/me")]
//! async fn me(caller: Caller) -> HttpResult<String> {
//!     Ok(caller.user_id.to_string())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let environment = Environment::from_process()?;
//!     let mut reader = Reader::new(&environment);
//!     let http = HttpConfig::read(&mut reader, "8000");
//!     let log = LogConfig::read(&mut reader);
//!     let tokens = TokenConfig::read(&mut reader);
//!     reader.finish()?;
//!
//!     telemetry::init(&log)?;
//!     let clock = Arc::new(SystemClock);
//!     let context = WebContext {
//!         tokens: Tokens::new(&tokens, clock.clone())?,
//!         clock,
//!         trusted_proxies: http.trusted_proxies.clone(),
//!     };
//!     let listener = server::bind(&http.host, http.port)?;
//!     let shutdown = Shutdown::listen(quire_web::shutdown::GRACE)?;
//!     let factory = move || {
//!         App::new()
//!             .configure(|app| context.configure(app))
//!             .service(me)
//!             .wrap(quire_web::cors(&http))
//!             .wrap(from_fn(request::finish))
//!             .wrap(request::span())
//!     };
//!     server::serve("example", listener, 2, factory, shutdown).await?;
//!     Ok(())
//! }
//! ```

pub mod caller;
pub mod client_address;
pub mod config;
mod context;
mod cors;
pub mod health;
pub mod http_client;
pub mod json_body;
pub mod openapi;
pub mod origin;
pub mod problem;
pub mod rate_limit;
pub mod request;
pub mod server;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod token;

pub use context::WebContext;
pub use cors::cors;
