//! Real documents through the real reader, in its child process.

use quire_testkit::fixture;
use serde_json::Value;

use crate::support::{Quire, Setup, User};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

#[tokio::test]
async fn documents_of_every_kind_are_answered() {
    let (quire, user) = start().await;
    for (path, media_type, pages) in [
        ("pdf/pdflatex-4-pages.pdf", "application/pdf", 4),
        (
            "docx/mammoth-footnotes.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            1,
        ),
        ("txt/de-cp1252.txt", "text/plain", 1),
    ] {
        let submitted = user.submit_fixture(path).await;
        let task = user.ended(&submitted.task).await;
        assert_eq!(task["status"], "completed", "{path}: {task}");
        assert!(task["result"].as_str().is_some_and(|result| result.len() > 20), "{path}: {task}");
        assert_eq!((&task["progress"], &task["attempt"]), (&100.into(), &1.into()));
        assert_eq!(task["provider"], "local");
        assert_eq!(task["output"]["task"], "summarize");

        let id = &submitted.document;
        let document: Value =
            quire.database.query_one(&format!("select to_json(d) from documents d where id = '{id}'")).await;
        assert_eq!((&document["status"], &document["media_type"]), (&"COMPLETED".into(), &media_type.into()));
        assert_eq!(
            quire.count(&format!("document_pages where document_id = '{id}' and text <> ''")).await,
            pages
        );
        assert_eq!(quire.events(&submitted.task).await, ["task_queued", "task_started", "task_completed"]);
        assert_eq!(
            quire.count(&format!("events where document_id = '{id}' and name = 'document_ready'")).await,
            1
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_fails_with_its_own_reason() {
    let (quire, user) = start().await;
    let cases = [
        ("a.pdf", fixture("pdf/r4-aes-user-password.pdf"), "document_encrypted", "password"),
        ("a.docx", fixture("hostile/bug53475-password-is-pass.docx"), "document_encrypted", "password"),
        ("a.pdf", fixture("hostile/outlines-truncated.pdf"), "document_corrupt", "damaged"),
        ("a.pdf", b"%PDF-1.7\nnothing that is one".to_vec(), "document_corrupt", "damaged"),
        ("a.zip", empty_zip(), "document_unsupported", "cannot be read"),
        ("a.docx", fixture("hostile/nested_tables_50k.docx"), "document_too_complex", "nested too deep"),
    ];
    for (name, bytes, code, words) in cases {
        let submitted = user.submit_file(name, bytes).await;
        let task = user.ended(&submitted.task).await;
        assert_eq!((&task["status"], &task["error_code"]), (&"failed".into(), &code.into()), "{task}");
        let sentence = task["error_message"].as_str().unwrap();
        assert!(sentence.contains(words) && sentence.ends_with('.'), "{sentence}");
        assert_eq!((&task["attempt"], &task["result"]), (&1.into(), &Value::Null), "{task}");
        assert_eq!(quire.events(&submitted.task).await, ["task_queued", "task_started", "task_failed"]);

        let id = &submitted.document;
        let document: Value =
            quire.database.query_one(&format!("select to_json(d) from documents d where id = '{id}'")).await;
        assert_eq!((&document["status"], &document["error_code"]), (&"FAILED".into(), &code.into()));
        assert_eq!(document["last_error"], sentence);
    }
    assert_eq!(quire.count("document_pages").await, 0);
}

/// They are what they are, and can be looked at; only tasks that need text fail.
#[tokio::test]
async fn documents_without_text_are_read_and_their_tasks_fail() {
    let (quire, user) = start().await;
    let cases = [
        ("a.txt", b"  \n\t\n ".to_vec(), "document_empty", "no text"),
        ("a.png", fixture("images/python.png"), "document_empty", "no text"),
    ];
    for (name, bytes, code, words) in cases {
        let submitted = user.submit_file(name, bytes).await;
        let first = user.ended(&submitted.task).await;
        let second: Value = user.create_task(&submitted.document).await.expect_status(202).json();
        let second = user.ended(second["id"].as_str().unwrap()).await;
        for task in [&first, &second] {
            assert_eq!((&task["status"], &task["error_code"]), (&"failed".into(), &code.into()), "{task}");
            assert!(task["error_message"].as_str().unwrap().contains(words), "{task}");
        }
        let status: String = quire
            .database
            .query_one(&format!("select status from documents where id = '{}'", submitted.document))
            .await;
        assert_eq!(status, "COMPLETED");
    }
}

fn empty_zip() -> Vec<u8> {
    [b"PK\x05\x06".as_slice(), &[0; 18]].concat()
}

/// One file has more in it than anybody has time for; its neighbours do not notice.
#[tokio::test]
async fn a_hostile_file_fails_alone() {
    let (_quire, user) = start().await;
    let hostile = user.submit_fixture("hostile/xobject_exponential_10p10.pdf").await;
    let harmless = user.submit_text().await;
    assert_eq!(user.ended(&harmless.task).await["status"], "completed");
    let task = user.ended(&hostile.task).await;
    assert_eq!(
        (&task["status"], &task["error_code"]),
        (&"failed".into(), &"document_too_complex".into()),
        "{task}"
    );
    assert_eq!(task["attempt"], 1);
}

#[tokio::test]
async fn bytes_that_are_gone_are_told() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_text().await;
    for file in quire.files() {
        std::fs::remove_file(file).unwrap();
    }
    let _worker = quire.start_worker();
    let task = user.ended(&submitted.task).await;
    assert_eq!(
        (&task["status"], &task["error_code"]),
        (&"failed".into(), &"document_missing".into()),
        "{task}"
    );
}

/// Also with the result of a task that found the document read already.
#[tokio::test]
async fn what_went_wrong_in_reading_is_told_with_every_result() {
    let quire = Setup::new().await.worker().start().await;
    let user = quire.user("ada").await;
    let first = user.submit_fixture("hostile/truncated62886.docx").await;
    let of_first = user.wait_for(&first.task, "completed").await;
    let second: Value = user.create_task(&first.document).await.expect_status(202).json();
    let of_second = user.wait_for(second["id"].as_str().unwrap(), "completed").await;
    assert_eq!(of_first["warnings"].as_array().map(Vec::len), Some(1), "{of_first}");
    assert_eq!(of_first["warnings"][0]["code"], "document_truncated");
    assert!(of_first["warnings"][0]["message"].as_str().unwrap().contains("part of its text is missing"));
    assert_eq!(of_second["warnings"], of_first["warnings"]);
}
