use futures_util::StreamExt;
use quire_testkit::{DEADLINE, TestDatabase};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ping_is_answered_and_other_words_are_not() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (mut socket, _) = server.socket(anna, "").await;
    socket.send_text("hello").await;
    socket.send_text(r#"{"event":"ping"}"#).await;
    socket.send_text("ping").await;
    let answer = socket.next_event(DEADLINE).await;
    assert_eq!((&answer["event"], &answer["id"]), (&"ping".into(), &Value::Null));
    chrono::DateTime::parse_from_rfc3339(answer["timestamp"].as_str().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_is_answered_and_forgotten() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (gone, _) = server.socket(anna, "").await;
    let url = server.socket_url(anna, &format!("token={}", token(anna))).replace("http://", "ws://");
    let (mut polite, _) = connect_async(url).await.unwrap();
    wait_until("both listen", || async { server.hub.subscribers() == 2 }).await;
    drop(gone);
    let bye = CloseFrame { code: CloseCode::Library(4321), reason: "bye".into() };
    polite.close(Some(bye.clone())).await.unwrap();
    let answer = async {
        loop {
            if let Message::Close(frame) = polite.next().await.unwrap().unwrap() {
                return frame;
            }
        }
    };
    assert_eq!(timeout(DEADLINE, answer).await.expect("an answer in time"), Some(bye));
    wait_until("their places are given up", || async { server.hub.subscribers() == 0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_is_too_large_ends_the_connection() {
    let database = TestDatabase::new().await;
    let (server, anna) = (Server::start(&database).await, user(&database, "anna").await);
    let (mut socket, _) = server.socket(anna, "").await;
    socket.send_text(&"x".repeat(4 * 1024)).await;
    socket.send_text("ping").await;
    assert_eq!(socket.next_event(DEADLINE).await["event"], "ping");
    socket.send_text(&"x".repeat(4 * 1024 + 1)).await;
    assert_eq!(socket.close_code(DEADLINE).await.0, 1009);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_no_sign_of_life_is_dropped_after_pings() {
    let database = TestDatabase::new().await;
    let timing = Timing {
        ping_every: Duration::from_millis(50),
        silent_after: Duration::from_millis(700),
        ..Timing::default()
    };
    let server = Server::with_timing(&database, timing).await;
    let anna = user(&database, "anna").await;
    // A client that shakes hands and answers nothing after that.
    let address = server.client.base_url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let handshake = format!(
        "GET /process/ws/{anna}?token={} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        token(anna)
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let ping = [0x89, 0];
    let reason = "no sign of life; reconnect with after=0";
    let close = [&[0x88, (2 + reason.len()) as u8][..], &4009_u16.to_be_bytes(), reason.as_bytes()].concat();
    let mut all = Vec::new();
    while !all.ends_with(&close) {
        let read = timeout(DEADLINE, stream.read_buf(&mut all)).await.expect("a frame in time").unwrap();
        assert_ne!(read, 0, "{:?}", String::from_utf8_lossy(&all));
    }
    assert!(all.windows(2).any(|window| window == ping));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_closed_with_a_hint_and_can_resume() {
    // Fewer than the hub's buffer takes: it is the socket that lets go.
    const EVENTS: usize = 250;
    let database = TestDatabase::new().await;
    let timing = Timing { send_limit: Duration::from_millis(500), ..Timing::default() };
    let server = Server::with_timing(&database, timing).await;
    let anna = user(&database, "anna").await;
    let url = server.socket_url(anna, &format!("token={}", token(anna))).replace("http://", "ws://");
    let (mut slow, _) = connect_async(url).await.unwrap();
    wait_until("it listens", || async { server.hub.subscribers() == 1 }).await;
    // More than the buffers of two kernels hold.
    database.execute(&events_sql(anna, EVENTS, "repeat('x', 200000)")).await;
    server.relay.signal().written();
    wait_until("the slow one has lost its place", || async { server.hub.subscribers() == 0 }).await;

    let mut received = Vec::new();
    let reason = loop {
        match timeout(DEADLINE, slow.next()).await.expect("a message in time").unwrap().unwrap() {
            Message::Text(text) => {
                let event: Value = serde_json::from_str(&text).unwrap();
                received.push(event["id"].as_i64().unwrap());
            }
            Message::Close(Some(frame)) => {
                assert_eq!(u16::from(frame.code), 4008);
                break frame.reason.to_string();
            }
            _ => {}
        }
    };
    assert_eq!(received.remove(0), 0, "the greeting");
    let last = received.len() as i64;
    assert!(last < EVENTS as i64);
    assert_eq!(received, (1..=last).collect::<Vec<_>>());
    assert_eq!(reason, format!("too slow; reconnect with after={last}"));
    // Without the short limit, under which a busy machine would be too slow too.
    let again = Server::start(&database).await;
    let (mut again, _) = again.socket(anna, &format!("after={last}")).await;
    let rest = EVENTS - received.len();
    assert_eq!(next_ids(&mut again, rest).await, (last + 1..=EVENTS as i64).collect::<Vec<_>>());
}
