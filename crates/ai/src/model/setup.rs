//! What all runs of an engine have in common.

use std::sync::Arc;

use crate::{
    answer::EngineInfo,
    config::{RetryPolicy, Timeouts},
    price::{Price, PriceTable},
    prompts::PromptSet,
};

/// Bounds of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls under way at once; at least one.
    pub in_flight: usize,
    /// Pieces into which a text may be cut. What is beyond is left out, with a warning that names the pages.
    pub most_pieces: usize,
}

impl Default for Limits {
    /// Enough for a thousand full pages and a model of eight thousand tokens.
    fn default() -> Self {
        Self { in_flight: 4, most_pieces: 2_000 }
    }
}

/// All of an engine but its client.
pub(super) struct Setup {
    pub(super) info: EngineInfo,
    pub(super) retry: RetryPolicy,
    pub(super) timeouts: Timeouts,
    pub(super) prices: Arc<PriceTable>,
    pub(super) prompts: Arc<PromptSet>,
    pub(super) limits: Limits,
}

impl Setup {
    /// What the model costs, where that is known.
    pub(super) fn price(&self) -> Option<&Price> {
        self.prices.find(self.info.provider, &self.info.model)
    }
}
