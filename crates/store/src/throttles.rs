//! What all workers keep together about each provider. The rules are the domain's
//! ([`quire_domain::throttle`]); here they are applied under the lock of the provider's row, so that no two
//! calls are let through on the same room.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use quire_domain::{
    Result,
    throttle::{Breaker, Bucket, Call, Policy, Probe, Report, Throttle},
};

use crate::{error::Context, schema::throttles};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = throttles, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
struct Row {
    requests_full_at: DateTime<Utc>,
    tokens_full_at: DateTime<Utc>,
    blocked_until: Option<DateTime<Utc>>,
    failures: i32,
    openings: i32,
    open_until: Option<DateTime<Utc>>,
    probe: Option<i64>,
    probe_until: Option<DateTime<Utc>>,
}

impl From<Throttle> for Row {
    fn from(throttle: Throttle) -> Self {
        let Throttle { requests, tokens, blocked_until, breaker } = throttle;
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            requests_full_at: requests.full_at,
            tokens_full_at: tokens.full_at,
            blocked_until,
            failures: count(breaker.failures),
            openings: count(breaker.openings),
            open_until: breaker.open_until,
            probe: breaker.probe.map(|probe| probe.call),
            probe_until: breaker.probe.map(|probe| probe.until),
        }
    }
}

impl From<Row> for Throttle {
    fn from(row: Row) -> Self {
        Self {
            requests: Bucket { full_at: row.requests_full_at },
            tokens: Bucket { full_at: row.tokens_full_at },
            blocked_until: row.blocked_until,
            breaker: Breaker {
                failures: row.failures.unsigned_abs(),
                openings: row.openings.unsigned_abs(),
                open_until: row.open_until,
                probe: row.probe.zip(row.probe_until).map(|(call, until)| Probe { call, until }),
            },
        }
    }
}

/// Lets a call through to a provider, or says for how long it does not; see [`Throttle::enter`].
///
/// # Errors
/// When the database does not answer.
pub async fn enter(
    connection: &mut AsyncPgConnection,
    provider: &str,
    policy: &Policy,
    call: Call,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<std::result::Result<(), Duration>> {
    change(connection, provider, now, |throttle| throttle.enter(policy, call, now, expires_at))
        .await
        .context("letting a call through")
}

/// Learns how a call to a provider went; see [`Throttle::leave`].
///
/// # Errors
/// When the database does not answer.
pub async fn leave(
    connection: &mut AsyncPgConnection,
    provider: &str,
    policy: &Policy,
    call: Call,
    report: Report,
    now: DateTime<Utc>,
) -> Result<()> {
    change(connection, provider, now, |throttle| throttle.leave(policy, call, report, now))
        .await
        .context("learning how a call went")
}

async fn change<T: Send + Sync>(
    connection: &mut AsyncPgConnection,
    provider: &str,
    now: DateTime<Utc>,
    apply: impl FnOnce(&mut Throttle) -> T + Send + Sync,
) -> QueryResult<T> {
    connection
        .transaction(async |connection| {
            let before = lock(connection, provider, now).await?;
            let mut throttle = before;
            let outcome = apply(&mut throttle);
            if throttle != before {
                diesel::update(throttles::table.find(provider))
                    .set(Row::from(throttle))
                    .execute(connection)
                    .await?;
            }
            Ok(outcome)
        })
        .await
}

/// The row of a provider, which nobody else can change until the transaction ends.
async fn lock(
    connection: &mut AsyncPgConnection,
    provider: &str,
    now: DateTime<Utc>,
) -> QueryResult<Throttle> {
    if let Some(found) = find(connection, provider).await? {
        return Ok(found);
    }
    diesel::insert_into(throttles::table)
        .values((throttles::provider.eq(provider), Row::from(Throttle::new(now))))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    find(connection, provider).await?.ok_or(diesel::result::Error::NotFound)
}

async fn find(connection: &mut AsyncPgConnection, provider: &str) -> QueryResult<Option<Throttle>> {
    let row = throttles::table
        .find(provider)
        .select(Row::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Throttle::from))
}
