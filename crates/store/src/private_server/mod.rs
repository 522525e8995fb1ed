//! A private PostgreSQL for the all-in-one run and for tests: found on this machine,
//! initialised on first use, owned and stopped by the process that started it.
//!
//! Everything lies below one data directory:
//!
//! ```text
//! data_dir/          mode 0700, of the account that runs the server
//!   quire.lock       locked while a process owns the server
//!   cluster/         PostgreSQL's own data directory
//!   socket/          the Unix socket (below the temporary directory when this path is too long)
//!   server.log       what the server said in this run; `server.log.1` is the run before
//! ```
//!
//! No TCP port is opened. Whoever may enter the socket directory may log in without
//! a password, and that is the account that owns the files anyway (and root).

mod account;
mod binaries;
mod cluster;
mod error;
mod home;
mod leftover;
mod process;
#[cfg(test)]
mod tests;
mod url;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::process::Child;

use self::binaries::Programs;
use self::home::Home;

pub use self::error::StartError;

/// The role that Quire connects as: it may create databases and is not a superuser,
/// so that SQL which should never have run cannot read files or start programs.
const ROLE: &str = "quire";
/// The bootstrap superuser, used to create [`ROLE`] and for nothing else.
const SUPERUSER: &str = "postgres";
/// Recovery after a crash replays the log before the first connection is let in.
const READY_WITHIN: Duration = Duration::from_secs(120);
const POLL_EVERY: Duration = Duration::from_millis(10);

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// Holds the cluster, the socket and the log. Made when missing; must otherwise be
    /// empty or one that Quire made.
    pub data_dir: PathBuf,
    /// The directory with `initdb` and `postgres`; `None` searches the usual places.
    pub bin_dir: Option<PathBuf>,
    /// Whether a committed transaction survives a crash of the machine. Tests say no
    /// and are several times as fast.
    pub durable: bool,
    /// How many connections the server lets in at once.
    pub max_connections: u16,
}

impl Options {
    /// Durable, 100 connections, binaries searched for.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), bin_dir: None, durable: true, max_connections: 100 }
    }
}

/// A running PostgreSQL that this process owns.
///
/// Dropping it asks the server to stop and does not wait; [`PrivateServer::stop`] waits.
#[derive(Debug)]
pub struct PrivateServer {
    home: Home,
    child: Child,
    left_running: bool,
}

impl PrivateServer {
    /// Starts the server and waits until it accepts connections.
    ///
    /// A server that a killed run of Quire left behind in the same directory is stopped first.
    ///
    /// # Errors
    /// See [`StartError`]; [`StartError::AlreadyRunning`] when another process owns the directory.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let home = Home::open(&options.data_dir)?;
        let made_by = cluster::major_version(&home)?;
        let programs = Programs::find(options.bin_dir.as_deref(), made_by).await?;
        leftover::stop(&home).await?;
        if made_by.is_none() {
            cluster::initialise(&home, &programs, options.durable).await?;
        }
        let child = process::spawn_server(&home, &programs, &options)?;
        let mut server = Self { home, child, left_running: false };
        let mut superuser = server.connect_when_ready().await?;
        ensure_role(&mut superuser).await?;
        tracing::info!(version = %programs.version, "private PostgreSQL is ready");
        Ok(server)
    }

    /// The URL of `database`, for the role that Quire connects as.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url::of(ROLE, &self.home.socket_dir, database)
    }

    /// Creates `database` unless it exists.
    ///
    /// # Errors
    /// [`StartError::Connect`] or [`StartError::Query`] when the server does not answer or refuses.
    pub async fn create_database_if_missing(&self, database: &str) -> Result<(), StartError> {
        let mut connection = AsyncPgConnection::establish(&self.url("postgres")).await?;
        let known: i64 = diesel::dsl::sql::<diesel::sql_types::BigInt>(
            "SELECT count(*) FROM pg_database WHERE datname = ",
        )
        .bind::<diesel::sql_types::Text, _>(database)
        .get_result(&mut connection)
        .await?;
        if known > 0 {
            return Ok(());
        }
        let create = format!("CREATE DATABASE {}", quoted_identifier(database));
        match diesel::sql_query(create).execute(&mut connection).await {
            Ok(_) => Ok(()),
            Err(error) if is_duplicate_database(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Completes when the server process ends, which it does by itself only after a fault.
    ///
    /// # Errors
    /// When the operating system cannot say.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Stops the server: open transactions are rolled back, what is committed is on disk.
    ///
    /// # Errors
    /// When the operating system refuses to signal the process or to wait for it.
    pub async fn stop(mut self) -> io::Result<()> {
        process::stop_child(&mut self.child).await
    }

    /// Gives up ownership and lets the server run on after this process ends.
    ///
    /// The next [`PrivateServer::start`] in the same directory stops it, and so does
    /// [`PrivateServer::stop_left_running`].
    pub fn leave_running(mut self) {
        self.left_running = true;
    }

    /// Stops a server that was left running in `data_dir`; nothing happens when there is none.
    ///
    /// # Errors
    /// [`StartError::AlreadyRunning`] when a living process owns the directory.
    pub async fn stop_left_running(data_dir: &Path) -> Result<(), StartError> {
        if !data_dir.exists() {
            return Ok(());
        }
        leftover::stop(&Home::open(data_dir)?).await
    }

    async fn connect_when_ready(&mut self) -> Result<AsyncPgConnection, StartError> {
        let url = url::of(SUPERUSER, &self.home.socket_dir, "postgres");
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(status) = self.child.try_wait().map_err(StartError::Process)? {
                return Err(StartError::Exited { status, log: self.home.log_tail() });
            }
            match AsyncPgConnection::establish(&url).await {
                Ok(connection) => return Ok(connection),
                Err(source) if Instant::now() >= deadline => {
                    return Err(StartError::NotReady { after: READY_WITHIN, source });
                }
                Err(_) => tokio::time::sleep(POLL_EVERY).await,
            }
        }
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        if !self.left_running {
            process::ask_child_to_stop(&self.child);
        }
    }
}

async fn ensure_role(superuser: &mut AsyncPgConnection) -> Result<(), StartError> {
    let create = format!(
        "DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
                CREATE ROLE {ROLE} LOGIN CREATEDB;
            END IF;
         END $$"
    );
    Ok(superuser.batch_execute(&create).await?)
}

/// `name` as SQL writes it where a name is expected, whatever characters it holds.
fn quoted_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether another connection created the database between our look and our `CREATE`.
fn is_duplicate_database(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, info) if info.message().contains("already exists"))
}
