//! The model engine against the scripted server: good answers, long texts, mended answers. In the modules below
//! it works with a client, a gate and a keeper in memory.

pub(crate) mod counting;
mod deltas;
mod gate;
mod long;
mod replies;

use quire_ai::{AiConfig, AiError, Progress, RunContext, Wire, engine, registry};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use crate::{
    config,
    mock::{Mock, TEXT, error, good, nth, params, reply},
    request,
};

#[tokio::test]
async fn every_task_is_answered_over_both_wires() {
    let names: Vec<_> = registry::task_types().iter().map(|task| task.name()).collect();
    let mock = Mock::start(&names.iter().map(|name| reply(name, &good(name))).collect::<Vec<_>>());
    for wire in [Wire::Responses, Wire::ChatCompletions] {
        let engine = engine(&AiConfig { wire: Some(wire), ..config(&mock.base_url()) }).unwrap();
        for name in &names {
            let asked = request(name, params(name), &[TEXT]);
            let answer = engine.run(&asked, &RunContext::default()).await.unwrap();
            let output = &answer.output;
            assert!(
                jsonschema::is_valid(&asked.task_type.output_schema(), &output["data"]),
                "{name}: {output}"
            );
            assert_eq!((answer.provider.as_str(), answer.model.as_str()), ("openai", "test-model"));
            assert_eq!((answer.input_tokens, answer.output_tokens), (Some(321), Some(12)), "{name} {wire:?}");
            assert_eq!((&answer.cost, &output["cost"]), (&None, &Value::Null));
            assert_eq!(output["prompt_version"], asked.task_type.prompt().version);
            assert_eq!((&output["attempts"], &output["chunks"]["total"]), (&json!(1), &json!(1)));
            assert!(answer.warnings.is_empty(), "{name}: {:?}", answer.warnings);
            assert!(!answer.result.is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_long_text_is_answered_in_pieces_and_joined() {
    let mock = Mock::start(&[reply("summarize", &good("summarize"))]);
    let engine = engine(&AiConfig {
        context_tokens: Some(2_000),
        max_output_tokens: Some(200),
        ..config(&mock.base_url())
    });
    let text = "The harvest was good in all the valleys of the region this year.\n\n".repeat(200);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let context = RunContext::default().with_progress(move |progress| sink.lock().unwrap().push(progress));
    let answer = engine.unwrap().run(&request("summarize", Value::Null, &[&text]), &context).await.unwrap();
    assert_eq!(answer.result, "One. Two. Three.");
    let calls = mock.journal().await.len();
    assert!(calls > 3, "{calls}");
    assert_eq!(answer.output["attempts"], calls);
    assert_eq!(answer.output["chunks"]["total"], calls);
    assert_eq!(answer.input_tokens, Some(321 * i64::try_from(calls).unwrap()));
    let last = *heard.lock().unwrap().last().unwrap();
    assert_eq!(last, Progress { done: u32::try_from(calls).unwrap(), total: u32::try_from(calls).unwrap() });
}

#[tokio::test]
async fn a_text_that_the_model_calls_too_long_is_halved() {
    let too_long = json!({"message": "maximum context length is 100 tokens", "code": "context_length_exceeded",
        "type": "invalid_request_error"});
    let mock = Mock::start(&[
        nth(0, error("translate", 400, too_long.clone())),
        reply("translate", &good("translate")),
    ]);
    let text = "The harvest was good in all the valleys of the region this year.\n\n".repeat(20);
    let answer = engine(&config(&mock.base_url()))
        .unwrap()
        .run(&request("translate", json!({"target_language": "de"}), &[&text]), &RunContext::default())
        .await
        .unwrap();
    let pieces = answer.result.matches("Das Fest war ein Erfolg.").count();
    assert!((2..=3).contains(&pieces), "{pieces}");
    assert_eq!(answer.output["chunks"]["total"], pieces);
    assert_eq!(answer.output["attempts"], pieces + 1);

    let never = Mock::start(&[error("translate", 400, too_long)]);
    let outcome = engine(&config(&never.base_url()))
        .unwrap()
        .run(&request("translate", Value::Null, &[&text]), &RunContext::default())
        .await;
    assert_eq!(outcome.unwrap_err(), AiError::ContextTooLong);
}

#[tokio::test]
async fn an_answer_of_another_form_is_mended_once() {
    let broken = reply("qa", "{\"question\": \"How");
    let mock = Mock::start(&[nth(0, broken.clone()), reply("qa", &good("qa"))]);
    let asked = request("qa", Value::Null, &[TEXT]);
    let answer =
        engine(&config(&mock.base_url())).unwrap().run(&asked, &RunContext::default()).await.unwrap();
    assert_eq!(answer.output["attempts"], 2);
    assert_eq!(answer.input_tokens, Some(642));
    let second = mock.journal().await.into_iter().next_back().unwrap().to_string();
    assert!(
        second.contains("not of the agreed form") && second.contains(r#"{\"question\": \"How"#),
        "{second}"
    );

    let never = Mock::start(&[broken]);
    let outcome = engine(&config(&never.base_url())).unwrap().run(&asked, &RunContext::default()).await;
    assert_eq!(outcome.unwrap_err(), AiError::BadOutput);
    assert_eq!(never.journal().await.len(), 2);
}

#[tokio::test]
async fn valid_json_of_another_shape_is_no_answer() {
    let mock = Mock::start(&[reply("sentiment", r#"{"label":"angry","reason":null,"indicators":[]}"#)]);
    let outcome = engine(&config(&mock.base_url()))
        .unwrap()
        .run(&request("sentiment", Value::Null, &[TEXT]), &RunContext::default())
        .await;
    assert_eq!(outcome.unwrap_err(), AiError::BadOutput);
}
