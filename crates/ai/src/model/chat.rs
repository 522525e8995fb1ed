//! The seam to the providers: one call, one reply.

use async_trait::async_trait;
use serde_json::Value;

use crate::{cost::TokenUsage, error::AiError};

/// What a provider's client can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caps {
    /// Tokens the model takes, input and output together.
    pub context_tokens: u32,
    /// Tokens the model may write in one answer.
    pub max_output_tokens: u32,
    /// Tokens of this model for one token of `o200k`, the counter used for planning.
    pub tokens_per_counted: f64,
    /// Whether the provider holds the model to a schema by a means of its own. Answers are checked in any
    /// case.
    pub enforces_schema: bool,
}

/// One question to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatCall {
    /// Instructions: ours alone, no word of the document.
    pub system: String,
    /// The document, fenced in, and the wish.
    pub user: String,
    /// Name of the schema, for providers that want one.
    pub schema_name: &'static str,
    /// JSON schema of the answer.
    pub schema: Value,
    /// Whether the schema has the form that all strict modes share, so that the provider can enforce it.
    pub is_strict: bool,
    /// Tokens the model may write.
    pub max_output_tokens: u32,
}

/// How a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model had said everything.
    Complete,
    /// The model reached the token limit.
    Truncated,
    /// A filter stopped it.
    Filtered,
}

/// One reply of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatReply {
    /// What it wrote.
    pub text: String,
    /// How it ended.
    pub finish: Finish,
    /// What it was paid for.
    pub usage: TokenUsage,
}

/// Hears text as it is written. It must be quick and must not block.
pub type TextSink<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Reaches one model of one provider. Makes exactly one try: trying again is the engine's part.
#[async_trait]
pub trait ChatClient: Send + Sync {
    /// What it can do.
    fn caps(&self) -> Caps;

    /// Asks once. `written` hears the answer while it comes, piece by piece.
    ///
    /// # Errors
    /// A class of [`AiError`], without any of the provider's words.
    async fn complete(&self, call: &ChatCall, written: TextSink<'_>) -> Result<ChatReply, AiError>;
}
