//! Raw servers that show what was sent, and answer with a stream.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{MockServer, ResponseTemplate};

/// A Chat Completions stream with this content, which ends for this reason.
pub(crate) fn chat(content: &str, finish_reason: &str) -> ResponseTemplate {
    let chunk = json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]});
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}]});
    let usage =
        json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}});
    stream(&format!("data: {chunk}\n\ndata: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n"))
}

/// A Responses stream with this content.
pub(crate) fn responses(content: &str) -> ResponseTemplate {
    let delta = json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": content});
    let completed = json!({"type": "response.completed", "response": {
        "id": "resp_1", "object": "response", "created_at": 0, "status": "completed", "model": "test-model", "output": [],
        "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10},
    }});
    stream(&format!("data: {delta}\n\ndata: {completed}\n\n"))
}

pub(crate) fn stream(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_owned(), "text/event-stream")
}

/// The JSON bodies that a server has received.
pub(crate) async fn bodies(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| request.body_json().unwrap()).collect()
}

/// The base URL of a server that begins each stream and never goes on.
pub(crate) async fn stalling() -> String {
    let url =
        silent_after("data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"{\"}}]}\n\n").await;
    format!("{url}/v1")
}

/// Where a server listens that begins each stream with this and never goes on.
pub(crate) async fn silent_after(beginning: &str) -> String {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{beginning}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 1_024]).await;
            connection.write_all(answer.as_bytes()).await.unwrap();
            open.push(connection);
        }
    });
    url
}
