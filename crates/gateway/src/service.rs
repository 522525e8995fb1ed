//! The gateway as a process of its own.

use std::{error::Error, sync::Arc};

use actix_web::{
    App,
    middleware::{NormalizePath, from_fn},
    web,
};
use quire_domain::clock::SystemClock;
use quire_store::{Pool, PoolOptions};
use quire_web::{
    WebContext,
    config::{Environment, HttpConfig, Reader},
    problem::AllowedMethods,
    request, server,
    shutdown::{self, Shutdown},
    telemetry,
    token::Tokens,
};
use secrecy::ExposeSecret;
use utoipa_actix_web::AppExt;

use crate::{Gateway, ServiceConfig, openapi, pages::pages, routes};

type BoxError = Box<dyn Error + Send + Sync>;

/// Serves until a signal says stop. The configuration comes from the environment.
///
/// # Errors
/// When the configuration is not usable, or the port cannot be opened; each says what to do.
pub async fn run() -> Result<(), BoxError> {
    let config = read_config()?;
    telemetry::init(&config.log)?;
    let clock = Arc::new(SystemClock);
    let tokens = Tokens::new(&config.tokens, clock.clone())?;
    let pool = Pool::new(PoolOptions {
        size: config.database.pool_size,
        statement_timeout: config.database.statement_timeout,
        wait_timeout: config.database.wait_timeout,
        ..PoolOptions::new(config.database.url.expose_secret(), "quire-gateway")
    })?;
    let gateway = Gateway::new(config.gateway, pool, tokens.clone(), clock.clone())?;
    let context = WebContext { tokens, clock, trusted_proxies: config.http.trusted_proxies.clone() };

    let listener = server::bind(&config.http.host, config.http.port)?;
    let shutdown = Shutdown::listen(shutdown::GRACE)?;
    let workers = config.http.workers;
    let methods = AllowedMethods::new(&[&openapi()]);
    let factory = move || {
        App::new()
            .into_utoipa_app()
            .configure(routes)
            .configure(gateway.health().configure())
            .into_app()
            .configure(|app: &mut web::ServiceConfig| {
                context.configure(app);
                gateway.data(app);
                pages(app);
            })
            .app_data(methods.clone())
            .wrap(NormalizePath::trim())
            .wrap(quire_web::cors(&config.http))
            .wrap(from_fn(request::finish))
            .wrap(request::span())
    };
    server::serve("quire-gateway", listener, workers, factory, shutdown).await?;
    Ok(())
}

/// Asks a gateway that runs with this configuration on this machine whether it lives.
///
/// # Errors
/// When it does not, or does not say so in time.
pub fn check_health() -> Result<(), BoxError> {
    let environment = Environment::from_process()?;
    let mut reader = Reader::new(&environment);
    let http = HttpConfig::read(&mut reader, ServiceConfig::DEFAULT_PORT);
    reader.finish()?;
    Ok(quire_web::health::ask(&http)?)
}

fn read_config() -> Result<ServiceConfig, BoxError> {
    let environment = Environment::from_process()?;
    let mut reader = Reader::new(&environment);
    let config = ServiceConfig::read(&mut reader);
    reader.finish()?;
    Ok(config)
}
