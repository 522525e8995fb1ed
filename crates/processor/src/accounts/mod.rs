//! What AI calls share over all processes of an installation, in the database: limits towards each
//! provider, the budget of each user, and replies that were paid for.

mod gate;
mod replies;
mod usage;

use std::{sync::Arc, time::Duration};

use bigdecimal::BigDecimal;
use quire_ai::{
    AiError, Cost,
    ports::{Gate, Replies},
};
use quire_domain::{DocumentId, Error, TaskId, UserId, error::chain, ports::clock::SharedClock};
use quire_store::Pool;

pub use self::usage::{Rest, Usage};
use self::{gate::UserGate, replies::DocumentReplies};
use crate::config::AiLimits;

/// A call that has not been heard of for this long beyond its time limit is lost.
const LOST_AFTER: Duration = Duration::from_secs(60);

/// Decimals of [`Cost`].
const COST_DECIMALS: i64 = 12;

/// What AI calls share. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pool: Pool,
    clock: SharedClock,
    limits: Arc<AiLimits>,
    /// What is reserved for a call is free again after this.
    expiry: Duration,
}

impl Accounts {
    /// With these limits; no call takes longer than `longest_call`.
    pub fn new(pool: Pool, clock: SharedClock, limits: AiLimits, longest_call: Duration) -> Self {
        Self { pool, clock, limits: Arc::new(limits), expiry: longest_call + LOST_AFTER }
    }

    /// Lets the calls for a user through.
    pub fn gate(&self, user: UserId) -> Arc<dyn Gate> {
        Arc::new(UserGate::new(self.clone(), user))
    }

    /// The replies of a user; new ones are about this document. Those of a task that wants everything anew
    /// are its own.
    pub fn replies(&self, user: UserId, document: DocumentId, only_of: Option<TaskId>) -> Arc<dyn Replies> {
        Arc::new(DocumentReplies::new(self.pool.clone(), user, document, only_of))
    }

    /// Whether answers that were given are given again.
    pub(crate) fn caches_answers(&self) -> bool {
        self.limits.answer_cache
    }
}

fn decimal(cost: Cost) -> BigDecimal {
    BigDecimal::new(cost.0.into(), COST_DECIMALS)
}

fn shared(error: &Error) -> AiError {
    AiError::Shared(chain(error).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_the_same_number_in_both_forms() {
        for units in [0, 1, 123_456_789, 2_500_000_000_000, i64::MAX] {
            let cost = Cost(units);
            assert_eq!(decimal(cost).normalized().to_plain_string(), cost.to_string());
        }
    }
}
