//! `/api/records/`: lists, objects that are registered, and the callback of a worker outside.

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::future::join_all;
use quire_testkit::{Answer, fixture};
use reqwest::Method;
use serde_json::{Value, json};

use super::{clean_up, document, form, post_form, put, start};
use crate::support::{Quire, Setup, TEXT, User};

const PATH: &str = "/api/records/";

fn key_of(user: &User, name: &str) -> String {
    format!("uploads/user-{}/{name}", user.id)
}

fn record(key: &str) -> Value {
    json!({"file_name": "result.txt", "object_key": key, "folder_name": "Results", "mime_type": "text/plain",
        "description": "made elsewhere", "tags": ["made"]})
}

async fn ids(user: &User, query: &str) -> Vec<Value> {
    let listed: Vec<Value> = user.client.get(&format!("{PATH}?{query}")).await.expect_status(200).json();
    listed.into_iter().map(|record| record["id"].clone()).collect()
}

#[tokio::test]
async fn records_are_listed_newest_first() {
    let (quire, user) = start().await;
    let mut all = Vec::new();
    for (number, folder, tags) in [(1, "A", "x"), (2, "A & B", "x,y"), (3, "A", "y")] {
        let form =
            form("a.txt").text("folder", folder).text("tags", tags).text("description", number.to_string());
        all.insert(
            0,
            post_form(&user, "/files/", form).await.expect_status(201).json::<Value>()["id"].clone(),
        );
    }
    let announced = json!({"filename": "a.txt", "content_type": "text/plain"});
    user.client.post("/documents/initiate-upload", &announced).await.assert_status(201);
    post_form(&quire.user("bob").await, "/files/", form("b.txt")).await.assert_status(201);
    assert_eq!(ids(&user, "").await, all);
    assert_eq!(ids(&user, "folder_name=A").await, [all[0].clone(), all[2].clone()]);
    assert_eq!(ids(&user, "folder_name=A+%26+B").await, [all[1].clone()]);
    assert_eq!(ids(&user, "tag=y").await, all[..2]);
    assert_eq!(ids(&user, "tag=y&folder_name=A").await, all[..1]);
    let mut pages = Vec::new();
    let mut path = Some(format!("{PATH}?limit=1&tag=x"));
    while let Some(next) = path {
        let answer = user.client.get(&next).await.expect_status(200);
        pages.extend(answer.json::<Vec<Value>>().into_iter().map(|record| record["id"].clone()));
        let link =
            answer.header("link").and_then(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\""));
        path = link.map(str::to_owned);
    }
    assert_eq!(pages, all[1..]);
    for query in ["limit=0", "limit=x", "before=1", "tag=a%00", "folder_name=%01"] {
        user.client.get(&format!("{PATH}?{query}")).await.assert_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn a_record_is_read_by_its_owner() {
    let (quire, user) = start().await;
    let id =
        post_form(&user, "/files/", form("a.txt")).await.json::<Value>()["id"].as_str().unwrap().to_owned();
    user.client.get(&format!("{PATH}{id}")).await.assert_status(200);
    let other = quire.user("bob").await;
    let announced = json!({"filename": "a.txt", "content_type": "text/plain"});
    let announced: Value = other.client.post("/documents/initiate-upload", &announced).await.json();
    for id in [&*id, "7", announced["document_id"].as_str().unwrap()] {
        other.client.get(&format!("{PATH}{id}")).await.assert_problem(404, "not_found");
    }
}

#[tokio::test]
async fn an_object_in_storage_becomes_a_document() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let key = key_of(&user, "made/result.txt");
    put(&quire.surroundings.blobs, &key, TEXT.as_bytes()).await;
    let answer = user.client.post(PATH, &record(&key)).await.expect_status(201);
    let made: Value = answer.json();
    for (name, value) in [
        ("file_name", json!("result.txt")),
        ("folder_name", json!("Results")),
        ("object_key", json!(key)),
        ("mime_type", json!("text/plain")),
        ("description", json!("made elsewhere")),
        ("tags", json!(["made"])),
        ("size", json!(TEXT.len())),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let id = made["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/records/{id}").as_str()));
    let task: Vec<Value> = user.client.get(&format!("/process/tasks?document_id={id}")).await.json();
    assert_eq!(user.ended(task[0]["id"].as_str().unwrap()).await["status"], "completed");
    user.client.post(PATH, &record(&key)).await.assert_problem(409, "already_registered");
    assert_eq!(quire.count("documents").await, 1);
}

