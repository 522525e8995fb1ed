//! An engine that asks a provider about each line of a document, as models are asked about pieces.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use quire_ai::{
    AiError, Answer, Cost, Engine, EngineInfo, Request, RunContext, TokenUsage,
    ports::{CallOutcome, KeptReply, PlannedCall, ReplyKey},
    task::TaskType,
};
use quire_domain::failure::Failure;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

pub(crate) const PROVIDER: &str = "lines";
/// What each call may take, and takes.
pub(crate) const PLANNED: (u32, u32) = (60, 40);
pub(crate) const TAKEN: TokenUsage =
    TokenUsage { input_tokens: 50, cached_input_tokens: 10, output_tokens: 20, reasoning_tokens: 0 };
/// A dollar for a hundred thousand tokens.
const PRICE: i64 = 10_000_000;

/// What the provider does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Answers,
    Fails,
    /// Answers nothing until it is in another mood.
    Sleeps,
}

pub(crate) struct LineEngine {
    mood: Mutex<Mood>,
    answered: Mutex<Vec<String>>,
    calls: Semaphore,
    woken: Semaphore,
    has_price: bool,
}

impl LineEngine {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::with_price(true))
    }

    pub(crate) fn without_price() -> Arc<Self> {
        Arc::new(Self::with_price(false))
    }

    fn with_price(has_price: bool) -> Self {
        let (calls, woken) = (Semaphore::new(0), Semaphore::new(0));
        Self { mood: Mutex::new(Mood::Answers), answered: Mutex::default(), calls, woken, has_price }
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        self.woken.add_permits(1);
    }

    /// The lines that were answered, and paid for.
    pub(crate) fn answered(&self) -> Vec<String> {
        self.answered.lock().unwrap().clone()
    }

    /// Waits until so many more calls have come to the provider.
    pub(crate) async fn called(&self, times: u32) {
        self.calls.acquire_many(times).await.unwrap().forget();
    }

    fn cost(&self, tokens: i64) -> Option<Cost> {
        self.has_price.then_some(Cost(tokens * PRICE))
    }

    async fn call(&self, line: &str) -> Result<KeptReply, AiError> {
        self.calls.add_permits(1);
        loop {
            let mood = *self.mood.lock().unwrap();
            match mood {
                Mood::Answers => break,
                Mood::Fails => return Err(AiError::Unavailable { provider: PROVIDER }),
                Mood::Sleeps => self.woken.acquire().await.unwrap().forget(),
            }
        }
        self.answered.lock().unwrap().push(line.to_owned());
        Ok(KeptReply { reply: json!(line.to_uppercase()), usage: TAKEN })
    }

    async fn ask(&self, line: &str, context: &RunContext) -> Result<(KeptReply, bool), AiError> {
        let key = ReplyKey(Sha256::digest(line).into());
        if let Some(kept) = context.replies.find(key).await? {
            return Ok((kept, false));
        }
        let (input_tokens, output_tokens) = PLANNED;
        let cost = self.cost((input_tokens + output_tokens).into());
        let call = PlannedCall { provider: PROVIDER, model: "lines-1", input_tokens, output_tokens, cost };
        let pass = context.gate.enter(&call).await?;
        let reply = self.call(line).await;
        let outcome = match &reply {
            Ok(kept) => CallOutcome::Answered {
                usage: kept.usage,
                cost: self.cost(kept.usage.input_tokens + kept.usage.output_tokens),
            },
            Err(_) => CallOutcome::Failed,
        };
        context.gate.leave(&call, pass, outcome).await;
        let kept = reply?;
        context.replies.keep(key, &kept).await?;
        Ok((kept, true))
    }
}

#[async_trait]
impl Engine for LineEngine {
    fn info(&self) -> EngineInfo {
        EngineInfo { provider: PROVIDER, model: "lines-1".into() }
    }

    fn supports(&self, _: &dyn TaskType, _: &Value) -> Result<(), Failure> {
        Ok(())
    }

    async fn run(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
        let (mut usage, mut texts) = (TokenUsage::default(), Vec::new());
        for line in request.pages.iter().flat_map(|page| page.text.lines()).filter(|line| !line.is_empty()) {
            let (kept, is_paid) = self.ask(line, context).await?;
            if is_paid {
                usage += kept.usage;
            }
            texts.push(kept.reply.as_str().unwrap().to_owned());
        }
        let cost = self.cost(usage.input_tokens + usage.output_tokens);
        Ok(Answer {
            result: texts.join(" "),
            output: json!({
                "prompt_version": request.task_type.prompt().version, "partial": false, "usage": usage,
                "cost": cost, "attempts": texts.len(), "duration_ms": 7, "warnings": [], "data": {},
            }),
            warnings: Vec::new(),
            provider: PROVIDER.into(),
            model: "lines-1".into(),
            input_tokens: Some(usage.input_tokens),
            output_tokens: Some(usage.output_tokens),
            cost: cost.map(|cost| cost.to_string()),
        })
    }
}
