//! The log of events: read whole and in order, whatever the order of the commits.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use quire_domain::{EventId, UserId, event::EventName};
use quire_store::events::{self, LogReader};
use quire_testkit::TestDatabase;

use crate::support::{database, user};

/// SQL that writes events the way the store does: the transaction has its id before the
/// events take their numbers.
fn written(user: UserId, count: i64) -> String {
    format!(
        "select pg_current_xact_id();
         insert into events (user_id, name) select {user}, 'task_queued' from generate_series(1, {count})"
    )
}

async fn write(database: &TestDatabase, user: UserId, count: i64) {
    database.execute(&written(user, count)).await;
}

/// A transaction that has written one event and is still open.
struct Open(AsyncPgConnection);

impl Open {
    async fn begin(database: &TestDatabase, user: UserId) -> Self {
        Self::with(database, &written(user, 1)).await
    }

    async fn with(database: &TestDatabase, sql: &str) -> Self {
        let mut connection = database.pool().dedicated().await.unwrap();
        connection.batch_execute(&format!("begin; {sql}")).await.unwrap();
        Self(connection)
    }

    async fn end(mut self, how: &str) {
        self.0.batch_execute(how).await.unwrap();
    }
}

async fn read(reader: &mut LogReader, connection: &mut AsyncPgConnection) -> Vec<i64> {
    let batch = reader.read(connection).await.unwrap();
    batch.events.iter().map(|event| event.id.0).collect()
}

/// Reads until `count` ids have come. Gaps take as long as any transaction of the server lasts.
async fn read_all(reader: &mut LogReader, connection: &mut AsyncPgConnection, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    while ids.len() < count {
        ids.extend(read(reader, connection).await);
        tokio::task::yield_now().await;
    }
    ids
}

/// What a reader finds in three looks, the second of which knows the gap and its horizon.
async fn three_looks(reader: &mut LogReader, connection: &mut AsyncPgConnection) -> Vec<i64> {
    let mut ids = Vec::new();
    for _ in 0..3 {
        let batch = reader.read(connection).await.unwrap();
        assert!(batch.more);
        ids.extend(batch.events.iter().map(|event| event.id.0));
    }
    ids
}

#[tokio::test]
async fn everything_comes_once_in_order_and_in_pieces() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    let total = LogReader::BATCH * 2 + 5;
    write(&database, anna, total).await;
    let mut reader = LogReader::after(EventId(0));
    let (mut ids, mut looks) = (Vec::new(), VecDeque::new());
    loop {
        let batch = reader.read(&mut connection).await.unwrap();
        ids.extend(batch.events.iter().map(|event| event.id.0));
        looks.push_back(batch.events.len());
        if !batch.more {
            break;
        }
    }
    assert_eq!(ids, (1..=total).collect::<Vec<_>>());
    assert_eq!(looks, [1_000, 1_000, 5]);
    assert_eq!(reader.cursor(), EventId(total));
    assert!(read(&mut reader, &mut connection).await.is_empty());
}

#[tokio::test]
async fn a_reader_can_begin_at_the_end() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    assert_eq!(LogReader::at_end(&mut connection).await.unwrap().cursor(), EventId(0));
    write(&database, anna, 3).await;
    let mut reader = LogReader::at_end(&mut connection).await.unwrap();
    assert_eq!(reader.cursor(), EventId(3));
    write(&database, anna, 1).await;
    assert_eq!(read(&mut reader, &mut connection).await, [4]);
}

#[tokio::test]
async fn what_commits_late_is_waited_for() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    let mut reader = LogReader::after(EventId(0));
    let (one, two, three) = (
        Open::begin(&database, anna).await,
        Open::begin(&database, anna).await,
        Open::begin(&database, anna).await,
    );
    three.end("commit").await;
    assert!(three_looks(&mut reader, &mut connection).await.is_empty());
    one.end("commit").await;
    assert_eq!(three_looks(&mut reader, &mut connection).await, [1]);
    two.end("commit").await;
    assert_eq!(read_all(&mut reader, &mut connection, 2).await, [2, 3]);
    assert_eq!(reader.cursor(), EventId(3));
}

#[tokio::test]
async fn what_is_rolled_back_is_stepped_over() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    let mut reader = LogReader::after(EventId(0));
    let lost = Open::begin(&database, anna).await;
    write(&database, anna, 2).await;
    assert!(three_looks(&mut reader, &mut connection).await.is_empty());
    lost.end("rollback").await;
    assert_eq!(read_all(&mut reader, &mut connection, 2).await, [2, 3]);
    write(&database, anna, 1).await;
    assert_eq!(read_all(&mut reader, &mut connection, 1).await, [4]);
}

