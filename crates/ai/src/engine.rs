//! The engine: what the worker calls.

use std::sync::Arc;

use async_trait::async_trait;
use quire_domain::failure::Failure;
use serde_json::Value;

use crate::{
    answer::{Answer, EngineInfo, Request},
    context::RunContext,
    error::AiError,
    task::TaskType,
};

/// Does tasks. Shared by all workers of a process.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Who answers.
    fn info(&self) -> EngineInfo;

    /// Whether this engine can do such a task at all, before any text is known.
    ///
    /// # Errors
    /// A failure whose sentence names what to configure.
    fn supports(&self, task: &dyn TaskType, params: &Value) -> Result<(), Failure>;

    /// The version of the prompt that it goes by: the operator may have replaced the built-in one. Of an
    /// engine without prompts, the built-in version.
    fn prompt_version(&self, task: &dyn TaskType) -> String {
        task.prompt().version.to_owned()
    }

    /// Does one task.
    ///
    /// # Errors
    /// See [`AiError`]; its [`verdict`](AiError::verdict) says whether to try again.
    async fn run(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError>;
}

/// An engine that many workers share.
pub type SharedEngine = Arc<dyn Engine>;
