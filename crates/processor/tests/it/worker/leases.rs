//! Workers that are lost, and workers that were only thought lost.

use std::time::Duration;

use quire_ai::testing::{Script, ScriptedEngine};
use quire_domain::{UserId, ids::uuid_v7};
use quire_store::queue::{self, Claim, Completion, Ending};
use serde_json::{Value, json};

use crate::support::{Quire, SECOND, Setup};

const NO_TIME: Duration = Duration::ZERO;

/// Claims one task as a worker that is never heard of again.
pub(super) async fn claim(quire: &Quire, lease: Duration) -> Claim {
    let worker = uuid_v7(quire.surroundings.clock.now());
    let mut connection = quire.database.pool().get().await.unwrap();
    let mut claims = queue::claim(&mut connection, worker, lease, UserId(0), 1).await.unwrap();
    claims.pop().expect("a task that is due")
}

pub(super) fn completed(result: &str) -> Ending {
    Ending::Completed(Box::new(Completion {
        result: result.to_owned(),
        output: json!({}),
        warnings: json!([]),
        provider: "test".into(),
        model: "test".into(),
        input_tokens: None,
        output_tokens: None,
        cost: None,
        answer_key: None,
    }))
}

async fn finish(quire: &Quire, claim: &Claim, ending: &Ending) -> bool {
    queue::finish(&mut quire.database.pool().get().await.unwrap(), claim, ending).await.unwrap()
}

#[tokio::test]
async fn the_task_of_a_lost_worker_is_done_by_another() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    let lost = claim(&quire, NO_TIME).await;
    assert_eq!(lost.id().to_string(), task);
    let _worker = quire.start_worker();
    let done = user.wait_for(&task, "completed").await;
    assert_eq!((&done["attempt"], &done["result"]), (&json!(2), &json!("scripted answer")));
    let events = ["task_queued", "task_started", "task_queued", "task_started", "task_completed"];
    assert_eq!(quire.events(&task).await, events);

    // It was not lost, only slow: it comes too late.
    assert!(!finish(&quire, &lost, &completed("stale")).await);
    let after = user.task(&task).await;
    assert_eq!(after["result"], "scripted answer");
    assert_eq!(quire.events(&task).await, events);
}

#[tokio::test]
async fn a_slow_worker_cannot_write_over_the_next() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    let slow = claim(&quire, NO_TIME).await;
    let mut connection = quire.database.pool().get().await.unwrap();
    assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 1);
    let next = claim(&quire, 60 * SECOND).await;
    assert_eq!((slow.attempt, next.attempt), (1, 2));

    assert!(!queue::report_progress(&mut connection, &slow, 40, "Stale.").await.unwrap());
    for ending in [completed("stale"), Ending::Cancelled, Ending::HandedBack] {
        assert!(!finish(&quire, &slow, &ending).await);
    }
    assert_eq!(user.task(&task).await["status"], "processing");
    assert!(finish(&quire, &next, &completed("fresh")).await);
    assert!(!finish(&quire, &next, &completed("twice")).await);
    assert_eq!(user.task(&task).await["result"], "fresh");
    let events = quire.events(&task).await;
    assert_eq!(events.iter().filter(|name| *name == "task_completed").count(), 1);
}

#[tokio::test]
async fn a_claim_that_lives_is_left_alone() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let (held, free) = (user.submit_text().await.task, user.submit_text().await.task);
    let claim = claim(&quire, 3600 * SECOND).await;
    assert_eq!(claim.id().to_string(), held);
    let _worker = quire.start_worker();
    user.wait_for(&free, "completed").await;
    let mut connection = quire.database.pool().get().await.unwrap();
    assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 0);
    assert_eq!(user.task(&held).await["status"], "processing");
    assert!(finish(&quire, &claim, &completed("mine")).await);
}

/// A worker renews what it holds, for as long as it takes.
#[tokio::test]
async fn a_long_task_keeps_its_lease() {
    let engine = ScriptedEngine::new([Script::Block("long".into())]);
    let quire = Setup::new().await.engine(engine.clone()).set("WORKER_LEASE", 2).worker().start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    engine.started().await;
    let begun = "select extract(epoch from now() - started_at) > 2.5 from tasks";
    quire_testkit::wait_until("more than the lease is over", || async {
        quire.database.query_one(begun).await
    })
    .await;
    engine.release(1);
    let done = user.wait_for(&task, "completed").await;
    assert_eq!((&done["attempt"], engine.runs()), (&json!(1), 1));
}

#[tokio::test]
async fn a_task_that_loses_every_worker_fails() {
    let quire = Setup::new().await.set("TASK_MAX_ATTEMPTS", 2).start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    let mut connection = quire.database.pool().get().await.unwrap();
    for _ in 0..2 {
        claim(&quire, NO_TIME).await;
        assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 1);
    }
    let failed = user.task(&task).await;
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("worker_lost")));
    assert_eq!(failed["error_message"], "The worker was lost every time it tried this task.");
    assert!(failed["finished_at"].is_string());
    let events = ["task_queued", "task_started", "task_queued", "task_started", "task_failed"];
    assert_eq!(quire.events(&task).await, events);
    assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 0);
}

#[tokio::test]
async fn a_cancelled_task_of_a_lost_worker_is_cancelled() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    claim(&quire, NO_TIME).await;
    user.act(&task, "cancel").await.assert_status(202);
    let mut connection = quire.database.pool().get().await.unwrap();
    queue::recover_expired(&mut connection).await.unwrap();
    let cancelled = user.task(&task).await;
    assert_eq!((&cancelled["status"], &cancelled["error_code"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(quire.events(&task).await, ["task_queued", "task_started", "task_cancelled"]);
}
