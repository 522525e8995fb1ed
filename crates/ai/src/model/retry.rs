//! Trying again.

use std::time::Duration;

use quire_domain::random;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    config::RetryPolicy,
    error::{AiError, Verdict},
};

/// Timeouts are tried fewer times than other failures: each has already cost its full wait.
const TRIES_AFTER_TIMEOUT: u32 = 2;

/// Calls `once` until it succeeds, fails for good, or the tries or the time run out.
///
/// What the provider asked to wait is waited, unless that goes beyond the time: then its error is
/// returned at once, so that the caller can come back later instead of holding a worker.
pub(super) async fn with_retries<T, F: Future<Output = Result<T, AiError>>>(
    policy: RetryPolicy,
    total: Duration,
    provider: &'static str,
    mut once: impl FnMut() -> F,
) -> Result<T, AiError> {
    let deadline = Instant::now() + total;
    let mut tried = 0;
    loop {
        let outcome = timeout_at(deadline, once()).await;
        let error = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => return Err(AiError::Timeout { provider }),
        };
        tried += 1;
        let Verdict::Retry { after } = error.verdict() else {
            return Err(error);
        };
        let tries = match error {
            AiError::Timeout { .. } => policy.attempts.min(TRIES_AFTER_TIMEOUT),
            _ => policy.attempts,
        };
        let wait = match after {
            Some(wait) => wait,
            None => jittered(policy, tried)?,
        };
        if tried >= tries || wait >= deadline.saturating_duration_since(Instant::now()) {
            return Err(error);
        }
        tracing::info!(
            provider,
            class = error.class(),
            tried,
            wait_ms = wait.as_millis(),
            "model call failed, trying again"
        );
        sleep(wait).await;
    }
}

/// Full jitter: evenly from nothing to the bound of this try.
fn jittered(policy: RetryPolicy, tried: u32) -> Result<Duration, AiError> {
    let fraction = random::fraction().map_err(|e| AiError::Internal(format!("drawing a wait: {e}")))?;
    Ok(bound(policy, tried).mul_f64(fraction))
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

    /// Fails with each of `errors` in turn, then succeeds; returns the outcome, calls, and time.
    async fn run(errors: Vec<AiError>, total: Duration) -> (Result<(), AiError>, usize, Duration) {
        let (started, mut calls, mut errors) = (Instant::now(), 0, errors.into_iter());
        let outcome = with_retries(RetryPolicy::default(), total, "p", || {
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
    async fn one_call_cannot_outlive_the_time() {
        let outcome = with_retries(RetryPolicy::default(), TOTAL, "p", || async {
            sleep(TOTAL * 2).await;
            Ok(())
        })
        .await;
        assert_eq!(outcome, Err(AiError::Timeout { provider: "p" }));
    }

    #[test]
    fn the_bound_grows_up_to_the_cap() {
        let bounds: Vec<_> = (1..=9).map(|tried| bound(RetryPolicy::default(), tried).as_millis()).collect();
        assert_eq!(bounds, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }
}
