//! Documents whose bytes their users send to storage by themselves.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use quire_testkit::{Answer, HttpClient, fixture};
use reqwest::Method;
use serde_json::{Value, json};

use super::{clean_up, document, form, post_form, put, sha256, start, storage::Bucket};
use crate::support::{Quire, Setup, TEXT, User};

const INITIATE: &str = "/documents/initiate-upload";

async fn initiate(user: &User, changes: Value) -> Value {
    let mut body = json!({"filename": "notes.txt", "content_type": "text/plain"});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    user.client.post(INITIATE, &body).await.expect_status(201).json()
}

/// Sends the bytes as the answer says.
async fn send(announced: &Value, bytes: impl Into<reqwest::Body>) -> Answer {
    let nobody = HttpClient::new("");
    let call = nobody.call(Method::PUT, announced["upload_url"].as_str().unwrap());
    let headers = announced["headers"].as_object().unwrap().iter();
    headers
        .fold(call, |call, (name, value)| call.header(name, value.as_str().unwrap()))
        .body(bytes)
        .send()
        .await
}

fn enqueue_path(announced: &Value) -> String {
    format!("/documents/{}/enqueue", announced["document_id"].as_str().unwrap())
}

async fn enqueue(user: &User, announced: &Value) -> Answer {
    user.client.call(Method::POST, &enqueue_path(announced)).send().await
}

async fn object(quire: &Quire, announced: &Value, bytes: &'static [u8]) {
    put(&quire.surroundings.blobs, announced["object_key"].as_str().unwrap(), bytes).await;
}

#[tokio::test]
async fn bytes_go_to_storage_and_are_worked_on() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let announced = initiate(
        &user,
        json!({"size_bytes": TEXT.len(), "sha256": sha256(TEXT.as_bytes()), "kind": "lebenslauf",
            "folder": "Notes", "description": "mine", "tags": ["a", "b"]}),
    )
    .await;
    assert_eq!((&announced["method"], &announced["status"]), (&json!("PUT"), &json!("INITIATED")));
    assert_eq!(announced["headers"], json!({"content-type": "text/plain"}));
    let key = announced["object_key"].as_str().unwrap();
    assert!(key.starts_with(&format!("uploads/user-{}/", user.id)) && key.ends_with("-notes.txt"), "{key}");
    let url = announced["upload_url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/blobs/uploads/", quire.client.base_url())), "{url}");
    let left = announced["expires_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap()
        - quire.surroundings.clock.now();
    assert!((3500..=3600).contains(&left.num_seconds()), "{left}");

    send(&announced, TEXT).await.assert_status(200);
    let answer = enqueue(&user, &announced).await;
    let enqueued: Value = answer.expect_status(202).json();
    assert_eq!(enqueued["document_id"], announced["document_id"]);
    assert_eq!((&enqueued["task_type"], &enqueued["duplicate"]), (&json!("read"), &json!(false)));
    let job = enqueued["job_id"].as_str().unwrap();
    assert_eq!(user.ended(job).await["status"], "completed");
    let stored = document(&quire, &announced["document_id"]).await;
    for (name, value) in [
        ("status", json!("COMPLETED")),
        ("kind", json!("cv")),
        ("folder", json!("Notes")),
        ("description", json!("mine")),
        ("tags", json!(["a", "b"])),
        ("size", json!(TEXT.len())),
        ("sha256", json!(format!("\\x{}", sha256(TEXT.as_bytes())))),
        ("storage_key", json!(key)),
    ] {
        assert_eq!(stored[name], value, "{name}");
    }
    assert!(quire.events(job).await.starts_with(&["task_queued".to_owned()]));
}

#[tokio::test]
async fn the_address_is_one_that_the_client_can_reach() {
    let (_quire, user) = start().await;
    let body = json!({"filename": "a.txt", "content_type": "text/plain"});
    let call = user.client.call(Method::POST, INITIATE).header("host", "documents.example.com");
    let answer = call.header("x-forwarded-proto", "https").json(&body).send().await.expect_status(201);
    let url = answer.json::<Value>()["upload_url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://documents.example.com/blobs/uploads/"), "{url}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn storage_of_its_own_gets_the_bytes_by_itself() {
    let quire = Setup::new().await.set("UPLOAD_URL_TTL", 60).blobs(Arc::new(Bucket::default())).start().await;
    let user = quire.user("ada").await;
    let announced = initiate(&user, json!({})).await;
    let there = format!(
        "https://bucket.example.com/{}?signature=abc&seconds=60",
        announced["object_key"].as_str().unwrap()
    );
    assert_eq!(announced["upload_url"], there);
    object(&quire, &announced, TEXT.as_bytes()).await;
    enqueue(&user, &announced).await.assert_status(202);
}

