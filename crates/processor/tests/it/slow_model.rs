//! A model server that speaks Chat Completions, takes its time, and counts.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// Tokens of each of its answers.
pub(crate) const OUTPUT_TOKENS: usize = 40;
/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(3600);

/// A model server that remembers how often it was asked about each piece of text. Four bytes are a token to it.
#[derive(Clone)]
pub(crate) struct SlowModel {
    latency: Duration,
    asked: Arc<Mutex<HashMap<String, usize>>>,
    input_tokens: Arc<AtomicUsize>,
    /// After so many calls it answers no more, until it is told to go on.
    pub(crate) stalls_after: Arc<AtomicUsize>,
}

impl SlowModel {
    pub(crate) async fn start(latency: Duration) -> (Self, MockServer) {
        let model = Self {
            latency,
            asked: Arc::default(),
            input_tokens: Arc::default(),
            stalls_after: Arc::new(AtomicUsize::new(usize::MAX)),
        };
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(model.clone()).mount(&server).await;
        (model, server)
    }

    pub(crate) fn input_tokens(&self) -> usize {
        self.input_tokens.load(Ordering::SeqCst)
    }

    /// Calls, and how many of them had been made before.
    pub(crate) fn calls(&self) -> (usize, usize) {
        let asked = self.asked.lock().unwrap();
        let calls = asked.values().sum::<usize>();
        (calls, calls - asked.len())
    }
}

impl Respond for SlowModel {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        let message = body["messages"][1]["content"].as_str().unwrap();
        // The first and the last line of the text bear a random number.
        let text: Vec<_> = message.lines().filter(|line| !line.starts_with("<<<")).collect();
        *self.asked.lock().unwrap().entry(text.join("\n")).or_default() += 1;
        let is_stalled = self.calls().0 > self.stalls_after.load(Ordering::SeqCst);
        let latency = if is_stalled { FOREVER } else { self.latency };
        let input = message.len() / 4;
        self.input_tokens.fetch_add(input, Ordering::SeqCst);
        let reply = json!({"sentences": ["One.", "Two.", "Three."]}).to_string();
        let chunk = json!({"choices": [{"index": 0, "delta": {"content": reply}, "finish_reason": null}]});
        let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
        let usage = json!({"choices": [], "usage": {
            "prompt_tokens": input, "completion_tokens": OUTPUT_TOKENS, "total_tokens": input + OUTPUT_TOKENS,
        }});
        let stream = format!("data: {chunk}\n\ndata: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
        ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream").set_delay(latency)
    }
}
