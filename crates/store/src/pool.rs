//! Connections: pooled, with time limits, and named so that an operator can tell them apart.

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{self, Object},
    },
};
use futures_util::FutureExt;
use quire_domain::{Error, Result};
use tokio::runtime::Handle;

use crate::error::from_pool;

/// A connection taken from the [`Pool`]. Goes back when dropped.
pub type Connection = Object<AsyncPgConnection>;

/// How to connect, and how long to wait.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// `postgres://user:password@host:port/database`. Secret: holds a password.
    pub url: String,
    /// At most this many connections.
    pub size: usize,
    /// What `pg_stat_activity.application_name` shows.
    pub application_name: &'static str,
    /// PostgreSQL ends a statement that runs longer.
    pub statement_timeout: Duration,
    /// How long a caller waits for a free connection, or for a new one to be made.
    pub wait_timeout: Duration,
}

impl PoolOptions {
    /// Ten connections, 30 s for a statement, 5 s for a connection.
    pub fn new(url: impl Into<String>, application_name: &'static str) -> Self {
        Self {
            url: url.into(),
            size: 10,
            application_name,
            statement_timeout: Duration::from_secs(30),
            wait_timeout: Duration::from_secs(5),
        }
    }
}

/// The connections of one process. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    inner: deadpool::Pool<AsyncPgConnection>,
    options: PoolOptions,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("status", &self.inner.status()).finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool that connects when first asked; a database that is away is no error here.
    /// Must be called within the runtime that is to drive the connections: one that lives as
    /// long as the process, not that of a single HTTP worker.
    ///
    /// # Errors
    /// When the options are not usable at all.
    pub fn new(options: PoolOptions) -> Result<Self> {
        let mut config = ManagerConfig::default();
        // Only asks the connection whether it is closed, without a round trip.
        config.recycling_method = RecyclingMethod::Fast;
        let (runtime, setup) = (Handle::current(), options.clone());
        config.custom_setup = Box::new(move |_| {
            let (runtime, options) = (runtime.clone(), setup.clone());
            async move {
                match runtime.spawn(async move { connect(&options).await }).await {
                    Ok(connected) => connected,
                    Err(_) => Err(ConnectionError::BadConnection("connecting was interrupted".into())),
                }
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(&options.url, config);
        let inner = deadpool::Pool::builder(manager)
            .max_size(options.size)
            .wait_timeout(Some(options.wait_timeout))
            .create_timeout(Some(options.wait_timeout))
            .recycle_timeout(Some(options.wait_timeout))
            .runtime(::deadpool::Runtime::Tokio1)
            .build()
            .map_err(|e| Error::internal("building the connection pool").with_source(e))?;
        Ok(Self { inner, options })
    }

    /// A connection, within the wait timeout.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::DatabaseUnavailable`].
    pub async fn get(&self) -> Result<Connection> {
        self.inner.get().await.map_err(from_pool)
    }

    /// A connection of its own, outside the pool, for LISTEN.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::DatabaseUnavailable`].
    pub async fn dedicated(&self) -> Result<AsyncPgConnection> {
        let connecting = tokio::time::timeout(self.options.wait_timeout, connect(&self.options));
        connecting.await.map_err(crate::error::unavailable)?.map_err(crate::error::unavailable)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::DatabaseUnavailable`].
    pub async fn check(&self) -> Result<()> {
        self.get().await?.batch_execute("select 1").await.map_err(crate::error::unavailable)
    }
}

async fn connect(options: &PoolOptions) -> diesel::ConnectionResult<AsyncPgConnection> {
    let mut connection = AsyncPgConnection::establish(&options.url).await?;
    let setup = format!(
        "set application_name = '{}'; set statement_timeout = {}; set timezone = 'UTC'; \
         set idle_in_transaction_session_timeout = '60s'",
        options.application_name,
        options.statement_timeout.as_millis(),
    );
    connection.batch_execute(&setup).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}
