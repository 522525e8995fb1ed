//! `quire up`: everything in one process, on one port, with a private PostgreSQL.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App,
    middleware::{NormalizePath, from_fn},
};
use quire_domain::{Error, clock::SystemClock, error::chain};
use quire_gateway::{Gateway, GatewayConfig};
use quire_processor::{Processor, Running, Surroundings, config::ProcessorConfig};
use quire_store::{Pool, PoolOptions};
use quire_web::{
    WebContext,
    config::{AppEnv, Environment, Reader, Section, TokenConfig, Variable},
    problem::AllowedMethods,
    request, server,
    shutdown::Shutdown,
    telemetry,
    token::Tokens,
};
use secrecy::ExposeSecret;
use utoipa_actix_web::AppExt;

use crate::{
    database::{Database, PG_BIN},
    home::{Home, default_data_dir},
    welcome,
};

const SERVICE: &str = "quire";

/// The port when `PORT` is not set.
pub(crate) const DEFAULT_PORT: &str = "8080";

const QUIRE_DATA_DIR: Variable = Variable::new(
    "QUIRE_DATA_DIR",
    "Where everything is kept: database, documents, secret; by default ~/.local/share/quire, for root /var/lib/quire.",
);

/// What only this program reads.
pub(crate) const SECTION: Section<'static> =
    Section { title: "All in one", variables: &[QUIRE_DATA_DIR, PG_BIN] };

/// Runs everything until told to stop.
///
/// # Errors
/// A message for the person at the terminal.
pub(crate) async fn up(environment: Environment) -> Result<(), String> {
    let plan = Plan::read(environment)?;
    telemetry::init(&plan.processor.log).map_err(|e| e.to_string())?;
    // Opened before anything is touched: a second start ends here.
    let http = &plan.processor.http;
    let listener = server::bind(&http.host, http.port).map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;

    let shutdown = Shutdown::listen(plan.processor.worker.grace + Duration::from_secs(5))
        .map_err(|e| format!("signals cannot be listened for: {e}"))?;
    let mut database = plan.database().await?;
    let (url, own) = (database.url.clone(), database.is_private());
    let served = tokio::select! {
        served = plan.serve(listener, address, &url, own, shutdown.clone()) => served,
        () = database.lost() => Err("PostgreSQL has ended; its log is in the data directory".to_owned()),
    };
    shutdown.hard.cancel();
    database.close().await.and(served)
}

/// What is to be run, checked before anything is started.
pub(crate) struct Plan {
    pub(crate) home: Home,
    own_database: bool,
    pg_bin: Option<PathBuf>,
    gateway: GatewayConfig,
    pub(crate) processor: ProcessorConfig,
}

