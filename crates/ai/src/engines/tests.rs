//! Choices and fallback, on scripted engines.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use quire_domain::failure::{Failure, FailureCode};
use serde_json::{Value, json};

use super::*;
use crate::{config::ProviderSettings, engine::Engine, error::Verdict, registry};

/// Answers, or fails with each of its errors in turn.
struct Scripted {
    provider: &'static str,
    errors: Mutex<VecDeque<AiError>>,
    is_able: bool,
    runs: Mutex<usize>,
}

impl Scripted {
    fn new(provider: &'static str, errors: impl Into<VecDeque<AiError>>) -> Arc<Self> {
        Arc::new(Self { provider, errors: Mutex::new(errors.into()), is_able: true, runs: Mutex::new(0) })
    }

    fn unable(provider: &'static str) -> Arc<Self> {
        Arc::new(Self { provider, errors: Mutex::default(), is_able: false, runs: Mutex::new(0) })
    }

    fn runs(&self) -> usize {
        *self.runs.lock().unwrap()
    }
}

#[async_trait]
impl Engine for Scripted {
    fn info(&self) -> EngineInfo {
        EngineInfo { provider: self.provider, model: format!("{}-model", self.provider) }
    }

    fn supports(&self, _: &dyn TaskType, _: &Value) -> Result<(), Failure> {
        let refusal = || Failure::new(FailureCode::TaskUnsupported, format!("Not with {}.", self.provider));
        if self.is_able { Ok(()) } else { Err(refusal()) }
    }

    async fn run(&self, _: &Request, _: &RunContext) -> Result<Answer, AiError> {
        *self.runs.lock().unwrap() += 1;
        if let Some(error) = self.errors.lock().unwrap().pop_front() {
            return Err(error);
        }
        let EngineInfo { provider, model } = self.info();
        Ok(Answer {
            result: "done".into(),
            output: json!({"warnings": []}),
            warnings: Vec::new(),
            provider: provider.into(),
            model,
            input_tokens: None,
            output_tokens: None,
            cost: None,
        })
    }
}

async fn run(engines: &Engines, choice: &Choice) -> Result<Answer, AiError> {
    let task_type = registry::find("summarize").unwrap();
    let request = Request { task_type, params: json!({}), filename: "a".into(), pages: Vec::new() };
    engines.run(choice, &request, &RunContext::default()).await
}

const DOWN: AiError = AiError::Unavailable { provider: "first" };

/// The outcome when the first fails like that, and whether the second was asked.
async fn after(error: AiError) -> (Result<Answer, AiError>, bool) {
    let (first, second) = (Scripted::new("first", [error]), Scripted::new("second", []));
    let engines = Engines::in_order(first, vec![second.clone()]);
    (run(&engines, &Choice::default()).await, second.runs() == 1)
}

#[tokio::test]
async fn another_answers_while_a_provider_cannot_and_the_answer_says_so() {
    let provider = "first";
    for error in [
        AiError::Auth { provider },
        AiError::Quota { provider },
        AiError::RateLimited { provider, retry_after: None },
        AiError::Unavailable { provider },
        AiError::Timeout { provider },
        AiError::Busy { provider, after: Duration::from_secs(30) },
        AiError::InvalidRequest { provider, status: Some(404) },
        AiError::Unsupported(Failure::new(FailureCode::TaskUnsupported, "Not in Latin.")),
    ] {
        let (outcome, _) = after(error.clone()).await;
        let answer = outcome.unwrap_or_else(|e| panic!("{error}: {e}"));
        assert_eq!(answer.provider, "second");
        let warning = &answer.warnings[0];
        assert_eq!(warning.code, "provider_fallback");
        assert_eq!(
            warning.message,
            "first was meant to do this and could not; second (second-model) did, by the configured order of providers."
        );
        assert_eq!(answer.output["warnings"][0]["code"], "provider_fallback");
    }
}

#[tokio::test]
async fn what_is_about_the_document_or_the_user_is_no_reason_to_send_it_elsewhere() {
    for error in [
        AiError::ContextTooLong,
        AiError::Misfit(Failure::new(FailureCode::AnswerInvalid, "No total.")),
        AiError::Filtered,
        AiError::Truncated,
        AiError::BadOutput,
        AiError::BudgetSpent,
        AiError::NoText,
        AiError::Cancelled,
        AiError::Shared("database".into()),
        AiError::Internal("thread".into()),
        AiError::InvalidRequest { provider: "first", status: Some(400) },
    ] {
        let (outcome, was_second_asked) = after(error.clone()).await;
        assert_eq!((outcome.unwrap_err(), was_second_asked), (error, false));
    }
}

