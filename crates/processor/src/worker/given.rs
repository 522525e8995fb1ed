//! Answers that were given before: the same question of the same user is answered by them at once.

use quire_ai::{Answer, Choice, task::TaskType};
use quire_store::{
    answers::{self, GivenAnswer},
    queue::{Claim, Completion},
};
use serde_json::{Map, Value, json};

use super::{State, answer_key::Question, stop::Stop};

/// The answer of whoever is to answer this time, if it was given before.
pub(super) async fn find_given(
    state: &State,
    claim: &Claim,
    question: &Question,
    task_type: &dyn TaskType,
    choice: &Choice,
) -> Result<Option<Given>, Stop> {
    if !state.parts.accounts.caches_answers() {
        return Ok(None);
    }
    let engines = &state.parts.engines;
    // A choice that is not possible is told by the run.
    let (Ok(info), Ok(prompt)) = (engines.info(choice), engines.prompt_version(choice, task_type)) else {
        return Ok(None);
    };
    let key = question.answered_by(info.provider, &info.model, &prompt);
    let found = answers::find(&mut *state.parts.pool.get().await?, claim.user_id(), &key).await?;
    Ok(found.map(|answer| Given { answer, key }))
}

/// The key of an answer, by who really gave it. One that is not whole answers nobody else.
pub(super) fn answer_key(question: &Question, task_type: &dyn TaskType, answer: &Answer) -> Option<[u8; 32]> {
    if answer.output["partial"] == true {
        return None;
    }
    // The built-in methods have no prompt of their own.
    let prompt = answer.output["prompt_version"].as_str().unwrap_or(task_type.prompt().version);
    Some(question.answered_by(&answer.provider, &answer.model, prompt))
}

/// An answer that was given before.
pub(super) struct Given {
    answer: GivenAnswer,
    key: [u8; 32],
}

/// The same answer again, which took and cost nothing.
pub(super) fn given_again(given: Given, mut warnings: Vec<Value>) -> Completion {
    let Given { answer, key } = given;
    let nothing = answer.input_tokens.map(|_| 0);
    let mut output = answer.output.unwrap_or_default();
    warnings.extend(output["warnings"].as_array().into_iter().flatten().cloned());
    if let Value::Object(envelope) = &mut output {
        mark_cached(envelope);
    }
    Completion {
        result: answer.result.unwrap_or_default(),
        output,
        warnings: Value::Array(warnings),
        provider: answer.provider.unwrap_or_default(),
        model: answer.model.unwrap_or_default(),
        input_tokens: nothing,
        output_tokens: nothing,
        cost: nothing.map(|_| 0.into()),
        answer_key: Some(key),
    }
}

/// Says in the envelope that nothing was asked, and what that saved: what the answer took, and what had been
/// saved then.
fn mark_cached(envelope: &mut Map<String, Value>) {
    let before = envelope.remove("saved").unwrap_or_default();
    let mut saved = json!({"input_tokens": 0, "output_tokens": 0});
    if let Some(Value::Object(usage)) = envelope.get_mut("usage") {
        for (name, taken) in usage.iter_mut() {
            if let Some(tokens) = taken.as_i64() {
                saved[name] = json!(tokens + before[name].as_i64().unwrap_or_default());
                *taken = json!(0);
            }
        }
        envelope.insert("cost".to_owned(), json!({"amount": "0", "currency": "USD"}));
    }
    for (name, value) in [("attempts", json!(0)), ("duration_ms", json!(0)), ("cached", json!(true))] {
        envelope.insert(name.to_owned(), value);
    }
    envelope.insert("saved".to_owned(), saved);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(output: Value, tokens: Option<i64>) -> Given {
        let answer = GivenAnswer {
            result: Some("Short.".into()),
            output: Some(output),
            provider: Some("openai".into()),
            model: Some("gpt".into()),
            input_tokens: tokens,
            output_tokens: tokens.map(|tokens| tokens / 2),
        };
        Given { answer, key: [1; 32] }
    }

    #[test]
    fn what_was_paid_before_is_saved_now() {
        let output = json!({
            "usage": {"input_tokens": 80, "output_tokens": 50, "estimated": false},
            "saved": {"input_tokens": 20},
            "cost": {"amount": "0.5", "currency": "USD", "price_date": "2026-11-01"},
            "attempts": 2, "duration_ms": 900, "warnings": [{"code": "short_text"}], "data": {"summary": "Short."},
        });
        let first = given_again(given(output, Some(100)), vec![json!({"code": "page"})]);
        assert_eq!((first.result.as_str(), first.provider.as_str()), ("Short.", "openai"));
        assert_eq!((first.input_tokens, first.output_tokens, first.cost), (Some(0), Some(0), Some(0.into())));
        assert_eq!(first.warnings, json!([{"code": "page"}, {"code": "short_text"}]));
        let expected = json!({
            "usage": {"input_tokens": 0, "output_tokens": 0, "estimated": false},
            "cost": {"amount": "0", "currency": "USD"}, "attempts": 0, "duration_ms": 0,
            "warnings": [{"code": "short_text"}], "data": {"summary": "Short."},
            "cached": true, "saved": {"input_tokens": 100, "output_tokens": 50},
        });
        assert_eq!(first.output, expected);
        // Given a third time, it saves as much as the second time.
        assert_eq!(given_again(given(first.output, Some(0)), Vec::new()).output, expected);
    }

    #[test]
    fn where_nothing_is_counted_nothing_is_zero() {
        let output = json!({"usage": null, "cost": null, "data": {}});
        let again = given_again(given(output, None), Vec::new());
        assert_eq!((again.input_tokens, again.cost), (None, None));
        assert_eq!((&again.output["usage"], &again.output["cost"]), (&Value::Null, &Value::Null));
        assert_eq!(again.output["saved"], json!({"input_tokens": 0, "output_tokens": 0}));
    }
}
