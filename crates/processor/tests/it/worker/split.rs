//! PDF documents that are split.

use quire_testkit::fixture;
use serde_json::{Value, json};

use crate::support::{Quire, Setup, Submitted, User, file};

const WHOLE: &str = "pdf/pdflatex-4-pages.pdf";

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

async fn pages(quire: &Quire, document: &str) -> Vec<String> {
    quire
        .database
        .query_one(&format!(
            "select coalesce(json_agg(text order by number), '[]') from document_pages where document_id = '{document}'"
        ))
        .await
}

#[tokio::test]
async fn parts_are_documents_of_their_own() {
    let (quire, user) = start().await;
    let params =
        json!({"file_map": [{"pages": [0, 2]}, {"pages": [3]}], "prefix": "march", "suffix": "signed"});
    let form =
        file("report.pdf", fixture(WHOLE)).text("task_type", "split_pdf").text("params", params.to_string());
    let submitted = Submitted::of(&user.submit(form).await);
    let task = user.ended(&submitted.task).await;
    assert_eq!(task["status"], "completed", "{task}");

    let whole = pages(&quire, &submitted.document).await;
    let parts = task["output"]["data"]["parts"].as_array().unwrap();
    let names: Vec<_> = parts.iter().map(|part| part["filename"].as_str().unwrap()).collect();
    assert_eq!(names, ["march_report_signed_1.pdf", "march_report_signed_2.pdf"]);
    for (part, wanted) in parts.iter().zip([vec![0, 2], vec![3]]) {
        assert_eq!(part["pages"], json!(wanted));
        let id = part["document_id"].as_str().unwrap();
        let texts: Vec<_> = wanted.iter().map(|page| whole[*page].clone()).collect();
        assert_eq!(pages(&quire, id).await, texts);
        // A part can be worked on like any document, and its bytes are a PDF with these pages.
        let again = Submitted::of(&user.submit(file("part.pdf", bytes(&quire, id).await)).await);
        assert_eq!(user.ended(&again.task).await["status"], "completed");
        assert_eq!(pages(&quire, &again.document).await, texts);
        let summary: Value = user.create_task(id).await.expect_status(202).json();
        assert_eq!(user.ended(summary["id"].as_str().unwrap()).await["status"], "completed");
    }
}

async fn bytes(quire: &Quire, document: &str) -> Vec<u8> {
    let key: String =
        quire.database.query_one(&format!("select storage_key from documents where id = '{document}'")).await;
    let file = quire.surroundings.blobs.local_file(&key).await.unwrap();
    std::fs::read(&file.path).unwrap()
}

#[tokio::test]
async fn what_cannot_be_split_is_refused_before_any_work() {
    let (quire, user) = start().await;
    let locked = "pdf/r4-aes-user-password.pdf";
    for (name, params, field, words) in [
        (WHOLE, json!({"file_map": [{"pages": [0]}, {"pages": [4]}]}), "params", "4 pages"),
        (WHOLE, json!({"ranges": "3-5"}), "params", "4 pages"),
        (WHOLE, json!({}), "params", "Name one way"),
        (WHOLE, json!({"every": 0}), "params.every", "size 0"),
        ("txt/ja-utf8.txt", json!({"every": 1}), "file", "Only PDF"),
        (locked, json!({"every": 1}), "params.password", "password"),
        ("hostile/outlines-truncated.pdf", json!({"every": 1}), "file", "damaged"),
    ] {
        let form =
            file("a.pdf", fixture(name)).text("task_type", "split_pdf").text("params", params.to_string());
        let problem: Value = user.submit(form).await.expect_status(422).json();
        let sentence = problem["errors"][field][0].as_str().unwrap_or_else(|| panic!("{problem}"));
        assert!(sentence.contains(words), "{sentence}");
    }
    assert_eq!(quire.count("documents").await, 0);
    quire.wait_until_no_files().await;
}

#[tokio::test]
async fn a_document_that_is_there_is_split_or_refused_by_its_pages() {
    let (_quire, user) = start().await;
    let submitted = user.submit_fixture(WHOLE).await;
    user.wait_for(&submitted.task, "completed").await;
    let problem = user.order(&submitted.document, "split_pdf", json!({"ranges": "7"})).await;
    problem.assert_status(422);
    let task: Value =
        user.order(&submitted.document, "split_pdf", json!({"every": 3})).await.expect_status(202).json();
    let task = user.ended(task["id"].as_str().unwrap()).await;
    let sizes: Vec<_> = task["output"]["data"]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["pages"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [3, 1], "{task}");
}

#[tokio::test]
async fn a_locked_document_is_split_with_its_password() {
    let (quire, user) = start().await;
    let params = json!({"every": 1, "password": "asdfzxcv"});
    let form = file("locked.pdf", fixture("pdf/r4-aes-user-password.pdf"))
        .text("task_type", "split_pdf")
        .text("params", params.to_string());
    let submitted = Submitted::of(&user.submit(form).await);
    let task = user.ended(&submitted.task).await;
    assert_eq!(task["status"], "completed", "{task}");
    let part = task["output"]["data"]["parts"][0]["document_id"].as_str().unwrap();
    // The part needs none.
    let again = Submitted::of(&user.submit(file("part.pdf", bytes(&quire, part).await)).await);
    assert_eq!(user.ended(&again.task).await["status"], "completed");
}
