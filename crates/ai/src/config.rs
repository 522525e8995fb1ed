//! What the operator chooses.

use std::{collections::BTreeMap, num::NonZero, path::PathBuf, time::Duration};

use secrecy::SecretString;

use crate::{
    price::PriceError,
    prompts::PromptError,
    providers::{Provider, Wire},
};

/// Which engines there are, and how they reach their models.
#[derive(Debug, Clone, Default)]
pub struct AiConfig {
    /// Who answers unless a request chooses (`AI_PROVIDER`).
    pub provider: Provider,
    /// Its model (`AI_MODEL`), before [`ProviderSettings::model`].
    pub model: Option<String>,
    /// Who is asked instead, in this order, while that provider cannot answer (`AI_FALLBACK`).
    pub fallback: Vec<Provider>,
    /// Whom requests may choose besides `provider` (`AI_PROVIDERS_ALLOWED`); `None` means every provider that
    /// is configured, and the built-in methods.
    pub providers_allowed: Option<Vec<Provider>>,
    /// Models that requests may choose besides the one that is configured (`AI_MODELS_ALLOWED`).
    pub models_allowed: Vec<(Provider, String)>,
    /// How each provider is reached.
    pub settings: BTreeMap<Provider, ProviderSettings>,
    /// The dialect to speak to an OpenAI-shaped server, where the default is not wanted (`OPENAI_WIRE`).
    pub wire: Option<Wire>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// When and how often to try again.
    pub retry: RetryPolicy,
    /// Tokens that the model of `provider` takes, input and output together; each provider has a careful
    /// default.
    pub context_tokens: Option<u32>,
    /// Tokens that it may write in one answer; on thinking models this pays for thoughts too.
    pub max_output_tokens: Option<u32>,
    /// Pieces of one text at most (`AI_MAX_PIECES`).
    pub max_pieces: Option<NonZero<usize>>,
    /// Calls under way at once for one task (`AI_PARALLEL_CALLS`).
    pub parallel_calls: Option<NonZero<usize>>,
    /// What tokens cost (`AI_PRICES_FILE`).
    pub prices_file: Option<PathBuf>,
    /// Prompts instead of the built-in ones (`PROMPTS_DIR`).
    pub prompts_dir: Option<PathBuf>,
}

/// How one provider is reached. What is empty counts as not set.
#[derive(Debug, Clone, Default)]
pub struct ProviderSettings {
    /// The key.
    pub api_key: Option<SecretString>,
    /// The address, where it is not the provider's own.
    pub base_url: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The setting that no other provider has, as [`Variables::own`](crate::Variables::own) names it.
    pub own: Option<String>,
    /// Tokens that the model takes, input and output together.
    pub context_tokens: Option<u32>,
    /// Tokens that it may write in one answer.
    pub max_output_tokens: Option<u32>,
}

impl ProviderSettings {
    /// Whether anything says that somebody wants this provider.
    pub(crate) fn is_begun(&self) -> bool {
        self.api_key.is_some() || self.base_url.is_some() || self.model.is_some()
    }
}

impl AiConfig {
    /// With one provider's settings.
    #[must_use]
    pub fn with_settings(mut self, provider: Provider, settings: ProviderSettings) -> Self {
        self.settings.insert(provider, settings);
        self
    }
}

/// Time limits on one call to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the first byte of the answer.
    pub header: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
    /// For one call with all its tries and waits.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            header: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
        }
    }
}

/// When and how often a failed call is tried again: exponential backoff with full jitter
/// (each wait is drawn evenly from nothing to `base * factor^n`, at most `cap`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Upper bound of the first wait.
    pub base: Duration,
    /// By how much the bound grows from try to try.
    pub factor: u32,
    /// The bound grows no further than this.
    pub cap: Duration,
    /// Tries in all, the first included.
    pub attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), factor: 2, cap: Duration::from_secs(30), attempts: 4 }
    }
}

/// Why a configuration does not suffice: a clause that names the variable to set.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The provider wants something that is not set.
    #[error("the provider `{provider}` needs {what}: set {variable}")]
    Missing {
        /// Which provider.
        provider: Provider,
        /// What it needs.
        what: &'static str,
        /// The variable to set.
        variable: &'static str,
    },
    /// A value cannot be used.
    #[error("{variable} must {must}")]
    Wrong {
        /// The variable.
        variable: &'static str,
        /// What it must be.
        must: &'static str,
    },
    /// The window leaves no room for a text.
    #[error(
        "for the provider `{provider}`, the context of {context} tokens leaves no room beside an answer of {output} tokens: see {variable}"
    )]
    NoRoom {
        /// Which provider.
        provider: Provider,
        /// Tokens the model takes.
        context: u32,
        /// Tokens it may write.
        output: u32,
        /// The variable to set.
        variable: &'static str,
    },
    /// The fallback order names a provider that was asked before.
    #[error(
        "AI_FALLBACK names `{0}`, which is asked before: name each provider once, and not the one of AI_PROVIDER"
    )]
    FallbackTwice(Provider),
    /// A model of a provider that cannot be chosen.
    #[error("AI_MODELS_ALLOWED names a model of `{0}`, which is not among the providers that may be chosen")]
    ModelOfNobody(Provider),
    /// The file of prices cannot be read.
    #[error("AI_PRICES_FILE: {} cannot be read", path.display())]
    PricesUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file of prices says something wrong.
    #[error("AI_PRICES_FILE: {0}")]
    Prices(PriceError),
    /// A prompt of the operator's cannot be used.
    #[error("PROMPTS_DIR: {0}")]
    Prompts(PromptError),
    /// The HTTP client could not be made.
    #[error("the HTTP client for the model provider could not be made")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}
