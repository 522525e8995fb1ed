//! Cancelling, and progress.

use std::sync::Arc;

use quire_ai::{
    AiError,
    testing::{Script, ScriptedEngine},
};
use quire_testkit::wait_until;
use serde_json::{Value, json};

use crate::{
    engines::{EndlessEngine, HalfwayEngine},
    support::{Setup, User},
};

async fn assert_cancelled(user: &User, task: &str) {
    let task = user.ended(task).await;
    assert_eq!(task["status"], "cancelled", "{task}");
    assert!(task["finished_at"].is_string());
    assert_eq!((&task["result"], &task["error_code"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_waiting_task_that_is_cancelled_is_never_begun() {
    let engine = ScriptedEngine::new([]);
    let quire = Setup::new().await.engine(engine.clone()).start().await;
    let user = quire.user("ada").await;
    let (cancelled, other) = (user.submit_text().await.task, user.submit_text().await.task);
    user.act(&cancelled, "cancel").await.assert_status(202);
    let _worker = quire.start_worker_on(engine.clone());
    user.wait_for(&other, "completed").await;
    assert_eq!(user.task(&cancelled).await["status"], "cancelled");
    assert_eq!(quire.events(&cancelled).await, ["task_queued", "task_cancelled"]);
    assert_eq!(engine.runs(), 1);
}

#[tokio::test]
async fn a_running_task_ends_soon_after_it_was_cancelled() {
    let engine = Arc::new(EndlessEngine::default());
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    engine.begun().await;
    assert!(!engine.was_dropped());
    user.act(&task, "cancel").await.assert_status(202);
    assert_cancelled(&user, &task).await;
    assert!(engine.was_dropped());
    assert_eq!(quire.events(&task).await, ["task_queued", "task_started", "task_cancelled"]);
}

/// The request comes through another process than the one that works.
#[tokio::test]
async fn a_task_is_cancelled_wherever_it_runs() {
    let engine = Arc::new(EndlessEngine::default());
    let quire = Setup::new().await.set("WORKER_LEASE", 3600).start().await;
    let _worker = quire.start_worker_on(engine.clone());
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    engine.begun().await;
    user.act(&task, "cancel").await.assert_status(202);
    // The lease is long: only the notification can have told the worker.
    assert_cancelled(&user, &task).await;
}

#[tokio::test]
async fn a_cancelled_task_can_be_tried_again() {
    let engine = ScriptedEngine::new([Script::Block("first".into()), Script::Answer("second".into())]);
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    engine.started().await;
    user.act(&task, "cancel").await.assert_status(202);
    assert_cancelled(&user, &task).await;
    user.act(&task, "retry").await.assert_status(202);
    assert_eq!(user.wait_for(&task, "completed").await["result"], "second");
}

/// A failed attempt would wait for the next one; nobody wants that one any more.
#[tokio::test]
async fn a_task_that_is_to_be_cancelled_is_not_tried_again() {
    let failing = ScriptedEngine::new([Script::Fail(AiError::Unavailable { provider: "scripted" })]);
    let quire = Setup::new().await.engine(failing.clone()).start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    // The request comes before the worker looks for requests.
    quire
        .database
        .execute(
            "create function request_cancel() returns trigger language plpgsql as $$
                 begin new.cancel_requested = true; return new; end $$;
             create trigger cancel_at_start before update on tasks for each row
                 when (new.status = 'processing' and old.status = 'pending') execute function request_cancel()",
        )
        .await;
    let mut config = quire.config.clone();
    config.worker.lease = std::time::Duration::from_secs(3600);
    config.worker.enabled = true;
    let _worker = quire.start_worker_with(&config, failing);
    assert_cancelled(&user, &task).await;
    assert_eq!(quire.events(&task).await, ["task_queued", "task_started", "task_cancelled"]);
}

#[tokio::test]
async fn progress_is_told_while_a_task_runs() {
    let engine = HalfwayEngine::new();
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    wait_until("half of it is told", || async { user.task(&task).await["progress"] == 50 }).await;
    engine.go_on.notify_one();
    let done = user.wait_for(&task, "completed").await;
    assert_eq!(done["progress"], 100);
    assert_eq!(quire.events(&task).await, ["task_queued", "task_started", "task_progress", "task_completed"]);
    let event: Value = quire
        .database
        .query_one(
            "select json_build_array(status, progress, message) from events where name = 'task_progress'",
        )
        .await;
    assert_eq!(event, json!(["processing", 50, "Step 1 of 2 is done."]));
}
