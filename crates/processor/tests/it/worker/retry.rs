//! Attempts that fail, and what comes after them.

use std::time::Duration;

use quire_ai::{
    AiError,
    testing::{Script, ScriptedEngine},
};
use serde_json::{Value, json};

use crate::support::{Quire, Setup};

fn busy(after: u64) -> Script {
    Script::Fail(AiError::RateLimited { provider: "scripted", retry_after: Some(Duration::from_secs(after)) })
}

/// Seconds until the task may be tried again.
async fn delay(quire: &Quire) -> f64 {
    quire.database.query_one("select extract(epoch from run_at - now())::float8 from tasks").await
}

/// Lets time pass: what waits is due.
async fn make_due(quire: &Quire) {
    quire.database.execute("update tasks set run_at = now(); notify quire_events").await;
}

#[tokio::test]
async fn a_task_waits_and_is_tried_again() {
    let engine = ScriptedEngine::new([busy(600), Script::Answer("at last".into())]);
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let id = user.submit_text().await.task;
    quire_testkit::wait_until("the first attempt is over", || async {
        quire.events(&id).await == ["task_queued", "task_started", "task_queued"]
    })
    .await;
    let waiting = user.task(&id).await;
    for (name, value) in [
        ("status", json!("pending")),
        ("attempt", json!(1)),
        ("error_code", json!("provider_rate_limited")),
        ("finished_at", Value::Null),
    ] {
        assert_eq!(waiting[name], value, "{name}");
    }
    let seconds = delay(&quire).await;
    assert!((500.0..=600.0).contains(&seconds), "{seconds}");

    make_due(&quire).await;
    let done = user.wait_for(&id, "completed").await;
    for (name, value) in [
        ("result", json!("at last")),
        ("attempt", json!(2)),
        ("error_code", Value::Null),
        ("error_message", Value::Null),
        ("input_tokens", json!(10)),
    ] {
        assert_eq!(done[name], value, "{name}");
    }
    assert_eq!(engine.runs(), 2);
}

#[tokio::test]
async fn without_a_word_from_the_provider_the_wait_grows() {
    let engine = ScriptedEngine::new([Script::Fail(AiError::Unavailable { provider: "scripted" })]);
    for (attempt, shortest, longest) in [(1, 1, 2), (7, 64, 128), (12, 300, 600)] {
        let quire = Setup::new().await.set("TASK_MAX_ATTEMPTS", 100).start().await;
        let user = quire.user("ada").await;
        let id = user.submit_text().await.task;
        quire.database.execute(&format!("update tasks set attempt = {}", attempt - 1)).await;
        let worker = quire.start_worker_on(engine.clone());
        engine.started().await;
        // Stopped, it leaves the task as it is.
        worker.stop().await;
        let task = user.task(&id).await;
        assert_eq!((&task["status"], &task["attempt"]), (&json!("pending"), &json!(attempt)));
        let failed_at = "(select created_at from events order by id desc limit 1)";
        let query = format!("select round(extract(epoch from run_at - {failed_at})) from tasks");
        let seconds: u32 = quire.database.query_one(&query).await;
        assert!((shortest..=longest).contains(&seconds), "{seconds} s after attempt {attempt}");
    }
}

#[tokio::test]
async fn after_the_last_attempt_it_fails_with_the_last_reason() {
    let engine =
        ScriptedEngine::new([busy(0), busy(0), Script::Fail(AiError::Timeout { provider: "scripted" })]);
    let setup = Setup::new().await.engine(engine.clone()).worker();
    let quire = setup.set("TASK_MAX_ATTEMPTS", 3).start().await;
    let user = quire.user("ada").await;
    let id = user.submit_text().await.task;
    let failed = user.ended(&id).await;
    for (name, value) in [
        ("status", json!("failed")),
        ("error_code", json!("provider_timeout")),
        ("attempt", json!(3)),
        ("max_attempts", json!(3)),
        ("result", Value::Null),
    ] {
        assert_eq!(failed[name], value, "{name}");
    }
    assert_eq!(engine.runs(), 3);
    let events = quire.events(&id).await;
    assert_eq!(events.iter().filter(|name| *name == "task_started").count(), 3);
    assert_eq!(events.iter().filter(|name| *name == "task_failed").count(), 1);
    assert_eq!(events.last().map(String::as_str), Some("task_failed"));
}

#[tokio::test]
async fn what_trying_again_does_not_mend_fails_at_once() {
    let engine = ScriptedEngine::new([
        Script::Fail(AiError::Auth { provider: "scripted" }),
        Script::Answer("ok".into()),
    ]);
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let id = user.submit_text().await.task;
    let failed = user.ended(&id).await;
    assert_eq!((&failed["error_code"], &failed["attempt"]), (&json!("provider_auth"), &json!(1)));
    assert!(failed["error_message"].as_str().unwrap().contains("operator"));

    // The operator has looked, and the user tries again.
    user.act(&id, "retry").await.assert_status(202);
    let done = user.wait_for(&id, "completed").await;
    assert_eq!((&done["result"], &done["attempt"]), (&json!("ok"), &json!(1)));
    let events =
        ["task_queued", "task_started", "task_failed", "task_queued", "task_started", "task_completed"];
    assert_eq!(quire.events(&id).await, events);
}

#[tokio::test]
async fn a_task_type_of_another_version_fails() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let id = user.submit_text().await.task;
    quire.database.execute("update tasks set task_type = 'paint'").await;
    let _worker = quire.start_worker();
    let failed = user.ended(&id).await;
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("task_unsupported")));
}

/// The database goes while the model works: the answer is kept until it can be written.
#[tokio::test]
async fn an_answer_survives_an_outage_of_the_database() {
    let engine = ScriptedEngine::new([Script::Block("worth waiting for".into())]);
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let id = user.submit_text().await.task;
    engine.started().await;
    quire.database.take_away().await;
    engine.release(1);
    let answer = user.client.get(&format!("/process/tasks/{id}")).await;
    answer.assert_problem(503, "database_unavailable");
    quire.bring_back_database().await;
    let done = user.ended(&id).await;
    assert_eq!((&done["result"], &done["attempt"]), (&json!("worth waiting for"), &json!(1)));
    assert_eq!(engine.runs(), 1);
    assert_eq!(quire.events(&id).await, ["task_queued", "task_started", "task_completed"]);
}
