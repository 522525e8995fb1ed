//! The suite itself, on the scripted server.

use std::{sync::Mutex, time::Duration};

use quire_ai::{AiConfig, AiError, Finish, RunContext, Timeouts, chat_client, engine};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{KEY, Target, call};
use crate::{
    injection::Lines,
    mock::{Mock, good},
    request, stub,
};

/// Every call that contains `word` is answered like that.
fn on(word: &str, response: Value) -> Value {
    json!({"match": {"userMessage": word}, "response": response})
}

fn says(content: &str) -> Value {
    let usage = json!({"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333});
    json!({"content": content, "usage": usage})
}

fn fails(status: u16, error: Value) -> Value {
    json!({"error": error, "status": status})
}

fn nth(n: u32, word: &str, response: Value) -> Value {
    let mut fixture = on(word, response);
    fixture["match"]["sequenceIndex"] = n.into();
    fixture
}

const ANSWER: &str = r#"{"label":"A great success, all things considered."}"#;

pub(super) async fn answers_piece_by_piece_and_counts(target: Target) {
    let mut fixture = on("HELLO", says(ANSWER));
    fixture["chunkSize"] = 8.into();
    let mock = Mock::start(&[fixture]);
    let pieces = Mutex::new(Vec::new());
    let written = |piece: &str| pieces.lock().unwrap().push(piece.to_owned());
    let reply = target.client(mock.url()).complete(&call("HELLO"), &written).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish), (ANSWER, Finish::Complete));
    assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens), (321, 12));
    let pieces = pieces.into_inner().unwrap();
    assert!(pieces.len() > 3, "{pieces:?}");
    assert_eq!(pieces.concat(), ANSWER);
}

pub(super) async fn failures_are_told_apart_and_hold_nothing_secret(target: Target) {
    let provider = target.provider.as_str();
    let message =
        |code: &str| json!({"message": format!("{KEY} DOCUMENT {code}"), "type": "error", "code": code});
    let mut limited = fails(429, message("rate_limit_exceeded"));
    limited["retryAfter"] = 7.into();
    let cases = [
        ("REFUSED-KEY", fails(401, message("invalid_api_key")), AiError::Auth { provider }),
        ("FORBIDDEN", fails(403, message("forbidden")), AiError::Auth { provider }),
        ("NO-MONEY", fails(429, message("insufficient_quota")), AiError::Quota { provider }),
        ("NO-CREDIT", fails(402, message("payment_required")), AiError::Quota { provider }),
        ("TOO-OFTEN", limited, AiError::RateLimited { provider, retry_after: Some(Duration::from_secs(7)) }),
        ("BROKEN", fails(500, message("server_error")), AiError::Unavailable { provider }),
        ("OVERLOADED", fails(503, message("overloaded_error")), AiError::Unavailable { provider }),
        (
            "NO-MODEL",
            fails(404, message("model_not_found")),
            AiError::InvalidRequest { provider, status: Some(404) },
        ),
        ("NO-SENSE", fails(400, message("invalid")), AiError::InvalidRequest { provider, status: Some(400) }),
        (
            "TOO-LONG",
            fails(400, json!({"message": "maximum context length is 100 tokens"})),
            AiError::ContextTooLong,
        ),
    ];
    let mut cut = on("CUT-OFF", says(ANSWER));
    cut["chunkSize"] = 5.into();
    cut["truncateAfterChunks"] = 3.into();
    let mut fixtures: Vec<_> = cases.iter().map(|(word, response, _)| on(word, response.clone())).collect();
    fixtures.push(cut);
    let mock = Mock::start(&fixtures);
    let client = target.client(mock.url());
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(lines.clone());
    let cut_off = ("CUT-OFF", Value::Null, AiError::Unavailable { provider });
    for (word, _, class) in cases.into_iter().chain([cut_off]) {
        let error = client.complete(&call(word), &|_| {}).await.unwrap_err();
        assert_eq!(error, class, "{word}");
        let shown = format!("{error} {error:?} {}", error.failure());
        assert!(!shown.contains(KEY) && !shown.contains("DOCUMENT"), "{shown}");
    }
    drop(guard);
    let lines = lines.0.lock().unwrap().join("\n");
    assert!(!lines.contains(KEY) && !lines.contains("DOCUMENT"), "{lines}");
}

