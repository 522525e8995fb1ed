//! When a provider may be asked: what all workers of an installation keep together about it.
//!
//! Requests and tokens per minute are token buckets; a provider that asks to be left alone is; and a
//! circuit breaker spares one that keeps failing. All of it is data and time given from outside, so
//! that it can be kept in a database and changed under its lock.

mod breaker;
mod bucket;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::{
    breaker::{Breaker, Probe},
    bucket::Bucket,
};

/// A provider that limits the rate and does not say for how long is left alone so long.
const USUAL_BLOCK: Duration = Duration::from_secs(5);
/// However long a provider asks to be left alone, it is asked again after this.
const LONGEST_BLOCK: Duration = Duration::from_secs(3_600);

/// What the operator allows towards one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Calls within a minute; any number when it is zero.
    pub requests_per_minute: u32,
    /// Tokens within a minute, sent and received together; any number when it is zero.
    pub tokens_per_minute: u32,
    /// The breaker opens after so many failures, one after the other.
    pub failures: u32,
    /// For so long at first; twice as long each time that a probe fails.
    pub rest: Duration,
}

/// A call that wants to be let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its number, unique in the installation.
    pub id: i64,
    /// The most tokens it may take.
    pub tokens: i64,
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It was answered and took so many tokens.
    Answered {
        /// Sent and received.
        tokens: i64,
    },
    /// The provider works, and refused this call.
    Refused,
    /// The provider asked to be left alone; for so long, if it said.
    Limited {
        /// As the provider said it.
        retry_after: Option<Duration>,
    },
    /// The provider is away or fails.
    Failed,
    /// Nobody waited for the end.
    Abandoned,
}

/// The state towards one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Of calls.
    pub requests: Bucket,
    /// Of tokens.
    pub tokens: Bucket,
    /// The provider asked to be left alone until then.
    pub blocked_until: Option<DateTime<Utc>>,
    /// Spares a provider that fails.
    pub breaker: Breaker,
}

impl Throttle {
    /// Nothing was asked yet.
    pub fn new(now: DateTime<Utc>) -> Self {
        let full = Bucket { full_at: now };
        Self { requests: full, tokens: full, blocked_until: None, breaker: Breaker::default() }
    }

    /// Lets a call through; a probe that is lost expires at `expires_at`.
    ///
    /// # Errors
    /// For how long nothing would be let through; nothing has changed then.
    pub fn enter(
        &mut self,
        policy: &Policy,
        call: Call,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), Duration> {
        let blocked = self.blocked_until.map_or(TimeDelta::zero(), |until| until - now);
        let wait = blocked
            .max(self.breaker.wait(now))
            .max(self.requests.wait(1, policy.requests_per_minute, now))
            .max(self.tokens.wait(call.tokens, policy.tokens_per_minute, now));
        if wait > TimeDelta::zero() {
            return Err(wait.to_std().unwrap_or_default());
        }
        self.requests.take(1, policy.requests_per_minute, now);
        self.tokens.take(call.tokens, policy.tokens_per_minute, now);
        self.breaker.enter(call.id, expires_at);
        Ok(())
    }

