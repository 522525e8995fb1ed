//! The local engine on texts of every kind.

use proptest::prelude::*;
use quire_ai::{AiError, Answer, Engine, LOCAL_MODEL, LocalEngine, Request, RunContext, registry};
use serde_json::Value;

use crate::request;

/// Runs to its end what the local engine can do without waiting.
fn run(request: &Request, context: &RunContext) -> Result<Answer, AiError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(LocalEngine.run(request, context))
}

/// A report of so many pages whose sentences differ.
fn report(pages: usize) -> Vec<String> {
    let subjects = ["harvest", "railway", "museum", "hospital", "budget", "forest", "harbour"];
    let verbs = ["improved", "worried", "surprised", "supported", "delayed"];
    let sentence = |i: usize| {
        format!(
            "In chapter {} the {} of district {} {} the council because of the {}.",
            i / 40,
            subjects[i % 7],
            i % 113,
            verbs[i % 5],
            subjects[(i / 7) % 7]
        )
    };
    (0..pages).map(|page| (0..30).map(|i| sentence(page * 30 + i)).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_long_report_is_answered_by_every_method() {
    let pages = report(25);
    let pages: Vec<_> = pages.iter().map(String::as_str).collect();
    for task in registry::task_types().iter().filter(|task| task.local_support(&Value::Null).is_ok()) {
        let asked = request(task.name(), Value::Null, &pages);
        let answer = run(&asked, &RunContext::default()).unwrap();
        assert!(jsonschema::is_valid(&task.output_schema(), &answer.output["data"]), "{}", task.name());
        assert_eq!((answer.provider.as_str(), answer.model.as_str()), ("local", LOCAL_MODEL));
        assert_eq!((answer.input_tokens, &answer.output["cost"]), (None, &Value::Null));
    }
}

#[test]
fn the_same_text_gives_the_same_answer() {
    let pages = report(3);
    let pages: Vec<_> = pages.iter().map(String::as_str).collect();
    for task in ["summarize", "extract_keywords", "sentiment", "qa"] {
        let asked = request(task, Value::Null, &pages);
        let answer = |_| {
            let mut output = run(&asked, &RunContext::default()).unwrap().output;
            output["duration_ms"] = Value::Null;
            output
        };
        let answers: Vec<_> = (0..3).map(answer).collect();
        assert!(answers.iter().all(|other| *other == answers[0]), "{task}");
    }
}

#[test]
fn a_cancelled_run_gives_no_answer() {
    let context = RunContext::default();
    context.cancel.cancel();
    let outcome = run(&request("summarize", Value::Null, &["A text."]), &context);
    assert_eq!(outcome.unwrap_err(), AiError::Cancelled);
}

#[test]
fn an_empty_document_is_refused() {
    for task in ["summarize", "extract_keywords", "sentiment", "qa"] {
        for pages in [&[][..], &["", "  \n"]] {
            let outcome = run(&request(task, Value::Null, pages), &RunContext::default());
            assert_eq!(outcome.unwrap_err(), AiError::NoText, "{task}");
        }
    }
}

/// Texts that overtax methods which grow faster than a text, or which expect words and stops.
fn hostile_texts() -> Vec<String> {
    let noise: Vec<u8> = (0_u32..20_000).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let distinct: Vec<_> = (0..15_000).map(|i| format!("w{i}x{}", i % 7)).collect();
    vec![
        "word ".repeat(15_000),
        distinct.join(" "),
        "x".repeat(100_000),
        ". ".repeat(10_000) + &"a. ".repeat(10_000),
        noise.iter().copied().map(char::from).collect(),
        String::from_utf8_lossy(&noise).into_owned(),
        "😀👍🏽🇩🇪😡 ".repeat(3_000),
        "هذا نص طويل جدا بدون نهاية עברית ".repeat(500),
        "\"( ' « [ apples and pears ".repeat(1_000),
        "Ein Satz. Une phrase. A sentence. Una frase. 一句话。".repeat(500),
    ]
}

#[test]
fn hostile_texts_are_answered_or_refused() {
    for (place, text) in hostile_texts().iter().enumerate() {
        for task in ["summarize", "extract_keywords", "sentiment", "qa"] {
            let outcome = run(&request(task, Value::Null, &[text]), &RunContext::default());
            let refused = matches!(outcome, Err(AiError::NoText | AiError::Unsupported(_)));
            assert!(outcome.is_ok() || refused, "{task} on text {place}: {outcome:?}");
        }
    }
}

/// Text with all that is unusual: any character, runs without spaces, punctuation, other scripts.
fn strange_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,300}",
        "([A-Za-zÀ-ÿ]{1,12}[ .,;:!?\n]{0,2}){0,60}",
        "[\\p{Han}\\p{Hiragana}\\p{Arabic}\\p{Hebrew}\\p{Thai}\\p{Devanagari} 。،।.]{0,120}",
        "[.!?'\"()\\[\\]<>«»“”…-]{0,200}",
        "(x|[0-9]|-|_|@|/){0,400}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_method(pages in prop::collection::vec(strange_text(), 1..4)) {
        let pages: Vec<_> = pages.iter().map(String::as_str).collect();
        for task in registry::task_types() {
            match run(&request(task.name(), Value::Null, &pages), &RunContext::default()) {
                Ok(answer) => {
                    let data = &answer.output["data"];
                    prop_assert!(jsonschema::is_valid(&task.output_schema(), data), "{}: {data}", task.name());
                }
                Err(AiError::NoText | AiError::Unsupported(_)) => {}
                Err(error) => prop_assert!(false, "{}: {error}", task.name()),
            }
        }
    }
}
