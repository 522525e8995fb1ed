//! `/files/`: a file comes in with a form, is told about, and goes out again.

use std::sync::Arc;

use quire_testkit::fixture;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use super::{clean_up, form, post_form, sha256, start, storage::Bucket};
use crate::support::{Setup, TEXT, file};

#[tokio::test]
async fn a_file_is_stored_and_told_about() {
    let (quire, user) = start().await;
    let form = form("notes.txt").text("tags", "a,b").text("folder", "Notes").text("kind", "rechnung");
    let answer = post_form(&user, "/files/", form.text("sha256", sha256(TEXT.as_bytes()))).await;
    let uploaded: Value = answer.expect_status(201).json();
    let id = uploaded["id"].as_str().unwrap();
    for (name, value) in [
        ("original_filename", json!("notes.txt")),
        ("size", json!(TEXT.len())),
        ("sha256", json!(sha256(TEXT.as_bytes()))),
        ("mime_type", json!("text/plain")),
        ("declared_type", json!("text/plain")),
        ("type_mismatch", json!(false)),
        ("status", json!("QUEUED")),
        ("last_error", Value::Null),
        ("scan", Value::Null),
        ("kind", json!("invoice")),
        ("folder", json!("Notes")),
        ("tags", json!(["a", "b"])),
        ("download_url", json!(format!("/files/{id}/download/"))),
        ("thumbnail_url", json!(format!("/files/{id}/thumbnail/"))),
        ("duplicate", json!(false)),
        ("duplicate_of", Value::Null),
        ("task_type", json!("read")),
        ("tasks", json!([{"task_id": uploaded["task_id"], "task_type": "read", "status": "pending"}])),
    ] {
        assert_eq!(uploaded[name], value, "{name}");
    }
    assert!(uploaded["created_at"].is_string());
    let location = format!("/files/{id}/");
    let told: Value = user.client.get(&location).await.expect_status(200).json();
    let told = told.as_object().unwrap();
    assert!(told.iter().all(|(name, value)| &uploaded[name] == value), "{told:?}");
    assert_eq!(told.len() + 5, uploaded.as_object().unwrap().len());
    let task = uploaded["task_id"].as_str().unwrap();
    assert_eq!(user.task(task).await["document_id"], id);
    assert_eq!(quire.events(task).await, ["task_queued"]);
}

#[tokio::test]
async fn the_answer_says_where_the_file_is() {
    let (_quire, user) = start().await;
    let answer = post_form(&user, "/files", form("notes.txt")).await.expect_status(201);
    let id = answer.json::<Value>()["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(format!("/files/{id}/").as_str()));
    let bytes = user.client.get(&format!("/files/{id}/download/")).await.expect_status(200);
    assert_eq!(bytes.text(), TEXT);
}

#[tokio::test]
async fn what_was_read_is_told() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    for (name, path, expected) in [
        ("paper.pdf", "pdf/pdflatex-4-pages.pdf", json!({"pages": 4})),
        ("python.png", "images/python.png", json!({"mime_type": "image/png"})),
    ] {
        let uploaded: Value =
            post_form(&user, "/files/", file(name, fixture(path))).await.expect_status(201).json();
        user.ended(uploaded["task_id"].as_str().unwrap()).await;
        let id = uploaded["id"].as_str().unwrap();
        let told: Value = user.client.get(&format!("/files/{id}")).await.expect_status(200).json();
        assert_eq!(told["status"], "COMPLETED", "{told}");
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&told[field], value, "{told}");
        }
        if name == "python.png" {
            assert!(told["width"].as_u64() > Some(0) && told["height"].as_u64() > Some(0), "{told}");
        }
        let status: Value = user.client.get(&format!("/files/{id}/status/")).await.expect_status(200).json();
        assert_eq!((&status["status"], &status["progress"]), (&json!("COMPLETED"), &json!(100)));
        assert_eq!((&status["task_id"], &status["task_status"]), (&uploaded["task_id"], &json!("completed")));
    }
}

#[tokio::test]
async fn another_task_may_be_asked_for() {
    let (_quire, user) = start().await;
    let form = form("notes.txt").text("task_type", "qa").text("question", "Why?");
    let uploaded: Value = post_form(&user, "/files/", form).await.expect_status(201).json();
    assert_eq!(uploaded["task_type"], "qa");
    let task = user.task(uploaded["task_id"].as_str().unwrap()).await;
    assert_eq!(task["params"], json!({"question": "Why?"}));
}

#[tokio::test]
async fn a_repeated_request_gives_the_file_of_the_first() {
    let (quire, user) = start().await;
    let send = async || {
        let call = user.client.call(Method::POST, "/files/").header("idempotency-key", "once");
        call.multipart(form("notes.txt")).send().await.expect_status(201).json::<Value>()
    };
    let (first, second) = (send().await, send().await);
    assert_eq!((&first["id"], &first["task_id"]), (&second["id"], &second["task_id"]));
    assert_eq!(quire.count("documents").await, 1);
}

