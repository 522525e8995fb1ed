//! What goes into an engine and what comes out.

use std::time::Duration;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::{
    cost::{Cost, TokenUsage},
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
    pub(crate) prompt_version: Option<String>,
    pub(crate) language: &'static str,
    /// Whether a part of the text was left out.
    pub(crate) is_partial: bool,
    pub(crate) chunks: u32,
    pub(crate) spent: Spent,
    pub(crate) elapsed: Duration,
}

/// What a run took.
pub(crate) struct Spent {
    /// Calls made to the provider, repeated ones included; 1 for the local engine.
    pub(crate) attempts: u32,
    /// Tokens that were paid for now; `None` where nothing is counted.
    pub(crate) usage: Option<TokenUsage>,
    /// What they cost; `None` when the price is not known.
    pub(crate) cost: Option<Charge>,
    /// Pieces whose reply had been kept.
    pub(crate) kept: u32,
    /// What those replies had taken.
    pub(crate) saved: TokenUsage,
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) amount: Cost,
    /// Since when the price is valid; `None` for what has none.
    pub(crate) price_date: Option<NaiveDate>,
}

impl Spent {
    /// What deterministic methods take: one attempt, and no money.
    pub(crate) fn locally() -> Self {
        let cost = Some(Charge { amount: Cost::default(), price_date: None });
        Self { attempts: 1, usage: None, cost, kept: 0, saved: TokenUsage::default() }
    }
}

impl Charge {
    fn json(self) -> Value {
        let date = self.price_date.map(|date| date.to_string());
        json!({"amount": self.amount, "currency": "USD", "price_date": date})
    }
}

impl Provenance {
    /// Puts the envelope around the data.
    pub(crate) fn envelop(self, draft: Draft) -> Answer {
        let Self { spent, .. } = self;
        let output = json!({
            "schema_version": 1,
            "task": self.task,
            "provider": self.engine.provider,
            "model": self.engine.model,
            "prompt_version": self.prompt_version,
            "language": self.language,
            "partial": self.is_partial,
            "chunks": { "total": self.chunks, "failed": 0, "kept": spent.kept },
            "finish": "complete",
            "usage": spent.usage,
            "saved": spent.usage.map(|_| spent.saved),
            "cost": spent.cost.map(Charge::json),
            "attempts": spent.attempts,
            "duration_ms": u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
            "warnings": draft.warnings,
            "data": draft.data,
        });
        Answer {
            result: draft.result,
            output,
            warnings: draft.warnings,
            provider: self.engine.provider.to_owned(),
            model: self.engine.model,
            input_tokens: spent.usage.map(|usage| usage.input_tokens),
            output_tokens: spent.usage.map(|usage| usage.output_tokens),
            cost: spent.cost.map(|cost| cost.amount.to_string()),
        }
    }
}
