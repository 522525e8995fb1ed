//! What the operator chooses.

use std::time::Duration;

use secrecy::SecretString;

use crate::providers::Provider;

/// Which engine answers, and how it reaches its model.
#[derive(Debug, Clone, Default)]
pub struct AiConfig {
    /// Who answers (`AI_PROVIDER`).
    pub provider: Provider,
    /// The model (`AI_MODEL`); each provider has a default or asks for one.
    pub model: Option<String>,
    /// The provider's key (`OPENAI_API_KEY` and its siblings).
    pub api_key: Option<SecretString>,
    /// A compatible server instead of the official service (`OPENAI_BASE_URL` and its siblings).
    pub base_url: Option<String>,
    /// The dialect to speak to an OpenAI-shaped server, where the default is not wanted.
    pub wire: Option<Wire>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// When and how often to try again.
    pub retry: RetryPolicy,
    /// Tokens the model takes, input and output together; each provider has a careful default.
    pub context_tokens: Option<u32>,
    /// Tokens the model may write in one answer; on thinking models this pays for thoughts too.
    pub max_output_tokens: Option<u32>,
}

/// The two dialects of OpenAI-shaped servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// `POST /responses`: the official service.
    Responses,
    /// `POST /chat/completions`: what compatible servers speak.
    ChatCompletions,
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

/// Why a configuration does not suffice.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The provider wants a key.
    #[error("the provider `{provider}` needs a key: set {variable}")]
    MissingKey {
        /// Which provider.
        provider: &'static str,
        /// The variable to set.
        variable: &'static str,
    },
    /// A compatible server has no default model.
    #[error(
        "a server at OPENAI_BASE_URL has no default model: set AI_MODEL to one that it lists under `models`"
    )]
    MissingModel,
    /// The base URL cannot be used.
    #[error("OPENAI_BASE_URL must be an absolute http or https URL without user name, query or fragment")]
    BaseUrl,
    /// The window leaves no room for a text.
    #[error("the context of {context} tokens leaves no room beside an answer of {output} tokens")]
    NoRoom {
        /// Tokens the model takes.
        context: u32,
        /// Tokens it may write.
        output: u32,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client for the model provider could not be made")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}