#[tokio::test]
async fn only_ones_own_objects_that_are_there_are_registered() {
    let (quire, user) = start().await;
    let bob = quire.user("bob").await;
    let announced = json!({"filename": "a.txt", "content_type": "text/plain"});
    let announced: Value = user.client.post("/documents/initiate-upload", &announced).await.json();
    let taken = announced["object_key"].as_str().unwrap();
    for key in [key_of(&bob, "a"), key_of(&user, "gone")] {
        put(&quire.surroundings.blobs, &key, TEXT.as_bytes()).await;
    }
    quire
        .database
        .execute(&format!("insert into blob_deletions (storage_key) values ('{}')", key_of(&user, "gone")))
        .await;
    put(&quire.surroundings.blobs, taken, TEXT.as_bytes()).await;
    user.client.post(PATH, &record(taken)).await.assert_problem(409, "already_registered");
    for key in [
        key_of(&bob, "a"),
        key_of(&user, "gone"),
        key_of(&user, "nothing"),
        key_of(&user, &format!("../user-{}/a", bob.id)),
        format!("uploads/user-{}0/a", user.id),
        "etc/passwd".into(),
        "a\u{0}b".into(),
        String::new(),
        key_of(&user, &"x".repeat(4096)),
    ] {
        user.client.post(PATH, &record(&key)).await.assert_problem(404, "not_found");
    }
    assert_eq!(quire.count("tasks").await, 0);
}

#[tokio::test]
async fn an_object_is_judged_as_if_it_came_in_now() {
    let quire = Setup::new().await.set("BLOCKED_MIME_TYPES", "image/*").start().await;
    let user = quire.user("ada").await;
    let picture: &'static [u8] = Box::leak(fixture("images/python.png").into_boxed_slice());
    for (bytes, status, code) in [(picture, 415, "file_type_refused"), (&[], 422, "validation_failed")] {
        let key = key_of(&user, code);
        put(&quire.surroundings.blobs, &key, bytes).await;
        user.client.post(PATH, &record(&key)).await.assert_problem(status, code);
        // It is not ours to delete.
        quire.surroundings.blobs.info(&key).await.unwrap();
    }
    for (name, value) in [
        ("file_name", json!("")),
        ("mime_type", json!("x")),
        ("tags", json!([1])),
        ("description", json!("\u{0}")),
        ("object_key", json!(1)),
    ] {
        let mut body = record(&key_of(&user, "a"));
        body[name] = value;
        let problem = user.client.post(PATH, &body).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][name].is_array(), "{problem}");
    }
    let call = user.client.call(Method::POST, PATH).header("content-type", "application/json");
    call.body("{").send().await.assert_problem(400, "malformed_request");
    user.client
        .call(Method::POST, PATH)
        .body("{}")
        .send()
        .await
        .assert_problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn copies_are_given_up_and_never_the_first() {
    let (quire, user) = start().await;
    let first: Value = post_form(&user, "/files/", form("a.txt")).await.json();
    let key = key_of(&user, "copy");
    put(&quire.surroundings.blobs, &key, TEXT.as_bytes()).await;
    let made: Value = user.client.post(PATH, &record(&key)).await.expect_status(201).json();
    assert_eq!(made["object_key"], document(&quire, &first["id"]).await["storage_key"]);
    clean_up(&quire).await;
    assert_eq!(quire.files().len(), 1);

    let key = key_of(&user, "at once");
    put(&quire.surroundings.blobs, &key, b"other bytes").await;
    let new = record(&key);
    let answers = join_all((0..4).map(|_| user.client.post(PATH, &new))).await;
    assert!(answers.iter().any(|answer| answer.status == 201), "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 409)), "{answers:?}");
    clean_up(&quire).await;
    quire.surroundings.blobs.info(&key).await.expect("the object stays");
}

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A message of a worker outside, signed now.
async fn call_back(quire: &Quire, id: &str, body: &str, changes: &[(&str, &str)]) -> Answer {
    let timestamp = quire.surroundings.clock.now().timestamp().to_string();
    let message = format!("{id}.{timestamp}.{body}");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message.as_bytes());
    let signature = format!("v1,{}", BASE64_STANDARD.encode(tag));
    let mut headers = vec![
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", &timestamp),
        ("webhook-signature", &signature),
    ];
    for change in changes {
        headers.retain(|(name, _)| *name != change.0);
        headers.push(*change);
    }
    let call = quire.client.call(Method::POST, PATH).body(body.to_owned());
    headers.into_iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
}

