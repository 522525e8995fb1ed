use std::fmt::Write as _;

use diesel::sql_types::{Json, Nullable};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use quire_store::{Pool, PoolOptions};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{postgres, template};

const PREFIX: &str = "quire_test_";

/// A migrated database of one test's own. Dropped with the value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    admin_url: String,
    pool: Pool,
}

enum Content {
    Migrated,
    Nothing,
}

impl TestDatabase {
    /// A new database, cloned from the migrated template.
    ///
    /// # Panics
    /// When there is no server, or a migration fails.
    pub async fn new() -> Self {
        Self::create(Content::Migrated).await
    }

    /// A new database without tables, for tests of the migrations themselves.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn empty() -> Self {
        Self::create(Content::Nothing).await
    }

    async fn create(content: Content) -> Self {
        let admin_url = postgres::url().await.to_owned();
        let mut admin = connect(&admin_url).await;
        let name = format!("{PREFIX}{}", unique());
        let create = match content {
            Content::Migrated => {
                format!("CREATE DATABASE {name} TEMPLATE {}", template::ready(&mut admin, &admin_url).await)
            }
            Content::Nothing => format!("CREATE DATABASE {name}"),
        };
        run(&mut admin, &create).await;
        let url = with_database(&admin_url, &name);
        let pool = Pool::new(PoolOptions::new(&url, "quire-test")).expect("options that are usable");
        Self { name, url, admin_url, pool }
    }

    /// The URL that a service under test connects to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A pool of connections to this database.
    #[must_use]
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    /// Runs statements, to arrange what a test needs.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn execute(&self, statements: &str) {
        run(&mut connect(&self.url).await, statements).await;
    }

    /// The one value that `query` selects. It comes as JSON: times and ids are read as
    /// text, rows (`SELECT to_json(t) FROM t`) as objects.
    ///
    /// # Panics
    /// When the database refuses, or the value is no `T`.
    pub async fn query_one<T: DeserializeOwned>(&self, query: &str) -> T {
        self.json(&format!("SELECT to_json(({query}))"), query).await
    }

    /// Every row that `query` selects, as objects named after the columns.
    ///
    /// # Panics
    /// When the database refuses, or a row is no `T`.
    pub async fn query_all<T: DeserializeOwned>(&self, query: &str) -> Vec<T> {
        self.json(&format!("SELECT coalesce(json_agg(r), '[]') FROM ({query}) r"), query).await
    }

    /// Cuts every connection to this database, as a restart of the server would.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn cut_connections(&self) {
        let cut =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        run(&mut connect(&self.admin_url).await, &cut).await;
    }

    /// Lets nobody in and cuts the present connections, until [`TestDatabase::bring_back`].
    ///
    /// # Panics
    /// When the server is away.
    pub async fn take_away(&self) {
        let close = format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name);
        run(&mut connect(&self.admin_url).await, &close).await;
        self.cut_connections().await;
    }

    /// Undoes [`TestDatabase::take_away`].
    ///
    /// # Panics
    /// When the server is away.
    pub async fn bring_back(&self) {
        let open = format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name);
        run(&mut connect(&self.admin_url).await, &open).await;
    }

    async fn json<T: DeserializeOwned>(&self, wrapped: &str, query: &str) -> T {
        let mut connection = connect(&self.url).await;
        let selected =
            diesel::dsl::sql::<Nullable<Json>>(wrapped).get_result::<Option<Value>>(&mut connection);
        let value = selected.await.unwrap_or_else(|error| panic!("{query}: {error}"));
        let value = value.unwrap_or(Value::Null);
        serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{query} gave {value}: {error}"))
    }
}

impl Drop for TestDatabase {
    /// Best effort, and from a thread of its own: the test's runtime may be ending.
    fn drop(&mut self) {
        let (admin_url, name) = (self.admin_url.clone(), self.name.clone());
        let dropper = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(drop_database(&admin_url, &name));
        });
        let _ = dropper.join();
    }
}

/// Drops the databases that killed tests left. Only right after the server started,
/// when no test can be using one.
pub(crate) async fn drop_leftovers(admin_url: &str) {
    let mut admin = connect(admin_url).await;
    for name in names_with_prefix(&mut admin, PREFIX).await {
        drop_database(admin_url, &name).await;
    }
}

pub(crate) async fn names_with_prefix(admin: &mut AsyncPgConnection, prefix: &str) -> Vec<String> {
    diesel::dsl::sql::<diesel::sql_types::Text>(
        "SELECT datname::text FROM pg_database WHERE NOT datistemplate AND starts_with(datname::text, ",
    )
    .bind::<diesel::sql_types::Text, _>(prefix)
    .sql(")")
    .get_results(admin)
    .await
    .expect("the names of the databases")
}

/// Whoever still uses it is cut off.
pub(crate) async fn drop_database(admin_url: &str, name: &str) {
    if let Ok(mut admin) = AsyncPgConnection::establish(admin_url).await {
        // What stays is dropped at the next start of the server.
        let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    }
}

pub(crate) async fn connect(url: &str) -> AsyncPgConnection {
    let connected = AsyncPgConnection::establish(url).await;
    connected.unwrap_or_else(|error| panic!("connecting to the test database: {error}"))
}

pub(crate) async fn run(connection: &mut AsyncPgConnection, statements: &str) {
    let ran = connection.batch_execute(statements).await;
    ran.unwrap_or_else(|error| panic!("{statements}: {error}"));
}

/// `url` with another database: the path is what lies between the last `/` and a `?`.
pub(crate) fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let server = match address.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.split('/').next().unwrap_or_default()),
        None => panic!("the address of the test database is no URL"),
    };
    match options {
        Some(options) => format!("{server}/{name}?{options}"),
        None => format!("{server}/{name}"),
    }
}

/// Sixteen hexadecimal digits that stand for `bytes`.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the name of something that is thrown away, not an id of Quire's"
)]
pub(crate) fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        let cases = [
            ("postgres://quire@%2Ftmp%2Fs/postgres", "postgres://quire@%2Ftmp%2Fs/x"),
            (
                "postgres://u:p@127.0.0.1:5432/a?sslmode=disable",
                "postgres://u:p@127.0.0.1:5432/x?sslmode=disable",
            ),
            ("postgresql://localhost", "postgresql://localhost/x"),
        ];
        for (url, wanted) in cases {
            assert_eq!(with_database(url, "x"), wanted);
        }
    }
}