#[tokio::test]
async fn several_tasks_are_enqueued_together() {
    let (quire, user) = start().await;
    let announced = initiate(&user, json!({})).await;
    object(&quire, &announced, TEXT.as_bytes()).await;
    let body = json!({"task_type": ["qa", "read"], "params": {"qa": {"question": "Why?"}}});
    let enqueue = async || {
        let call =
            user.client.call(Method::POST, &enqueue_path(&announced)).header("idempotency-key", "once");
        call.json(&body).send().await.expect_status(202).json::<Value>()
    };
    let first = enqueue().await;
    let types: Vec<_> = first["tasks"].as_array().unwrap().iter().map(|task| &task["task_type"]).collect();
    assert_eq!(types, ["qa", "read"]);
    assert_eq!(first["job_id"], first["tasks"][0]["task_id"]);
    assert_eq!(enqueue().await["tasks"], first["tasks"]);
    assert_eq!(quire.count("tasks").await, 2);
}

#[tokio::test]
async fn a_document_without_bytes_is_not_enqueued() {
    let (quire, user) = start().await;
    let announced = initiate(&user, json!({})).await;
    enqueue(&user, &announced).await.assert_problem(409, "not_uploaded");
    let other = quire.user("bob").await;
    enqueue(&other, &announced).await.assert_problem(404, "not_found");
    for id in ["0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01", "7"] {
        enqueue(&user, &json!({"document_id": id})).await.assert_problem(404, "not_found");
    }
    let status: Value = user
        .client
        .get(&format!("/files/{}/status/", announced["document_id"].as_str().unwrap()))
        .await
        .json();
    assert_eq!((&status["status"], &status["progress"]), (&json!("INITIATED"), &Value::Null));
    assert_eq!(quire.count("tasks").await, 0);
}

#[tokio::test]
async fn a_document_is_enqueued_once() {
    let (quire, user) = start().await;
    let announced = initiate(&user, json!({})).await;
    send(&announced, TEXT).await.assert_status(200);
    let send_key = async |announced: &Value, key: &str| {
        user.client
            .call(Method::POST, &enqueue_path(announced))
            .header("idempotency-key", key)
            .json(&json!({"task_type": "summarize"}))
            .send()
            .await
    };
    let first: Value = send_key(&announced, "once").await.expect_status(202).json();
    assert_eq!((&first["status"], &first["document_id"]), (&json!("pending"), &announced["document_id"]));
    let again: Value = send_key(&announced, "once").await.expect_status(202).json();
    assert_eq!((&first["job_id"], &first["task_type"]), (&again["job_id"], &json!("summarize")));
    send_key(&announced, "twice").await.assert_problem(409, "wrong_state");
    enqueue(&user, &announced).await.assert_problem(409, "wrong_state");
    let other = initiate(&user, json!({})).await;
    send(&other, "other bytes").await.assert_status(200);
    send_key(&other, "once").await.assert_problem(409, "wrong_state");
    assert_eq!(quire.count("tasks").await, 1);
}

#[tokio::test]
async fn of_two_at_once_one_enqueues() {
    let (quire, user) = start().await;
    for round in 0..5 {
        let announced = initiate(&user, json!({})).await;
        send(&announced, format!("round {round}")).await.assert_status(200);
        let answers = join_all((0..3).map(|_| enqueue(&user, &announced))).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 409, 409]);
        let key = announced["object_key"].as_str().unwrap();
        quire.surroundings.blobs.info(key).await.expect("the bytes stay");
    }
    assert_eq!(quire.count("tasks").await, 5);
}

#[tokio::test]
async fn other_bytes_than_were_announced_are_refused_and_may_come_again() {
    let (quire, user) = start().await;
    let bytes = TEXT.as_bytes();
    for (said, other) in [
        (json!({"size_bytes": bytes.len()}), b"too short".as_slice()),
        (json!({"sha256": sha256(bytes)}), b"something else".as_slice()),
    ] {
        let announced = initiate(&user, said).await;
        object(&quire, &announced, other).await;
        enqueue(&user, &announced).await.assert_problem(409, "upload_mismatch");
        enqueue(&user, &announced).await.assert_problem(409, "not_uploaded");
        object(&quire, &announced, bytes).await;
        enqueue(&user, &announced).await.assert_status(202);
    }
}

