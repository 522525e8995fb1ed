//! The model engine and everything that goes wrong outside.

use std::time::{Duration, Instant};

use quire_ai::{AiConfig, AiError, Answer, RunContext, Timeouts, Verdict, Wire, engine};
use quire_domain::failure::FailureCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wiremock::{Mock as Stub, MockServer, ResponseTemplate, matchers::any};

use crate::{
    config,
    mock::{Mock, TEXT, error, good, nth, reply},
    request, stub,
};

const WIRES: [Wire; 2] = [Wire::Responses, Wire::ChatCompletions];

async fn summarize(config: &AiConfig) -> Result<Answer, AiError> {
    engine(config).unwrap().run(&request("summarize", Value::Null, &[TEXT]), &RunContext::default()).await
}

#[tokio::test]
async fn a_limit_and_a_failure_pass() {
    let mut limited = error("summarize", 429, json!({"message": "Rate limited", "type": "rate_limit_error"}));
    limited["response"]["retryAfter"] = 1.into();
    let failed = error("summarize", 500, json!({"message": "Overloaded", "type": "server_error"}));
    let mock = Mock::start(&[nth(0, limited), nth(1, failed), reply("summarize", &good("summarize"))]);
    let started = Instant::now();
    let answer = summarize(&config(&mock.base_url())).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1), "the wait that the server asked for");
    assert_eq!(answer.output["attempts"], 3);
    assert_eq!(answer.input_tokens, Some(321), "refused calls cost nothing");
}

#[tokio::test]
async fn a_limit_beyond_the_time_goes_back_to_the_queue() {
    let mut limited = error("summarize", 429, json!({"message": "Rate limited", "type": "rate_limit_error"}));
    limited["response"]["retryAfter"] = 7_200.into();
    let mock = Mock::start(&[limited]);
    let error = summarize(&config(&mock.base_url())).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Retry { after: Some(Duration::from_secs(7_200)) });
    assert_eq!(mock.journal().await.len(), 1);
}

#[tokio::test]
async fn lasting_failures_are_told_apart_and_not_repeated() {
    let cases = [
        (
            401,
            json!({"message": "Incorrect API key provided: sk-secret-key", "code": "invalid_api_key"}),
            FailureCode::ProviderAuth,
        ),
        (
            429,
            json!({"message": "You exceeded your quota", "code": "insufficient_quota"}),
            FailureCode::ProviderQuota,
        ),
        (
            404,
            json!({"message": "The model does not exist", "code": "model_not_found"}),
            FailureCode::ProviderRequest,
        ),
    ];
    for (status, body, code) in cases {
        let mock = Mock::start(&[error("summarize", status, body)]);
        for (wire, calls) in WIRES.into_iter().zip(1..) {
            let error =
                summarize(&AiConfig { wire: Some(wire), ..config(&mock.base_url()) }).await.unwrap_err();
            assert_eq!((error.failure().code, error.verdict()), (code, Verdict::Fail), "{status} {wire:?}");
            assert!(!format!("{error} {error:?} {}", error.failure()).contains("sk-secret-key"), "{status}");
            assert_eq!(mock.journal().await.len(), calls, "{status} {wire:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_is_tried_again() {
    let mut cut = reply("summarize", &good("summarize"));
    cut["chunkSize"] = 5.into();
    cut["truncateAfterChunks"] = 3.into();
    for wire in WIRES {
        let mock = Mock::start(&[nth(0, cut.clone()), reply("summarize", &good("summarize"))]);
        let answer = summarize(&AiConfig { wire: Some(wire), ..config(&mock.base_url()) }).await.unwrap();
        assert_eq!(
            (answer.result.as_str(), &answer.output["attempts"]),
            ("One. Two. Three.", &json!(2)),
            "{wire:?}"
        );

        let always = Mock::start(std::slice::from_ref(&cut));
        let error =
            summarize(&AiConfig { wire: Some(wire), ..config(&always.base_url()) }).await.unwrap_err();
        assert_eq!(error, AiError::Unavailable { provider: "openai" }, "{wire:?}");
        assert_eq!(always.journal().await.len(), 4, "{wire:?}");
    }
}

#[tokio::test]
async fn a_stream_that_begins_late_or_stalls_is_a_timeout() {
    let mut late = reply("summarize", &good("summarize"));
    late["latency"] = 60_000.into();
    let mock = Mock::start(&[late]);
    let timeouts = Timeouts { header: Duration::from_millis(150), ..Timeouts::default() };
    let error = summarize(&AiConfig { timeouts, ..config(&mock.base_url()) }).await.unwrap_err();
    assert_eq!(error, AiError::Timeout { provider: "openai" });

    let stalling = stub::stalling().await;
    let timeouts = Timeouts { idle: Duration::from_millis(150), ..Timeouts::default() };
    let error = summarize(&AiConfig { timeouts, ..config(&stalling) }).await.unwrap_err();
    assert_eq!(error, AiError::Timeout { provider: "openai" });
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", silent.local_addr().unwrap());
    let timeouts = Timeouts { header: Duration::from_millis(150), ..Timeouts::default() };
    assert_eq!(
        summarize(&AiConfig { timeouts, ..config(&url) }).await.unwrap_err(),
        AiError::Timeout { provider: "openai" }
    );
    let timeouts = Timeouts { total: Duration::from_millis(150), ..Timeouts::default() };
    assert_eq!(
        summarize(&AiConfig { timeouts, ..config(&url) }).await.unwrap_err(),
        AiError::Timeout { provider: "openai" }
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = summarize(&config(&format!("http://{gone}/v1"))).await.unwrap_err();
    assert_eq!(error, AiError::Unavailable { provider: "openai" });
}

#[tokio::test]
async fn a_call_under_way_is_cancelled_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let engine = engine(&config(&format!("http://{}/v1", silent.local_addr().unwrap()))).unwrap();
    let (asked, context) = (request("summarize", Value::Null, &[TEXT]), RunContext::default());
    let cancel = async {
        let connection = silent.accept().await.unwrap();
        context.cancel.cancel();
        connection
    };
    let (outcome, _connection) = tokio::join!(engine.run(&asked, &context), cancel);
    assert_eq!(outcome.unwrap_err(), AiError::Cancelled);
}

#[tokio::test]
async fn a_cut_answer_gets_more_room_once_and_a_filtered_one_is_refused() {
    let server = MockServer::start().await;
    Stub::given(any()).respond_with(stub::chat("{\"sentences\": [", "length")).expect(2).mount(&server).await;
    assert_eq!(summarize(&config(&server.uri())).await.unwrap_err(), AiError::Truncated);
    let rooms: Vec<_> =
        stub::bodies(&server).await.iter().map(|body| body["max_tokens"].as_u64().unwrap()).collect();
    assert_eq!(rooms, [2_048, 4_096]);

    let server = MockServer::start().await;
    Stub::given(any()).respond_with(stub::chat("I cannot", "content_filter")).expect(1).mount(&server).await;
    assert_eq!(summarize(&config(&server.uri())).await.unwrap_err(), AiError::Filtered);
}

#[tokio::test]
async fn what_is_no_model_server_is_unavailable() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("<html>Welcome</html>", "text/html");
    Stub::given(any()).respond_with(page).mount(&server).await;
    let error = summarize(&config(&server.uri())).await.unwrap_err();
    assert_eq!(error, AiError::Unavailable { provider: "openai" });
}
