//! The engines of an installation: which of them does a task.

use std::sync::Arc;

use quire_domain::failure::{Failure, FailureCode};
use serde_json::Value;

use crate::{
    answer::{Answer, EngineInfo, Request},
    config::{AiConfig, ConfigError},
    context::RunContext,
    engine::SharedEngine,
    error::AiError,
    providers,
    task::TaskType,
};

/// Who is to do a task, where the caller chooses; nothing chosen means the configured one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The name of a provider.
    pub provider: Option<String>,
    /// The name of a model of that provider.
    pub model: Option<String>,
}

/// All engines that the configuration allows for. Shared by all workers of a process.
pub struct Engines {
    standard: SharedEngine,
}

/// The engines that many workers share.
pub type SharedEngines = Arc<Engines>;

impl Engines {
    /// The engines that the configuration asks for.
    ///
    /// # Errors
    /// When the configuration does not suffice for a provider that it names.
    pub fn new(config: &AiConfig) -> Result<Self, ConfigError> {
        Ok(Self::only(providers::engine(config)?))
    }

    /// One engine alone.
    pub fn only(engine: SharedEngine) -> Self {
        Self { standard: engine }
    }

    /// Who would do a task.
    ///
    /// # Errors
    /// A failure whose sentence names the providers that there are, or what to configure.
    pub fn info(&self, choice: &Choice) -> Result<EngineInfo, Failure> {
        self.find(choice).map(|engine| engine.info())
    }

    /// Whether such a task can be done at all, before any text is known.
    ///
    /// # Errors
    /// A failure whose sentence names what to choose or to configure.
    pub fn check(&self, choice: &Choice, task: &dyn TaskType, params: &Value) -> Result<(), Failure> {
        self.find(choice)?.supports(task, params)
    }

    /// Does one task.
    ///
    /// # Errors
    /// See [`AiError`]; its [`verdict`](AiError::verdict) says whether to try again.
    pub async fn run(
        &self,
        choice: &Choice,
        request: &Request,
        context: &RunContext,
    ) -> Result<Answer, AiError> {
        let engine = self.find(choice).map_err(AiError::Unsupported)?;
        engine.run(request, context).await
    }

    fn find(&self, choice: &Choice) -> Result<&SharedEngine, Failure> {
        let info = self.standard.info();
        let other =
            |chosen: &Option<String>, known: &str| chosen.as_deref().is_some_and(|name| name != known);
        if other(&choice.provider, info.provider) || other(&choice.model, &info.model) {
            return Err(Failure::new(
                FailureCode::TaskUnsupported,
                format!("This installation answers with {} ({}) alone.", info.provider, info.model),
            ));
        }
        Ok(&self.standard)
    }
}
