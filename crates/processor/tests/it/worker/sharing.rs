//! Several tasks on one document.

use quire_ai::testing::{Script, ScriptedEngine};
use serde_json::{Value, json};

use crate::support::{Setup, Submitted};

#[tokio::test]
async fn tasks_at_once_read_the_document_into_the_same_pages() {
    let engine = ScriptedEngine::new([Script::Block("both".into())]);
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let Submitted { task, document } = user.submit_fixture("pdf/pdflatex-4-pages.pdf").await;
    let other: Value = user.create_task(&document).await.expect_status(202).json();
    let other = other["id"].as_str().unwrap().to_owned();
    let _worker = quire.start_worker_on(engine.clone());
    engine.started().await;
    engine.started().await;
    engine.release(2);
    for task in [&task, &other] {
        assert_eq!(user.ended(task).await["status"], "completed");
    }
    assert_eq!(quire.count("document_pages").await, 4);
    assert_eq!(quire.count("events where name = 'document_ready'").await, 1);
    assert_eq!(quire.count("documents where status = 'COMPLETED'").await, 1);
}

#[tokio::test]
async fn a_document_is_read_once_for_tasks_in_turn() {
    let quire = Setup::new().await.worker().start().await;
    let user = quire.user("ada").await;
    let first = user.submit_text().await;
    user.wait_for(&first.task, "completed").await;
    // Only the pages are left to work on.
    for file in quire.files() {
        std::fs::remove_file(file).unwrap();
    }
    let second: Value = user.create_task(&first.document).await.expect_status(202).json();
    let second = user.ended(second["id"].as_str().unwrap()).await;
    assert_eq!(second["status"], "completed", "{second}");
}

#[tokio::test]
async fn a_document_that_cannot_be_read_fails_every_task_alike() {
    let quire = Setup::new().await.worker().start().await;
    let user = quire.user("ada").await;
    let first = user.submit_fixture("pdf/r4-aes-user-password.pdf").await;
    let of_first = user.ended(&first.task).await;
    let second: Value = user.create_task(&first.document).await.expect_status(202).json();
    let of_second = user.ended(second["id"].as_str().unwrap()).await;
    assert_eq!(of_first["error_code"], "document_encrypted");
    for name in ["status", "error_code", "error_message"] {
        assert_eq!(of_second[name], of_first[name], "{name}");
    }
}

/// A worker was lost while it read: the next one begins again.
#[tokio::test]
async fn reading_begins_again_after_a_loss() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_text().await;
    quire.database.execute("update documents set status = 'PROCESSING'").await;
    let _worker = quire.start_worker();
    let done = user.ended(&submitted.task).await;
    assert_eq!((&done["status"], &done["error_code"]), (&json!("completed"), &Value::Null));
    assert_eq!(quire.count("documents where status = 'COMPLETED'").await, 1);
}
