//! The gate through which the calls for one user go.

use std::time::Duration;

use async_trait::async_trait;
use quire_ai::{
    AiError,
    ports::{CallOutcome, Gate, Pass, PlannedCall},
};
use quire_domain::{
    Result, UserId,
    error::chain,
    failure::{Failure, FailureCode},
    random,
    throttle::{Call, Report},
};
use quire_store::{
    AsyncPgConnection, Rollback, Transaction as _,
    spending::{self, Amount, Reserved, Spent},
    throttles,
};
use tokio::time::sleep;

use super::{Accounts, decimal, shared};

/// A worker waits so long itself before it gives the task back to wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// The shortest time worth waiting.
const MOMENT: Duration = Duration::from_millis(50);
/// How soon to look again for what other calls of the same user have reserved.
const SETTLES_IN: Duration = Duration::from_millis(500);
/// How often it is tried to write down how a call went, with waits that grow from the first.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(250);

pub(super) struct UserGate {
    accounts: Accounts,
    user: UserId,
}

enum Entered {
    Pass(i64),
    Later(Duration),
    BudgetSpent,
}

impl UserGate {
    pub(super) fn new(accounts: Accounts, user: UserId) -> Self {
        Self { accounts, user }
    }

    /// The most that a call may take of the budget.
    fn wanted(&self, call: &PlannedCall<'_>) -> Result<Amount, AiError> {
        if call.cost.is_none() && self.accounts.limits.budget.cost.is_some() {
            return Err(AiError::Unsupported(price_unknown(call)));
        }
        Ok(Amount { tokens: planned(call), cost: decimal(call.cost.unwrap_or_default()) })
    }

    async fn try_enter(&self, call: &PlannedCall<'_>, wanted: &Amount) -> Result<Entered> {
        let Accounts { pool, clock, limits, expiry } = &self.accounts;
        let now = clock.now();
        let expires_at = now + *expiry;
        let mut connection = pool.get().await?;
        let entered = connection.transaction(async |connection| -> Result<_, Rollback> {
            let budget = &limits.budget;
            let id = match spending::reserve(connection, self.user, wanted, budget, now, expires_at).await? {
                Reserved::Yes(id) => id,
                Reserved::Later => return Ok(Entered::Later(SETTLES_IN)),
                Reserved::Never => return Ok(Entered::BudgetSpent),
            };
            let asked = Call { id, tokens: wanted.tokens };
            let policy = &limits.policy;
            match throttles::enter(connection, call.provider, policy, asked, now, expires_at).await? {
                Ok(()) => Ok(Entered::Pass(id)),
                Err(wait) => {
                    spending::release(connection, id).await?;
                    Ok(Entered::Later(wait))
                }
            }
        });
        Ok(entered.await?)
    }

    async fn try_leave(&self, call: &PlannedCall<'_>, pass: Pass, outcome: CallOutcome) -> Result<()> {
        let Accounts { pool, clock, limits, .. } = &self.accounts;
        let now = clock.now();
        let asked = Call { id: pass.0, tokens: planned(call) };
        let mut connection = pool.get().await?;
        let left = connection.transaction(async |connection| -> Result<_, Rollback> {
            book(connection, pass, outcome, now).await?;
            throttles::leave(connection, call.provider, &limits.policy, asked, report(outcome), now).await?;
            Ok(())
        });
        Ok(left.await?)
    }
}

#[async_trait]
impl Gate for UserGate {
    async fn enter(&self, call: &PlannedCall<'_>) -> Result<Pass, AiError> {
        let wanted = self.wanted(call)?;
        let mut patience = PATIENCE;
        loop {
            match self.try_enter(call, &wanted).await.map_err(|error| shared(&error))? {
                Entered::Pass(id) => return Ok(Pass(id)),
                Entered::BudgetSpent => return Err(AiError::BudgetSpent),
                Entered::Later(wait) if wait.max(MOMENT) <= patience => {
                    let wait = wait.max(MOMENT);
                    patience -= wait;
                    sleep(wait).await;
                }
                Entered::Later(wait) => {
                    return Err(AiError::Busy { provider: call.provider, after: spread(wait) });
                }
            }
        }
    }

    async fn leave(&self, call: &PlannedCall<'_>, pass: Pass, outcome: CallOutcome) {
        let mut wait = FIRST_WAIT;
        for tried in 1..=TRIES {
            match self.try_leave(call, pass, outcome).await {
                Ok(()) => return,
                Err(error) if tried == TRIES => {
                    tracing::error!(error = chain(&error), "how a call went could not be written down");
                }
                Err(_) => {
                    sleep(wait).await;
                    wait *= 2;
                }
            }
        }
    }
}

/// Books what a call took. Of one that nobody waited for it is not known: what was reserved stays so until it
/// expires.
async fn book(
    connection: &mut AsyncPgConnection,
    pass: Pass,
    outcome: CallOutcome,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    match outcome {
        CallOutcome::Answered { usage, cost } => {
            let spent = Spent {
                input_tokens: usage.input_tokens,
                cached_input_tokens: usage.cached_input_tokens,
                output_tokens: usage.output_tokens,
                cost: cost.map(decimal),
            };
            spending::settle(connection, pass.0, &spent, now).await
        }
        CallOutcome::Limited { .. } | CallOutcome::Failed | CallOutcome::Refused => {
            spending::release(connection, pass.0).await
        }
        CallOutcome::Abandoned => Ok(()),
    }
}

fn report(outcome: CallOutcome) -> Report {
    match outcome {
        CallOutcome::Answered { usage, .. } => {
            Report::Answered { tokens: usage.input_tokens + usage.output_tokens }
        }
        CallOutcome::Limited { retry_after } => Report::Limited { retry_after },
        CallOutcome::Failed => Report::Failed,
        CallOutcome::Refused => Report::Refused,
        CallOutcome::Abandoned => Report::Abandoned,
    }
}

/// The most tokens that a call may take.
fn planned(call: &PlannedCall<'_>) -> i64 {
    i64::from(call.input_tokens) + i64::from(call.output_tokens)
}

/// Up to a quarter more, by chance: not all who wait come back at the same moment.
fn spread(wait: Duration) -> Duration {
    wait.mul_f64(1.0 + 0.25 * random::fraction().unwrap_or(0.5))
}

fn price_unknown(call: &PlannedCall<'_>) -> Failure {
    Failure::new(
        FailureCode::PriceUnknown,
        format!(
            "This installation has a budget in US dollars, and the price of {} ({}) is not known to it. \
             Its operator has to add the price.",
            call.model, call.provider
        ),
    )
}
