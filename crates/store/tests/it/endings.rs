//! How attempts end: by their worker, by their user, or because the worker was lost.

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use quire_domain::{
    TaskId, UserId,
    failure::{Failure, FailureCode},
    task::TaskStatus,
};
use quire_store::{
    queue::{self, Claim, Ending},
    tasks,
};
use serde_json::{Value, json};

use crate::support::{
    Submission, claim, claim_one, completion, database, events, let_leases_expire, row, submit, unique, user,
};

fn failure() -> Failure {
    Failure::new(FailureCode::ProviderRequest, "The provider refused.")
}

/// A task that a worker has just claimed.
async fn claimed(connection: &mut AsyncPgConnection, owner: UserId) -> Claim {
    submit(connection, owner).await;
    claim_one(connection, unique()).await
}

#[tokio::test]
async fn each_ending_leaves_its_state_and_its_event() {
    let cases = [
        (completion(), "completed", 1, "task_completed"),
        (Ending::Failed(failure()), "failed", 1, "task_failed"),
        (Ending::Retry(failure(), Duration::from_secs(60)), "pending", 1, "task_queued"),
        (Ending::Cancelled, "cancelled", 1, "task_cancelled"),
        (Ending::HandedBack, "pending", 0, "task_queued"),
    ];
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for (ending, status, attempt, event) in cases {
        let claim = claimed(&mut connection, ada).await;
        assert!(queue::finish(&mut connection, &claim, &ending).await.unwrap());
        let row = row(&database, claim.id()).await;
        assert_eq!((row["status"].as_str(), row["attempt"].as_i64()), (Some(status), Some(attempt)));
        assert_eq!((&row["worker"], &row["lease_until"]), (&Value::Null, &Value::Null));
        assert_eq!(row["finished_at"].is_string(), status != "pending", "{status}");
        assert_eq!(row["error_code"].is_string(), matches!(ending, Ending::Failed(_) | Ending::Retry(..)));
        assert_eq!(events(&database, claim.id()).await, ["task_queued", "task_started", event]);
        database.execute(&format!("delete from tasks where id = '{}'", claim.id())).await;
    }
}

#[tokio::test]
async fn a_completed_task_reads_back_whole() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let claim = claimed(&mut connection, ada).await;
    assert!(queue::report_progress(&mut connection, &claim, 40, "Reading.").await.unwrap());
    queue::finish(&mut connection, &claim, &completion()).await.unwrap();
    let task = tasks::find(&mut connection, ada, claim.id()).await.unwrap().unwrap();
    assert_eq!((task.status, task.progress), (TaskStatus::Completed, 100));
    assert_eq!((task.result.as_deref(), task.output), (Some("Short."), Some(json!({"summary": "Short."}))));
    assert_eq!(task.warnings, json!(["one page is empty"]));
    assert_eq!((task.input_tokens, task.output_tokens), (Some(12), Some(3)));
    assert_eq!(task.cost.unwrap().to_string(), "0.00012345");
    assert_eq!(task.filename, "report.pdf");
}

#[tokio::test]
async fn progress_only_grows() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let claim = claimed(&mut connection, ada).await;
    for (progress, written) in [(10, true), (10, false), (5, false), (60, true)] {
        let reported = queue::report_progress(&mut connection, &claim, progress, "Working.").await;
        assert_eq!(reported.unwrap(), written, "{progress}");
    }
    let told = "select json_agg(progress order by id) from events where name = 'task_progress'";
    assert_eq!(database.query_one::<Vec<i64>>(told).await, [10, 60]);
}

#[tokio::test]
async fn a_worker_taken_for_lost_cannot_overwrite_what_came_after() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    submit(&mut connection, ada).await;
    let worker = unique();
    let lost = claim_one(&mut connection, worker).await;
    let_leases_expire(&database).await;
    assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 1);
    assert!(!queue::finish(&mut connection, &lost, &completion()).await.unwrap());
    // The same worker again: the attempt is another one.
    let held = claim_one(&mut connection, worker).await;
    assert_eq!((held.id(), held.attempt), (lost.id(), 2));
    assert!(!queue::finish(&mut connection, &lost, &completion()).await.unwrap());
    assert!(!queue::report_progress(&mut connection, &lost, 90, "Late.").await.unwrap());
    assert!(queue::finish(&mut connection, &held, &Ending::Failed(failure())).await.unwrap());
    assert!(!queue::finish(&mut connection, &held, &completion()).await.unwrap());
    assert!(!queue::report_progress(&mut connection, &held, 95, "Later.").await.unwrap());
    let told = ["task_queued", "task_started", "task_queued", "task_started", "task_failed"];
    assert_eq!(events(&database, held.id()).await, told);
    assert_eq!(row(&database, held.id()).await["result"], Value::Null);
}

#[tokio::test]
async fn another_worker_cannot_end_what_it_does_not_hold() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    submit(&mut connection, ada).await;
    let first = claim_one(&mut connection, unique()).await;
    queue::finish(&mut connection, &first, &Ending::HandedBack).await.unwrap();
    // Handing back does not count, so the attempt has the same number; only the worker differs.
    let second = claim_one(&mut connection, unique()).await;
    assert_eq!((second.id(), second.attempt), (first.id(), first.attempt));
    assert!(!queue::finish(&mut connection, &first, &completion()).await.unwrap());
    assert_eq!(row(&database, first.id()).await["status"], "processing");
}