async fn with_secret() -> (Quire, User) {
    let secret = format!("whsec_{}", BASE64_STANDARD.encode(SECRET));
    let quire = Setup::new().await.set("RECORDS_WEBHOOK_SECRET", secret).start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

#[tokio::test]
async fn a_worker_outside_registers_what_it_made() {
    let (quire, user) = with_secret().await;
    let key = key_of(&user, "result.txt");
    put(&quire.surroundings.blobs, &key, TEXT.as_bytes()).await;
    let body = record(&key).to_string();
    let made: Value = call_back(&quire, "msg_1", &body, &[]).await.expect_status(201).json();
    assert_eq!(ids(&user, "").await, [made["id"].clone()]);
    let again: Value = call_back(&quire, "msg_1", &body, &[]).await.expect_status(201).json();
    assert_eq!(again["id"], made["id"]);
    call_back(&quire, "msg_2", &body, &[]).await.assert_problem(409, "already_registered");
    assert_eq!((quire.count("documents").await, quire.count("tasks").await), (1, 1));
}

#[tokio::test]
async fn a_message_that_nobody_signed_is_refused() {
    let (quire, user) = with_secret().await;
    let key = key_of(&user, "result.txt");
    put(&quire.surroundings.blobs, &key, TEXT.as_bytes()).await;
    let body = record(&key).to_string();
    let long_ago = (quire.surroundings.clock.now().timestamp() - 301).to_string();
    for change in [
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", ""),
        ("webhook-timestamp", &*long_ago),
        ("webhook-timestamp", "yesterday"),
        ("webhook-id", "msg_2"),
        ("webhook-id", ""),
    ] {
        let answer = call_back(&quire, "msg_1", &body, &[change]).await;
        answer.assert_problem(401, "signature_invalid");
        assert!(answer.header("www-authenticate").is_some());
    }
    // Nothing is said of what is wrong with a body that nobody signed.
    call_back(&quire, "msg_1", "{", &[("webhook-signature", "v1,AAAA")])
        .await
        .assert_problem(401, "signature_invalid");
    // A token is looked at first.
    call_back(&quire, "msg_1", &body, &[("authorization", "Bearer x.y.z")])
        .await
        .assert_problem(401, "token_invalid");
    assert_eq!(quire.count("documents").await, 0);
}

#[tokio::test]
async fn a_signed_message_can_be_wrong_as_well() {
    let (quire, user) = with_secret().await;
    call_back(&quire, "msg_1", "{", &[]).await.assert_problem(400, "malformed_request");
    call_back(&quire, "msg_1", "{}", &[]).await.assert_problem(422, "validation_failed");
    for key in [key_of(&user, "nothing"), "uploads/user-999999/a".into(), "etc/passwd".into()] {
        let body = record(&key).to_string();
        call_back(&quire, "msg_1", &body, &[]).await.assert_problem(404, "not_found");
    }
}

#[tokio::test]
async fn without_a_secret_nobody_calls_back() {
    let (quire, user) = start().await;
    let body = record(&key_of(&user, "a")).to_string();
    call_back(&quire, "msg_1", &body, &[]).await.assert_problem(401, "signature_invalid");
}