impl Plan {
    /// What the environment asks for.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn read(environment: Environment) -> Result<Self, String> {
        let (home, pg_bin, own_database, production) = {
            let mut reader = Reader::new(&environment);
            let home = open_home(&mut reader)?;
            let pg_bin = reader.optional_text(&PG_BIN).map(PathBuf::from);
            let own_database = !Database::is_configured(&reader);
            (home, pg_bin, own_database, AppEnv::read(&mut reader).is_production())
        };
        let mut defaults =
            vec![("PORT", DEFAULT_PORT.to_owned()), ("MEDIA_ROOT", home.media().display().to_string())];
        if own_database {
            // The real address is known when the server runs.
            defaults.push(("DATABASE_URL", "postgres://private".to_owned()));
        }
        if !production && !Reader::new(&environment).is_set(&TokenConfig::JWT_SECRET_KEY) {
            defaults.push(("JWT_SECRET_KEY", home.jwt_secret().map_err(|e| e.to_string())?));
        }
        let environment = environment.with_defaults(defaults);
        let mut reader = Reader::new(&environment);
        let processor = ProcessorConfig::read(&mut reader);
        let gateway = GatewayConfig::read(&mut reader, &processor.tokens);
        reader.finish().map_err(|e| e.to_string())?;
        Ok(Self { home, own_database, pg_bin, gateway, processor })
    }

    async fn database(&self) -> Result<Database, String> {
        if self.own_database {
            Database::private(&self.home, self.pg_bin.clone()).await
        } else {
            Database::configured(self.processor.database.url.expose_secret()).await
        }
    }

    async fn serve(
        &self,
        listener: std::net::TcpListener,
        address: SocketAddr,
        url: &str,
        own_database: bool,
        shutdown: Shutdown,
    ) -> Result<(), String> {
        let parts = self.start(address, url, shutdown.clone()).await.map_err(|e| chain(&e))?;
        let (gateway, processor) = (parts.gateway, parts.running.processor.clone());
        let (context, cors) = (parts.context, self.processor.http.clone());
        let health = quire_processor::serve::health(SERVICE, &processor);
        let allowed = AllowedMethods::new(&[&quire_gateway::openapi(), &quire_processor::openapi()]);
        let factory = move || {
            App::new()
                .into_utoipa_app()
                .configure(quire_gateway::routes)
                .configure(quire_processor::routes)
                .configure(health.clone().configure())
                .into_app()
                .configure(|app| context.configure(app))
                .configure(|app| gateway.data(app))
                .configure(|app| processor.data(app))
                .configure(quire_gateway::pages)
                .configure(quire_processor::docs)
                .app_data(allowed.clone())
                .wrap(NormalizePath::trim())
                .wrap(quire_web::cors(&cors))
                .wrap(from_fn(request::finish))
                .wrap(request::span())
        };
        welcome::print(loopback(address), self.home.path(), own_database);
        let served = server::serve(SERVICE, listener, self.processor.http.workers, factory, shutdown).await;
        parts.running.stopped().await;
        served.map_err(|e| e.to_string())
    }

    async fn start(&self, address: SocketAddr, url: &str, shutdown: Shutdown) -> quire_domain::Result<Parts> {
        let clock = Arc::new(SystemClock);
        let database = &self.processor.database;
        let pool = Pool::new(PoolOptions {
            size: database.pool_size,
            statement_timeout: database.statement_timeout,
            wait_timeout: database.wait_timeout,
            ..PoolOptions::new(url, SERVICE)
        })?;
        let tokens = Tokens::new(&self.processor.tokens, clock.clone())?;
        let context = WebContext {
            tokens: tokens.clone(),
            clock: clock.clone(),
            trusted_proxies: self.processor.http.trusted_proxies.clone(),
        };
        let mut gateway = self.gateway.clone();
        // The processor is this process.
        gateway.proxy.processor_url = format!("http://{}", loopback(address))
            .parse()
            .map_err(|e| Error::internal("finding the way to the processor").with_source(e))?;
        let gateway = Gateway::new(gateway, pool.clone(), tokens.clone(), clock.clone())?;
        let surroundings = Surroundings::new(&self.processor, pool, tokens, clock, shutdown).await?;
        let running = Processor::start(&self.processor, surroundings);
        Ok(Parts { gateway, running, context })
    }
}

struct Parts {
    gateway: Gateway,
    running: Running,
    context: WebContext,
}

/// The data directory that the environment asks for.
///
/// # Errors
/// When there is no place for one, or it cannot be used.
pub(crate) fn open_home(reader: &mut Reader<'_>) -> Result<Home, String> {
    let is_root = rustix::process::geteuid().is_root();
    let path = match reader.optional_text(&QUIRE_DATA_DIR) {
        Some(path) => PathBuf::from(path),
        None => default_data_dir(is_root, |name| std::env::var(name).ok())
            .ok_or("there is no home directory; set QUIRE_DATA_DIR to a directory for Quire's data")?,
    };
    Home::open(path, is_root).map_err(|e| e.to_string())
}

/// An address under which this machine reaches itself, where the server listens on all.
fn loopback(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
