use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why the private PostgreSQL did not start. The texts are for the person at the
/// terminal: they say what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No server programs on this machine.
    #[error(
        "no PostgreSQL server was found on this machine. Install it (Debian, Ubuntu: `sudo apt install postgresql`; \
         Fedora: `sudo dnf install postgresql-server postgresql-contrib`; macOS: `brew install postgresql@17`), \
         or set PG_BIN to the directory that holds `initdb` and `postgres`, \
         or set DATABASE_URL to a server that runs already"
    )]
    NoServer,
    /// The directory that was named holds no usable server programs.
    #[error("{} holds no working `initdb` and `postgres`: PG_BIN must name the `bin` directory of a PostgreSQL server", .0.display())]
    NotABinDirectory(PathBuf),
    /// The programs that were found are too old.
    #[error("PostgreSQL {found} is too old: Quire needs version {needed} or newer")]
    TooOld {
        /// The newest version found.
        found: String,
        /// The oldest major version that works.
        needed: u32,
    },
    /// The cluster belongs to another major version than any that is installed.
    #[error(
        "the database in this data directory was made by PostgreSQL {made_by}, and only {} is installed: \
         install PostgreSQL {made_by} again, or convert the data with `pg_upgrade`", .found.join(", ")
    )]
    OtherMajorVersion {
        /// The major version that made the cluster.
        made_by: u32,
        /// The versions that are installed.
        found: Vec<String>,
    },
    /// Another process owns the server in this data directory.
    #[error("Quire is already running with the data directory {}", .0.display())]
    AlreadyRunning(PathBuf),
    /// The directory holds something else.
    #[error("{} holds files that Quire did not make: name an empty or a new directory", .0.display())]
    NotOurs(PathBuf),
    /// Started as root, and no unprivileged account is there to run the server.
    #[error(
        "PostgreSQL refuses to run as root, and this system has neither a `postgres` nor a `nobody` account: \
         start Quire as an ordinary user"
    )]
    NoAccount,
    /// Started as root, and the server's account cannot reach the data directory.
    #[error(
        "PostgreSQL refuses to run as root, so Quire runs it as `{account}`, and that account may not enter {}: \
         choose a data directory outside of it (for example /var/lib/quire), or start Quire as an ordinary user",
        .directory.display()
    )]
    Unreachable {
        /// The account that runs the server.
        account: String,
        /// The directory that is closed to it.
        directory: PathBuf,
    },
    /// A file or directory could not be made or read.
    #[error("cannot use {}", .path.display())]
    File {
        /// What was touched.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A directory of that name is there and is not safe to put a socket in.
    #[error("{} belongs to another user or is open to others: remove it", .0.display())]
    UnsafeSocketDirectory(PathBuf),
    /// A program could not be run.
    #[error("cannot run {}", .program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system would not tell how the server process fares.
    #[error("cannot watch the PostgreSQL process")]
    Process(#[source] io::Error),
    /// `initdb` failed.
    #[error("PostgreSQL could not initialise its data directory: {0}")]
    Initialise(String),
    /// The server ended before it accepted a connection.
    #[error("PostgreSQL ended while it started ({status}): {log}")]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// The server runs and lets nobody in.
    #[error("PostgreSQL accepted no connection within {} s", .after.as_secs())]
    NotReady {
        /// How long was waited.
        after: Duration,
        /// The last refusal.
        source: diesel::ConnectionError,
    },
    /// A server of an earlier run does not stop.
    #[error("the PostgreSQL of an earlier run (process {0}) does not stop: end it and start again")]
    Leftover(i32),
    /// The started server refused a connection.
    #[error("cannot connect to the private PostgreSQL")]
    Connect(#[from] diesel::ConnectionError),
    /// The started server refused a statement.
    #[error("the private PostgreSQL refused a statement")]
    Query(#[from] diesel::result::Error),
}

impl StartError {
    /// For `map_err`: an I/O error together with the path it is about.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
