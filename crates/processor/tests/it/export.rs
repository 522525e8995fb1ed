//! Results come out as files that Quire itself can read again.

use quire_testkit::Answer;
use serde_json::{Value, json};

use crate::support::{Quire, Setup, Submitted, TEXT, User, file};

async fn start() -> (Quire, User, String) {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let submitted = Submitted::of(&user.submit(file("Hafen von Bergen.txt", TEXT)).await);
    user.wait_for(&submitted.task, "completed").await;
    (quire, user, submitted.task)
}

async fn export(user: &User, task: &str, format: &str) -> Answer {
    user.client.get(&format!("/process/tasks/{task}/export?format={format}")).await.expect_status(200)
}

/// The words of a file, by its reader.
async fn words_of(user: &User, name: &str, bytes: Vec<u8>) -> String {
    let submitted = Submitted::of(&user.submit(file(name, bytes)).await);
    let task = user.ended(&submitted.task).await;
    assert_eq!(task["status"], "completed", "{task}");
    let path = format!("/documents/{}/text?format=txt", submitted.document);
    let text = user.client.get(&path).await.expect_status(200).text();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_result_comes_in_every_format() {
    let (_quire, user, id) = start().await;
    let task = user.task(&id).await;
    let result = task["result"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    for (format, media_type) in [
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("pdf", "application/pdf"),
        ("md", "text/markdown; charset=utf-8"),
        ("txt", "text/plain; charset=utf-8"),
        ("json", "application/json"),
    ] {
        let answer = export(&user, &id, format).await;
        let name = format!("Hafen von Bergen-summarize.{format}");
        for (header, value) in [
            ("content-type", media_type),
            ("content-disposition", &format!("attachment; filename=\"{name}\"")),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(header), Some(value), "{format}");
        }
        match format {
            "json" => assert_eq!(answer.json::<Value>(), task["output"]),
            "txt" => assert_eq!(answer.text().trim_end(), task["result"].as_str().unwrap()),
            _ => {
                let words = words_of(&user, &name, answer.body.to_vec()).await;
                assert!(words.contains("Hafen von Bergen.txt"), "{words}");
                assert!(words.contains(&result), "{format}: {words}");
            }
        }
    }
    let plain = user.client.get(&format!("/process/tasks/{id}/export/")).await.expect_status(200);
    assert!(plain.header("content-disposition").unwrap().ends_with(".docx\""));
}

#[tokio::test]
async fn what_is_not_completed_or_no_format_is_refused() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let id = user.submit_text().await.task;
    let path = format!("/process/tasks/{id}/export");
    let problem = user.client.get(&path).await.assert_problem(409, "wrong_state");
    assert!(problem["detail"].as_str().unwrap().starts_with("The task is pending"), "{problem}");
    let problem =
        user.client.get(&format!("{path}?format=odt")).await.assert_problem(422, "validation_failed");
    assert_eq!(problem["errors"], json!({"format": ["A format is one of docx, pdf, md, txt, json."]}));
}

#[tokio::test]
async fn results_of_others_are_not_there() {
    let (quire, _user, id) = start().await;
    let other = quire.user("bob").await;
    for id in [id.as_str(), "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01", "7"] {
        other.client.get(&format!("/process/tasks/{id}/export")).await.assert_problem(404, "not_found");
    }
}
