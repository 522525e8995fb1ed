//! How much may be asked of providers, and how much each user may spend.

use std::time::Duration;

use bigdecimal::{BigDecimal, Zero};
use quire_domain::throttle::Policy;
use quire_store::spending::Budget;
use quire_web::config::{Reader, Section, Variable};

const AI_REQUESTS_PER_MINUTE: Variable = Variable::new(
    "AI_REQUESTS_PER_MINUTE",
    "Calls to one provider within a minute, by all workers together; 0 for any number.",
)
.default("0");
const AI_TOKENS_PER_MINUTE: Variable = Variable::new(
    "AI_TOKENS_PER_MINUTE",
    "Tokens to and from one provider within a minute, by all workers together; 0 for any number.",
)
.default("0");
const AI_BUDGET_PER_USER_PER_DAY: Variable = Variable::new(
    "AI_BUDGET_PER_USER_PER_DAY",
    "US dollars that the tasks of one user may cost in a day (UTC); 0 for any amount. Models without a known price are refused then.",
)
.default("0")
.example("2.50");
const AI_TOKENS_PER_USER_PER_DAY: Variable = Variable::new(
    "AI_TOKENS_PER_USER_PER_DAY",
    "Tokens that the tasks of one user may take in a day (UTC), sent and received; 0 for any number.",
)
.default("0");
const AI_BREAKER_FAILURES: Variable = Variable::new(
    "AI_BREAKER_FAILURES",
    "Failures of a provider, one after the other, after which it is left alone for a while.",
)
.default("5");
const AI_BREAKER_SECONDS: Variable = Variable::new(
    "AI_BREAKER_SECONDS",
    "For how long; then one call tries it, and each time that fails, the next while is twice as long, up to 10 minutes.",
)
.default("30");
const AI_REPLIES_RETENTION_DAYS: Variable = Variable::new(
    "AI_REPLIES_RETENTION_DAYS",
    "Days for which replies of models are kept, so that a task that is done again pays only for what is missing.",
)
.default("30");
const AI_ANSWER_CACHE: Variable = Variable::new(
    "AI_ANSWER_CACHE",
    "Whether the same question of the same user is answered by the answer that there is, on or off.",
)
.default("on");

pub(super) const SECTION: Section<'static> = Section {
    title: "AI limits",
    variables: &[
        AI_REQUESTS_PER_MINUTE,
        AI_TOKENS_PER_MINUTE,
        AI_BUDGET_PER_USER_PER_DAY,
        AI_TOKENS_PER_USER_PER_DAY,
        AI_BREAKER_FAILURES,
        AI_BREAKER_SECONDS,
        AI_REPLIES_RETENTION_DAYS,
        AI_ANSWER_CACHE,
    ],
};

/// The largest budget, in US dollars.
const MOST_DOLLARS: u32 = 1_000_000;

/// How much may be asked of providers, and how much each user may spend.
#[derive(Debug, Clone)]
pub struct AiLimits {
    /// Towards each provider.
    pub policy: Policy,
    /// Of each user, for a day.
    pub budget: Budget,
    /// How long replies are kept.
    pub replies_retention: Duration,
    /// Whether answers that were given are given again.
    pub answer_cache: bool,
}

impl AiLimits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut number = |variable: &Variable, least: u32, most: u32| {
            let number = reader.number(variable, u64::from(least)..=u64::from(most));
            u32::try_from(number).unwrap_or(most)
        };
        let policy = Policy {
            requests_per_minute: number(&AI_REQUESTS_PER_MINUTE, 0, 1_000_000),
            tokens_per_minute: number(&AI_TOKENS_PER_MINUTE, 0, 1_000_000_000),
            failures: number(&AI_BREAKER_FAILURES, 1, 1_000),
            rest: Duration::from_secs(number(&AI_BREAKER_SECONDS, 1, 3_600).into()),
        };
        let tokens = reader.number(&AI_TOKENS_PER_USER_PER_DAY, 0..=1_000_000_000_000).cast_signed();
        let must = format!("be an amount of US dollars from 0 to {MOST_DOLLARS}");
        let cost = reader.required(&AI_BUDGET_PER_USER_PER_DAY, &must, BigDecimal::zero(), dollars);
        let budget =
            Budget { tokens: (tokens > 0).then_some(tokens), cost: (!cost.is_zero()).then_some(cost) };
        Self {
            policy,
            budget,
            replies_retention: Duration::from_hours(
                24 * reader.number(&AI_REPLIES_RETENTION_DAYS, 1..=3_650),
            ),
            answer_cache: reader.flag(&AI_ANSWER_CACHE),
        }
    }
}

/// A plain decimal number.
fn dollars(text: &str) -> Option<BigDecimal> {
    let is_plain = text.len() <= 20 && text.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let dollars: BigDecimal = is_plain.then(|| text.parse().ok())??;
    let most = BigDecimal::from(MOST_DOLLARS);
    (dollars <= most).then_some(dollars)
}

#[cfg(test)]
mod tests {
    use quire_web::config::Environment;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<AiLimits, Vec<String>> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let limits = AiLimits::read(&mut reader);
        reader.finish().map(|()| limits).map_err(|errors| errors.0)
    }

    #[test]
    fn nothing_is_limited_unless_somebody_says_so() {
        let limits = read(&[]).unwrap();
        assert_eq!((limits.policy.requests_per_minute, limits.policy.tokens_per_minute), (0, 0));
        assert_eq!((limits.policy.failures, limits.policy.rest), (5, Duration::from_secs(30)));
        assert_eq!(limits.budget, Budget::default());
        assert!(limits.answer_cache);
        let limits = read(&[
            ("AI_BUDGET_PER_USER_PER_DAY", "2.50"),
            ("AI_TOKENS_PER_USER_PER_DAY", "1000"),
            ("AI_REQUESTS_PER_MINUTE", "60"),
        ]);
        let limits = limits.unwrap();
        assert_eq!(limits.budget, Budget { tokens: Some(1_000), cost: "2.5".parse().ok() });
        assert_eq!(limits.policy.requests_per_minute, 60);
    }

    #[test]
    fn a_budget_is_a_plain_amount() {
        for wrong in ["-1", "1e9", "1,5", "1000001", "", "NaN", "1.2.3"] {
            let pairs = [("AI_BUDGET_PER_USER_PER_DAY", wrong)];
            match read(&pairs) {
                // Empty is as good as not set.
                Ok(limits) => assert!(wrong.is_empty() && limits.budget.cost.is_none(), "{wrong}"),
                Err(errors) => assert!(errors[0].contains("an amount of US dollars"), "{errors:?}"),
            }
        }
    }
}
