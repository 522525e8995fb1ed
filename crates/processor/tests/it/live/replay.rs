use futures_util::future::join_all;
use quire_testkit::{DEADLINE, TestDatabase};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_what_was_stored_then_what_happens_each_user_their_own() {
    let database = TestDatabase::new().await;
    let (anna, bert) = (user(&database, "anna").await, user(&database, "bert").await);
    for _ in 0..3 {
        write(&database, anna, 1).await;
        write(&database, bert, 1).await;
    }
    let server = Server::start(&database).await;
    let (mut all, greeting) = server.socket(anna, "after=0").await;
    assert_eq!(greeting["id"], 0);
    let (mut rest, greeting) = server.socket(anna, "after=3").await;
    assert_eq!(greeting["id"], 3);
    let (mut live, greeting) = server.socket(anna, "").await;
    assert_eq!(greeting["id"], 6);
    write(&database, bert, 1).await;
    write(&database, anna, 2).await;
    server.relay.signal().written();
    assert_eq!(next_ids(&mut all, 5).await, [1, 3, 5, 8, 9]);
    assert_eq!(next_ids(&mut rest, 3).await, [5, 8, 9]);
    assert_eq!(next_ids(&mut live, 2).await, [8, 9]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_commits_late_is_neither_missed_nor_overtaken() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (mut socket, _) = server.socket(anna, "after=0").await;
    // Numbers 1 and 2, committed in the opposite order.
    let (first, second) = (Open::begin(&database, anna).await, Open::begin(&database, anna).await);
    second.end("commit").await;
    server.relay.signal().written();
    // Who comes now finds 2 in the log, and 1 not yet.
    let (mut newcomer, _) = server.socket(anna, "after=0").await;
    first.end("commit").await;
    assert_eq!(next_ids(&mut socket, 2).await, [1, 2]);
    assert_eq!(next_ids(&mut newcomer, 2).await, [1, 2]);
    // 3 never comes.
    let third = Open::begin(&database, anna).await;
    write(&database, anna, 1).await;
    third.end("rollback").await;
    assert_eq!(next_ids(&mut socket, 1).await, [4]);
    assert_eq!(next_ids(&mut newcomer, 1).await, [4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_committed_when_the_relay_began_is_waited_for() {
    let database = TestDatabase::new().await;
    let anna = user(&database, "anna").await;
    let open = Open::begin(&database, anna).await;
    write(&database, anna, 1).await;
    let server = Server::unready(&database, Timing::default());
    let url = server.socket_url(anna, &format!("token={}&after=0", token(anna)));
    let mut early = EventSocket::connect(&url).await.unwrap();
    assert_eq!(early.close_code(DEADLINE).await.0, 1013);
    server
        .client
        .with_token(token(anna))
        .get("/process/events")
        .await
        .assert_problem(503, "database_unavailable");
    open.end("commit").await;
    server.caught_up(2).await;
    let (mut socket, _) = server.socket(anna, "after=0").await;
    assert_eq!(next_ids(&mut socket, 2).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_buffer_in_one_transaction_comes_whole() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (mut socket, _) = server.socket(anna, "").await;
    write(&database, anna, 2_000).await;
    server.relay.signal().written();
    assert_eq!(next_ids(&mut socket, 2_000).await, (1..=2_000).collect::<Vec<_>>());
}

/// Five transactions by one writer, with pauses between number and commit, of which the
/// fourth is rolled back.
async fn write_with_delays(database: &TestDatabase, server: &Server, user: UserId) {
    for round in 0..5 {
        let open = Open::begin(database, user).await;
        if round % 2 == 0 {
            write(database, user, 2).await;
            server.relay.signal().written();
        }
        open.end(if round == 3 { "rollback" } else { "commit" }).await;
        server.relay.signal().written();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_a_client_comes_each_event_reaches_it_once_and_in_order() {
    const WRITERS: usize = 6;
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let writers = join_all((0..WRITERS).map(|_| write_with_delays(&database, &server, anna)));
    let readers = join_all((0..8).map(|place| {
        let (server, database) = (&server, &database);
        async move {
            // They come while others write: each waits for another stretch of the log.
            wait_until("enough is written", || async { stored_ids(database, anna).await.len() >= place * 6 })
                .await;
            let (mut socket, _) = server.socket(anna, "after=0").await;
            next_ids(&mut socket, WRITERS * 10).await
        }
    }));
    let ((), read) = futures_util::future::join(async { drop(writers.await) }, readers).await;
    let stored = stored_ids(&database, anna).await;
    assert_eq!(stored.len(), WRITERS * 10);
    for ids in read {
        assert_eq!(ids, stored);
    }
}
