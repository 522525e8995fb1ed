//! The database of the all-in-one run and of the admin commands: the configured one, or the
//! private one in the data directory.

use std::path::PathBuf;

use quire_domain::error::chain;
use quire_store::{
    migrations,
    private_server::{Options, PrivateServer, StartError},
};
use quire_web::config::{DatabaseConfig, Environment, Reader, Variable};
use secrecy::ExposeSecret;

use crate::home::Home;

const NAME: &str = "quire";

/// Where to find PostgreSQL's programs.
pub(crate) const PG_BIN: Variable = Variable::new(
    "PG_BIN",
    "The directory with initdb and postgres, when it is not one of the usual places.",
)
.example("/usr/lib/postgresql/17/bin");

/// A database that can be connected to, for as long as this value lives.
pub(crate) struct Database {
    /// Where it is.
    pub(crate) url: String,
    server: Option<(PrivateServer, Home)>,
}

impl Database {
    /// Whether a database is configured, so that no private one is needed.
    pub(crate) fn is_configured(reader: &Reader<'_>) -> bool {
        reader.is_set(&DatabaseConfig::DATABASE_URL) || reader.is_set(&DatabaseConfig::POSTGRES_HOST)
    }

    /// The configured database; its schema is brought up to date.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(crate) async fn configured(url: &str) -> Result<Self, String> {
        migrate(url).await?;
        Ok(Self { url: url.to_owned(), server: None })
    }

    /// Starts the private PostgreSQL; its schema is brought up to date.
    ///
    /// # Errors
    /// When it does not start, or runs already.
    pub(crate) async fn private(home: &Home, pg_bin: Option<PathBuf>) -> Result<Self, String> {
        let server = start(home, pg_bin).await.map_err(|e| match e {
            StartError::AlreadyRunning(_) => already_running(home),
            other => chain(&other),
        })?;
        Self::of_server(server, home).await
    }

    /// For an admin command: the configured database, else the private one, whether a Quire
    /// runs on it at the moment or not.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(crate) async fn for_admin(
        environment: &Environment,
        home: impl FnOnce() -> Result<Home, String>,
    ) -> Result<Self, String> {
        let mut reader = Reader::new(environment);
        if Self::is_configured(&reader) {
            let config = DatabaseConfig::read(&mut reader);
            reader.finish().map_err(|e| e.to_string())?;
            return Self::configured(config.url.expose_secret()).await;
        }
        let (home, pg_bin) = (home()?, reader.optional_text(&PG_BIN).map(PathBuf::from));
        match start(&home, pg_bin).await {
            Ok(server) => Self::of_server(server, &home).await,
            Err(StartError::AlreadyRunning(_)) => {
                let url =
                    home.database_url().ok_or("a Quire is just starting there; try again in a moment")?;
                Ok(Self { url, server: None })
            }
            Err(error) => Err(chain(&error)),
        }
    }

    /// Whether this process runs the database.
    pub(crate) fn is_private(&self) -> bool {
        self.server.is_some()
    }

    /// Completes when the private PostgreSQL has ended without being asked to.
    pub(crate) async fn lost(&mut self) {
        match &mut self.server {
            Some((server, _)) => drop(server.exited().await),
            None => std::future::pending().await,
        }
    }

    /// Stops the database, if this process runs it.
    ///
    /// # Errors
    /// When it does not stop.
    pub(crate) async fn close(self) -> Result<(), String> {
        let Some((server, home)) = self.server else { return Ok(()) };
        home.forget_database_url();
        server.stop().await.map_err(|e| format!("PostgreSQL did not stop: {e}"))
    }

    async fn of_server(server: PrivateServer, home: &Home) -> Result<Self, String> {
        server.create_database_if_missing(NAME).await.map_err(|e| chain(&e))?;
        let url = server.url(NAME);
        migrate(&url).await?;
        home.remember_database_url(&url).map_err(|e| e.to_string())?;
        Ok(Self { url, server: Some((server, home.clone())) })
    }
}

async fn start(home: &Home, bin_dir: Option<PathBuf>) -> Result<PrivateServer, StartError> {
    PrivateServer::start(Options { bin_dir, ..Options::new(home.postgres()) }).await
}

fn already_running(home: &Home) -> String {
    format!(
        "another Quire is running on {}; stop it first, or set QUIRE_DATA_DIR (and PORT) to run a second one",
        home.path().display()
    )
}

async fn migrate(url: &str) -> Result<(), String> {
    let applied = migrations::run(url).await.map_err(|e| chain(&e))?;
    if !applied.is_empty() {
        tracing::info!(migrations = applied.len(), "the database schema is up to date now");
    }
    Ok(())
}
