use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use quire_testkit::{EventSocket, HttpClient, Refused, listener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

const SOON: Duration = Duration::from_secs(10);

fn server() -> (TcpListener, String) {
    let listener = listener();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (TcpListener::from_std(listener).unwrap(), format!("http://{address}"))
}

/// Reads one request up to the blank line and answers with `answer`.
async fn answer_once(server: TcpListener, answer: &'static str) -> String {
    let (mut connection, _) = server.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        let read = connection.read(&mut chunk).await.unwrap();
        request.extend(&chunk[..read]);
    }
    connection.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn the_client_sends_the_token_and_reads_the_answer() {
    let (server, url) = server();
    let answer = "HTTP/1.1 302 Found\r\nlocation: /away\r\ncontent-length: 9\r\n\r\n{\"a\": 42}";
    let served = tokio::spawn(answer_once(server, answer));
    let answer = HttpClient::new(url).with_token("secret").get("/x?y=1").await.expect_status(302);
    assert_eq!(answer.header("location"), Some("/away"));
    assert_eq!(answer.json::<serde_json::Value>()["a"], 42);
    let request = served.await.unwrap();
    assert!(request.starts_with("GET /x?y=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer secret\r\n"), "{request}");
}

#[tokio::test]
async fn a_problem_is_checked_as_a_whole() {
    let (server, url) = server();
    let answer = "HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: 34\r\n\r\n\
                  {\"status\":404,\"code\":\"not_found\" }";
    let served = tokio::spawn(answer_once(server, answer));
    let answer = HttpClient::new(url).post("/x", &serde_json::json!({})).await;
    assert_eq!(answer.assert_problem(404, "not_found")["status"], 404);
    served.await.unwrap();
}

#[tokio::test]
async fn events_are_read_and_the_close_code_is_seen() {
    let (server, url) = server();
    let served = tokio::spawn(async move {
        let (connection, _) = server.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(connection).await.unwrap();
        let asked = socket.next().await.unwrap().unwrap();
        assert_eq!(asked, Message::text("go"));
        for message in [
            Message::Ping("p".into()),
            Message::text(r#"{"event":"connected"}"#),
            Message::text(r#"{"event":"ping"}"#),
            Message::text(r#"{"event":"task_completed","id":7}"#),
        ] {
            socket.send(message).await.unwrap();
        }
        socket.close(Some(CloseFrame { code: 4001.into(), reason: "bye".into() })).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    let mut socket = EventSocket::connect(&format!("{url}/ws")).await.unwrap();
    socket.send_text("go").await;
    assert_eq!(socket.next_event(SOON).await["event"], "connected");
    assert_eq!(socket.next_named("task_completed", SOON).await["id"], 7);
    assert_eq!(socket.close_code(SOON).await, (4001, "bye".to_owned()));
    socket.close().await;
    served.await.unwrap();
}

#[tokio::test]
async fn a_refused_handshake_shows_the_status() {
    let (server, url) = server();
    let served =
        tokio::spawn(answer_once(server, "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno"));
    let refused = EventSocket::connect(&url).await.unwrap_err();
    assert_eq!(refused, Refused { status: 401, body: "no".to_owned() });
    served.await.unwrap();
}