    /// Learns how a call went.
    pub fn leave(&mut self, policy: &Policy, call: Call, report: Report, now: DateTime<Utc>) {
        match report {
            Report::Answered { tokens } => {
                self.tokens.give_back((call.tokens - tokens).max(0), policy.tokens_per_minute);
                self.tokens.take((tokens - call.tokens).max(0), policy.tokens_per_minute, now);
                self.breaker.worked(call.id);
            }
            Report::Refused => {
                self.tokens.give_back(call.tokens, policy.tokens_per_minute);
                self.breaker.worked(call.id);
            }
            Report::Limited { retry_after } => {
                let until = now + retry_after.unwrap_or(USUAL_BLOCK).min(LONGEST_BLOCK);
                self.blocked_until = self.blocked_until.max(Some(until));
                self.breaker.worked(call.id);
            }
            Report::Failed => self.breaker.failed(policy, call.id, now),
            Report::Abandoned => self.breaker.abandoned(call.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy =
        Policy { requests_per_minute: 0, tokens_per_minute: 0, failures: 3, rest: Duration::from_secs(30) };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_768_478_400 + seconds, 0).unwrap()
    }

    fn enter(throttle: &mut Throttle, policy: &Policy, tokens: i64, seconds: i64) -> Result<(), u64> {
        let call = Call { id: seconds, tokens };
        throttle.enter(policy, call, at(seconds), at(seconds + 300)).map_err(|wait| wait.as_secs())
    }

    #[test]
    fn the_strictest_limit_counts_and_a_refused_call_takes_nothing() {
        let policy = Policy { requests_per_minute: 2, tokens_per_minute: 1_000, ..POLICY };
        let mut throttle = Throttle::new(at(0));
        assert_eq!(enter(&mut throttle, &policy, 900, 0), Ok(()));
        // There is room for one more call, and for 100 more tokens.
        assert_eq!(enter(&mut throttle, &policy, 400, 0), Err(18));
        assert_eq!(enter(&mut throttle, &policy, 100, 0), Ok(()));
        // Both are used up; a call comes back after 30 s, ten tokens after less than one.
        assert_eq!(enter(&mut throttle, &policy, 10, 0), Err(30));
        assert_eq!(enter(&mut throttle, &policy, 10, 30), Ok(()));
    }

    #[test]
    fn tokens_that_were_not_needed_come_back() {
        let policy = Policy { tokens_per_minute: 1_000, ..POLICY };
        let mut throttle = Throttle::new(at(0));
        enter(&mut throttle, &policy, 1_000, 0).unwrap();
        assert_eq!(enter(&mut throttle, &policy, 500, 0), Err(30));
        let call = Call { id: 0, tokens: 1_000 };
        throttle.leave(&policy, call, Report::Answered { tokens: 500 }, at(0));
        assert_eq!(enter(&mut throttle, &policy, 500, 0), Ok(()));
        // A failure may have cost all of them, a refusal cost nothing.
        let call = Call { id: 0, tokens: 500 };
        throttle.leave(&policy, call, Report::Failed, at(0));
        assert_eq!(enter(&mut throttle, &policy, 500, 0), Err(30));
        throttle.leave(&policy, call, Report::Refused, at(0));
        assert_eq!(enter(&mut throttle, &policy, 500, 0), Ok(()));
        // What was needed in addition is missing, however full the bucket was meanwhile.
        throttle.leave(&policy, call, Report::Answered { tokens: 1_000 }, at(600));
        assert_eq!(enter(&mut throttle, &policy, 1_000, 600), Err(30));
    }

    #[test]
    fn a_provider_is_left_alone_as_long_as_it_asks_for() {
        let limited = |seconds: Option<u64>| {
            let mut throttle = Throttle::new(at(0));
            let retry_after = seconds.map(Duration::from_secs);
            throttle.leave(&POLICY, Call { id: 1, tokens: 0 }, Report::Limited { retry_after }, at(0));
            throttle
        };
        for (said, waits) in [(Some(40), 40), (None, 5), (Some(u64::MAX), 3_600)] {
            let mut throttle = limited(said);
            assert_eq!(enter(&mut throttle, &POLICY, 1, 0), Err(waits));
            assert_eq!(enter(&mut throttle, &POLICY, 1, waits.cast_signed()), Ok(()));
        }
        // A shorter wish that comes later takes nothing back.
        let mut throttle = limited(Some(40));
        let retry_after = Some(Duration::from_secs(1));
        throttle.leave(&POLICY, Call { id: 2, tokens: 0 }, Report::Limited { retry_after }, at(1));
        assert_eq!(enter(&mut throttle, &POLICY, 1, 2), Err(38));
    }
}