#[tokio::test]
async fn files_that_are_not_accepted_go() {
    let quire =
        Setup::new().await.set("BLOCKED_MIME_TYPES", "image/*").set("MAX_UPLOAD_SIZE", 100_000).start().await;
    let user = quire.user("ada").await;
    let announced = initiate(&user, json!({})).await;
    send(&announced, fixture("images/python.png")).await.assert_status(200);
    enqueue(&user, &announced).await.assert_problem(415, "file_type_refused");
    assert!(quire.files().is_empty());
    for (bytes, status, code) in
        [(&[b'a'; 100_001][..], 413, "payload_too_large"), (&[], 422, "validation_failed")]
    {
        object(&quire, &announced, Box::leak(bytes.to_vec().into_boxed_slice())).await;
        enqueue(&user, &announced).await.assert_problem(status, code);
        assert!(quire.files().is_empty());
    }
    assert_eq!(document(&quire, &announced["document_id"]).await["status"], "INITIATED");
}

#[tokio::test]
async fn a_wrong_order_costs_no_upload() {
    let (quire, user) = start().await;
    let announced = initiate(&user, json!({"filename": "a.pdf", "content_type": "application/pdf"})).await;
    send(&announced, fixture("pdf/pdflatex-4-pages.pdf")).await.assert_status(200);
    let path = enqueue_path(&announced);
    for (order, field) in [
        (json!({"task_type": "paint"}), "task_type"),
        (json!({"task_type": "read", "params": {"x": 1}}), "params.x"),
        (json!({"task_type": "split_pdf", "params": {"ranges": "9-10"}}), "params"),
        (json!({"params": []}), "params"),
        (json!({"strange": 1}), "strange"),
    ] {
        let problem = user.client.post(&path, &order).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{problem}");
    }
    let call = user.client.call(Method::POST, &path);
    call.header("content-type", "application/json")
        .body("{")
        .send()
        .await
        .assert_problem(400, "malformed_request");
    let call = user.client.call(Method::POST, &path);
    call.header("content-type", "text/plain")
        .body("x")
        .send()
        .await
        .assert_problem(415, "unsupported_media_type");
    let order = json!({"task_type": "split_pdf", "params": {"ranges": "1-2,3"}});
    user.client.post(&path, &order).await.assert_status(202);
    assert_eq!(quire.files().len(), 1);
}

#[tokio::test]
async fn an_outage_costs_no_upload() {
    let bucket = Bucket::default();
    let quire = Setup::new().await.blobs(Arc::new(bucket.clone())).start().await;
    let user = quire.user("ada").await;
    let announced = initiate(&user, json!({})).await;
    object(&quire, &announced, TEXT.as_bytes()).await;
    bucket.set_away(true);
    enqueue(&user, &announced).await.assert_problem(503, "storage_unavailable");
    let body = json!({"filename": "a.txt", "content_type": "text/plain"});
    user.client.post(INITIATE, &body).await.assert_problem(503, "storage_unavailable");
    bucket.set_away(false);
    assert_eq!(quire.count("documents").await, 1);
    quire.database.take_away().await;
    enqueue(&user, &announced).await.assert_problem(503, "database_unavailable");
    quire.bring_back_database().await;
    enqueue(&user, &announced).await.assert_status(202);
    assert_eq!(bucket.len(), 1);
}

#[tokio::test]
async fn what_never_came_is_forgotten() {
    let (quire, user) = start().await;
    let announced = initiate(&user, json!({})).await;
    send(&announced, TEXT).await.assert_status(200);
    let taken = initiate(&user, json!({})).await;
    send(&taken, "other bytes").await.assert_status(200);
    enqueue(&user, &taken).await.assert_status(202);
    clean_up(&quire).await;
    assert_eq!(quire.files().len(), 2);
    quire.database.execute("update announcements set expires_at = now() - interval '1 second'").await;
    enqueue(&user, &announced).await.assert_problem(410, "upload_expired");
    clean_up(&quire).await;
    enqueue(&user, &announced).await.assert_problem(404, "not_found");
    assert_eq!((quire.count("announcements").await, quire.count("documents").await), (0, 1));
    assert_eq!(quire.files().len(), 1);
}

#[tokio::test]
async fn bytes_that_were_there_before_are_stored_once() {
    let (quire, user) = start().await;
    let first: Value = post_form(&user, "/files/", form("first.txt")).await.json();
    let announced = initiate(&user, json!({})).await;
    send(&announced, TEXT).await.assert_status(200);
    let enqueued: Value = enqueue(&user, &announced).await.expect_status(202).json();
    assert_eq!((&enqueued["duplicate"], &enqueued["duplicate_of"]), (&json!(true), &first["id"]));
    assert_eq!(enqueued["document_id"], announced["document_id"]);
    clean_up(&quire).await;
    assert_eq!(quire.files().len(), 1);
    let path = format!("/files/{}/download/", announced["document_id"].as_str().unwrap());
    let bytes = user.client.get(&path).await.expect_status(200);
    assert_eq!(bytes.text(), TEXT);
    assert_eq!(bytes.header("content-disposition"), Some("attachment; filename=\"notes.txt\""));
}

