use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long the helpers wait for something that should happen at once. Long, because a
/// busy machine is no reason to fail; a test that passes never waits for it.
pub const DEADLINE: Duration = Duration::from_secs(30);

const POLL_EVERY: Duration = Duration::from_millis(5);

/// Waits until `check` says yes.
///
/// # Panics
/// After [`DEADLINE`], naming `what` was waited for.
pub async fn wait_until<F, Fut>(what: &str, mut check: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    wait_for(what, || {
        let answer = check();
        async { answer.await.then_some(()) }
    })
    .await;
}

/// Waits until `probe` finds something, and returns it.
///
/// # Panics
/// After [`DEADLINE`], naming `what` was waited for.
pub async fn wait_for<T, F, Fut>(what: &str, probe: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let found = poll(DEADLINE, probe).await;
    found.unwrap_or_else(|| panic!("waited {} s in vain: {what}", DEADLINE.as_secs()))
}

async fn poll<T, F, Fut>(limit: Duration, mut probe: F) -> Option<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + limit;
    loop {
        let found = probe().await;
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        sleep(POLL_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waits_as_long_as_needed() {
        let mut left = 3;
        let found = wait_for("three tries", || {
            left -= 1;
            std::future::ready((left == 0).then_some("found"))
        })
        .await;
        assert_eq!((found, left), ("found", 0));
    }

    #[tokio::test]
    async fn gives_up_at_the_deadline() {
        let mut tries = 0;
        let found = poll(Duration::ZERO, || {
            tries += 1;
            std::future::ready(None::<()>)
        })
        .await;
        assert_eq!((found, tries), (None, 1));
    }
}
