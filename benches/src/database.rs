//! A PostgreSQL of a scenario's own.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use quire_store::{
    migrations,
    private_server::{Options, PrivateServer},
};
use tempfile::TempDir;

use crate::{Result, workplace::Workplace};

const NAME: &str = "quire";

/// A migrated database on a server of its own; gone when dropped.
pub(crate) struct Database {
    server: Option<PrivateServer>,
    url: String,
    directory: TempDir,
}

impl Database {
    /// Starts the server. One that is not `durable` answers before anything is on the disk.
    pub(crate) async fn start(workplace: &Workplace, durable: bool) -> Result<Self> {
        let directory = workplace.empty_directory()?;
        let options = Options { durable, ..Options::new(directory.path().join("postgres")) };
        let server = PrivateServer::start(options).await?;
        server.create_database_if_missing(NAME).await?;
        let url = server.url(NAME);
        migrations::run(&url).await?;
        Ok(Self { server: Some(server), url, directory })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements.
    pub(crate) async fn execute(&self, statements: &str) -> Result<()> {
        Ok(AsyncPgConnection::establish(&self.url).await?.batch_execute(statements).await?)
    }

    /// The one number that `query` selects.
    pub(crate) async fn number(&self, query: &str) -> Result<i64> {
        number(&mut AsyncPgConnection::establish(&self.url).await?, query).await
    }

    /// A connection.
    pub(crate) async fn connect(&self) -> Result<AsyncPgConnection> {
        Ok(AsyncPgConnection::establish(&self.url).await?)
    }
}

/// The one number that `query` selects.
pub(crate) async fn number(connection: &mut AsyncPgConnection, query: &str) -> Result<i64> {
    Ok(diesel::dsl::sql::<BigInt>(query).get_result(connection).await?)
}

impl Drop for Database {
    /// The server is asked to stop, and its files are removed when it has.
    fn drop(&mut self) {
        drop(self.server.take());
        let running = self.directory.path().join("postgres/cluster/postmaster.pid");
        let deadline = Instant::now() + Duration::from_secs(20);
        while running.exists() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
