//! Text in pictures.

use quire_testkit::fixture;
use serde_json::{Value, json};

use crate::support::{Setup, Submitted, file};

const SCAN: &str = "images/scan-cv-120dpi-1.png";

#[tokio::test]
async fn a_scan_is_read_with_progress_and_confidence() {
    // Straightening a page takes its time where nothing is optimised.
    let quire = Setup::new().await.set("READ_CPU_LIMIT", 60).configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_fixture(SCAN).await;
    let task = user.ended(&submitted.task).await;
    assert_eq!(task["status"], "completed", "{task}");

    let (text, method, confidence): (String, String, f32) = {
        let page: Value = quire
            .database
            .query_one(&format!(
                "select to_json(p) from document_pages p where document_id = '{}'",
                submitted.document
            ))
            .await;
        serde_json::from_value(json!([page["text"], page["method"], page["confidence"]])).unwrap()
    };
    assert_eq!(method, "ocr");
    let folded = text.to_lowercase();
    assert!(folded.contains("education") && folded.contains("experience"), "{text}");
    assert!((0.5..=1.0).contains(&confidence), "{confidence}");
    let events = quire.events(&submitted.task).await;
    assert!(events.contains(&"task_progress".to_owned()), "{events:?}");
}

/// A worker that was lost in the middle leaves the pages it had done.
#[tokio::test]
async fn a_page_that_was_recognised_is_not_recognised_again() {
    let quire = Setup::new().await.configured_engines().start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_fixture(SCAN).await;
    quire
        .database
        .execute(&format!(
            "insert into document_pages (document_id, number, text, method, confidence)
             values ('{}', 1, 'The page that was done before the worker was lost.', 'ocr', 0.75)",
            submitted.document
        ))
        .await;
    let _worker = quire.start_worker();
    let task = user.ended(&submitted.task).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert!(task["result"].as_str().unwrap().contains("before the worker was lost"), "{task}");
}

#[tokio::test]
async fn languages_that_are_not_installed_are_refused_before_any_work() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for (languages, words) in [("tlh", "`tlh`"), ("eng; rm -rf /", "named as tesseract names them")] {
        let form =
            file("scan.png", fixture(SCAN)).text("params", json!({"ocr_languages": languages}).to_string());
        let problem: Value = user.submit(form).await.expect_status(422).json();
        let sentence = problem["errors"]["params.ocr_languages"][0].as_str().unwrap();
        assert!(sentence.contains(words), "{sentence}");
    }
    quire.wait_until_no_files().await;
    let form = file("scan.png", fixture(SCAN)).text("ocr_languages", "eng");
    let submitted = Submitted::of(&user.submit(form).await);
    assert_eq!(user.task(&submitted.task).await["params"]["ocr_languages"], "eng");
}

#[tokio::test]
async fn without_recognition_a_scan_fails_and_says_why() {
    let quire = Setup::new().await.set("OCR", "off").worker().start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_fixture(SCAN).await;
    let task = user.ended(&submitted.task).await;
    assert_eq!(
        (&task["status"], &task["error_code"]),
        (&"failed".into(), &"document_image_only".into()),
        "{task}"
    );
}
