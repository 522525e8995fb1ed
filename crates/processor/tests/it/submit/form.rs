//! What is accepted, in all the ways that forms are written.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{Quire, Setup, Submitted, TEXT, User, file};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

fn text_part() -> Part {
    Part::text(TEXT).file_name("notes.txt")
}

#[tokio::test]
async fn a_submission_is_accepted_with_its_ids() {
    let (quire, user) = start().await;
    let answer = user.submit(file("report.pdf", *b"%PDF-1.7 and so on").text("task_type", "sentiment")).await;
    let Submitted { task, document } = Submitted::of(&answer);
    let expected = json!({
        "task_id": task, "document_id": document, "status": "pending",
        "message": "The file was accepted. The result will follow.",
        "filename": "report.pdf", "task_type": "sentiment",
        "tasks": [{"task_id": task, "task_type": "sentiment", "status": "pending"}],
    });
    assert_eq!(answer.json::<Value>(), expected);
    assert_eq!(answer.header("location"), Some(format!("/process/tasks/{task}").as_str()));

    let stored: Value = quire.database.query_one("select to_json(d) from documents d").await;
    assert_eq!(stored["id"], document);
    assert_eq!(stored["user_id"], user.id.0);
    assert_eq!(stored["status"], "QUEUED");
    assert_eq!(stored["size"], 18);
    assert_eq!(stored["media_type"], "application/pdf");
    assert_eq!(quire.events(&task).await, ["task_queued"]);
    assert_eq!(quire.files().len(), 1);
}

#[tokio::test]
async fn without_a_task_type_the_document_is_summed_up() {
    let (_quire, user) = start().await;
    for form in [file("a.txt", TEXT), file("a.txt", TEXT).text("task_type", "")] {
        assert_eq!(user.submit(form).await.json::<Value>()["task_type"], "summarize");
    }
}

/// The parameters of the task that this form makes.
async fn params(user: &User, form: Form) -> Value {
    let submitted = Submitted::of(&user.submit(form).await);
    user.task(&submitted.task).await["params"].clone()
}

#[tokio::test]
async fn fields_and_file_come_in_any_order() {
    let (_quire, user) = start().await;
    let question = || json!({"question": "When was it founded?"}).to_string();
    let expected = json!({"question": "When was it founded?"});
    let after = Form::new().part("file", text_part()).text("task_type", "qa").text("params", question());
    let before = Form::new().text("params", question()).text("task_type", "qa").part("file", text_part());
    assert_eq!(params(&user, after).await, expected);
    assert_eq!(params(&user, before).await, expected);
}

#[tokio::test]
async fn parameters_may_be_fields_of_their_own() {
    let (_quire, user) = start().await;
    let question = "When was it founded?";
    let expected = json!({"question": question});
    let after = Form::new().text("task_type", "qa").text("question", question).part("file", text_part());
    let before = Form::new().text("question", question).part("file", text_part()).text("task_type", "qa");
    let both = Form::new()
        .text("question", question)
        .text("params", r#"{"question": "Another one?"}"#)
        .text("task_type", "qa")
        .part("file", text_part());
    for form in [after, before, both] {
        assert_eq!(params(&user, form).await, expected);
    }
}

#[tokio::test]
async fn fields_that_the_task_type_does_not_know_are_passed_over() {
    let (_quire, user) = start().await;
    let first = Form::new().text("question", "Why?").text("csrf", "x").part("file", text_part());
    let last = Form::new().part("file", text_part()).text("task_type", "summarize").text("question", "Why?");
    for form in [first, last] {
        assert_eq!(params(&user, form).await, json!({}));
    }
}

#[tokio::test]
async fn file_names_are_made_safe() {
    let (quire, user) = start().await;
    for (sent, kept) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\cv.docx", "cv.docx"),
        ("Lebenslauf Jürgen – 履歴書.pdf", "Lebenslauf Jürgen – 履歴書.pdf"),
        (".htaccess", "htaccess"),
        ("a\u{202e}fdp.txt", "afdp.txt"),
        ("", "document"),
    ] {
        let answer = user.submit(file(sent, format!("The file of {kept}."))).await;
        assert_eq!(answer.json::<Value>()["filename"], kept, "{sent:?}");
    }
    let root = quire.media.path().to_str().unwrap();
    assert_eq!(quire.files().len(), 6);
    assert!(quire.files().iter().all(|file| file.starts_with(&format!("{root}/uploads/"))));
}

/// Older clients write names that are not ASCII in this way only.
#[tokio::test]
async fn an_extended_file_name_is_understood() {
    let (_quire, user) = start().await;
    let body = format!(
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename*=utf-8''J%C3%BCrgen.txt\r\n\r\n{TEXT}\r\n--b--\r\n"
    );
    let answer = user
        .client
        .call(reqwest::Method::POST, "/process/submit")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await;
    assert_eq!(answer.expect_status(202).json::<Value>()["filename"], "Jürgen.txt");
}

#[tokio::test]
async fn what_is_stored_is_what_was_sent() {
    let (quire, user) = start().await;
    let bytes: Vec<u8> = (0..1_000_003_u32).map(|i| (i % 251) as u8).collect();
    user.submit_file("data.bin", bytes.clone()).await;
    let files = quire.files();
    assert_eq!(files.len(), 1);
    assert!(std::fs::read(files.first().unwrap()).unwrap() == bytes);
    let (sha256, size): (String, i64) =
        quire.database.query_one("select json_build_array(encode(sha256, 'hex'), size) from documents").await;
    assert_eq!(size, 1_000_003);
    assert_eq!(sha256, "a7c4bea888022868c93104055fd56077cc81fe9eb624820fe2f717f313188782");
}