#[tokio::test]
async fn an_announcement_can_be_repeated_while_it_is_good() {
    let (quire, user) = start().await;
    let again = async || {
        let body = json!({"filename": "a.txt", "content_type": "text/plain"});
        let call = user.client.call(Method::POST, INITIATE).header("idempotency-key", "once");
        call.json(&body).send().await
    };
    let first: Value = again().await.expect_status(201).json();
    let second: Value = again().await.expect_status(201).json();
    assert_eq!(
        (&first["document_id"], &first["object_key"]),
        (&second["document_id"], &second["object_key"])
    );
    send(&second, TEXT).await.assert_status(200);
    enqueue(&user, &first).await.assert_status(202);
    again().await.assert_problem(409, "wrong_state");
    assert_eq!(quire.count("documents").await, 1);
    let undo = "alter table documents disable trigger documents_transition; \
        update documents set status = 'INITIATED'; update announcements set link_expires_at = now()";
    for statement in undo.split(';') {
        quire.database.execute(statement).await;
    }
    again().await.assert_problem(410, "upload_expired");
}

#[tokio::test]
async fn what_cannot_be_announced_is_said_by_field() {
    let quire = Setup::new().await.set("MAX_UPLOAD_SIZE", 1000).start().await;
    let user = quire.user("ada").await;
    let good = json!({"filename": "a.txt", "content_type": "text/plain"});
    for (name, value) in [
        ("filename", json!("  ")),
        ("filename", json!(5)),
        ("filename", Value::Null),
        ("content_type", json!("pdf")),
        ("content_type", json!("text/plain\r\nx: y")),
        ("content_type", json!("a".repeat(5000))),
        ("size_bytes", json!(0)),
        ("size_bytes", json!(-1)),
        ("size_bytes", json!(1.5)),
        ("size_bytes", json!("10")),
        ("sha256", json!("abc")),
        ("kind", json!("poem")),
        ("folder", json!("a\u{0}b")),
        ("description", json!("x".repeat(4001))),
        ("tags", json!([1])),
        ("tags", json!("a\u{7}")),
    ] {
        let mut body = good.clone();
        body[name] = value.clone();
        let problem = user.client.post(INITIATE, &body).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][name].is_array(), "{name} {value}: {problem}");
    }
    let mut body = good.clone();
    for size in [json!(1001), json!(u64::MAX)] {
        body["size_bytes"] = size;
        user.client.post(INITIATE, &body).await.assert_problem(413, "payload_too_large");
    }
    user.client
        .call(Method::POST, INITIATE)
        .body("{}")
        .send()
        .await
        .assert_problem(415, "unsupported_media_type");
    assert_eq!(quire.count("documents").await, 0);
}

#[tokio::test]
async fn names_are_made_safe() {
    let (_quire, user) = start().await;
    for (sent, kept) in [
        ("../../etc/passwd", "passwd"),
        ("a\u{0}b.txt", "ab.txt"),
        ("\u{202e}fdp.txt", "fdp.txt"),
        (&"x".repeat(4096), &*"x".repeat(255)),
    ] {
        let announced = initiate(&user, json!({"filename": sent})).await;
        let path = format!("/files/{}/", announced["document_id"].as_str().unwrap());
        assert_eq!(user.client.get(&path).await.json::<Value>()["original_filename"], kept);
        assert!(announced["object_key"].as_str().unwrap().len() < 200);
        send(&announced, kept.to_owned()).await.assert_status(200);
        enqueue(&user, &announced).await.assert_status(202);
    }
}

#[tokio::test]
async fn announcements_count_for_quota_and_have_a_limit() {
    let quire = Setup::new().await.set("STORAGE_PER_USER", 1000).start().await;
    let user = quire.user("ada").await;
    let body = json!({"filename": "a.txt", "content_type": "text/plain", "size_bytes": 600});
    user.client.post(INITIATE, &body).await.assert_status(201);
    user.client.post(INITIATE, &body).await.assert_problem(413, "storage_quota_exceeded");
    let unsaid = initiate(&user, json!({})).await;
    send(&unsaid, vec![b'a'; 1001]).await.assert_status(200);
    enqueue(&user, &unsaid).await.assert_problem(413, "storage_quota_exceeded");
    quire
        .database
        .execute(&format!(
            "with document as (insert into documents (id, user_id, filename, media_type, size, storage_key, status)
                 select gen_random_uuid(), {}, 'a', 'text/plain', 0, 'k' || n, 'INITIATED'
                 from generate_series(1, 1000) n returning id, user_id)
             insert into announcements (document_id, user_id, link_expires_at, expires_at)
             select id, user_id, now(), now() from document",
            user.id
        ))
        .await;
    let answer = user.client.post(INITIATE, &body).await;
    answer.assert_problem(429, "too_many_uploads");
    assert!(answer.header("retry-after").is_some());
}
