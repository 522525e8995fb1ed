use std::time::Duration;

use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use quire_store::limits;

use crate::support::{at, database};

const MINUTE: Duration = Duration::from_secs(60);

async fn count(connection: &mut AsyncPgConnection, key: &str, seconds: i64) -> (i64, i64) {
    let window = limits::count(connection, key, MINUTE, at(seconds)).await.unwrap();
    (window.count, (window.expires_at - at(0)).num_seconds())
}

#[tokio::test]
async fn a_window_counts_until_it_ends_and_begins_anew() {
    let (_database, mut connection) = database().await;
    assert_eq!(count(&mut connection, "a", 0).await, (1, 60));
    // The window does not move with what is counted in it.
    assert_eq!(count(&mut connection, "a", 30).await, (2, 60));
    assert_eq!(count(&mut connection, "b", 30).await, (1, 90));
    assert_eq!(count(&mut connection, "a", 59).await, (3, 60));
    assert_eq!(count(&mut connection, "a", 60).await, (1, 120));
    assert_eq!(count(&mut connection, "a", 1_000).await, (1, 1_060));
}

#[tokio::test]
async fn what_is_counted_at_once_is_counted_exactly() {
    const AT_ONCE: i64 = 50;
    let (database, mut connection) = database().await;
    for (round, key) in ["new", "new", "ended"].iter().enumerate() {
        if *key == "ended" {
            limits::count(&mut connection, key, Duration::ZERO, at(0)).await.unwrap();
        }
        let mut counts = join_all((0..AT_ONCE).map(|_| {
            let (pool, key) = (database.pool(), (*key).to_owned());
            async move { count(&mut pool.get().await.unwrap(), &key, 1).await.0 }
        }))
        .await;
        counts.sort_unstable();
        let begin = if round == 1 { AT_ONCE } else { 0 };
        assert_eq!(counts, (begin + 1..=begin + AT_ONCE).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn counts_are_taken_back_and_reset() {
    let (_database, mut connection) = database().await;
    count(&mut connection, "a", 0).await;
    count(&mut connection, "a", 0).await;
    limits::uncount(&mut connection, "a").await.unwrap();
    assert_eq!(count(&mut connection, "a", 1).await, (2, 60));
    // Never below nothing, and nothing happens to a key that is not there.
    for _ in 0..5 {
        limits::uncount(&mut connection, "a").await.unwrap();
    }
    limits::uncount(&mut connection, "unknown").await.unwrap();
    assert_eq!(count(&mut connection, "a", 2).await, (1, 60));
    limits::reset(&mut connection, "a").await.unwrap();
    limits::reset(&mut connection, "unknown").await.unwrap();
    assert_eq!(count(&mut connection, "a", 3).await, (1, 63));
}

#[tokio::test]
async fn ended_windows_are_swept() {
    let (_database, mut connection) = database().await;
    count(&mut connection, "old", 0).await;
    count(&mut connection, "new", 30).await;
    assert_eq!(limits::sweep_expired(&mut connection, at(59)).await.unwrap(), 0);
    assert_eq!(limits::sweep_expired(&mut connection, at(60)).await.unwrap(), 1);
    assert_eq!(count(&mut connection, "new", 60).await, (2, 90));
}
