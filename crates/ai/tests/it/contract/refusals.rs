//! Refusals and failures that show in other ways than by the end of a stream.

use quire_ai::{AiConfig, AiError, ChatReply, Finish, Provider, Wire, chat_client};
use serde_json::{Value, json};
use wiremock::{Mock as Stub, MockServer, ResponseTemplate, matchers::any};

use super::call;
use crate::{config_of, stub};

async fn answer(provider: Provider, response: ResponseTemplate) -> Result<ChatReply, AiError> {
    let server = MockServer::start().await;
    Stub::given(any()).respond_with(response).mount(&server).await;
    let config =
        AiConfig { wire: Some(Wire::Responses), ..config_of(provider, &format!("{}/v1", server.uri())) };
    chat_client(&config).unwrap().unwrap().complete(&call("HELLO"), &|_| {}).await
}

/// A stream of these events, each under its type.
fn events(events: &[Value]) -> ResponseTemplate {
    let line = |event: &Value| match event["type"].as_str() {
        Some(kind) => format!("event: {kind}\ndata: {event}\n\n"),
        None => format!("data: {event}\n\n"),
    };
    stub::stream(&events.iter().map(line).collect::<String>())
}

fn response(status: &str, more: Value) -> Value {
    let mut response = json!({"id": "r", "object": "response", "created_at": 0, "status": status, "model": "m", "output": [],
        "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}});
    for (name, value) in more.as_object().unwrap() {
        response[name] = value.clone();
    }
    json!({"type": format!("response.{status}"), "response": response})
}

#[tokio::test]
async fn a_refusal_is_told_from_an_answer() {
    let refusal =
        json!({"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "I cannot"});
    let filtered = json!({"incomplete_details": {"reason": "content_filter"}});
    let chat = json!({"choices": [{"index": 0, "delta": {"refusal": "I cannot"}, "finish_reason": null}]});
    let chat_end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let blocked = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 7}});
    let chat_stream = format!("data: {chat}\n\ndata: {chat_end}\n\ndata: [DONE]\n\n");
    for (provider, stream) in [
        (Provider::OpenAi, events(&[refusal, response("completed", json!({}))])),
        (Provider::OpenAi, events(&[response("incomplete", filtered)])),
        (Provider::Compatible, stub::stream(&chat_stream)),
        (Provider::Gemini, events(&[blocked])),
        (
            Provider::Azure,
            ResponseTemplate::new(400).set_body_json(json!({"error": {"code": "content_filter"}})),
        ),
    ] {
        assert_eq!(answer(provider, stream).await.unwrap_err(), AiError::Filtered, "{provider}");
    }
}

#[tokio::test]
async fn a_response_that_is_incomplete_for_its_length_is_cut_off() {
    let long = json!({"incomplete_details": {"reason": "max_output_tokens"}});
    let reply = answer(Provider::OpenAi, events(&[response("incomplete", long)])).await.unwrap();
    assert_eq!((reply.finish, reply.usage.output_tokens), (Finish::Truncated, 3));
}

#[tokio::test]
async fn errors_within_a_stream_have_their_class() {
    let limited = json!({"error": {"code": "rate_limit_exceeded", "message": "slow down"}});
    let provider = "openai";
    let error = answer(Provider::OpenAi, events(&[response("failed", limited)])).await.unwrap_err();
    assert_eq!(error, AiError::RateLimited { provider, retry_after: None });
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let error = answer(Provider::Anthropic, events(&[overloaded])).await.unwrap_err();
    assert_eq!(error, AiError::Unavailable { provider: "anthropic" });
}

#[tokio::test]
async fn a_window_that_is_full_calls_for_smaller_pieces() {
    let start =
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 0}}});
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "model_context_window_exceeded"}, "usage": {"output_tokens": 3}});
    let stop = json!({"type": "message_stop"});
    let error = answer(Provider::Anthropic, events(&[start, end, stop])).await.unwrap_err();
    assert_eq!(error, AiError::ContextTooLong);
}
