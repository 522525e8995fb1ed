//! Locked documents and what opens them.

use quire_testkit::fixture;
use serde_json::{Value, json};

use crate::support::{Setup, file};

const LOCKED: &str = "pdf/libreoffice-writer-password.pdf";
const PASSWORD: &str = "openpassword";

#[tokio::test]
async fn a_locked_document_is_read_with_its_password_which_is_then_forgotten() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let form = file("locked.pdf", fixture(LOCKED)).text("params", json!({"password": PASSWORD}).to_string());
    let accepted: Value = user.submit(form).await.expect_status(202).json();
    let task = user.ended(accepted["task_id"].as_str().unwrap()).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert!(!task.to_string().contains(PASSWORD));

    let everything: Value = quire
        .database
        .query_one(
            "select json_build_array((select json_agg(t) from tasks t), (select json_agg(d) from documents d),
                 (select json_agg(e) from events e))",
        )
        .await;
    assert!(!everything.to_string().contains(PASSWORD), "{everything}");
    assert_eq!(quire.count("documents where thumbnail_key is not null").await, 1);
    // What was read needs no password any more.
    let again: Value =
        user.create_task(accepted["document_id"].as_str().unwrap()).await.expect_status(202).json();
    assert_eq!(user.ended(again["id"].as_str().unwrap()).await["status"], "completed");
}

#[tokio::test]
async fn a_wrong_password_opens_nothing() {
    let quire = Setup::new().await.worker().start().await;
    let user = quire.user("ada").await;
    let form = file("locked.pdf", fixture(LOCKED)).text("password", "a guess");
    let accepted: Value = user.submit(form).await.expect_status(202).json();
    let task = user.ended(accepted["task_id"].as_str().unwrap()).await;
    assert_eq!(
        (&task["status"], &task["error_code"]),
        (&"failed".into(), &"document_encrypted".into()),
        "{task}"
    );
    assert!(!task.to_string().contains("a guess"));
    assert_eq!(quire.count("tasks where document_password is not null").await, 0);
}

#[tokio::test]
async fn a_password_is_a_text_of_some_length() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let form =
        file("a.pdf", fixture(LOCKED)).text("params", json!({"password": "x".repeat(2000)}).to_string());
    let problem: Value = user.submit(form).await.expect_status(422).json();
    assert!(problem["errors"]["params.password"][0].as_str().unwrap().contains("1024 bytes"), "{problem}");
}
