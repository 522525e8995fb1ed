//! What goes into an engine and what comes out.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    document::PageText,
    task::{Draft, TaskType, Warning},
};

/// One piece of work for an engine.
#[derive(Clone)]
pub struct Request {
    /// What is wanted.
    pub task_type: &'static dyn TaskType,
    /// Parameters, as [`TaskType::check_params`] returned them.
    pub params: Value,
    /// The document's file name. Not sent to any provider: it may name a person.
    pub filename: String,
    /// The document's text, page by page.
    pub pages: Vec<PageText>,
}

impl std::fmt::Debug for Request {
    /// Shows no text: a request may end up in a log by way of an error.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("task_type", &self.task_type.name())
            .field("pages", &self.pages.len())
            .finish_non_exhaustive()
    }
}

/// Tokens as the provider counted them, summed over all calls that were paid for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenUsage {
    /// Tokens sent.
    pub input_tokens: i64,
    /// Of these, tokens the provider had cached.
    pub cached_input_tokens: i64,
    /// Tokens received, thinking included.
    pub output_tokens: i64,
    /// Of these, tokens spent on thinking.
    pub reasoning_tokens: i64,
}

impl std::ops::AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.output_tokens += other.output_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
    }
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The answer as text, for people.
    pub result: String,
    /// The answer as data, for programs: an envelope whose `data` has the task type's
    /// [`output_schema`](TaskType::output_schema).
    pub output: Value,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
    /// Who answered.
    pub provider: String,
    /// With which model.
    pub model: String,
    /// Tokens sent; `None` when nothing was counted.
    pub input_tokens: Option<i64>,
    /// Tokens received; `None` when nothing was counted.
    pub output_tokens: Option<i64>,
    /// What it cost, as a decimal number of US dollars; `None` when the price is not known.
    pub cost: Option<String>,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// The provider's name, as in the configuration.
    pub provider: &'static str,
    /// The model's name.
    pub model: String,
}

/// How an answer came about; all of it goes into the envelope.
pub(crate) struct Provenance {
    pub(crate) task: &'static str,
    pub(crate) engine: EngineInfo,
    /// `None` where no prompt was used.
    pub(crate) prompt_version: Option<&'static str>,
    pub(crate) language: &'static str,
    pub(crate) chunks: u32,
    /// Calls made to the provider, repeated ones included; 1 for the local engine.
    pub(crate) attempts: u32,
    /// `None` where nothing is counted.
    pub(crate) usage: Option<TokenUsage>,
    pub(crate) elapsed: Duration,
}

impl Provenance {
    /// Puts the envelope around the data.
    pub(crate) fn envelop(self, draft: Draft) -> Answer {
        let from = self;
        let output = json!({
            "schema_version": 1,
            "task": from.task,
            "provider": from.engine.provider,
            "model": from.engine.model,
            "prompt_version": from.prompt_version,
            "language": from.language,
            "partial": false,
            "chunks": { "total": from.chunks, "failed": 0 },
            "finish": "complete",
            "usage": from.usage,
            "cost": null,
            "attempts": from.attempts,
            "duration_ms": u64::try_from(from.elapsed.as_millis()).unwrap_or(u64::MAX),
            "warnings": draft.warnings,
            "data": draft.data,
        });
        Answer {
            result: draft.result,
            output,
            warnings: draft.warnings,
            provider: from.engine.provider.to_owned(),
            model: from.engine.model,
            input_tokens: from.usage.map(|usage| usage.input_tokens),
            output_tokens: from.usage.map(|usage| usage.output_tokens),
            cost: None,
        }
    }
}
