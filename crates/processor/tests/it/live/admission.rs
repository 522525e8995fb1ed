use quire_testkit::{DEADLINE, EventSocket, TestDatabase};
use serde_json::Value;

use super::*;

/// The code and reason with which a socket of these headers is closed.
async fn refusal(url: &str, headers: &[(&str, &str)]) -> (u16, String) {
    EventSocket::connect_with(url, headers).await.unwrap().close_code(DEADLINE).await
}

pub(super) async fn ticket(server: &Server, user: UserId) -> String {
    let answer =
        server.client.with_token(token(user)).post("/process/ws-ticket", &()).await.expect_status(201);
    let body: Value = answer.json();
    assert_eq!(body["expires_in"], 60);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    body["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_show_a_token_opens_a_socket() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (token, ticket) = (token(anna), ticket(&server, anna).await);
    for (query, headers) in [
        (format!("token={token}"), vec![]),
        (String::new(), vec![("sec-websocket-protocol", format!("bearer, {token}"))]),
        (String::new(), vec![("authorization", format!("Bearer {token}"))]),
        (format!("ticket={ticket}"), vec![]),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let socket = EventSocket::connect_with(&server.socket_url(anna, &query), &headers).await;
        assert_eq!(socket.unwrap().next_event(DEADLINE).await["event"], "connected");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_good_token_is_told_by_a_close_code() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (good, expired) = (token(anna), expired_token(anna));
    for (query, word) in [
        (String::new(), "token"),
        ("token=".to_owned(), "not valid"),
        ("token=nonsense".to_owned(), "not valid"),
        (format!("token={good}x"), "not valid"),
        (format!("token={expired}"), "expired"),
        ("ticket=nonsense".to_owned(), "ticket"),
        // A bad one is not made good by another.
        (format!("ticket=nonsense&token={good}"), "ticket"),
    ] {
        let (code, reason) = refusal(&server.socket_url(anna, &query), &[]).await;
        assert_eq!(code, 4001, "{query}");
        assert!(reason.contains(word), "{query}: {reason}");
    }
    let protocol = format!("bearer, {expired}");
    let url = server.socket_url(anna, "");
    assert_eq!(refusal(&url, &[("sec-websocket-protocol", &protocol)]).await.0, 4001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_others_are_not_for_sale() {
    let database = TestDatabase::new().await;
    let server = Server::start(&database).await;
    let (anna, bert) = (user(&database, "anna").await, user(&database, "bert").await);
    let url = server.socket_url(bert, &format!("token={}&after=0", token(anna)));
    assert_eq!(refusal(&url, &[]).await.0, 4003);
    let url = server.socket_url(bert, &format!("ticket={}", ticket(&server, anna).await));
    assert_eq!(refusal(&url, &[]).await.0, 4003);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_good_once_for_a_minute_and_only_as_it_is() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    server.client.post("/process/ws-ticket", &()).await.assert_problem(401, "not_authenticated");

    let first = ticket(&server, anna).await;
    assert_eq!(first.len(), 54);
    let hashes: Vec<Value> = database.query_all("select ticket_hash::text from socket_tickets").await;
    assert!(!hashes[0].to_string().contains(&first));
    let url = server.socket_url(anna, &format!("ticket={first}"));
    let mut socket = EventSocket::connect(&url).await.unwrap();
    assert_eq!(socket.next_event(DEADLINE).await["event"], "connected");
    assert_eq!(refusal(&url, &[]).await.0, 4001);

    let late = ticket(&server, anna).await;
    database.execute("update socket_tickets set expires_at = expires_at - interval '61 s'").await;
    assert_eq!(refusal(&server.socket_url(anna, &format!("ticket={late}")), &[]).await.0, 4001);

    // The end of the token is the tail of the ticket: a later one makes it another ticket.
    let (start, tail) = (ticket(&server, anna).await, "__w");
    let (start, end) = start.split_at(51);
    let other = if end == tail { "AAA" } else { tail };
    assert_eq!(refusal(&server.socket_url(anna, &format!("ticket={start}{other}")), &[]).await.0, 4001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_ends_with_its_token() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let token = short_token(anna, Duration::from_secs(1));
    let answer = server.client.with_token(&token).post("/process/ws-ticket", &()).await.expect_status(201);
    let ticket = answer.json::<Value>()["ticket"].as_str().unwrap().to_owned();
    let by_token = server.socket_url(anna, &format!("token={token}"));
    let by_ticket = server.socket_url(anna, &format!("ticket={ticket}"));
    let closed = futures_util::future::join(refusal(&by_token, &[]), refusal(&by_ticket, &[])).await;
    assert_eq!(closed.0, (4001, "the token has expired".to_owned()));
    assert_eq!(closed.1.0, 4001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_handshake_is_a_problem() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let client = server.client.with_token(token(anna));
    client.get(&format!("/process/ws/{anna}")).await.assert_problem(400, "malformed_request");
    client.get("/process/ws/anna").await.assert_status(404);
    client.get(&format!("/process/ws/{anna}?after=soon")).await.assert_status(400);
}