#[tokio::test]
async fn a_gap_is_kept_open_for_whoever_might_have_its_number() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    let mut reader = LogReader::after(EventId(0));
    // Has an id, and for all that can be known a number too.
    let other = Open::with(&database, "select pg_current_xact_id()").await;
    Open::begin(&database, anna).await.end("rollback").await;
    write(&database, anna, 1).await;
    assert!(three_looks(&mut reader, &mut connection).await.is_empty());
    other.end("commit").await;
    assert_eq!(read_all(&mut reader, &mut connection, 1).await, [2]);
}

#[tokio::test]
async fn a_gap_at_the_border_of_a_piece_is_seen() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    write(&database, anna, LogReader::BATCH).await;
    let late = Open::begin(&database, anna).await;
    write(&database, anna, 1).await;
    let mut reader = LogReader::after(EventId(0));
    assert_eq!(read(&mut reader, &mut connection).await.len() as i64, LogReader::BATCH);
    assert!(three_looks(&mut reader, &mut connection).await.is_empty());
    late.end("commit").await;
    let rest = [LogReader::BATCH + 1, LogReader::BATCH + 2];
    assert_eq!(read_all(&mut reader, &mut connection, 2).await, rest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_readers_among_busy_writers_read_the_same_log() {
    const WRITERS: usize = 6;
    const ROUNDS: usize = 8;
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    let writer = async |number: usize| {
        for round in 0..ROUNDS {
            let open = Open::begin(&database, anna).await;
            // Others overtake this one; every fourth goes back.
            write(&database, anna, 1).await;
            open.end(if (number + round).is_multiple_of(4) { "rollback" } else { "commit" }).await;
        }
    };
    let reader = async || {
        let mut connection = database.pool().dedicated().await.unwrap();
        let expected = WRITERS * ROUNDS * 7 / 4;
        read_all(&mut LogReader::after(EventId(0)), &mut connection, expected).await
    };
    let writers = futures_util::future::join_all((0..WRITERS).map(writer));
    let (_, first, second) = tokio::join!(writers, reader(), reader());
    let stored: Vec<i64> = database.query_one("select json_agg(id order by id) from events").await;
    assert_eq!(first, stored);
    assert_eq!(second, stored);
}

#[tokio::test]
async fn a_replay_is_of_one_user_between_two_places() {
    let (database, mut connection) = database().await;
    let (anna, bert) = (user(&mut connection, "anna").await, user(&mut connection, "bert").await);
    for _ in 0..3 {
        write(&database, anna, 1).await;
        write(&database, bert, 1).await;
    }
    let all = [
        (0, 6, 10, &[1, 3, 5][..]),
        (1, 5, 10, &[3, 5]),
        (1, 4, 10, &[3]),
        (0, 6, 2, &[1, 3]),
        (5, 5, 10, &[]),
    ];
    for (after, upto, limit, expected) in all {
        let found =
            events::replay(&mut connection, anna, EventId(after), EventId(upto), limit).await.unwrap();
        let ids: Vec<_> = found.iter().map(|event| event.id.0).collect();
        assert_eq!(ids, expected, "{after}..={upto}");
        assert!(found.iter().all(|event| event.user_id == anna && event.name == EventName::TaskQueued));
    }
}

#[tokio::test]
async fn old_events_are_swept_the_oldest_first() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    write(&database, anna, 5).await;
    database.execute("update events set created_at = '2020-01-01' where id in (1, 2, 4)").await;
    let before: DateTime<Utc> = "2021-01-01T00:00:00Z".parse().unwrap();
    let mut swept = Vec::new();
    for _ in 0..3 {
        swept.push(events::sweep_older_than(&mut connection, before, 2).await.unwrap());
    }
    assert_eq!(swept, [2, 1, 0]);
    // A reader that had not come so far goes on with what is left.
    let mut reader = LogReader::after(EventId(0));
    assert_eq!(read_all(&mut reader, &mut connection, 2).await, [3, 5]);
}

#[tokio::test]
async fn a_reader_stays_where_it_was_when_the_database_goes_away() {
    let (database, mut connection) = database().await;
    let anna = user(&mut connection, "anna").await;
    write(&database, anna, 2).await;
    let mut reader = LogReader::after(EventId(1));
    database.cut_connections().await;
    reader.read(&mut connection).await.unwrap_err();
    assert_eq!(reader.cursor(), EventId(1));
    let mut connection = database.pool().dedicated().await.unwrap();
    assert_eq!(read(&mut reader, &mut connection).await, [2]);
}
