//! What a run has taken so far.

use std::sync::{Mutex, PoisonError};

use crate::{
    answer::{Charge, Spent},
    cost::{Cost, TokenUsage},
    price::Price,
};

/// Writes down what each call took, failed tries included.
pub(super) struct Ledger {
    price: Option<Price>,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    attempts: u32,
    usage: TokenUsage,
    cost: Cost,
    /// Whether there was a call whose cost nobody knows.
    is_unpriced: bool,
    kept: u32,
    saved: TokenUsage,
}

impl Ledger {
    /// A ledger for calls at this price, where one is known.
    pub(super) fn new(price: Option<&Price>) -> Self {
        Self { price: price.cloned(), entries: Mutex::default() }
    }

    /// What a call can cost at most.
    pub(super) fn worst(&self, input_tokens: u32, output_tokens: u32) -> Option<Cost> {
        self.price.as_ref().map(|price| price.worst(input_tokens, output_tokens))
    }

    /// A call is being made.
    pub(super) fn attempt(&self) {
        self.with(|entries| entries.attempts += 1);
    }

    /// A call was answered; returns what that cost.
    pub(super) fn paid(&self, usage: TokenUsage) -> Option<Cost> {
        let cost = self.price.as_ref().and_then(|price| price.cost(usage));
        self.with(|entries| {
            entries.usage += usage;
            match cost {
                Some(cost) => entries.cost = entries.cost + cost,
                None => entries.is_unpriced = true,
            }
        });
        cost
    }

    /// A call was not needed: its reply had been kept.
    pub(super) fn saved(&self, usage: TokenUsage) {
        self.with(|entries| {
            entries.kept += 1;
            entries.saved += usage;
        });
    }

    /// All of it.
    pub(super) fn spent(&self) -> Spent {
        self.with(|entries| Spent {
            attempts: entries.attempts,
            usage: Some(entries.usage),
            cost: self
                .price
                .as_ref()
                .filter(|_| !entries.is_unpriced)
                .map(|price| Charge { amount: entries.cost, price_date: Some(price.valid_from()) }),
            kept: entries.kept,
            saved: entries.saved,
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> T {
        // A panic elsewhere cannot leave counters half written.
        change(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
