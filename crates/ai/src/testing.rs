//! A scripted engine for the tests of other crates.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use quire_domain::failure::Failure;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    answer::{Answer, EngineInfo, Request},
    context::{Delta, Progress, RunContext},
    engine::Engine,
    error::AiError,
    task::TaskType,
};

/// What a scripted engine does with one run.
#[derive(Debug, Clone)]
pub enum Script {
    /// Answers with this text.
    Answer(String),
    /// Fails.
    Fail(AiError),
    /// Waits for [`ScriptedEngine::release`] or for cancellation, then answers with this text.
    Block(String),
    /// Writes these pieces, then does as [`Block`](Self::Block) with all of them.
    Write(Vec<String>),
}

/// Plays one [`Script`] per run, the last one for ever after. Never looks at the text.
pub struct ScriptedEngine {
    scripts: Mutex<VecDeque<Script>>,
    refused: Option<Failure>,
    gate: Semaphore,
    started: Semaphore,
    runs: AtomicUsize,
}

impl ScriptedEngine {
    /// An engine with these scripts; without any, it answers `scripted answer`.
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Arc<Self> {
        Arc::new(Self::with(scripts, None))
    }

    /// An engine that supports nothing.
    pub fn refusing(failure: Failure) -> Arc<Self> {
        Arc::new(Self::with([], Some(failure)))
    }

    fn with(scripts: impl IntoIterator<Item = Script>, refused: Option<Failure>) -> Self {
        Self {
            scripts: Mutex::new(scripts.into_iter().collect()),
            refused,
            gate: Semaphore::new(0),
            started: Semaphore::new(0),
            runs: AtomicUsize::new(0),
        }
    }

    /// Lets `runs` blocked runs go on, now or when they come.
    pub fn release(&self, runs: usize) {
        self.gate.add_permits(runs);
    }

    /// Waits until one more run has begun than at the last call.
    pub async fn started(&self) {
        if let Ok(permit) = self.started.acquire().await {
            permit.forget();
        }
    }

    /// How many runs have begun.
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    fn next(&self) -> Script {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let last = scripts.len() <= 1;
        let next = if last { scripts.front().cloned() } else { scripts.pop_front() };
        next.unwrap_or_else(|| Script::Answer("scripted answer".into()))
    }

    async fn wait(&self, context: &RunContext) -> Result<(), AiError> {
        tokio::select! {
            () = context.cancel.cancelled() => return Err(AiError::Cancelled),
            permit = self.gate.acquire() => if let Ok(permit) = permit { permit.forget() },
        }
        Ok(())
    }

    fn answer(&self, request: &Request, text: String) -> Answer {
        let EngineInfo { provider, model } = self.info();
        Answer {
            output: json!({
                "schema_version": 1, "task": request.task_type.name(), "provider": provider, "model": model,
                "prompt_version": null, "language": "und", "partial": false, "chunks": {"total": 1, "failed": 0},
                "finish": "complete", "usage": null, "cost": null, "attempts": 1, "duration_ms": 0, "warnings": [],
                "data": {"text": text},
            }),
            result: text,
            warnings: Vec::new(),
            provider: provider.to_owned(),
            model,
            input_tokens: Some(10),
            output_tokens: Some(5),
            cost: None,
        }
    }
}

#[async_trait]
impl Engine for ScriptedEngine {
    fn info(&self) -> EngineInfo {
        EngineInfo { provider: "scripted", model: "scripted-1".into() }
    }

    fn supports(&self, _task: &dyn TaskType, _params: &Value) -> Result<(), Failure> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    async fn run(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.started.add_permits(1);
        context.step(0, 1)?;
        let text = match self.next() {
            Script::Answer(text) => text,
            Script::Fail(error) => return Err(error),
            Script::Block(text) => {
                self.wait(context).await?;
                text
            }
            Script::Write(pieces) => {
                (context.deltas)(Delta::Begin);
                for piece in &pieces {
                    (context.deltas)(Delta::Text(piece.clone()));
                }
                self.wait(context).await?;
                pieces.concat()
            }
        };
        (context.progress)(Progress { done: 1, total: 1 });
        Ok(self.answer(request, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;

    fn request() -> Request {
        let task_type = registry::find("summarize").unwrap();
        Request { task_type, params: json!({}), filename: "a.txt".into(), pages: Vec::new() }
    }

    #[tokio::test]
    async fn scripts_play_in_order_and_the_last_stays() {
        let engine = ScriptedEngine::new([Script::Fail(AiError::BadOutput), Script::Answer("b".into())]);
        let context = RunContext::default();
        assert_eq!(engine.run(&request(), &context).await.unwrap_err(), AiError::BadOutput);
        for _ in 0..2 {
            assert_eq!(engine.run(&request(), &context).await.unwrap().result, "b");
        }
        assert_eq!(engine.runs(), 3);
    }

    #[tokio::test]
    async fn a_blocked_run_goes_on_when_released_or_cancelled() {
        let engine = ScriptedEngine::new([Script::Block("c".into())]);
        let (asked, context) = (request(), RunContext::default());
        let released = async {
            engine.started().await;
            engine.release(1);
        };
        assert_eq!(tokio::join!(engine.run(&asked, &context), released).0.unwrap().result, "c");
        let cancelled = async {
            engine.started().await;
            context.cancel.cancel();
        };
        assert_eq!(tokio::join!(engine.run(&asked, &context), cancelled).0.unwrap_err(), AiError::Cancelled);
    }
}
