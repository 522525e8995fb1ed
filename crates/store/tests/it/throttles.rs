//! The rules are tested where they are; here, that they hold for all who come at the same moment.

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use quire_domain::throttle::{Call, Policy, Report};
use quire_store::throttles;
use quire_testkit::TestDatabase;

use crate::support::{at, database};

const POLICY: Policy =
    Policy { requests_per_minute: 0, tokens_per_minute: 0, failures: 3, rest: Duration::from_secs(30) };

/// Lets a call in, or says after how many seconds.
async fn enter(
    connection: &mut AsyncPgConnection,
    provider: &str,
    policy: &Policy,
    call: Call,
    seconds: i64,
) -> Result<(), u64> {
    let expires_at = at(seconds + 300);
    let entered = throttles::enter(connection, provider, policy, call, at(seconds), expires_at).await;
    entered.unwrap().map_err(|wait| wait.as_secs())
}

async fn leave(connection: &mut AsyncPgConnection, policy: &Policy, call: i64, report: Report, seconds: i64) {
    let call = Call { id: call, tokens: 100 };
    throttles::leave(connection, "openai", policy, call, report, at(seconds)).await.unwrap();
}

/// How many of `calls` that come at the same moment are let in.
async fn let_in(database: &TestDatabase, policy: Policy, calls: i64, seconds: i64) -> usize {
    let entered = join_all((0..calls).map(|id| {
        let pool = database.pool();
        async move {
            let mut connection = pool.get().await.unwrap();
            enter(&mut connection, "openai", &policy, Call { id, tokens: 100 }, seconds).await
        }
    }));
    entered.await.iter().filter(|entered| entered.is_ok()).count()
}

#[tokio::test]
async fn calls_at_once_share_one_limit_exactly() {
    let (database, _) = database().await;
    let policy = Policy { requests_per_minute: 12, ..POLICY };
    assert_eq!(let_in(&database, policy, 40, 0).await, 12);
    assert_eq!(let_in(&database, policy, 40, 4).await, 0);
    assert_eq!(let_in(&database, policy, 40, 15).await, 3);
    assert_eq!(let_in(&database, policy, 40, 600).await, 12);
    let policy = Policy { tokens_per_minute: 750, ..POLICY };
    assert_eq!(let_in(&database, policy, 40, 600).await, 7);
}

#[tokio::test]
async fn each_provider_has_its_own() {
    let (_database, mut connection) = database().await;
    let policy = Policy { requests_per_minute: 1, ..POLICY };
    let call = Call { id: 1, tokens: 1 };
    for provider in ["openai", "anthropic"] {
        assert_eq!(enter(&mut connection, provider, &policy, call, 0).await, Ok(()));
        assert_eq!(enter(&mut connection, provider, &policy, call, 0).await, Err(60));
    }
}

#[tokio::test]
async fn a_breaker_opens_lets_one_probe_through_and_closes() {
    let (database, mut connection) = database().await;
    for call in 1..=3 {
        leave(&mut connection, &POLICY, call, Report::Failed, 0).await;
    }
    assert_eq!(let_in(&database, POLICY, 20, 29).await, 0);
    assert_eq!(let_in(&database, POLICY, 20, 30).await, 1);
    let probe: i64 = database.query_one("select probe from throttles").await;

    // It fails: a longer rest.
    leave(&mut connection, &POLICY, probe, Report::Failed, 31).await;
    assert_eq!(let_in(&database, POLICY, 20, 90).await, 0);
    assert_eq!(let_in(&database, POLICY, 20, 91).await, 1);
    // It is lost: the next one probes.
    assert_eq!(let_in(&database, POLICY, 20, 390).await, 0);
    assert_eq!(let_in(&database, POLICY, 20, 391).await, 1);
    let probe: i64 = database.query_one("select probe from throttles").await;
    leave(&mut connection, &POLICY, probe, Report::Answered { tokens: 100 }, 392).await;
    assert_eq!(let_in(&database, POLICY, 20, 392).await, 20);
}

#[tokio::test]
async fn failures_at_once_are_all_counted() {
    let (database, _) = database().await;
    let policy = Policy { failures: 20, ..POLICY };
    join_all((0..20).map(|call| {
        let pool = database.pool();
        async move { leave(&mut pool.get().await.unwrap(), &policy, call, Report::Failed, 0).await }
    }))
    .await;
    assert_eq!(let_in(&database, policy, 1, 0).await, 0);
    assert_eq!(database.query_one::<i64>("select failures from throttles").await, 20);
}
