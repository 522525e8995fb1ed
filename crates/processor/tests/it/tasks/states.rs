//! What can be done to a task in each of its states, and to whose.

use quire_domain::{failure::FailureCode, task::TaskStatus};
use serde_json::Value;

use crate::support::{Quire, Setup, User};

/// A task of this user, taken to a state.
async fn task_in(quire: &Quire, user: &User, status: TaskStatus) -> String {
    let task = user.submit_text().await.task;
    let to =
        |status: &str, and: &str| format!("update tasks set status = '{status}'{and} where id = '{task}';");
    let claimed = to("processing", ", attempt = 1, worker = id, lease_until = now() + interval '1 hour'");
    let end = |status| {
        format!("{claimed}{}", to(status, ", worker = null, lease_until = null, finished_at = now()"))
    };
    let failed = format!(
        "{}update tasks set error_code = '{}', error_message = 'No.' where id = '{task}'",
        end("failed"),
        FailureCode::DocumentCorrupt
    );
    let statements = match status {
        TaskStatus::Pending => String::new(),
        TaskStatus::Processing => claimed,
        TaskStatus::Completed | TaskStatus::Cancelled => end(status.as_str()),
        TaskStatus::Failed => failed,
    };
    quire.database.execute(&statements).await;
    assert_eq!(user.task(&task).await["status"], status.as_str());
    task
}

#[tokio::test]
async fn what_is_over_cannot_be_cancelled() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for status in [TaskStatus::Completed, TaskStatus::Failed, TaskStatus::Cancelled] {
        let task = task_in(&quire, &user, status).await;
        let problem = user.act(&task, "cancel").await.assert_problem(409, "wrong_state");
        assert_eq!(problem["detail"], format!("The task is {status}, so it cannot be cancelled."));
        assert_eq!(user.task(&task).await["status"], status.as_str());
    }
}

#[tokio::test]
async fn a_waiting_task_is_cancelled_at_once() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let task = task_in(&quire, &user, TaskStatus::Pending).await;
    let cancelled: Value = user.act(&task, "cancel").await.expect_status(202).json();
    assert_eq!(cancelled["status"], "cancelled");
    assert!(cancelled["finished_at"].is_string());
    assert_eq!(quire.events(&task).await, ["task_queued", "task_cancelled"]);
}

#[tokio::test]
async fn a_running_task_is_asked_to_end() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let task = task_in(&quire, &user, TaskStatus::Processing).await;
    for _ in 0..2 {
        let asked: Value = user.act(&task, "cancel").await.expect_status(202).json();
        assert_eq!((&asked["status"], &asked["cancel_requested"]), (&"processing".into(), &true.into()));
        assert_eq!(asked["finished_at"], Value::Null);
    }
    assert_eq!(quire.events(&task).await, ["task_queued"]);
}

#[tokio::test]
async fn only_what_failed_or_was_cancelled_can_be_tried_again() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for status in [TaskStatus::Pending, TaskStatus::Processing, TaskStatus::Completed] {
        let task = task_in(&quire, &user, status).await;
        let problem = user.act(&task, "retry").await.assert_problem(409, "wrong_state");
        assert_eq!(problem["detail"], format!("The task is {status}, so it cannot be tried again."));
    }
    for status in [TaskStatus::Failed, TaskStatus::Cancelled] {
        let task = task_in(&quire, &user, status).await;
        let retried: Value = user.act(&task, "retry").await.expect_status(202).json();
        assert_eq!(retried["status"], "pending");
        assert_eq!((&retried["attempt"], &retried["progress"]), (&0.into(), &0.into()));
        for gone in ["error_code", "error_message", "started_at", "finished_at"] {
            assert_eq!(retried[gone], Value::Null, "{gone}");
        }
        assert_eq!(retried["cancel_requested"], false);
        assert_eq!(quire.events(&task).await, ["task_queued", "task_queued"]);
    }
}

#[tokio::test]
async fn foreign_tasks_are_not_there() {
    let quire = Setup::new().await.start().await;
    let (ada, eve) = (quire.user("ada").await, quire.user("eve").await);
    for status in TaskStatus::ALL {
        let task = task_in(&quire, &ada, *status).await;
        eve.client.get(&format!("/process/tasks/{task}")).await.assert_problem(404, "not_found");
        eve.act(&task, "cancel").await.assert_problem(404, "not_found");
        eve.act(&task, "retry").await.assert_problem(404, "not_found");
        assert_eq!(ada.task(&task).await["status"], status.as_str());
    }
    let tasks: Vec<Value> = eve.client.get("/process/tasks").await.json();
    assert!(tasks.is_empty());
}

#[tokio::test]
async fn a_completed_task_reads_like_this() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    let task = user.wait_for(&task, "completed").await;
    insta::with_settings!({sort_maps => true}, {
        insta::assert_json_snapshot!(task, {
            ".id" => "[id]", ".task_id" => "[id]", ".document_id" => "[id]",
            ".created_at" => "[time]", ".started_at" => "[time]", ".finished_at" => "[time]",
            ".output.duration_ms" => "[duration]",
        });
    });
}
