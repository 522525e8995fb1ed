//! The engine: what the worker calls.

use std::sync::Arc;

use async_trait::async_trait;
use quire_domain::failure::Failure;
use serde_json::Value;

use crate::{
    answer::{Answer, Request},
    config::{AiConfig, ConfigError},
    context::RunContext,
    error::AiError,
    task::TaskType,
};

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// The provider's name, as in the configuration.
    pub provider: &'static str,
    /// The model's name.
    pub model: String,
}

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

    /// Does one task.
    ///
    /// # Errors
    /// See [`AiError`]; its [`verdict`](AiError::verdict) says whether to try again.
    async fn run(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError>;
}

/// An engine that many workers share.
pub type SharedEngine = Arc<dyn Engine>;

/// The engine that the configuration asks for.
///
/// # Errors
/// When the configuration does not suffice for the provider.
pub fn engine(config: &AiConfig) -> Result<SharedEngine, ConfigError> {
    config.provider.engine(config)
}
