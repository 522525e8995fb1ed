//! The local engine: deterministic methods, no network, no key.

pub(crate) mod classify;
pub(crate) mod cv;
#[cfg(test)]
mod floors;
pub(crate) mod invoice;
pub(crate) mod keywords;
pub(crate) mod months;
pub(crate) mod questions;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod sentences;
pub(crate) mod sentiment;
pub(crate) mod summary;
mod valence;
pub(crate) mod words;

use std::time::Instant;

use async_trait::async_trait;
use quire_domain::failure::{Failure, FailureCode};
use serde_json::Value;

use crate::{
    answer::{Answer, EngineInfo, Provenance, Request, Spent},
    context::RunContext,
    document::Document,
    engine::Engine,
    error::AiError,
    providers::Provider,
    task::{LocalJob, TaskType},
};

/// What the local engine calls its "model": the version of its rules.
pub const LOCAL_MODEL: &str = "local-rules-2";

/// Does tasks by deterministic methods: the same text gives the same answer, everywhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalEngine;

#[async_trait]
impl Engine for LocalEngine {
    fn info(&self) -> EngineInfo {
        EngineInfo { provider: "local", model: LOCAL_MODEL.to_owned() }
    }

    fn supports(&self, task: &dyn TaskType, params: &Value) -> Result<(), Failure> {
        task.local_support(params)
    }

    async fn run(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
        self.supports(request.task_type, &request.params).map_err(AiError::Unsupported)?;
        let (engine, request, context) = (self.info(), request.clone(), context.clone());
        tokio::task::spawn_blocking(move || answer(engine, &request, &context))
            .await
            .map_err(|_| AiError::Internal("the thread of a local method was lost".into()))?
    }
}

fn answer(engine: EngineInfo, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
    let started = Instant::now();
    context.step(0, 1)?;
    let document = Document::read(&request.pages)?;
    let job = LocalJob { document: &document, params: &request.params, context };
    let draft = request.task_type.answer_locally(&job)?;
    context.step(1, 1)?;
    Ok(Provenance {
        task: request.task_type.name(),
        engine,
        prompt_version: None,
        language: document.language().code(),
        is_partial: false,
        chunks: 1,
        spent: Spent::locally(),
        elapsed: started.elapsed(),
    }
    .envelop(draft))
}

/// Refuses what no deterministic method does. `what` begins the sentence: "Translation".
pub(crate) fn needs_model(what: &str) -> Failure {
    let models = Provider::ALL.iter().filter(|provider| **provider != Provider::Local);
    let names: Vec<_> = models.map(|provider| provider.as_str()).collect();
    Failure::new(
        FailureCode::TaskUnsupported,
        format!("{what} needs a language model: set AI_PROVIDER ({}).", names.join(", ")),
    )
}

/// `value` with `digits` digits after the point. Published scores are rounded, so that the order
/// in which floating-point sums were made does not show.
pub(crate) fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
