//! The routing in `nginx/`, with the real nginx in front of two stand-ins that say who they are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use quire_testkit::{EventSocket, HttpClient, Nginx, listener, wait_until};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

const SOON: Duration = Duration::from_secs(20);

/// What a stand-in says of the request that reached it.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    service: String,
    target: String,
    headers: BTreeMap<String, String>,
    body_length: usize,
}

fn bind() -> (TcpListener, SocketAddr) {
    let listener = listener();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (TcpListener::from_std(listener).unwrap(), address)
}

/// A service that answers every request with what it saw.
fn stand_in(service: &'static str) -> SocketAddr {
    let (listener, address) = bind();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(describe(connection, service));
        }
    });
    address
}

/// Both stand-ins behind nginx.
async fn quire() -> (Nginx, HttpClient) {
    let nginx = Nginx::start(stand_in("gateway"), stand_in("processor")).await;
    let client = HttpClient::new(nginx.url());
    (nginx, client)
}

async fn head(connection: &mut TcpStream) -> (String, Vec<u8>) {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|end| end == b"\r\n\r\n") {
            let body = read.split_off(end + 4);
            return (String::from_utf8(read).unwrap(), body);
        }
        let mut chunk = [0; 4096];
        let count = connection.read(&mut chunk).await.unwrap();
        assert_ne!(count, 0, "the request ended in its head");
        read.extend(&chunk[..count]);
    }
}

