//! The engine over one chat client.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use quire_domain::failure::Failure;
use serde_json::Value;

use crate::{
    answer::{Answer, EngineInfo, Provenance, Request},
    config::{RetryPolicy, Timeouts},
    context::RunContext,
    document::Document,
    engine::Engine,
    error::AiError,
    price::PriceTable,
    prompts::PromptSet,
    task::TaskType,
};

use super::{
    chat::ChatClient,
    pieces::Source,
    run::Run,
    setup::{Limits, Setup},
    tokens::blocking,
};

/// What an engine over a model is made of.
pub struct ModelParts<C> {
    /// Reaches the model.
    pub client: C,
    /// Who answers.
    pub info: EngineInfo,
    /// When and how often to try again.
    pub retry: RetryPolicy,
    /// Time limits.
    pub timeouts: Timeouts,
    /// What models cost; the default holds the built-in prices.
    pub prices: Arc<PriceTable>,
    /// What is asked; the default holds the built-in prompts.
    pub prompts: Arc<PromptSet>,
    /// Bounds of one run.
    pub limits: Limits,
}

/// Does tasks by prompting a model through `C`.
pub struct ModelEngine<C> {
    client: C,
    setup: Setup,
}

impl<C: ChatClient> ModelEngine<C> {
    /// An engine of these parts.
    pub fn new(parts: ModelParts<C>) -> Self {
        let ModelParts { client, info, retry, timeouts, prices, prompts, limits } = parts;
        Self { client, setup: Setup { info, retry, timeouts, prices, prompts, limits } }
    }

    async fn answer(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
        let started = Instant::now();
        context.step(0, 1)?;
        let pages = request.pages.clone();
        let read = move || Document::read(&pages).map(|document| (Source::of(&document), document));
        let (source, document) = blocking(read).await??;
        let run = Run::new(&self.client, &self.setup, request, context)?;
        let reply = run.reply(source).await?;
        let mut draft = request.task_type.finish(reply, &document, &request.params)?;
        let left_out = run.left_out();
        let is_partial = left_out.is_some();
        draft.warnings.extend(left_out);
        Ok(Provenance {
            task: request.task_type.name(),
            engine: self.setup.info.clone(),
            prompt_version: Some(self.setup.prompts.of(request.task_type).version.to_owned()),
            language: document.language().code(),
            is_partial,
            chunks: run.pieces(),
            spent: run.spent(),
            elapsed: started.elapsed(),
        }
        .envelop(draft))
    }
}

#[async_trait]
impl<C: ChatClient> Engine for ModelEngine<C> {
    fn info(&self) -> EngineInfo {
        self.setup.info.clone()
    }

    fn prompt_version(&self, task: &dyn TaskType) -> String {
        self.setup.prompts.of(task).version.to_owned()
    }

    fn supports(&self, _task: &dyn TaskType, _params: &Value) -> Result<(), Failure> {
        Ok(())
    }

    async fn run(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
        tokio::select! {
            biased;
            () = context.cancel.cancelled() => Err(AiError::Cancelled),
            answer = self.answer(request, context) => answer,
        }
    }
}
