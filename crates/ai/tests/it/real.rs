//! A real small model behind a real server, which `scripts/test-real-model.sh` starts. What it proves is
//! the wire, streaming, the schema, counting and the error for a full window; what the model means proves
//! nothing, and is not looked at.

use std::{sync::Mutex, time::Instant};

use quire_ai::{
    AiConfig, AiError, ChatCall, ChatClient, Finish, Provider, ProviderSettings, RunContext, Timeouts,
    chat_client, engine,
};
use serde_json::{Value, json};

use crate::request;

/// The address of the server, up to `/v1`.
const URL: &str = "QUIRE_REAL_MODEL_URL";
/// The window with which it was started.
const WINDOW: u32 = 4_096;

fn config() -> AiConfig {
    let provider = Provider::Compatible;
    let url = std::env::var(URL).expect("scripts/test-real-model.sh runs these tests");
    let settings = ProviderSettings {
        base_url: Some(url),
        model: Some("smollm2".into()),
        context_tokens: Some(WINDOW),
        max_output_tokens: Some(400),
        ..ProviderSettings::default()
    };
    // A small machine that does other things too needs its time.
    let minutes = std::time::Duration::from_secs(300);
    let timeouts = Timeouts { header: minutes, idle: minutes, total: minutes, ..Timeouts::default() };
    AiConfig { provider, timeouts, ..AiConfig::default() }.with_settings(provider, settings)
}

fn client() -> Box<dyn ChatClient> {
    chat_client(&config()).unwrap().unwrap()
}

fn call(text: &str, schema: Value, is_strict: bool) -> ChatCall {
    ChatCall {
        system: "You judge the sentiment of texts. Answer in JSON.".into(),
        user: text.into(),
        schema_name: "sentiment",
        schema,
        is_strict,
        max_output_tokens: 120,
    }
}

/// A schema whose words no model would choose by itself.
fn odd_schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["zebra", "yard"],
        "properties": {
            "zebra": {"type": "string", "enum": ["stripes-7", "stripes-9"]},
            "yard": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}},
        },
    })
}

#[tokio::test]
#[ignore = "needs a real model: make test-real-model"]
async fn a_real_model_is_held_to_a_schema_and_heard_while_it_writes() {
    let (begun, pieces) = (Instant::now(), Mutex::new(Vec::new()));
    let first = Mutex::new(None);
    let written = |piece: &str| {
        first.lock().unwrap().get_or_insert_with(|| begun.elapsed());
        pieces.lock().unwrap().push(piece.to_owned());
    };
    let schema = odd_schema();
    let reply =
        client().complete(&call("The party was a success.", schema.clone(), true), &written).await.unwrap();
    let pieces = pieces.into_inner().unwrap();
    let answer: Value = serde_json::from_str(&reply.text).unwrap();
    assert!(jsonschema::is_valid(&schema, &answer), "{answer}");
    assert_eq!(reply.finish, Finish::Complete);
    assert!(pieces.len() > 3, "{pieces:?}");
    assert_eq!(pieces.concat(), reply.text);
    assert!(reply.usage.input_tokens > 10 && reply.usage.output_tokens > 3, "{:?}", reply.usage);
    println!(
        "first piece after {:?}, {} pieces in {:?}, {} tokens in, {} out",
        first.into_inner().unwrap().unwrap(),
        pieces.len(),
        begun.elapsed(),
        reply.usage.input_tokens,
        reply.usage.output_tokens
    );
}

#[tokio::test]
#[ignore = "needs a real model: make test-real-model"]
async fn without_a_schema_a_real_model_writes_what_it_likes() {
    let reply = client().complete(&call("Say hello.", odd_schema(), false), &|_| {}).await.unwrap();
    let answer = serde_json::from_str(&reply.text).unwrap_or(Value::Null);
    assert!(!jsonschema::is_valid(&odd_schema(), &answer), "the other test would prove nothing: {answer}");
}

#[tokio::test]
#[ignore = "needs a real model: make test-real-model"]
async fn an_answer_that_is_too_long_is_cut_off_and_counted() {
    let endless = ChatCall { max_output_tokens: 8, ..call("Count to a thousand.", odd_schema(), false) };
    let reply = client().complete(&endless, &|_| {}).await.unwrap();
    assert_eq!((reply.finish, reply.usage.output_tokens), (Finish::Truncated, 8));
}

#[tokio::test]
#[ignore = "needs a real model: make test-real-model"]
async fn a_real_window_that_is_too_small_is_known_by_its_error() {
    let long = "The harvest was good in all the valleys of the region this year. ".repeat(500);
    let error = client().complete(&call(&long, odd_schema(), true), &|_| {}).await.unwrap_err();
    assert_eq!(error, AiError::ContextTooLong);
}

#[tokio::test]
#[ignore = "needs a real model: make test-real-model"]
async fn a_whole_task_is_done_by_a_real_model() {
    let begun = Instant::now();
    let engine = engine(&config()).unwrap();
    let text = "The summer party of the club was a great success. Two hundred guests came to the garden.";
    let asked = request("sentiment", Value::Null, &[text]);
    match engine.run(&asked, &RunContext::default()).await {
        Ok(answer) => {
            let data = &answer.output["data"];
            assert!(jsonschema::is_valid(&asked.task_type.output_schema(), data), "{data}");
            assert!(answer.input_tokens.unwrap() > 50 && answer.output_tokens.unwrap() > 5);
        }
        // So small a model may write without end, or nonsense; both are known for what they are.
        Err(error) => assert!(matches!(error, AiError::Truncated | AiError::BadOutput), "{error}"),
    }
    println!("a task in {:?}", begun.elapsed());
}
