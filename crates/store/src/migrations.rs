//! The schema's history, embedded. Services never migrate at start; `quire migrate` does.

use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use quire_domain::{Error, Result};

use crate::error::unavailable;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Brings the database to the newest schema; returns the versions that were applied.
/// Two processes may call it at once: the second waits and finds nothing to do.
///
/// # Errors
/// When the database cannot be reached or a migration fails (which leaves it undone).
pub async fn run(url: &str) -> Result<Vec<String>> {
    with_harness(url, |harness| {
        let versions = harness.run_pending_migrations(MIGRATIONS)?;
        Ok(versions.iter().map(ToString::to_string).collect())
    })
    .await
}

/// Undoes every migration, newest first; returns the versions that were undone.
///
/// # Errors
/// As [`run`].
pub async fn revert_all(url: &str) -> Result<Vec<String>> {
    with_harness(url, |harness| {
        let versions = harness.revert_all_migrations(MIGRATIONS)?;
        Ok(versions.iter().map(ToString::to_string).collect())
    })
    .await
}

/// The versions that are not applied yet.
///
/// # Errors
/// When the database cannot be reached.
pub async fn pending(url: &str) -> Result<Vec<String>> {
    with_harness(url, |harness| {
        let pending = harness.pending_migrations(MIGRATIONS)?;
        Ok(pending.iter().map(|m| m.name().version().to_string()).collect())
    })
    .await
}

type Harness = AsyncMigrationHarness<AsyncPgConnection>;
type MigrationResult<T> = diesel::migration::Result<T>;

async fn with_harness<T: Send + 'static>(
    url: &str,
    work: impl FnOnce(&mut Harness) -> MigrationResult<T> + Send + 'static,
) -> Result<T> {
    use diesel_async::SimpleAsyncConnection;

    let mut connection = AsyncPgConnection::establish(url).await.map_err(unavailable)?;
    // Serializes concurrent runs. The number has no meaning but to be always the same; the
    // lock goes with the connection.
    connection.batch_execute("select pg_advisory_lock(7135482)").await.map_err(unavailable)?;
    // The harness blocks on its connection, which a runtime thread may not do.
    tokio::task::spawn_blocking(move || work(&mut Harness::new(connection)))
        .await
        .map_err(|e| Error::internal("running migrations").with_source(e))?
        .map_err(|e| Error::internal("running migrations").with_source(e))
}
