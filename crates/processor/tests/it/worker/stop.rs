//! A worker that is asked to stop.

use diesel_async::SimpleAsyncConnection;
use quire_ai::testing::{Script, ScriptedEngine};
use quire_testkit::wait_until;
use serde_json::json;

use crate::support::Setup;

#[tokio::test]
async fn what_runs_is_finished_and_nothing_more_is_begun() {
    let engine = ScriptedEngine::new([Script::Block("finished".into())]);
    let quire = Setup::new().await.set("WORKER_CONCURRENCY", 1).set("WORKER_GRACE", 3600).start().await;
    let user = quire.user("ada").await;
    let worker = quire.start_worker_on(engine.clone());
    let running = user.submit_text().await.task;
    engine.started().await;
    let waiting = user.submit_text().await.task;
    worker.begin_to_stop();
    engine.release(2);
    worker.stop().await;
    assert_eq!(user.task(&running).await["result"], "finished");
    let waiting = user.task(&waiting).await;
    assert_eq!((&waiting["status"], &waiting["attempt"]), (&json!("pending"), &json!(0)));
    assert_eq!(engine.runs(), 1);
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_handed_back() {
    let engine = ScriptedEngine::new([Script::Block("never".into())]);
    let quire = Setup::new().await.set("WORKER_GRACE", 0).start().await;
    let user = quire.user("ada").await;
    let worker = quire.start_worker_on(engine.clone());
    let task = user.submit_text().await.task;
    engine.started().await;
    worker.stop().await;
    let handed_back = user.task(&task).await;
    assert_eq!((&handed_back["status"], &handed_back["attempt"]), (&json!("pending"), &json!(0)));

    let _other = quire.start_worker_on(ScriptedEngine::new([]));
    let done = user.wait_for(&task, "completed").await;
    assert_eq!(done["attempt"], 1);
    let events = ["task_queued", "task_started", "task_queued", "task_started", "task_completed"];
    assert_eq!(quire.events(&task).await, events);
}

#[tokio::test]
async fn a_second_request_to_stop_ends_the_wait() {
    let engine = ScriptedEngine::new([Script::Block("never".into())]);
    let quire = Setup::new().await.set("WORKER_GRACE", 3600).start().await;
    let user = quire.user("ada").await;
    let worker = quire.start_worker_on(engine.clone());
    let task = user.submit_text().await.task;
    engine.started().await;
    worker.begin_to_stop();
    worker.shutdown.hard.cancel();
    worker.stop().await;
    let handed_back = user.task(&task).await;
    assert_eq!((&handed_back["status"], &handed_back["attempt"]), (&json!("pending"), &json!(0)));
}

/// The claim is on its way when the worker is told to stop: nobody may be left holding it.
#[tokio::test]
async fn a_claim_on_its_way_is_not_lost() {
    let quire = Setup::new().await.set("WORKER_GRACE", 3600).set("WORKER_LEASE", 3600).start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    let mut lock = quire.database.pool().dedicated().await.unwrap();
    lock.batch_execute("begin; lock table tasks in share mode").await.unwrap();
    let worker = quire.start_worker();
    wait_until("the claim waits for the lock", || async {
        quire
            .count("pg_stat_activity where query like 'with recursive turns%' and wait_event_type = 'Lock'")
            .await
            > 0
    })
    .await;
    worker.begin_to_stop();
    let stopping = tokio::spawn(worker.stop());
    lock.batch_execute("commit").await.unwrap();
    stopping.await.unwrap();
    assert_eq!(user.task(&task).await["status"], "completed");
}