#[tokio::test]
async fn when_all_fail_the_error_that_leaves_most_hope_is_told() {
    let wait = |seconds| AiError::Busy { provider: "x", after: Duration::from_secs(seconds) };
    let limited =
        |seconds| AiError::RateLimited { provider: "x", retry_after: Some(Duration::from_secs(seconds)) };
    let auth = |provider| AiError::Auth { provider };
    for (errors, told) in [
        ([auth("first"), auth("second")], auth("first")),
        ([auth("first"), limited(9)], limited(9)),
        ([limited(9), auth("second")], limited(9)),
        ([limited(90), limited(9)], limited(9)),
        ([limited(9), wait(90)], wait(90)),
        ([wait(9), wait(90)], wait(9)),
        ([DOWN, AiError::Filtered], DOWN),
        ([DOWN, AiError::BudgetSpent], AiError::BudgetSpent),
    ] {
        let [first, second] = errors;
        let engines =
            Engines::in_order(Scripted::new("first", [first]), vec![Scripted::new("second", [second])]);
        let error = run(&engines, &Choice::default()).await.unwrap_err();
        assert_eq!(error, told);
        assert_eq!(error.verdict() == Verdict::Fail, told.verdict() == Verdict::Fail);
    }
}

#[tokio::test]
async fn only_those_who_can_do_a_task_are_asked() {
    let (first, unable, third) =
        (Scripted::new("first", [DOWN]), Scripted::unable("local"), Scripted::new("third", []));
    let engines = Engines::in_order(first, vec![unable.clone(), third]);
    assert_eq!(run(&engines, &Choice::default()).await.unwrap().provider, "third");
    assert_eq!(unable.runs(), 0);

    let engines = Engines::in_order(Scripted::unable("local"), vec![Scripted::new("second", [])]);
    let answer = run(&engines, &Choice::default()).await.unwrap();
    assert_eq!((answer.provider.as_str(), answer.warnings.len()), ("second", 1));

    let engines = Engines::in_order(Scripted::unable("one"), vec![Scripted::unable("two")]);
    let task = registry::find("translate").unwrap();
    let refusal = engines.check(&Choice::default(), task, &Value::Null).unwrap_err();
    assert_eq!(refusal.message, "Not with one.");
}

#[tokio::test]
async fn a_choice_is_binding() {
    let (first, second) = (Scripted::new("first", []), Scripted::new("second", [DOWN]));
    let engines = Engines::in_order(first.clone(), vec![second]);
    let choice = Choice { provider: Some("second".into()), model: None };
    assert_eq!(engines.info(&choice).unwrap().model, "second-model");
    assert_eq!(run(&engines, &choice).await.unwrap_err(), DOWN);
    assert_eq!(first.runs(), 0);

    let choice = Choice { provider: Some("first".into()), model: None };
    let engines = Engines::in_order(Scripted::new("first", [DOWN]), vec![Scripted::new("second", [])]);
    assert_eq!(run(&engines, &choice).await.unwrap_err(), DOWN);
}

fn keyed(key: &str) -> ProviderSettings {
    ProviderSettings { api_key: Some(key.to_owned().into()), ..ProviderSettings::default() }
}

/// OpenAI with a key, Anthropic with one, a fallback to the built-in methods.
fn config() -> AiConfig {
    AiConfig { provider: Provider::OpenAi, fallback: vec![Provider::Local], ..AiConfig::default() }
        .with_settings(Provider::OpenAi, keyed("sk-1"))
        .with_settings(Provider::Anthropic, keyed("sk-2"))
}

fn offered(config: &AiConfig) -> Vec<String> {
    let engines = Engines::new(config).unwrap();
    engines
        .offers()
        .iter()
        .map(|offer| format!("{}: {}", offer.provider(), offer.models().join(", ")))
        .collect()
}

#[test]
fn what_is_configured_can_be_chosen_unless_a_list_says_otherwise() {
    let all = ["openai: gpt-6-luna", "local: local-rules-2", "anthropic: claude-haiku-5-5"];
    assert_eq!(offered(&config()), all);
    let named = AiConfig { providers_allowed: Some(vec![Provider::Anthropic]), ..config() };
    assert_eq!(offered(&named), [all[0], all[2]]);
    let nobody = AiConfig { providers_allowed: Some(Vec::new()), ..config() };
    assert_eq!(offered(&nobody), [all[0]]);
    let models_allowed =
        ["gpt-6.1-terra", "gpt-6-luna"].map(|model| (Provider::OpenAi, model.to_owned())).to_vec();
    let more = AiConfig { models_allowed, ..nobody };
    assert_eq!(offered(&more), ["openai: gpt-6-luna, gpt-6.1-terra"]);
}

