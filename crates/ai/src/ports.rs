//! What runs share with each other, in all processes of an installation: replies that are kept,
//! limits towards providers, and budgets of users. The caller of an engine provides it.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    cost::{Cost, TokenUsage},
    error::AiError,
};

/// Names the reply to one call: SHA-256 of all that shapes it (provider, model, prompt, schema,
/// parameters, text).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplyKey(pub [u8; 32]);

impl fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyKey(..)")
    }
}

/// A reply that was paid for, of the task type's reply schema.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptReply {
    /// The reply.
    pub reply: Value,
    /// What it took.
    pub usage: TokenUsage,
}

/// Keeps finished replies, so that a run that is done again pays only for what is missing. Scoped to
/// one user: nobody's replies answer anybody else.
#[async_trait]
pub trait Replies: Send + Sync {
    /// The reply that was kept under this key.
    ///
    /// # Errors
    /// [`AiError::Shared`] when the keeper cannot be reached.
    async fn find(&self, key: ReplyKey) -> Result<Option<KeptReply>, AiError>;

    /// Keeps a reply. What is kept already stays.
    ///
    /// # Errors
    /// [`AiError::Shared`] when the keeper cannot be reached.
    async fn keep(&self, key: ReplyKey, kept: &KeptReply) -> Result<(), AiError>;
}

/// A call that is about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedCall<'a> {
    /// To whom.
    pub provider: &'static str,
    /// To which model.
    pub model: &'a str,
    /// Tokens that will be sent, estimated on the safe side.
    pub input_tokens: u32,
    /// Tokens that may come back at most.
    pub output_tokens: u32,
    /// What that would cost; `None` when the price is not known.
    pub cost: Option<Cost>,
}

/// The permission to make one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass(pub i64);

/// How a call went, as far as others are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The provider answered, and counted this.
    Answered {
        /// Tokens.
        usage: TokenUsage,
        /// What they cost; `None` when the price is not known.
        cost: Option<Cost>,
    },
    /// The provider asked to be left alone (429).
    Limited {
        /// For how long, if it said so.
        retry_after: Option<Duration>,
    },
    /// The provider is away or failing: unreachable, 5xx, too late, or a stream that was cut.
    Failed,
    /// The provider works, and refused this call: nothing was paid.
    Refused,
    /// The call was given up on this side.
    Abandoned,
}

/// Lets calls through, one by one: the limits of requests and tokens per minute that all workers share,
/// the circuit breaker of each provider, and the budget of the user for whom the run is.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Reserves room for a call. Every pass must be given back with [`leave`](Self::leave); one that is
    /// lost with its process expires by itself.
    ///
    /// # Errors
    /// [`AiError::Busy`] while a limit is used up or the provider is being left alone,
    /// [`AiError::BudgetSpent`], [`AiError::Shared`].
    async fn enter(&self, call: &PlannedCall<'_>) -> Result<Pass, AiError>;

    /// Says how the call went.
    async fn leave(&self, call: &PlannedCall<'_>, pass: Pass, outcome: CallOutcome);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoReplies;

#[async_trait]
impl Replies for NoReplies {
    async fn find(&self, _key: ReplyKey) -> Result<Option<KeptReply>, AiError> {
        Ok(None)
    }

    async fn keep(&self, _key: ReplyKey, _kept: &KeptReply) -> Result<(), AiError> {
        Ok(())
    }
}

/// Lets everything through.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

#[async_trait]
impl Gate for OpenGate {
    async fn enter(&self, _call: &PlannedCall<'_>) -> Result<Pass, AiError> {
        Ok(Pass(0))
    }

    async fn leave(&self, _call: &PlannedCall<'_>, _pass: Pass, _outcome: CallOutcome) {}
}
