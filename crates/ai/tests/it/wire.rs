//! The bytes that leave for a provider.

use quire_ai::{AiConfig, RunContext, Wire, engine, registry};
use serde_json::{Value, json};
use wiremock::{Mock as Stub, MockServer, matchers::any};

use crate::{
    config,
    mock::{TEXT, good, params},
    request, stub,
};

/// What one request to `task` sends, and where to.
async fn sent(task: &str, wire: Wire) -> (String, String, Value) {
    let server = MockServer::start().await;
    let response = match wire {
        Wire::Responses => stub::responses(&good(task)),
        _ => stub::chat(&good(task), "stop"),
    };
    Stub::given(any()).respond_with(response).expect(1).mount(&server).await;
    let engine = engine(&AiConfig { wire: Some(wire), ..config(&format!("{}/v1", server.uri())) }).unwrap();
    let answer = engine.run(&request(task, params(task), &[TEXT]), &RunContext::default()).await.unwrap();
    assert_eq!((answer.input_tokens, answer.output_tokens), (Some(7), Some(3)));
    let request = server.received_requests().await.unwrap().remove(0);
    let authorization = request.headers["authorization"].to_str().unwrap().to_owned();
    (request.url.path().to_owned(), authorization, request.body_json().unwrap())
}

fn assert_private(body: &Value) {
    for key in ["temperature", "top_p", "tools", "tool_choice", "user", "metadata", "previous_response_id"] {
        assert!(body.get(key).is_none(), "{key}");
    }
    assert!(!body.to_string().contains("secret-name"), "the file name stays here");
}

#[tokio::test]
async fn responses_carry_the_schema_and_are_not_stored() {
    for task in registry::task_types().iter().filter(|task| task.has_strict_schema()) {
        let (path, authorization, body) = sent(task.name(), Wire::Responses).await;
        assert_eq!((path.as_str(), authorization.as_str()), ("/v1/responses", "Bearer sk-secret-key"));
        assert_eq!(
            (&body["store"], &body["model"], &body["stream"]),
            (&json!(false), &json!("test-model"), &json!(true))
        );
        let format = &body["text"]["format"];
        assert_eq!(
            (&format["type"], &format["strict"], &format["name"]),
            (&json!("json_schema"), &json!(true), &json!(task.name()))
        );
        assert_eq!(format["schema"]["required"], task.reply_schema(&Value::Null)["required"]);
        assert!(body["max_output_tokens"].is_u64());
        assert!(!body["instructions"].as_str().unwrap().contains("summer party"));
        assert!(body["input"].to_string().contains("summer party"));
        assert_private(&body);
    }
}

#[tokio::test]
async fn chat_completions_carry_the_schema() {
    for task in registry::task_types().iter().filter(|task| task.has_strict_schema()) {
        let (path, authorization, body) = sent(task.name(), Wire::ChatCompletions).await;
        assert_eq!((path.as_str(), authorization.as_str()), ("/v1/chat/completions", "Bearer sk-secret-key"));
        assert_eq!((&body["model"], &body["stream"]), (&json!("test-model"), &json!(true)));
        assert_ne!(body.get("store"), Some(&json!(true)));
        let format = &body["response_format"];
        assert_eq!(
            (&format["type"], &format["json_schema"]["strict"]),
            (&json!("json_schema"), &json!(true))
        );
        assert_eq!(format["json_schema"]["schema"]["required"], task.reply_schema(&Value::Null)["required"]);
        let roles: Vec<_> =
            body["messages"].as_array().unwrap().iter().map(|message| &message["role"]).collect();
        assert_eq!(roles, ["system", "user"]);
        assert!(!body["messages"][0].to_string().contains("summer party"));
        assert_private(&body);
    }
}