pub(super) async fn endings_are_told_apart(target: Target) {
    let ending = |reason: &str| {
        let mut response = says("{\"label\":");
        response["finishReason"] = reason.into();
        response
    };
    let filter = target.filter.unwrap_or("stop");
    let mock = Mock::start(&[on("LONG", ending("length")), on("FILTER", ending(filter))]);
    let client = target.client(mock.url());
    let cut = client.complete(&call("LONG"), &|_| {}).await.unwrap();
    assert_eq!(cut.finish, Finish::Truncated);
    assert_eq!(cut.usage.output_tokens, 12, "what was cut off is paid");
    if target.filter.is_some() {
        assert_eq!(client.complete(&call("FILTER"), &|_| {}).await.unwrap().finish, Finish::Filtered);
    }
}

pub(super) async fn silence_is_a_timeout(target: Target) {
    let (short, long) = (Duration::from_millis(100), Duration::from_secs(60));
    let late = Timeouts { header: short, idle: long, ..Timeouts::default() };
    let stalled = Timeouts { header: long, idle: short, ..Timeouts::default() };
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for (server, timeouts) in [(silent, late), (stub::silent_after("").await, stalled)] {
        let config = AiConfig { timeouts, ..target.config(&server) };
        let error = chat_client(&config).unwrap().unwrap().complete(&call("HELLO"), &|_| {}).await;
        assert_eq!(error.unwrap_err(), AiError::Timeout { provider: target.provider.as_str() });
    }
}

pub(super) async fn what_passes_is_tried_again_and_what_is_wrong_is_mended(target: Target) {
    let limited = fails(429, json!({"message": "slow down", "type": "rate_limit_error"}));
    let failed = fails(500, json!({"message": "overloaded", "type": "server_error"}));
    let well = || says(&good("translate"));
    let mock = Mock::start(&[
        nth(0, "PASSING", limited),
        nth(1, "PASSING", failed),
        on("PASSING", well()),
        nth(0, "MENDED", says("{\"mode\":")),
        on("MENDED", well()),
        on("HOPELESS", says("{\"mode\":")),
    ]);
    let engine = engine(&target.config(mock.url())).unwrap();
    let run = async |text: &str| {
        let params = json!({"target_language": "de"});
        engine.run(&request("translate", params, &[text]), &RunContext::default()).await
    };
    let passing = run("PASSING remarks were made.").await.unwrap();
    assert_eq!((&passing.output["attempts"], passing.input_tokens), (&json!(3), Some(321)));
    assert_eq!(passing.provider, target.provider.as_str());
    let mended = run("MENDED fences make good neighbours.").await.unwrap();
    assert_eq!((&mended.output["attempts"], mended.input_tokens), (&json!(2), Some(642)));
    assert_eq!(run("HOPELESS cases were given up.").await.unwrap_err(), AiError::BadOutput);
}

/// For all at once: what counts tokens takes its time to begin.
pub(super) async fn a_text_that_is_too_long_is_halved(targets: &[Target]) {
    let too_long = fails(400, json!({"message": "maximum context length is 100 tokens"}));
    let words: Vec<_> = (0..targets.len()).map(|at| format!("HALVED-{at}-TIMES")).collect();
    let fixtures =
        words.iter().flat_map(|word| [nth(0, word, too_long.clone()), on(word, says(&good("translate")))]);
    let mock = Mock::start(&fixtures.collect::<Vec<_>>());
    for (target, word) in targets.iter().zip(words) {
        let text = format!("{word} apples were sold in all the valleys of the region.\n\n").repeat(20);
        let asked = request("translate", json!({"target_language": "de"}), &[&text]);
        let engine = engine(&target.config(mock.url())).unwrap();
        let halved = engine.run(&asked, &RunContext::default()).await.unwrap();
        let chunks = halved.output["chunks"]["total"].as_u64().unwrap();
        assert!(chunks > 1, "{}: {}", target.provider, halved.output);
        assert_eq!(halved.output["attempts"], chunks + 1, "{}", target.provider);
    }
}