#[tokio::test]
async fn a_retry_waits_for_its_delay() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let first = claimed(&mut connection, ada).await;
    let ending = Ending::Retry(failure(), Duration::from_secs(90));
    queue::finish(&mut connection, &first, &ending).await.unwrap();
    let wait = format!(
        "select extract(epoch from t.run_at - e.created_at)::bigint
         from tasks t join events e on e.task_id = t.id where t.id = '{}' order by e.id desc limit 1",
        first.id()
    );
    assert_eq!(database.query_one::<i64>(&wait).await, 90);
    assert!(claim(&mut connection, unique(), 1).await.is_empty());
}

#[tokio::test]
async fn who_cancels_does_not_wait_for_the_next_attempt() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for ending in [Ending::Retry(failure(), Duration::from_secs(600)), Ending::HandedBack] {
        let claim = claimed(&mut connection, ada).await;
        let state = tasks::cancel(&mut connection, ada, claim.id()).await.unwrap();
        assert_eq!(state, Some(TaskStatus::Processing));
        assert!(queue::finish(&mut connection, &claim, &ending).await.unwrap());
        let row = row(&database, claim.id()).await;
        assert_eq!((row["status"].as_str(), &row["error_code"]), (Some("cancelled"), &Value::Null));
        assert!(row["finished_at"].is_string());
        assert_eq!(events(&database, claim.id()).await.last().unwrap(), "task_cancelled");
        let said =
            format!("select message from events where task_id = '{}' order by id desc limit 1", claim.id());
        assert_eq!(database.query_one::<String>(&said).await, "The task was cancelled.");
    }
    // What was finished in spite of the request is finished.
    let claim = claimed(&mut connection, ada).await;
    tasks::cancel(&mut connection, ada, claim.id()).await.unwrap();
    assert!(queue::finish(&mut connection, &claim, &completion()).await.unwrap());
    assert_eq!(row(&database, claim.id()).await["status"], "completed");
}

#[tokio::test]
async fn lost_tasks_wait_again_fail_or_are_cancelled() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let (again, cancelled) = (submit(&mut connection, ada).await, submit(&mut connection, ada).await);
    let last = Submission { max_attempts: 1, ..Submission::of(ada) };
    last.send(&mut connection).await.unwrap();
    let last_and_cancelled = Submission { max_attempts: 1, ..Submission::of(ada) };
    last_and_cancelled.send(&mut connection).await.unwrap();
    assert_eq!(claim(&mut connection, unique(), 10).await.len(), 4);
    for task in [cancelled, last_and_cancelled.task] {
        tasks::cancel(&mut connection, ada, task).await.unwrap();
    }
    assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 0);
    let_leases_expire(&database).await;
    assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 4);
    assert_eq!(queue::recover_expired(&mut connection).await.unwrap(), 0);

    let cases = [
        (again, "pending", None, "task_queued"),
        (cancelled, "cancelled", None, "task_cancelled"),
        (last.task, "failed", Some("worker_lost"), "task_failed"),
        (last_and_cancelled.task, "cancelled", None, "task_cancelled"),
    ];
    for (task, status, code, event) in cases {
        let row = row(&database, task).await;
        assert_eq!((row["status"].as_str(), row["error_code"].as_str()), (Some(status), code));
        assert_eq!(row["finished_at"].is_string(), status != "pending");
        assert_eq!(events(&database, task).await.last().unwrap(), event);
    }
    let next = claim_one(&mut connection, unique()).await;
    assert_eq!((next.id(), next.attempt), (again, 2));
}

#[tokio::test]
async fn users_cancel_and_retry_their_own() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let task = submit(&mut connection, ada).await;
    assert_eq!(tasks::cancel(&mut connection, bob, task).await.unwrap(), None);
    assert_eq!(tasks::retry(&mut connection, ada, task).await.unwrap(), None);
    assert_eq!(tasks::cancel(&mut connection, ada, task).await.unwrap(), Some(TaskStatus::Cancelled));
    assert_eq!(tasks::cancel(&mut connection, ada, task).await.unwrap(), None);
    assert!(claim(&mut connection, unique(), 1).await.is_empty());

    assert_eq!(tasks::retry(&mut connection, bob, task).await.unwrap(), None);
    assert_eq!(tasks::retry(&mut connection, ada, task).await.unwrap(), Some(TaskStatus::Pending));
    let claim = claim_one(&mut connection, unique()).await;
    assert_eq!(claim.attempt, 1);
    let failed = Ending::Failed(failure());
    queue::finish(&mut connection, &claim, &failed).await.unwrap();
    assert_eq!(tasks::retry(&mut connection, ada, task).await.unwrap(), Some(TaskStatus::Pending));
    let row = row(&database, task).await;
    assert_eq!((&row["error_code"], &row["finished_at"]), (&Value::Null, &Value::Null));
    let told = ["task_queued", "task_cancelled", "task_queued", "task_started", "task_failed", "task_queued"];
    assert_eq!(events(&database, task).await, told);

    let claim = claim_one(&mut connection, unique()).await;
    queue::finish(&mut connection, &claim, &completion()).await.unwrap();
    assert_eq!(tasks::retry(&mut connection, ada, task).await.unwrap(), None);
    assert_eq!(tasks::cancel(&mut connection, ada, task).await.unwrap(), None);
    assert_eq!(tasks::cancel(&mut connection, ada, TaskId(unique())).await.unwrap(), None);
}
