//! Answers while they are being written: the worker, the client's server and the one that took the task
//! are three processes.

use quire_ai::testing::{Script, ScriptedEngine};
use quire_testkit::{DEADLINE, EventSocket, HttpClient};
use serde_json::{Value, json};

use super::stream::EventStream;
use crate::support::{Setup, Submitted, User};

async fn socket(client: &HttpClient, user: &User) -> EventSocket {
    let url = format!("{}/process/ws/{}?token={}", client.base_url(), user.id, user.token);
    let mut socket = EventSocket::connect(&url).await.unwrap();
    assert_eq!(socket.next_event(DEADLINE).await["event"], "connected");
    socket
}

/// Puts the pieces of a text together until they are this text; gives the last of them.
async fn read_all(text: &str, mut next: impl AsyncFnMut() -> Value) -> Value {
    let mut read = String::new();
    for sequence in 0.. {
        let event = next().await;
        assert_eq!(event["sequence"], sequence, "{event}");
        read.push_str(event["delta"].as_str().unwrap());
        if read == text {
            return event;
        }
        assert!(text.starts_with(&read), "{read}");
    }
    unreachable!("numbers do not end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pieces_come_in_order_and_then_the_result() {
    let quire = Setup::new().await.start().await;
    let (ada, eve) = (quire.user("ada").await, quire.user("eve").await);
    let (_replica, client) = quire.start_replica().await;
    let (mut of_ada, mut of_eve) = (socket(&client, &ada).await, socket(&client, &eve).await);
    let mut stream = EventStream::open(&client.with_token(&ada.token), "/process/events", &[]).await;
    let pieces: Vec<String> = (0..2_000).map(|number| format!("wörd \"{number}\"\n")).collect();
    let text = pieces.concat();
    let engine = ScriptedEngine::new([Script::Write(pieces)]);
    let _worker = quire.start_worker_on(engine.clone());
    let Submitted { task, document } = ada.submit_text().await;

    let piece = read_all(&text, async || of_ada.next_named("task_delta", DEADLINE).await).await;
    for (name, value) in [
        ("id", Value::Null),
        ("task_id", json!(task)),
        ("document_id", json!(document)),
        ("filename", json!("notes.txt")),
        ("task_type", json!("summarize")),
        ("status", json!("processing")),
    ] {
        assert_eq!(piece[name], value, "{name}");
    }
    assert!(piece["timestamp"].is_string() && piece.get("message").is_none(), "{piece}");
    read_all(&text, async || {
        loop {
            let (id, name, data) = stream.event().await;
            if name == "task_delta" {
                assert_eq!(id, "", "what is not stored is no place to come back to");
                return data;
            }
        }
    })
    .await;

    engine.release(1);
    assert_eq!(of_ada.next_named("task_completed", DEADLINE).await["task_id"], task);
    assert_eq!(ada.task(&task).await["result"], text);
    let stored = "events where name = 'task_delta'";
    assert_eq!(quire.count(stored).await, 0);
    of_eve.send_text("ping").await;
    assert_eq!(of_eve.next_event(DEADLINE).await["event"], "ping", "nothing came before it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_tried_again_begins_anew() {
    let quire = Setup::new().await.start().await;
    let ada = quire.user("ada").await;
    let mut socket = socket(&quire.client, &ada).await;
    let script = |text: &str| Script::Write(vec![text.to_owned()]);
    let engine = ScriptedEngine::new([script("first"), script("second")]);
    let _worker = quire.start_worker_on(engine.clone());
    let task = ada.submit_text().await.task;
    read_all("first", async || socket.next_named("task_delta", DEADLINE).await).await;
    ada.act(&task, "cancel").await.assert_status(202);
    socket.next_named("task_cancelled", DEADLINE).await;
    ada.act(&task, "retry").await.assert_status(202);
    read_all("second", async || socket.next_named("task_delta", DEADLINE).await).await;
    engine.release(1);
    socket.next_named("task_completed", DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_holds_nobody_up() {
    let quire = Setup::new().await.start().await;
    let ada = quire.user("ada").await;
    let mut slow = socket(&quire.client, &ada).await;
    let mut quick = socket(&quire.client, &ada).await;
    let engine = ScriptedEngine::new([Script::Write(vec!["x".repeat(60_000)])]);
    let _worker = quire.start_worker_on(engine.clone());
    let task = ada.submit_text().await.task;
    read_all(&"x".repeat(60_000), async || quick.next_named("task_delta", DEADLINE).await).await;
    engine.release(1);
    ada.wait_for(&task, "completed").await;
    let stored: Vec<i64> = quire.database.query_one("select json_agg(id order by id) from events").await;
    let mut seen = Vec::new();
    while seen.len() < stored.len() {
        seen.extend(slow.next_event(DEADLINE).await["id"].as_i64());
    }
    assert_eq!(seen, stored);
}