#[test]
fn a_choice_that_is_not_offered_is_told_with_what_is() {
    let models_allowed = vec![(Provider::Anthropic, "claude-sonnet-5-5".to_owned())];
    let named = AiConfig { providers_allowed: Some(vec![Provider::Anthropic]), models_allowed, ..config() };
    let engines = Engines::new(&named).unwrap();
    let told = |provider: Option<&str>, model: Option<&str>| {
        let choice = Choice { provider: provider.map(Into::into), model: model.map(Into::into) };
        engines
            .info(&choice)
            .map(|info| (info.provider, info.model))
            .map_err(|e| (e.field.as_str(), e.message))
    };
    assert_eq!(told(None, None).unwrap().0, "openai");
    assert_eq!(told(None, Some("claude-sonnet-5-5")).unwrap(), ("anthropic", "claude-sonnet-5-5".into()));
    assert_eq!(told(Some("anthropic"), None).unwrap().1, "claude-haiku-5-5");
    let provider = |message: &str| ("params.provider", format!("{message} Available: openai, anthropic."));
    for (name, message) in [
        ("oracle", "There is no provider `oracle`."),
        (
            "gemini",
            "The provider `gemini` is not set up in this installation: its operator has to set GEMINI_API_KEY.",
        ),
        ("local", "The provider `local` cannot be chosen in this installation."),
    ] {
        assert_eq!(told(Some(name), None).unwrap_err(), provider(message));
    }
    let long = told(Some(&"x".repeat(1_000)), None).unwrap_err().1;
    assert!(long.len() < 200 && long.contains('…'), "{long}");
    let models = "Available: claude-haiku-5-5, claude-sonnet-5-5 (anthropic).";
    let message = format!("The model `gpt-6-luna` cannot be chosen in this installation. {models}");
    assert_eq!(told(Some("anthropic"), Some("gpt-6-luna")).unwrap_err(), ("params.model", message));
    let (field, message) = told(None, Some("gpt-4")).unwrap_err();
    assert_eq!(field, "params.model");
    assert!(
        message.ends_with("Available: gpt-6-luna (openai); claude-haiku-5-5, claude-sonnet-5-5 (anthropic).")
    );
}

#[test]
fn what_the_configuration_names_must_be_usable() {
    let error = |config: AiConfig| Engines::new(&config).err().unwrap().to_string();
    let gemini = vec![Provider::Gemini];
    let lacking = "the provider `gemini` needs a key: set GEMINI_API_KEY";
    assert_eq!(error(AiConfig { fallback: gemini.clone(), ..config() }), lacking);
    assert_eq!(error(AiConfig { providers_allowed: Some(gemini), ..config() }), lacking);
    for fallback in [vec![Provider::OpenAi], vec![Provider::Local, Provider::Local]] {
        assert!(error(AiConfig { fallback, ..config() }).starts_with("AI_FALLBACK names"));
    }
    let models_allowed = vec![(Provider::Gemini, "gemini-3.8-flash".to_owned())];
    assert!(
        error(AiConfig { models_allowed, ..config() })
            .starts_with("AI_MODELS_ALLOWED names a model of `gemini`")
    );
    let models_allowed = vec![(Provider::Local, "llama".to_owned())];
    assert!(
        error(AiConfig { models_allowed, ..config() }).starts_with("AI_MODELS_ALLOWED must name no model")
    );
    let models_allowed = vec![(Provider::OpenAi, "two words".to_owned())];
    assert!(error(AiConfig { models_allowed, ..config() }).starts_with("AI_MODELS_ALLOWED must be a name"));
    let bad = ProviderSettings { base_url: Some("nowhere".into()), ..keyed("k") };
    assert!(error(config().with_settings(Provider::Gemini, bad)).starts_with("GEMINI_BASE_URL must be"));
}

#[test]
fn keys_are_not_shown() {
    let shown = format!("{:?} {:?}", config(), Engines::new(&config()).map(|_| ()));
    assert!(!shown.contains("sk-1") && !shown.contains("sk-2"), "{shown}");
}
