//! What a user has spent, and what is left for today.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use quire_domain::{Result, UserId};
use quire_store::spending::{self, Amount, Budget, Day};

use super::Accounts;

/// What a user has spent, and what is left for today.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// Days on which something was, newest first.
    pub days: Vec<Day>,
    /// Tokens of today, where they are limited.
    pub tokens: Option<Rest<i64>>,
    /// US dollars of today, where they are limited.
    pub cost: Option<Rest<BigDecimal>>,
    /// When the next day begins.
    pub resets_at: DateTime<Utc>,
}

/// A part of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest<T> {
    /// What there is for a day.
    pub limit: T,
    /// What is left: neither spent, nor reserved for calls under way.
    pub left: T,
}

impl Accounts {
    /// Today, in UTC.
    pub fn today(&self) -> NaiveDate {
        self.clock.now().date_naive()
    }

    /// What a user has spent from `from` to `to`, both included, and what is left for today.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn get_usage(&self, owner: UserId, from: NaiveDate, to: NaiveDate) -> Result<Usage> {
        let now = self.clock.now();
        let mut connection = self.pool.get().await?;
        let days = spending::days(&mut connection, owner, from, to).await?;
        let today = spending::days(&mut connection, owner, now.date_naive(), now.date_naive()).await?.pop();
        let reserved = spending::reserved(&mut connection, owner, now).await?;
        let today = today.unwrap_or_else(|| Day::empty(now.date_naive()));
        let taken = Amount {
            tokens: today.input_tokens + today.output_tokens + reserved.tokens,
            cost: today.cost + reserved.cost,
        };
        let Budget { tokens, cost } = self.limits.budget.clone();
        Ok(Usage {
            days,
            tokens: tokens.map(|limit| Rest { left: (limit - taken.tokens).max(0), limit }),
            cost: cost.map(|limit| Rest { left: (&limit - &taken.cost).max(0.into()), limit }),
            resets_at: end_of(now),
        })
    }
}

fn end_of(now: DateTime<Utc>) -> DateTime<Utc> {
    (now.date_naive() + Days::new(1)).and_time(NaiveTime::MIN).and_utc()
}
