use quire_testkit::{DEADLINE, TestDatabase};
use tokio::{sync::watch, time::timeout};

use super::{admission::ticket, *};

async fn woken(wakes: &mut watch::Receiver<u64>) {
    timeout(DEADLINE, wakes.changed()).await.expect("a wake in time").unwrap();
}

/// Waits until a write told by `teller` wakes the process of `wakes`.
async fn woken_by(teller: &Server, wakes: &mut watch::Receiver<u64>) {
    wakes.mark_unchanged();
    teller.relay.signal().written();
    woken(wakes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_is_woken_also_after_its_listening_was_cut() {
    let database = TestDatabase::new().await;
    let (here, there) = (Server::start(&database).await, Server::start(&database).await);
    let anna = user(&database, "anna").await;
    let listening = "select count(*) from pg_stat_activity
                     where query like 'listen quire_events%' and state = 'idle' and datname = current_database()";
    wait_until("both listen", || async { database.query_one::<u32>(listening).await == 2 }).await;
    let mut wakes = there.relay.wakes();
    woken_by(&here, &mut wakes).await;

    wakes.mark_unchanged();
    database
        .execute(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where query like 'listen quire_events%' and datname = current_database()",
        )
        .await;
    // It wakes itself when it listens again: it may have missed something.
    woken(&mut wakes).await;
    woken_by(&here, &mut wakes).await;

    let (mut socket, _) = there.socket(anna, "").await;
    write(&database, anna, 1).await;
    here.relay.signal().written();
    assert_eq!(next_ids(&mut socket, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_outlive_a_database_that_goes_away() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (mut socket, _) = server.socket(anna, "").await;
    write(&database, anna, 1).await;
    assert_eq!(next_ids(&mut socket, 1).await, [1]);
    let by_ticket = server.socket_url(anna, &format!("ticket={}", ticket(&server, anna).await));
    database.take_away().await;
    let client = server.client.with_token(token(anna));
    client.post("/process/ws-ticket", &()).await.assert_problem(503, "database_unavailable");
    let mut refused = EventSocket::connect(&by_ticket).await.unwrap();
    assert_eq!(refused.close_code(DEADLINE).await.0, 1013);
    database.bring_back().await;
    write(&database, anna, 2).await;
    assert_eq!(next_ids(&mut socket, 2).await, [2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_nobody_tells_of_is_found_by_the_poll() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (mut socket, _) = server.socket(anna, "").await;
    write(&database, anna, 1).await;
    assert_eq!(next_ids(&mut socket, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_sends_clients_away_with_their_place() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (mut socket, _) = server.socket(anna, "after=0").await;
    write(&database, anna, 3).await;
    server.relay.signal().written();
    assert_eq!(next_ids(&mut socket, 3).await, [1, 2, 3]);
    server.shutdown.soft.cancel();
    let closed = socket.close_code(DEADLINE).await;
    assert_eq!(closed, (1001, "the server stops; reconnect with after=3".to_owned()));
    timeout(DEADLINE, server.background.wait()).await.expect("the relay stops");
}
