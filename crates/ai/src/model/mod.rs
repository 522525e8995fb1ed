//! The model engine: prompts over a chat client, for texts of any length.

mod ask;
mod chat;
mod chunk;
mod fence;
mod map;
mod retry;

use std::time::Instant;

use async_trait::async_trait;
use quire_domain::failure::Failure;
use serde_json::Value;

pub use chat::{Caps, ChatCall, ChatClient, ChatReply, Finish, TextSink};

use crate::{
    answer::{Answer, EngineInfo, Provenance, Request},
    config::{RetryPolicy, Timeouts},
    context::RunContext,
    document::Document,
    engine::Engine,
    error::AiError,
    task::TaskType,
};

/// Does tasks by prompting a model through `C`.
pub struct ModelEngine<C> {
    client: C,
    info: EngineInfo,
    retry: RetryPolicy,
    timeouts: Timeouts,
}

impl<C: ChatClient> ModelEngine<C> {
    /// An engine over one client.
    pub fn new(client: C, info: EngineInfo, retry: RetryPolicy, timeouts: Timeouts) -> Self {
        Self { client, info, retry, timeouts }
    }

    async fn answer(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
        let started = Instant::now();
        context.step(0, 1)?;
        let pages = request.pages.clone();
        let document = blocking(move || Document::read(&pages)).await??;
        let run = map::Run::new(self, request, context)?;
        let reply = run.reply(document.text()).await?;
        let draft = request.task_type.finish(reply, &document, &request.params)?;
        let (attempts, usage, chunks) = run.spent();
        Ok(Provenance {
            task: request.task_type.name(),
            engine: self.info.clone(),
            prompt_version: Some(request.task_type.prompt().version),
            language: document.language().code(),
            chunks,
            attempts,
            usage: Some(usage),
            elapsed: started.elapsed(),
        }
        .envelop(draft))
    }
}

#[async_trait]
impl<C: ChatClient> Engine for ModelEngine<C> {
    fn info(&self) -> EngineInfo {
        self.info.clone()
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

/// Runs work that computes for a while on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AiError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|_| AiError::Internal("the thread that prepares texts was lost".into()))
}