#[tokio::test]
async fn the_same_bytes_are_named() {
    let (_quire, user) = start().await;
    let first: Value = post_form(&user, "/files/", form("a.txt")).await.json();
    let second: Value = post_form(&user, "/files/", form("b.txt")).await.expect_status(201).json();
    assert_eq!((&second["duplicate"], &second["duplicate_of"]), (&json!(true), &first["id"]));
    assert_eq!(second["original_filename"], "b.txt");
}

#[tokio::test]
async fn what_the_client_says_is_only_compared() {
    let (_quire, user) = start().await;
    let part = Part::bytes(fixture("images/python.png")).file_name("a.pdf");
    let form = Form::new().part("file", part.mime_str("application/pdf").unwrap());
    let told: Value = post_form(&user, "/files/", form).await.expect_status(201).json();
    assert_eq!(told["mime_type"], "image/png");
    assert_eq!((&told["declared_type"], &told["type_mismatch"]), (&json!("application/pdf"), &json!(true)));
}

#[tokio::test]
async fn a_file_in_quarantine_is_told_about_and_not_given_out() {
    let (quire, user) = start().await;
    let uploaded: Value = post_form(&user, "/files/", form("a.txt")).await.json();
    let id = uploaded["id"].as_str().unwrap();
    let infected =
        "status = 'QUARANTINED', scan_verdict = 'infected', scan_signature = 'Test', scanned_at = now()";
    for change in ["status = 'PROCESSING'", infected] {
        let update = format!("update documents set {change} where id = '{id}'");
        quire.database.execute(&update).await;
    }
    let told: Value = user.client.get(&format!("/files/{id}/")).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["scan"]), (&json!("QUARANTINED"), &json!("infected")));
    assert_eq!((&told["download_url"], &told["thumbnail_url"]), (&Value::Null, &Value::Null));
    let status: Value = user.client.get(&format!("/files/{id}/status/")).await.expect_status(200).json();
    assert_eq!(status["status"], "QUARANTINED");
    let key = super::document(&quire, &uploaded["id"]).await["storage_key"].as_str().unwrap().to_owned();
    for path in [format!("/files/{id}/download/"), format!("/api/files/{key}")] {
        for path in [path.clone(), format!("{path}?proxy=1")] {
            user.client.get(&path).await.assert_problem(409, "document_quarantined");
        }
    }
}

#[tokio::test]
async fn files_of_others_are_not_there() {
    let (quire, user) = start().await;
    let uploaded: Value = post_form(&user, "/files/", form("a.txt")).await.json();
    let other = quire.user("bob").await;
    for id in [uploaded["id"].as_str().unwrap(), "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01", "7", "%00"] {
        for path in [format!("/files/{id}/"), format!("/files/{id}/status/")] {
            other.client.get(&path).await.assert_problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn files_in_a_bucket_are_fetched_there() {
    let bucket = Bucket::default();
    let quire = Setup::new().await.blobs(Arc::new(bucket.clone())).start().await;
    let user = quire.user("ada").await;
    let uploaded: Value = post_form(&user, "/files/", form("a.txt")).await.expect_status(201).json();
    let stored = super::document(&quire, &uploaded["id"]).await;
    let key = stored["storage_key"].as_str().unwrap();
    let download = format!("/files/{}/download/", uploaded["id"].as_str().unwrap());
    for path in [download.clone(), format!("/api/files/{key}")] {
        let answer = user.client.get(&path).await.expect_status(302);
        let there = format!("https://bucket.example.com/{key}?signature=abc&seconds=300");
        assert_eq!(answer.header("location"), Some(there.as_str()));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let proxied = user.client.call(Method::GET, &format!("{path}?proxy=1")).header("range", "bytes=4-10");
        assert_eq!(proxied.send().await.expect_status(206).text(), "harbour");
    }
    user.client.call(Method::HEAD, &download).send().await.assert_status(200);
    quire.database.execute(&format!("delete from documents where storage_key = '{key}'")).await;
    clean_up(&quire).await;
    assert_eq!(bucket.len(), 0);
}

#[tokio::test]
async fn nobody_is_sent_where_nothing_is() {
    let bucket = Bucket::default();
    let quire = Setup::new().await.blobs(Arc::new(bucket.clone())).start().await;
    let user = quire.user("ada").await;
    let uploaded: Value = post_form(&user, "/files/", form("a.txt")).await.expect_status(201).json();
    let path = format!("/files/{}/download/", uploaded["id"].as_str().unwrap());
    bucket.set_away(true);
    user.client.get(&path).await.assert_problem(503, "storage_unavailable");
    bucket.set_away(false);
    let stored = super::document(&quire, &uploaded["id"]).await;
    quire.surroundings.blobs.delete(stored["storage_key"].as_str().unwrap()).await.unwrap();
    user.client.get(&path).await.assert_problem(404, "document_missing");
}
