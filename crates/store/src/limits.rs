//! Counters that all replicas share: so many of something in a window of time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::Result;

use crate::{error::Context, schema::rate_windows};

/// The state of a window after one more was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Window {
    /// How many, this one included.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// When the window ends and counting begins anew.
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
}

/// Counts one more under `key`, and begins a new window when the old one has ended. Counting
/// comes before deciding, so that requests at the same moment cannot all slip through.
///
/// # Errors
/// When the database does not answer.
pub async fn count(
    connection: &mut AsyncPgConnection,
    key: &str,
    window: Duration,
    now: DateTime<Utc>,
) -> Result<Window> {
    let expires_at = now + window;
    diesel::sql_query(
        "insert into rate_windows as w (key, count, expires_at) values ($1, 1, $2) \
         on conflict (key) do update set \
             count = case when w.expires_at <= $3 then 1 else w.count + 1 end, \
             expires_at = case when w.expires_at <= $3 then excluded.expires_at else w.expires_at end \
         returning count, expires_at",
    )
    .bind::<Text, _>(key)
    .bind::<Timestamptz, _>(expires_at)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .await
    .context("counting towards a limit")
}

/// Holds what is decided under `key` until the transaction ends: whoever else asks waits.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(connection: &mut AsyncPgConnection, key: &str) -> Result<()> {
    diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(key)
        .execute(connection)
        .await
        .context("locking a limit")?;
    Ok(())
}

/// Takes back one that was counted under `key`.
///
/// # Errors
/// When the database does not answer.
pub async fn uncount(connection: &mut AsyncPgConnection, key: &str) -> Result<()> {
    diesel::update(rate_windows::table.find(key).filter(rate_windows::count.gt(0)))
        .set(rate_windows::count.eq(rate_windows::count - 1))
        .execute(connection)
        .await
        .context("taking back a count")?;
    Ok(())
}

/// Forgets the window of `key`.
///
/// # Errors
/// When the database does not answer.
pub async fn reset(connection: &mut AsyncPgConnection, key: &str) -> Result<()> {
    diesel::delete(rate_windows::table.find(key)).execute(connection).await.context("resetting a limit")?;
    Ok(())
}

/// Removes windows that have ended.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep_expired(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    diesel::delete(rate_windows::table.filter(rate_windows::expires_at.le(now)))
        .execute(connection)
        .await
        .context("sweeping ended windows")
}
