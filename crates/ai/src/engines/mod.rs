//! The engines of an installation: which of them does a task.

mod build;
mod choice;
mod fallback;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use quire_domain::failure::Failure;
use serde_json::Value;

pub use self::{
    build::{chat_client, engine},
    choice::{Choice, ChoiceError, ChoiceField, Offer},
};
use crate::{
    answer::{Answer, EngineInfo, Request},
    config::{AiConfig, ConfigError, ProviderSettings},
    context::RunContext,
    engine::SharedEngine,
    error::AiError,
    providers::Provider,
    task::TaskType,
};

/// All engines that the configuration allows for. Shared by all workers of a process.
pub struct Engines {
    /// Who answers unless a request chooses.
    standard: SharedEngine,
    /// Who is asked when that one cannot answer, in this order.
    fallback: Vec<SharedEngine>,
    /// What requests may choose, the configured provider first.
    offers: Vec<Offer>,
    /// Providers that are not set up, with the first variable that is missing.
    lacking: Vec<(Provider, &'static str)>,
}

/// The engines that many workers share.
pub type SharedEngines = Arc<Engines>;

impl Engines {
    /// The engines that the configuration asks for.
    ///
    /// # Errors
    /// When the configuration does not suffice for a provider that it names, or a value is wrong.
    pub fn new(config: &AiConfig) -> Result<Self, ConfigError> {
        let builder = build::Builder::new(config)?;
        let standard = builder.engine(config.provider, None)?;
        let mut fallback = Vec::new();
        let mut asked = vec![config.provider];
        for &provider in &config.fallback {
            if asked.contains(&provider) {
                return Err(ConfigError::FallbackTwice(provider));
            }
            asked.push(provider);
            fallback.push(builder.engine(provider, None)?);
        }
        let mut engines = Self { standard, fallback, offers: Vec::new(), lacking: Vec::new() };
        engines.offer_what_is_allowed(config, &builder)?;
        Ok(engines)
    }

    fn offer_what_is_allowed(
        &mut self,
        config: &AiConfig,
        builder: &build::Builder<'_>,
    ) -> Result<(), ConfigError> {
        let named = config.providers_allowed.as_deref();
        self.offers.push(Offer { engines: vec![Arc::clone(&self.standard)] });
        let mut offered = vec![config.provider];
        for &provider in Provider::ALL.iter().filter(|provider| **provider != config.provider) {
            let is_named = named.is_some_and(|names| names.contains(&provider));
            match builder.engine(provider, None) {
                Ok(engine) if is_named || named.is_none() => {
                    self.offers.push(Offer { engines: vec![engine] });
                    offered.push(provider);
                }
                // Set up as a fallback, or by a key that is there for something else.
                Ok(_) => {}
                Err(ConfigError::Missing { variable, .. }) if !is_named => {
                    if config.settings.get(&provider).is_some_and(ProviderSettings::is_begun) {
                        let provider = provider.as_str();
                        tracing::warn!(
                            provider,
                            missing = variable,
                            "a provider is set up in part, and not offered"
                        );
                    }
                    self.lacking.push((provider, variable));
                }
                Err(error) => return Err(error),
            }
        }
        for (provider, model) in &config.models_allowed {
            let at = offered.iter().position(|offered| offered == provider);
            let Some(offer) = at.and_then(|at| self.offers.get_mut(at)) else {
                return Err(ConfigError::ModelOfNobody(*provider));
            };
            if !offer.models().contains(model) {
                offer.engines.push(builder.engine(*provider, Some(model))?);
            }
        }
        Ok(())
    }

    /// One engine alone.
    pub fn only(engine: SharedEngine) -> Self {
        Self::in_order(engine, Vec::new())
    }

    /// One engine, and those that are asked when it cannot answer. Requests may choose among all of them.
    pub fn in_order(standard: SharedEngine, fallback: Vec<SharedEngine>) -> Self {
        let all = std::iter::once(&standard).chain(&fallback);
        let offers = all.map(|engine| Offer { engines: vec![Arc::clone(engine)] }).collect();
        Self { standard, fallback, offers, lacking: Vec::new() }
    }

    /// What requests may choose, the configured provider first.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The version of the prompt by which whoever is meant would do a task.
    ///
    /// # Errors
    /// As [`info`](Self::info).
    pub fn prompt_version(&self, choice: &Choice, task: &dyn TaskType) -> Result<String, ChoiceError> {
        self.chosen(choice).map(|engine| engine.prompt_version(task))
    }

    /// Who is meant to do a task; another may answer where the configuration has a fallback order.
    ///
    /// # Errors
    /// A sentence that names what can be chosen, or what to configure.
    pub fn info(&self, choice: &Choice) -> Result<EngineInfo, ChoiceError> {
        self.chosen(choice).map(|engine| engine.info())
    }

    /// Whether such a task can be done at all, before any text is known.
    ///
    /// # Errors
    /// A failure whose sentence names what to choose or to configure. Ask [`info`](Self::info) first to
    /// tell a wrong choice from a task that whoever is chosen cannot do.
    pub fn check(&self, choice: &Choice, task: &dyn TaskType, params: &Value) -> Result<(), Failure> {
        self.able(choice, task, params).map(|_| ())
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
        let able = self.able(choice, request.task_type, &request.params).map_err(AiError::Unsupported)?;
        let meant = self.chosen(choice).map_err(|error| AiError::Unsupported(error.into()))?.info();
        fallback::run(meant, &able, request, context).await
    }

    /// Whom to ask for such a task, in order; never nobody.
    fn able(
        &self,
        choice: &Choice,
        task: &dyn TaskType,
        params: &Value,
    ) -> Result<Vec<SharedEngine>, Failure> {
        let chosen = self.chosen(choice)?;
        let fallback = if choice.is_open() { self.fallback.as_slice() } else { &[] };
        let mut able = Vec::new();
        let mut refusal = None;
        for engine in std::iter::once(chosen).chain(fallback) {
            match engine.supports(task, params) {
                Ok(()) => able.push(Arc::clone(engine)),
                Err(failure) => refusal = refusal.or(Some(failure)),
            }
        }
        match refusal {
            Some(refusal) if able.is_empty() => Err(refusal),
            _ => Ok(able),
        }
    }
}
