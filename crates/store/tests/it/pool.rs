use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use quire_domain::ErrorCode;
use quire_store::{Pool, PoolOptions, limits};
use quire_testkit::{DEADLINE, TestDatabase, listener, wait_until};

use crate::support::at;

const SHORT: Duration = Duration::from_millis(200);

fn pool(database: &TestDatabase, change: impl FnOnce(&mut PoolOptions)) -> Pool {
    let mut options = PoolOptions::new(database.url(), "quire-pool-test");
    change(&mut options);
    Pool::new(options).unwrap()
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    let database = TestDatabase::new().await;
    let pool = pool(&database, |options| options.statement_timeout = SHORT);
    let mut blocker = database.pool().get().await.unwrap();
    blocker.batch_execute("begin; lock table rate_windows").await.unwrap();
    let mut connection = pool.get().await.unwrap();
    let begun = Instant::now();
    let error = limits::count(&mut connection, "a", SHORT, at(0)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::DatabaseUnavailable, "{error:?}");
    assert!(error.retry_after.is_some());
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    // The connection is still good.
    blocker.batch_execute("rollback").await.unwrap();
    assert_eq!(limits::count(&mut connection, "a", SHORT, at(0)).await.unwrap().count, 1);
}

#[tokio::test]
async fn who_finds_no_free_connection_does_not_wait_for_ever() {
    let database = TestDatabase::new().await;
    let pool = pool(&database, |options| (options.size, options.wait_timeout) = (2, SHORT));
    let held = [pool.get().await.unwrap(), pool.get().await.unwrap()];
    let begun = Instant::now();
    let refused = tokio::time::timeout(DEADLINE, pool.get()).await.expect("an answer");
    let error = refused.err().unwrap();
    assert_eq!(error.code, ErrorCode::DatabaseUnavailable);
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    drop(held);
    pool.check().await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    // It takes connections and says nothing.
    let silent = listener();
    let url = format!("postgres://quire@{}/quire", silent.local_addr().unwrap());
    let options = PoolOptions { wait_timeout: SHORT, ..PoolOptions::new(url, "quire-pool-test") };
    let pool = Pool::new(options).unwrap();
    for error in [pool.check().await.unwrap_err(), pool.dedicated().await.err().unwrap()] {
        assert_eq!(error.code, ErrorCode::DatabaseUnavailable, "{error:?}");
    }
}

#[tokio::test]
async fn an_operator_sees_whose_connection_it_is() {
    let database = TestDatabase::new().await;
    let pool = pool(&database, |_| ());
    let _held = (pool.get().await.unwrap(), pool.dedicated().await.unwrap());
    let named = "select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'quire-pool-test'";
    assert_eq!(database.query_one::<i64>(named).await, 2);
}

#[tokio::test]
async fn cut_connections_are_replaced() {
    let database = TestDatabase::new().await;
    let pool = pool(&database, |options| options.size = 3);
    let mut held = pool.get().await.unwrap();
    pool.check().await.unwrap();
    database.cut_connections().await;
    let error = limits::count(&mut held, "a", SHORT, at(0)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::DatabaseUnavailable, "{error:?}");
    drop(held);
    wait_until("the pool recovers", || async { pool.check().await.is_ok() }).await;
    // None of the broken ones is given out any more.
    let held = [pool.get().await, pool.get().await, pool.get().await];
    for connection in held {
        limits::count(&mut connection.unwrap(), "a", SHORT, at(0)).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_said_of_a_pool_holds_no_password() {
    let pool = Pool::new(PoolOptions::new("postgres://quire:hunter2@127.0.0.1:1/quire", "quire-pool-test"));
    let pool = pool.unwrap();
    let error = pool.check().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::DatabaseUnavailable);
    let said = format!("{pool:?} {error:?} {}", quire_domain::error::chain(&error));
    assert!(!said.contains("hunter2"), "{said}");
}
