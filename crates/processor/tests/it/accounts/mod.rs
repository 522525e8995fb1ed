//! What calls to models share: limits, budgets, kept replies, answers given again.

mod answers;
mod budgets;
mod engine;
mod limits;

use quire_domain::clock::{Clock as _, FakeClock, SystemClock};
use quire_testkit::wait_until;

use crate::support::{Quire, Setup, Submitted, User};

/// A clock that stands still; the database, by whose clock events and replies are kept, has its own.
fn clock() -> FakeClock {
    FakeClock::at(SystemClock.now())
}

/// A document of so many lines; each is one call.
fn lines(name: &str, count: u32) -> Vec<u8> {
    (1..=count).map(|n| format!("The line {n} of {name} is here.\n")).collect::<String>().into_bytes()
}

async fn submit(user: &User, name: &str, count: u32) -> Submitted {
    user.submit_file(&format!("{name}.txt"), lines(name, count)).await
}

/// Waits until the task waits for the provider.
async fn waits(user: &User, task: &str) {
    wait_until("the task waits for the provider", || async {
        let task = user.task(task).await;
        task["status"] == "pending" && task["error_code"] == "provider_busy"
    })
    .await;
}

/// Lets what waits be looked at again.
async fn make_due(quire: &Quire) {
    quire
        .database
        .execute("update tasks set run_at = now() where status = 'pending'; notify quire_events")
        .await;
}

fn setup_at(setup: Setup, clock: &FakeClock) -> Setup {
    setup.clock(std::sync::Arc::new(clock.clone()))
}
