//! Replies that are kept: a run that is done again pays only for what is missing.

use std::sync::Arc;

use quire_ai::{AiError, Engine, Limits, ModelEngine, ModelParts, PromptSet, RunContext, Verdict};
use serde_json::{Value, json};

use super::counting::{Act, Counting, Memory, USAGE, Unreachable, pages, summary};
use crate::request;

fn long(task: &str) -> quire_ai::Request {
    let pages = pages(24, 30);
    request(task, Value::Null, &pages.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_run_that_was_cut_pays_only_for_what_is_missing() {
    let whole = Counting::new(|_, _| summary(&["One.", "Two.", "Three."]));
    let asked = long("summarize");
    let expected = whole.engine().run(&asked, &RunContext::default()).await.unwrap();
    let calls = whole.count();
    assert!(calls > 6, "{calls}");

    let memory = Arc::new(Memory::default());
    let context = RunContext::default().with_replies(memory.clone());
    let broken = Counting::new(|number, _| match number {
        0..4 => summary(&["One.", "Two.", "Three."]),
        _ => Act::Fail(String::new(), AiError::Auth { provider: "openai" }),
    });
    let limits = Limits { in_flight: 2, ..Limits::default() };
    let error = broken.engine_within(limits).run(&asked, &context).await.unwrap_err();
    assert_eq!(error, AiError::Auth { provider: "openai" });
    let kept = memory.kept.lock().unwrap().len();
    assert_eq!(kept, 4, "every reply that was paid for");

    let second = Counting::new(|_, _| summary(&["One.", "Two.", "Three."]));
    let answer = second.engine().run(&asked, &context).await.unwrap();
    assert_eq!(second.count(), calls - kept);
    assert_eq!(answer.output["data"], expected.output["data"]);
    assert_eq!(answer.output["attempts"], calls - kept);
    assert_eq!(
        (&answer.output["chunks"]["total"], &answer.output["chunks"]["kept"]),
        (&json!(calls), &json!(kept))
    );
    assert_eq!(answer.output["saved"]["input_tokens"], 4 * USAGE.input_tokens);
    assert_eq!(answer.input_tokens, Some(i64::try_from(calls - kept).unwrap() * USAGE.input_tokens));

    let third = Counting::new(|_, _| Act::Hang);
    let answer = third.engine().run(&asked, &context).await.unwrap();
    assert_eq!((third.count(), answer.input_tokens, answer.cost.as_deref()), (0, Some(0), Some("0")));
    assert_eq!(answer.output["saved"]["output_tokens"], i64::try_from(calls).unwrap() * USAGE.output_tokens);
}

#[tokio::test]
async fn after_a_failure_nothing_new_begins_and_what_is_under_way_is_kept() {
    let memory = Arc::new(Memory::default());
    let context = RunContext::default().with_replies(memory.clone());
    let busy =
        AiError::RateLimited { provider: "openai", retry_after: Some(std::time::Duration::from_secs(3_600)) };
    let client = Counting::new(move |number, _| match number {
        1 => Act::Fail(String::new(), busy.clone()),
        _ => summary(&["One.", "Two.", "Three."]),
    });
    let error = client.engine().run(&long("summarize"), &context).await.unwrap_err();
    assert!(matches!(error.verdict(), Verdict::Retry { after: Some(_) }));
    assert_eq!((client.count(), memory.kept.lock().unwrap().len()), (4, 3));
}

#[tokio::test]
async fn another_prompt_model_or_text_is_another_reply() {
    let memory = Arc::new(Memory::default());
    let context = RunContext::default().with_replies(memory.clone());
    let client = Counting::new(|_, _| summary(&["One.", "Two.", "Three."]));
    let asked = |text: &str| request("summarize", Value::Null, &[text]);
    for (text, calls) in [("A text.", 1), ("A text.", 1), ("Another text.", 2)] {
        client.engine().run(&asked(text), &context).await.unwrap();
        assert_eq!(client.count(), calls);
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("summarize.md"), "You sum up.").unwrap();
    let prompts = Arc::new(PromptSet::load(directory.path()).unwrap());
    let engine = ModelEngine::new(ModelParts { prompts, ..client.parts(Limits::default()) });
    let answer = engine.run(&asked("A text."), &context).await.unwrap();
    assert_eq!(client.count(), 3);
    let version = answer.output["prompt_version"].as_str().unwrap();
    assert!(version.starts_with("summarize/custom-") && version.len() == 25, "{version}");
    assert!(client.calls.lock().unwrap()[2].system.starts_with("You sum up.\n\nRules that always hold:"));
}

#[tokio::test]
async fn a_kept_reply_of_another_form_is_asked_for_again() {
    let memory = Arc::new(Memory::default());
    let context = RunContext::default().with_replies(memory.clone());
    let client = Counting::new(|_, _| summary(&["One."]));
    let asked = request("summarize", Value::Null, &["A text."]);
    client.engine().run(&asked, &context).await.unwrap();
    memory.kept.lock().unwrap().values_mut().for_each(|kept| kept.reply = json!({"sentences": 7}));
    client.engine().run(&asked, &context).await.unwrap();
    assert_eq!(client.count(), 2);
}

#[tokio::test]
async fn a_keeper_that_is_away_costs_no_money() {
    let client = Counting::new(|_, _| summary(&["One."]));
    let asked = request("summarize", Value::Null, &["A text."]);
    let run = async |finds| {
        let context = RunContext::default().with_replies(Arc::new(Unreachable { finds }));
        client.engine().run(&asked, &context).await
    };
    let error = run(false).await.unwrap_err();
    assert_eq!((client.count(), error.verdict()), (0, Verdict::Retry { after: None }));
    assert!(run(true).await.is_ok(), "a reply that cannot be kept still answers");
}