async fn describe(mut connection: TcpStream, service: &'static str) {
    let (head, mut body) = head(&mut connection).await;
    let mut lines = head.lines();
    let target = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        let mut chunk = vec![0; 64 * 1024];
        let count = connection.read(&mut chunk).await.unwrap();
        body.extend(&chunk[..count]);
    }
    let seen = Seen { service: service.to_owned(), target, headers, body_length: body.len() };
    let json = serde_json::to_string(&seen).unwrap();
    let answer =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{json}", json.len());
    connection.write_all(answer.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn every_path_goes_to_its_service() {
    let (_nginx, client) = quire().await;
    let gateway =
        ["/", "/static/app.css", "/login", "/register", "/app/tasks", "/admin/users", "/auth/login/"];
    let gateway =
        gateway.into_iter().chain(["/auth/files/submit/", "/auth/files/submit", "/auth/openapi.json"]);
    let gateway = gateway.chain(["/filesystem", "/documentsx", "/healthy", "/api/keys"]);
    let processor = ["/process/submit", "/process/tasks", "/process/tasks/1/cancel", "/process/task-types"];
    let processor = processor.into_iter().chain(["/process/ws-ticket", "/process/events", "/documents"]);
    let processor = processor.chain([
        "/documents/",
        "/documents/1",
        "/documents/1/text",
        "/documents/bulk-delete",
        "/documents/initiate-upload",
        "/documents/1/enqueue",
        "/api/records/1",
        "/files/",
        "/files/uploads/1",
        "/api/files/a/b",
        "/blobs/uploads/a%20b",
    ]);
    let processor = processor.chain(["/api/records/", "/webhooks/1", "/health", "/health/ready", "/docs"]);
    let processor =
        processor.chain(["/docs/errors", "/redoc", "/openapi.json", "/apidocs", "/swagger/index.html"]);
    let expected = gateway.map(|path| (path, "gateway")).chain(processor.map(|path| (path, "processor")));
    for (path, service) in expected {
        let seen: Seen = client.get(&format!("{path}?q=1")).await.expect_status(200).json();
        assert_eq!((seen.service.as_str(), seen.target), (service, format!("{path}?q=1")));
    }
}

#[tokio::test]
async fn metrics_are_not_for_the_outside() {
    let (_nginx, client) = quire().await;
    for path in ["/metrics", "/metrics/", "/%6detrics", "/x/../metrics"] {
        // As raw bytes: a client would tidy the path up.
        let mut connection =
            TcpStream::connect(client.base_url().trim_start_matches("http://")).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{path}: {answer}");
        assert!(answer.contains("application/problem+json"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_services_learn_who_asked() {
    let (_nginx, client) = quire().await;
    let call = client.call(Method::GET, "/documents").header("x-request-id", "abc-123");
    let call = call.header("x-forwarded-for", "203.0.113.9").header("x-forwarded-proto", "gopher");
    let answer =
        call.header("upgrade", "h2c").header("connection", "upgrade").send().await.expect_status(200);
    let headers = answer.json::<Seen>().headers;
    assert_eq!(headers["x-request-id"], "abc-123");
    // Not what the client claims.
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["host"], client.base_url().trim_start_matches("http://"));
    assert_eq!((headers.get("upgrade"), headers.get("connection")), (None, None));
    assert_eq!(answer.header("x-request-id"), Some("abc-123"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[tokio::test]
async fn a_request_id_that_could_break_a_log_is_replaced() {
    let (_nginx, client) = quire().await;
    for bad in ["a b", "\"", &"x".repeat(129)] {
        let answer = client.call(Method::GET, "/login").header("x-request-id", bad).send().await;
        let id = answer.json::<Seen>().headers["x-request-id"].clone();
        assert_eq!(id.len(), 32, "{id}");
        assert_eq!(answer.header("x-request-id"), Some(id.as_str()));
    }
}

#[tokio::test]
async fn only_uploads_may_be_large() {
    let (_nginx, client) = quire().await;
    let large = vec![b'x'; 1_100_000];
    for path in ["/auth/login/", "/documents", "/process/tasks", "/webhooks"] {
        let refused = client.call(Method::POST, path).body(large.clone()).send().await;
        refused.assert_problem(413, "payload_too_large");
    }
    for path in
        ["/auth/files/submit/", "/process/submit", "/files/", "/files/uploads/1", "/api/files/", "/blobs/a"]
    {
        let seen: Seen =
            client.call(Method::POST, path).body(large.clone()).send().await.expect_status(200).json();
        assert_eq!(seen.body_length, large.len(), "{path}");
    }
}

/// The second half is sent only when the service has the first: a body that nginx
/// collects would never arrive.
#[tokio::test]
async fn uploads_pass_through_as_they_come() {
    let (listener, processor) = bind();
    let (arrived, mut first_half) = mpsc::channel::<()>(1);
    let service = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let (_, mut body) = head(&mut connection).await;
        for half in ["first half", "second half"] {
            while !String::from_utf8_lossy(&body).contains(half) {
                let mut chunk = [0; 1024];
                let count = connection.read(&mut chunk).await.unwrap();
                assert_ne!(count, 0);
                body.extend(&chunk[..count]);
            }
            arrived.send(()).await.unwrap();
        }
        connection.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    });
    let nginx = Nginx::start(stand_in("gateway"), processor).await;
    let (halves, body) = mpsc::channel::<&'static str>(1);
    let body = futures_util::stream::unfold(body, |mut body| async {
        body.recv().await.map(|half| (Ok::<_, std::io::Error>(half), body))
    });
    let upload = HttpClient::new(nginx.url()).call(Method::POST, "/process/submit");
    let upload = tokio::spawn(upload.body(reqwest::Body::wrap_stream(body)).send());
    halves.send("first half").await.unwrap();
    tokio::time::timeout(SOON, first_half.recv()).await.expect("the first half has arrived").unwrap();
    halves.send("second half").await.unwrap();
    first_half.recv().await.unwrap();
    drop(halves);
    upload.await.unwrap().assert_status(202);
    service.await.unwrap();
}

/// The second event is sent only when the client has the first.
#[tokio::test]
async fn event_streams_are_not_held_back() {
    let (listener, processor) = bind();
    let (confirm, mut confirmed) = mpsc::channel::<()>(1);
    let service = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        head(&mut connection).await;
        let start =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: 1\n\n";
        connection.write_all(start.as_bytes()).await.unwrap();
        confirmed.recv().await.unwrap();
        connection.write_all(b"data: 2\n\n").await.unwrap();
    });
    let nginx = Nginx::start(stand_in("gateway"), processor).await;
    let call = HttpClient::new(nginx.url()).call(Method::GET, "/process/events");
    let mut answer = call.header("accept-encoding", "gzip").into_inner().send().await.unwrap();
    let first = tokio::time::timeout(SOON, answer.chunk()).await.expect("the first event has arrived");
    assert_eq!(first.unwrap().unwrap(), "data: 1\n\n");
    confirm.send(()).await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 2\n\n");
    service.await.unwrap();
}

#[tokio::test]
async fn websockets_are_passed_on() {
    let (listener, processor) = bind();
    let service = tokio::spawn(async move {
        let (connection, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(connection).await.unwrap();
        socket.send(Message::text(r#"{"event":"connected"}"#)).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("ping"));
        socket.close(None).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    let nginx = Nginx::start(stand_in("gateway"), processor).await;
    let mut socket =
        EventSocket::connect(&format!("{}/process/ws/42?token=secret", nginx.url())).await.unwrap();
    assert_eq!(socket.next_event(SOON).await["event"], "connected");
    socket.send_text("ping").await;
    socket.close_code(SOON).await;
    socket.close().await;
    service.await.unwrap();
    wait_until("the log has the request", || async { nginx.access_log().contains("/process/ws/42") }).await;
    assert!(!nginx.access_log().contains("secret"), "{}", nginx.access_log());
}

#[tokio::test]
async fn a_service_that_is_away_is_a_problem_and_not_a_page() {
    let (listener, nobody) = bind();
    drop(listener);
    let nginx = Nginx::start(nobody, stand_in("processor")).await;
    let client = HttpClient::new(nginx.url());
    let answer = client.get("/auth/profile/").await;
    let problem = answer.assert_problem(503, "upstream_unavailable");
    assert_eq!(Some(problem["request_id"].as_str().unwrap()), answer.header("x-request-id"));
    assert_eq!(answer.header("retry-after"), Some("2"));
    client.get("/documents").await.assert_status(200);
}
