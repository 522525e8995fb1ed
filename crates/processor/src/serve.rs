//! The service as a process of its own: the HTTP server, or the worker alone.

use std::{net::TcpListener, sync::Arc};

use actix_web::{
    App,
    middleware::{NormalizePath, from_fn},
};
use quire_domain::{Error, Result, clock::SystemClock};
use quire_store::{Pool, PoolOptions};
use quire_web::{
    WebContext,
    config::{AppEnv, DatabaseConfig, HttpConfig, LogConfig, Section, TokenConfig, UploadLimit},
    health::Health,
    problem::AllowedMethods,
    request, server,
    shutdown::Shutdown,
    token::Tokens,
};
use secrecy::ExposeSecret;
use utoipa_actix_web::AppExt;

use crate::{Processor, Running, Surroundings, config::ProcessorConfig, routes};

/// The service's name in logs and answers.
pub const SERVICE: &str = "quire-processor";

/// Every section of the configuration, for `--help`.
#[must_use]
pub fn sections(http: &'static [quire_web::config::Variable]) -> Vec<Section<'static>> {
    let shared = [
        Section { title: "HTTP", variables: http },
        DatabaseConfig::SECTION,
        TokenConfig::SECTION,
        LogConfig::SECTION,
        AppEnv::SECTION,
        UploadLimit::SECTION,
    ];
    let own = ProcessorConfig::OWN_SECTIONS.iter().chain(ProcessorConfig::PROVIDER_SECTIONS);
    shared.into_iter().chain(own.copied()).collect()
}

/// Runs the HTTP server, and beside it what the configuration asks for, until told to stop.
///
/// # Errors
/// When the port cannot be opened or the surroundings cannot be used.
pub async fn run_server(config: ProcessorConfig) -> Result<()> {
    let listener =
        server::bind(&config.http.host, config.http.port).map_err(|e| Error::internal(e.to_string()))?;
    let (running, context, shutdown) = start(&config).await?;
    serve_http(listener, config.http, running.processor.clone(), context, shutdown).await?;
    running.stopped().await;
    Ok(())
}

/// Serves the routes, the health checks and the API documents, until told to stop.
///
/// # Errors
/// When the server fails.
pub async fn serve_http(
    listener: TcpListener,
    http: HttpConfig,
    processor: Processor,
    context: WebContext,
    shutdown: Shutdown,
) -> Result<()> {
    let health = health(SERVICE, &processor);
    let (workers, allowed) = (http.workers, AllowedMethods::new(&[&routes::openapi()]));
    let factory = move || {
        App::new()
            .into_utoipa_app()
            .configure(routes::routes)
            .configure(health.clone().configure())
            .into_app()
            .configure(|app| context.configure(app))
            .configure(|app| processor.data(app))
            .configure(routes::docs)
            .app_data(allowed.clone())
            .wrap(NormalizePath::trim())
            .wrap(quire_web::cors(&http))
            .wrap(from_fn(request::finish))
            .wrap(request::span())
    };
    server::serve(SERVICE, listener, workers, factory, shutdown)
        .await
        .map_err(|e| Error::internal("serving").with_source(e))
}

/// Runs the worker alone, until told to stop.
///
/// # Errors
/// When the surroundings cannot be used.
pub async fn run_worker(mut config: ProcessorConfig) -> Result<()> {
    config.worker.enabled = true;
    let (running, _, _) = start(&config).await?;
    running.stopped().await;
    Ok(())
}

/// What tells whether the service is well.
#[must_use]
pub fn health(service: &'static str, processor: &Processor) -> Health {
    let (pool, storage) = (processor.surroundings.pool.clone(), processor.clone());
    let health = Health::new(service, env!("CARGO_PKG_VERSION"))
        .check("database", move || {
            let pool = pool.clone();
            async move { pool.check().await }
        })
        .check("storage", move || {
            let storage = storage.clone();
            async move { storage.check_storage().await }
        });
    match processor.scanner() {
        None => health,
        // Documents are taken in all the same, and wait.
        Some(scanner) => health.watch("scanner", move || {
            let scanner = scanner.clone();
            async move {
                scanner.check().await.map_err(|e| Error::internal("asking the virus scanner").with_source(e))
            }
        }),
    }
}

async fn start(config: &ProcessorConfig) -> Result<(Running, WebContext, Shutdown)> {
    let clock = Arc::new(SystemClock);
    let tokens = Tokens::new(&config.tokens, clock.clone())?;
    let pool = Pool::new(PoolOptions {
        size: config.database.pool_size,
        statement_timeout: config.database.statement_timeout,
        wait_timeout: config.database.wait_timeout,
        ..PoolOptions::new(config.database.url.expose_secret(), SERVICE)
    })?;
    // A little longer than the worker's own grace, so that it can still write its endings.
    let shutdown = Shutdown::listen(config.worker.grace + std::time::Duration::from_secs(5))
        .map_err(|e| Error::internal("listening for signals").with_source(e))?;
    let context = WebContext {
        tokens: tokens.clone(),
        clock: clock.clone(),
        trusted_proxies: config.http.trusted_proxies.clone(),
    };
    let surroundings = Surroundings::new(config, pool, tokens, clock, shutdown.clone()).await?;
    Ok((Processor::start(config, surroundings), context, shutdown))
}
