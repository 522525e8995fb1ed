//! The bytes that leave: the schema by the provider's own means, the key in its one place, and nothing
//! that was not asked for.

use quire_ai::AiError;
use serde_json::{Value, json};
use wiremock::{Mock as Stub, MockServer, Request, ResponseTemplate, matchers::any};

use super::{KEY, Target, call};

/// How the requests of a dialect look.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) path: &'static str,
    pub(super) query: Option<&'static str>,
    /// The header that holds the key, and what stands before it.
    pub(super) header: (&'static str, &'static str),
    /// Where the schema is in the body; `None` where there is no means for it.
    pub(super) schema: Option<&'static str>,
    /// What else the body says.
    pub(super) says: &'static [(&'static str, &'static str)],
}

pub(super) const CHAT: Shape = Shape {
    path: "/v1/chat/completions",
    query: None,
    header: ("authorization", "Bearer "),
    schema: Some("/response_format/json_schema/schema"),
    says: &[
        ("/model", "\"test-model\""),
        ("/response_format/type", "\"json_schema\""),
        ("/response_format/json_schema/strict", "true"),
        ("/stream", "true"),
    ],
};
pub(super) const DEPLOYMENT: Shape = Shape {
    path: "/openai/deployments/test-model/chat/completions",
    query: Some("api-version=2024-10-21"),
    header: ("api-key", ""),
    ..CHAT
};
pub(super) const RESPONSES: Shape = Shape {
    path: "/v1/responses",
    schema: Some("/text/format/schema"),
    says: &[
        ("/model", "\"test-model\""),
        ("/text/format/type", "\"json_schema\""),
        ("/text/format/strict", "true"),
        ("/store", "false"),
        ("/stream", "true"),
        ("/max_output_tokens", "100"),
    ],
    ..CHAT
};
pub(super) const MESSAGES: Shape = Shape {
    path: "/v1/messages",
    header: ("x-api-key", ""),
    schema: Some("/output_config/format/schema"),
    says: &[
        ("/model", "\"test-model\""),
        ("/output_config/format/type", "\"json_schema\""),
        ("/max_tokens", "100"),
        ("/stream", "true"),
    ],
    ..CHAT
};
pub(super) const GENERATE_CONTENT: Shape = Shape {
    path: "/v1beta/models/test-model:streamGenerateContent",
    query: Some("alt=sse"),
    header: ("x-goog-api-key", ""),
    schema: Some("/generationConfig/responseJsonSchema"),
    says: &[
        ("/generationConfig/responseMimeType", "\"application/json\""),
        ("/generationConfig/maxOutputTokens", "100"),
    ],
};
pub(super) const CONVERSE: Shape = Shape {
    path: "/model/test-model/converse-stream",
    schema: None,
    says: &[("/inferenceConfig/maxTokens", "100")],
    ..CHAT
};

/// Names of what must not be in a request, whatever the dialect.
const UNWANTED: [&str; 14] = [
    "temperature",
    "top_p",
    "topP",
    "topK",
    "tools",
    "tool_choice",
    "toolConfig",
    "user",
    "metadata",
    "previous_response_id",
    "reasoning",
    "reasoning_effort",
    "thinking",
    "thinkingConfig",
];

/// What one call sends.
async fn sent(target: Target, is_strict: bool) -> Request {
    let server = MockServer::start().await;
    Stub::given(any()).respond_with(ResponseTemplate::new(401)).expect(1).mount(&server).await;
    let call = quire_ai::ChatCall { is_strict, ..call("THE-DOCUMENT") };
    let error = target.client(&server.uri()).complete(&call, &|_| {}).await.unwrap_err();
    assert_eq!(error, AiError::Auth { provider: target.provider.as_str() });
    server.received_requests().await.unwrap().remove(0)
}

pub(super) async fn nothing_is_sent_that_should_not(target: Target) {
    let shape = target.sends;
    let request = sent(target, true).await;
    assert_eq!((request.url.path(), request.url.query()), (shape.path, shape.query));
    assert_eq!(places_of_the_key(&request), [format!("{}: {}{KEY}", shape.header.0, shape.header.1)]);

    let body: Value = request.body_json().unwrap();
    for (pointer, value) in shape.says {
        assert_eq!(body.pointer(pointer).map(Value::to_string).as_deref(), Some(*value), "{pointer}: {body}");
    }
    let schema = shape.schema.map(|pointer| body.pointer(pointer).unwrap_or(&Value::Null));
    if let Some(schema) = schema {
        assert_eq!(schema["properties"]["label"], json!({"type": "string"}), "{body}");
        assert_eq!(schema["required"], json!(["label"]));
    }
    let mut names = Vec::new();
    names_in(&body, &mut names);
    for unwanted in UNWANTED {
        assert!(!names.iter().any(|name| name == unwanted), "{unwanted}: {body}");
    }

    let loose: Value = sent(target, false).await.body_json().unwrap();
    assert!(
        !loose.to_string().contains("additionalProperties"),
        "a schema of no strict form stays here: {loose}"
    );
}

/// Everywhere the key occurs: URL, headers, body.
fn places_of_the_key(request: &Request) -> Vec<String> {
    let mut places = Vec::new();
    if request.url.as_str().contains(KEY) {
        places.push("URL".to_owned());
    }
    for (name, value) in &request.headers {
        let value = value.to_str().unwrap();
        if value.contains(KEY) {
            places.push(format!("{name}: {value}"));
        }
    }
    if String::from_utf8_lossy(&request.body).contains(KEY) {
        places.push("body".to_owned());
    }
    places
}

/// The names of all properties; of a schema only that it is there.
fn names_in(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                names.push(name.clone());
                names_in(value, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names_in(value, names)),
        _ => {}
    }
}

#[tokio::test]
async fn without_a_key_none_is_made_up() {
    let server = MockServer::start().await;
    Stub::given(any()).respond_with(ResponseTemplate::new(500)).mount(&server).await;
    let mut config = crate::config_of(quire_ai::Provider::Compatible, &format!("{}/v1", server.uri()));
    for settings in config.settings.values_mut() {
        settings.api_key = None;
    }
    let client = quire_ai::chat_client(&config).unwrap().unwrap();
    client.complete(&call("THE-DOCUMENT"), &|_| {}).await.unwrap_err();
    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.url.path(), "/v1/chat/completions");
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn models_are_called_by_their_whole_name() {
    for (provider, wire) in [
        (quire_ai::Provider::Compatible, None),
        (quire_ai::Provider::OpenAi, Some(quire_ai::Wire::Responses)),
        (quire_ai::Provider::Anthropic, None),
    ] {
        for name in ["qwen-max", "org/some-medium", "test-model"] {
            let server = MockServer::start().await;
            Stub::given(any()).respond_with(ResponseTemplate::new(500)).mount(&server).await;
            let mut config = crate::config_of(provider, &format!("{}/v1", server.uri()));
            (config.wire, config.model) = (wire, Some(name.into()));
            let client = quire_ai::chat_client(&config).unwrap().unwrap();
            client.complete(&call("THE-DOCUMENT"), &|_| {}).await.unwrap_err();
            let body: Value = server.received_requests().await.unwrap().remove(0).body_json().unwrap();
            assert_eq!(body["model"], name);
            for effort in ["/reasoning_effort", "/reasoning/effort"] {
                assert!(body.pointer(effort).is_none_or(Value::is_null), "{body}");
            }
        }
    }
}
