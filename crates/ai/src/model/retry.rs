//! Trying again.

use std::time::Duration;

use quire_domain::random;
use tokio::time::{Instant, sleep};

use crate::{
    config::RetryPolicy,
    error::{AiError, Verdict},
};

use super::halt::Halt;

/// Timeouts are tried fewer times than other failures: each has already cost its full wait.
const TRIES_AFTER_TIMEOUT: u32 = 2;
/// What the gate asks to wait is waited here up to this long; beyond, the task gives its worker free.
const LONGEST_BUSY: Duration = Duration::from_secs(30);
/// And at least this long, whatever it asks.
const SHORTEST_BUSY: Duration = Duration::from_millis(50);
/// Waits for the gate differ by up to this part, so that not all who wait come back at once.
const BUSY_SPREAD: f64 = 0.25;

/// How long one call is tried.
pub(super) struct Patience<'a> {
    pub(super) policy: RetryPolicy,
    pub(super) deadline: Instant,
    pub(super) provider: &'static str,
    pub(super) halt: &'a Halt,
}

/// Calls `once` until it succeeds, fails for good, or the tries or the time run out.
///
/// What the provider or the gate asks to wait is waited, unless that goes beyond the time (or, for the gate, is
/// long): then the error is returned at once, so that the caller can come back later instead of holding a
/// worker. Waiting for the gate counts as no try.
pub(super) async fn with_retries<T, F: Future<Output = Result<T, AiError>>>(
    patience: Patience<'_>,
    mut once: impl FnMut() -> F,
) -> Result<T, AiError> {
    let Patience { policy, deadline, provider, halt } = patience;
    let mut tried = 0;
    loop {
        let error = match once().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let wait = match error.verdict() {
            Verdict::Wait { after } if after <= LONGEST_BUSY => spread(after.max(SHORTEST_BUSY))?,
            Verdict::Retry { after } => {
                tried += 1;
                if tried >= tries(policy, &error) {
                    return Err(error);
                }
                after.map_or_else(|| jittered(policy, tried), Ok)?
            }
            Verdict::Wait { .. } | Verdict::Fail => return Err(error),
        };
        if wait >= deadline.saturating_duration_since(Instant::now()) {
            return Err(error);
        }
        tracing::info!(
            provider,
            class = error.class(),
            tried,
            wait_ms = wait.as_millis(),
            "model call failed, trying again"
        );
        tokio::select! {
            biased;
            () = halt.halted() => return Err(error),
            () = sleep(wait) => {}
        }
    }
}

fn tries(policy: RetryPolicy, error: &AiError) -> u32 {
    match error {
        AiError::Timeout { .. } => policy.attempts.min(TRIES_AFTER_TIMEOUT),
        _ => policy.attempts,
    }
}

fn spread(wait: Duration) -> Result<Duration, AiError> {
    Ok(wait.mul_f64(1.0 + BUSY_SPREAD * fraction()?))
}

/// Full jitter: evenly from nothing to the bound of this try.
fn jittered(policy: RetryPolicy, tried: u32) -> Result<Duration, AiError> {
    Ok(bound(policy, tried).mul_f64(fraction()?))
}

fn fraction() -> Result<f64, AiError> {
    random::fraction().map_err(|e| AiError::Internal(format!("drawing a wait: {e}")))
}

fn bound(policy: RetryPolicy, tried: u32) -> Duration {
    let growth = policy.factor.saturating_pow(tried.saturating_sub(1));
    policy.base.saturating_mul(growth).min(policy.cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTAL: Duration = Duration::from_secs(300);
    const DOWN: AiError = AiError::Unavailable { provider: "p" };

    fn patience(total: Duration, halt: &Halt) -> Patience<'_> {
        Patience { policy: RetryPolicy::default(), deadline: Instant::now() + total, provider: "p", halt }
    }

    /// Fails with each of `errors` in turn, then succeeds; returns the outcome, calls, and time.
    async fn run(errors: Vec<AiError>, total: Duration) -> (Result<(), AiError>, usize, Duration) {
        let (started, mut calls, mut errors) = (Instant::now(), 0, errors.into_iter());
        let halt = Halt::default();
        let outcome = with_retries(patience(total, &halt), || {
            calls += 1;
            std::future::ready(errors.next().map_or(Ok(()), Err))
        })
        .await;
        (outcome, calls, started.elapsed())
    }

    fn limited(seconds: u64) -> AiError {
        AiError::RateLimited { provider: "p", retry_after: Some(Duration::from_secs(seconds)) }
    }

    #[tokio::test(start_paused = true)]
    async fn passing_failures_are_tried_again_within_the_bounds() {
        let (outcome, calls, waited) = run(vec![DOWN, DOWN, DOWN], TOTAL).await;
        assert_eq!((outcome, calls), (Ok(()), 4));
        assert!(waited <= Duration::from_millis(500 + 1_000 + 2_000 + 10), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_counted_and_lasting_failures_end_at_once() {
        assert_eq!(run(vec![DOWN; 9], TOTAL).await.1, 4);
        assert_eq!(run(vec![AiError::Timeout { provider: "p" }; 9], TOTAL).await.1, 2);
        let (outcome, calls, waited) = run(vec![AiError::Auth { provider: "p" }], TOTAL).await;
        assert_eq!((outcome, calls, waited), (Err(AiError::Auth { provider: "p" }), 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_provider_asks_for_is_waited() {
        let (outcome, calls, waited) = run(vec![limited(40)], TOTAL).await;
        assert_eq!((outcome, calls), (Ok(()), 2));
        assert!((40..41).contains(&waited.as_secs()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_time_is_left_to_the_caller() {
        let (outcome, calls, waited) = run(vec![limited(3_600)], TOTAL).await;
        assert_eq!((outcome, calls, waited), (Err(limited(3_600)), 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn short_waits_for_the_gate_count_as_no_try_and_long_ones_go_back() {
        let busy = |seconds| AiError::Busy { provider: "p", after: Duration::from_secs(seconds) };
        let (outcome, calls, waited) = run(vec![busy(10); 9], TOTAL).await;
        assert_eq!((outcome, calls), (Ok(()), 10));
        assert!((90..=113).contains(&waited.as_secs()), "{waited:?}");
        let (outcome, calls, waited) = run(vec![busy(31)], TOTAL).await;
        assert_eq!((outcome, calls, waited), (Err(busy(31)), 1, Duration::ZERO));
        let (outcome, calls, _) = run(vec![busy(0), busy(20)], Duration::from_secs(15)).await;
        assert_eq!((outcome, calls), (Err(busy(20)), 2), "no longer than the time that is left");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_tried_again_once_the_run_has_failed() {
        let halt = Halt::default();
        halt.fail(&AiError::BadOutput);
        let started = Instant::now();
        let outcome = with_retries(patience(TOTAL, &halt), || std::future::ready(Err::<(), _>(DOWN))).await;
        assert_eq!((outcome, started.elapsed()), (Err(DOWN), Duration::ZERO));
    }

    #[test]
    fn the_bound_grows_up_to_the_cap() {
        let bounds: Vec<_> = (1..=9).map(|tried| bound(RetryPolicy::default(), tried).as_millis()).collect();
        assert_eq!(bounds, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }
}
