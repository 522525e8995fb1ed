use quire_testkit::{DEADLINE, TestDatabase};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::timeout;

use super::*;

/// An EventSource.
pub(super) struct EventStream {
    response: Response,
    text: String,
}

impl EventStream {
    pub(super) async fn open(client: &HttpClient, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut call = client.call(Method::GET, path);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let response = call.into_inner().send().await.unwrap();
        assert_eq!(response.status(), 200);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        Self { response, text: String::new() }
    }

    /// The lines up to the next empty one; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = timeout(DEADLINE, self.response.chunk()).await.expect("a piece in time");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// The next event: its `id:` line, its name, its data.
    pub(super) async fn event(&mut self) -> (String, String, Value) {
        loop {
            let block = self.block().await.expect("an event before the end");
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                line.unwrap_or_default().to_owned()
            };
            let name = field("event");
            if !name.is_empty() {
                return (field("id"), name, serde_json::from_str(&field("data")).unwrap());
            }
        }
    }

    /// The ids of the next events, after the greeting.
    async fn ids(&mut self, count: usize) -> Vec<i64> {
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            let (id, name, data) = self.event().await;
            assert_eq!((id.parse().ok(), data["event"].as_str()), (data["id"].as_i64(), Some(name.as_str())));
            if name != "connected" {
                ids.push(id.parse().unwrap());
            }
        }
        ids
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resumes_where_the_client_was() {
    let database = TestDatabase::new().await;
    let (anna, bert) = (user(&database, "anna").await, user(&database, "bert").await);
    write(&database, anna, 3).await;
    write(&database, bert, 1).await;
    let server = Server::start(&database).await;
    let client = server.client.with_token(token(anna));
    let mut all = EventStream::open(&client, "/process/events?after=0", &[]).await;
    assert_eq!(all.block().await.as_deref(), Some("retry: 2000"));
    assert_eq!(all.ids(3).await, [1, 2, 3]);
    // What an EventSource sends when it comes back goes before what is in its address.
    let mut rest = EventStream::open(&client, "/process/events?after=0", &[("last-event-id", "2")]).await;
    assert_eq!(rest.ids(1).await, [3]);
    let mut live = EventStream::open(&client, "/process/events", &[]).await;
    let (id, name, _) = live.event().await;
    assert_eq!((id.as_str(), name.as_str()), ("4", "connected"));
    write(&database, anna, 1).await;
    server.relay.signal().written();
    for stream in [&mut all, &mut rest, &mut live] {
        assert_eq!(stream.ids(1).await, [5]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn needs_a_token_or_a_ticket() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    server.client.get("/process/events").await.assert_problem(401, "not_authenticated");
    let client = server.client.with_token(expired_token(anna));
    client.get("/process/events").await.assert_problem(401, "token_expired");
    let client = server.client.with_token(token(anna));
    let headers = client.call(Method::GET, "/process/events").header("last-event-id", "x");
    headers.send().await.assert_problem(400, "malformed_request");
    client.get("/process/events?after=x").await.assert_status(400);

    let answer = client.post("/process/ws-ticket", &()).await.expect_status(201);
    let path = format!("/process/events?ticket={}", answer.json::<Value>()["ticket"].as_str().unwrap());
    assert_eq!(EventStream::open(&server.client, &path, &[]).await.event().await.1, "connected");
    server.client.get(&path).await.assert_problem(401, "token_invalid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shows_that_it_lives_and_ends_with_its_token_or_the_server() {
    let database = TestDatabase::new().await;
    let timing = Timing { heartbeat_every: Duration::from_millis(50), ..Timing::default() };
    let server = Server::with_timing(&database, timing).await;
    let anna = user(&database, "anna").await;
    let short = server.client.with_token(short_token(anna, Duration::from_secs(1)));
    let mut stream = EventStream::open(&short, "/process/events", &[]).await;
    while stream.block().await.is_some() {}

    let long = server.client.with_token(token(anna));
    let mut stream = EventStream::open(&long, "/process/events", &[]).await;
    assert_eq!(stream.event().await.1, "connected");
    assert_eq!(stream.block().await.as_deref(), Some(": still here"));
    server.shutdown.soft.cancel();
    while stream.block().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_pauses_reads_on_without_a_loss() {
    const EVENTS: usize = 600;
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let client = server.client.with_token(token(anna));
    let mut stream = EventStream::open(&client, "/process/events", &[]).await;
    assert_eq!(stream.event().await.1, "connected");
    database.execute(&events_sql(anna, EVENTS, "repeat('x', 50000)")).await;
    server.relay.signal().written();
    server.caught_up(EVENTS as i64).await;
    assert_eq!(stream.ids(EVENTS).await, (1..=EVENTS as i64).collect::<Vec<_>>());
}
