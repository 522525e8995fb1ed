//! A circuit breaker.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Policy;

/// The longest rest, unless the operator wants a longer one from the beginning.
const LONGEST_REST: Duration = Duration::from_secs(600);
/// How soon to look again while a probe is under way.
const PROBE_TAKES: TimeDelta = TimeDelta::seconds(5);

/// Spares a provider that keeps failing. It is *closed* as long as calls go through, *open* while
/// the provider rests, and *half-open* after that: then one call at a time probes whether it works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures one after the other.
    pub failures: u32,
    /// How often it has opened since calls last went through.
    pub openings: u32,
    /// Open until then, half-open after that; closed when there is none.
    pub open_until: Option<DateTime<Utc>>,
    /// The call that probes.
    pub probe: Option<Probe>,
}

/// A call that probes whether the provider works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Its number.
    pub call: i64,
    /// It is taken for lost after that.
    pub until: DateTime<Utc>,
}

impl Breaker {
    /// How long until a call may go through.
    pub(super) fn wait(&self, now: DateTime<Utc>) -> TimeDelta {
        let Some(open_until) = self.open_until else { return TimeDelta::zero() };
        let probing = self.probe.map_or(TimeDelta::zero(), |probe| (probe.until - now).min(PROBE_TAKES));
        (open_until - now).max(probing)
    }

    /// A call goes through: the probe, unless it is closed.
    pub(super) fn enter(&mut self, call: i64, until: DateTime<Utc>) {
        if self.open_until.is_some() {
            self.probe = Some(Probe { call, until });
        }
    }

    /// The provider works. Once it has opened, only the probe says so: others began before.
    pub(super) fn worked(&mut self, call: i64) {
        if self.open_until.is_none() || self.is_probe(call) {
            *self = Self::default();
        }
    }

    /// The provider fails.
    pub(super) fn failed(&mut self, policy: &Policy, call: i64, now: DateTime<Utc>) {
        if self.open_until.is_none() {
            self.failures = self.failures.saturating_add(1);
        } else if !self.is_probe(call) {
            return;
        }
        if self.failures >= policy.failures {
            self.open(policy, now);
        }
    }

    /// The probe has nothing to tell: the next call is one.
    pub(super) fn abandoned(&mut self, call: i64) {
        if self.is_probe(call) {
            self.probe = None;
        }
    }

    fn open(&mut self, policy: &Policy, now: DateTime<Utc>) {
        let longer = policy.rest.saturating_mul(2_u32.saturating_pow(self.openings));
        self.open_until = Some(now + longer.min(policy.rest.max(LONGEST_REST)));
        self.openings = self.openings.saturating_add(1);
        self.probe = None;
    }

    fn is_probe(&self, call: i64) -> bool {
        self.probe.is_some_and(|probe| probe.call == call)
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

    fn wait(breaker: &Breaker, seconds: i64) -> i64 {
        breaker.wait(at(seconds)).num_seconds().max(0)
    }

    /// Open since second 0.
    fn open() -> Breaker {
        let mut breaker = Breaker::default();
        for call in 1..=3 {
            assert_eq!(wait(&breaker, 0), 0);
            breaker.enter(call, at(300));
            breaker.failed(&POLICY, call, at(0));
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_one_after_the_other() {
        let mut breaker = Breaker::default();
        for call in 1..=9 {
            breaker.failed(&POLICY, call, at(0));
            breaker.failed(&POLICY, call, at(0));
            breaker.worked(call);
        }
        assert_eq!(breaker, Breaker::default());
        assert_eq!((wait(&open(), 0), wait(&open(), 29), wait(&open(), 30)), (30, 1, 0));
    }

    #[test]
    fn one_probe_at_a_time_closes_it() {
        let mut breaker = open();
        breaker.enter(4, at(330));
        assert_eq!(wait(&breaker, 30), 5);
        breaker.worked(4);
        assert_eq!((breaker, wait(&breaker, 30)), (Breaker::default(), 0));
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_longer_up_to_a_cap() {
        let (mut breaker, mut now, mut rests) = (open(), 0, Vec::new());
        for call in 4..12 {
            let rest = wait(&breaker, now);
            rests.push(rest);
            now += rest;
            breaker.enter(call, at(now + 300));
            breaker.failed(&POLICY, call, at(now));
        }
        assert_eq!(rests, [30, 60, 120, 240, 480, 600, 600, 600]);
        // After it worked once, it begins with the first rest again.
        breaker.enter(99, at(now + 900));
        breaker.worked(99);
        for call in 100..103 {
            breaker.failed(&POLICY, call, at(now));
        }
        assert_eq!(wait(&breaker, now), 30);
    }

    #[test]
    fn calls_that_began_before_it_opened_say_nothing() {
        let mut breaker = open();
        let before = breaker;
        breaker.worked(77);
        breaker.failed(&POLICY, 78, at(20));
        breaker.abandoned(79);
        assert_eq!(breaker, before);
        breaker.enter(4, at(330));
        breaker.worked(77);
        breaker.failed(&POLICY, 78, at(40));
        assert_eq!(wait(&breaker, 40), 5);
    }

    #[test]
    fn a_probe_that_is_given_up_or_lost_makes_room_for_the_next() {
        let mut breaker = open();
        breaker.enter(4, at(330));
        breaker.abandoned(4);
        assert_eq!(wait(&breaker, 30), 0);
        breaker.enter(5, at(330));
        assert_eq!((wait(&breaker, 327), wait(&breaker, 330)), (3, 0));
        // Lost, and yet heard of later: another one is the probe now.
        breaker.enter(6, at(700));
        breaker.worked(5);
        assert_eq!(wait(&breaker, 331), 5);
    }
}
