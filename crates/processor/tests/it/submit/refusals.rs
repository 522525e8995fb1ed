//! What is refused, and how it is said.

use std::sync::Arc;

use chrono::DateTime;
use jsonwebtoken::{EncodingKey, Header, decode_header, encode};
use quire_domain::{clock::FakeClock, user::Role};
use quire_testkit::HttpClient;
use quire_web::token::Tokens;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::support::{Quire, SECRET, Setup, TEXT, User, file};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.configured_engines().start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

/// Nothing of a refused submission may stay.
async fn assert_nothing_left(quire: &Quire) {
    quire.wait_until_no_files().await;
    assert_eq!(quire.count("documents").await, 0);
    assert_eq!(quire.count("tasks").await, 0);
}

#[tokio::test]
async fn wrong_forms_are_refused_by_field() {
    let (quire, user) = start().await;
    let part = || Part::text(TEXT).file_name("a.txt");
    let cases = [
        (Form::new().text("task_type", "summarize"), "file"),
        (file("a.txt", Vec::new()), "file"),
        (Form::new().part("file", part()).part("file", part()), "file"),
        (file("a.txt", TEXT).text("task_type", "paint"), "task_type"),
        (Form::new().text("task_type", "paint").part("file", part()), "task_type"),
        (file("a.txt", TEXT).text("params", "[1]"), "params"),
        (file("a.txt", TEXT).text("params", "{"), "params"),
        (file("a.txt", TEXT).text("params", r#"{"strange": 1}"#), "params.strange"),
        (file("a.txt", TEXT).text("task_type", "qa").text("params", r#"{"question": 5}"#), "params.question"),
        (file("a.txt", TEXT).text("task_type", "qa").text("question", "x".repeat(501)), "params.question"),
        (file("a.txt", TEXT).text("task_type", "x".repeat(70_000)), "task_type"),
    ];
    for (form, field) in cases {
        let answer = user.submit(form).await;
        let problem = answer.assert_problem(422, "validation_failed");
        let messages = problem["errors"][field].as_array();
        assert_eq!(messages.map(Vec::len), Some(1), "{field}: {problem}");
    }
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn an_unknown_task_type_is_told_with_the_known_ones() {
    let (_quire, user) = start().await;
    let problem = user
        .submit(file("a.txt", TEXT).text("task_type", "paint"))
        .await
        .assert_problem(422, "validation_failed");
    let sentence = problem["detail"].as_str().unwrap();
    assert!(sentence.contains("`paint`") && sentence.contains("extract_keywords"), "{sentence}");
}

#[tokio::test]
async fn what_the_provider_cannot_do_is_refused() {
    let (quire, user) = start().await;
    let form = file("a.txt", TEXT).text("task_type", "translate").text("target_language", "de");
    let problem = user.submit(form).await.assert_problem(422, "task_type_unavailable");
    assert_eq!(problem["errors"]["task_type"][0], problem["detail"]);
    assert_nothing_left(&quire).await;
}

async fn post(client: &HttpClient, content_type: &str, body: impl Into<String>) -> quire_testkit::Answer {
    let call = client.call(Method::POST, "/process/submit").header("content-type", content_type);
    call.body(body.into()).send().await
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let (quire, user) = start().await;
    for content_type in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
        post(&user.client, content_type, "{}").await.assert_problem(415, "unsupported_media_type");
    }
    user.client
        .call(Method::POST, "/process/submit")
        .send()
        .await
        .assert_problem(415, "unsupported_media_type");
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn broken_forms_are_refused() {
    let (quire, user) = start().await;
    let form = "multipart/form-data; boundary=b";
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nsome text";
    for (content_type, body, code) in [
        ("multipart/form-data", part.to_owned(), "malformed_request"),
        (form, "no boundary anywhere".to_owned(), "upload_interrupted"),
        (form, part.to_owned(), "upload_interrupted"),
        (form, "--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n".to_owned(), "malformed_request"),
        (form, "--b\r\nno header\r\n\r\nx\r\n--b--\r\n".to_owned(), "malformed_request"),
        (form, part.replace("a.txt", "a\u{7}.txt") + "\r\n--b--\r\n", "malformed_request"),
        (
            form,
            format!(
                "{}--b--\r\n",
                "--b\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n".repeat(40)
            ),
            "malformed_request",
        ),
    ] {
        let answer = post(&user.client, content_type, body.clone()).await;
        answer.assert_status(400);
        assert_eq!(answer.json::<Value>()["code"], code, "{body:?}");
    }
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn idempotency_keys_have_a_form() {
    let (quire, user) = start().await;
    for key in ["", "two words", &"x".repeat(129)] {
        let call = user.client.call(Method::POST, "/process/submit").header("idempotency-key", key);
        call.multipart(file("a.txt", TEXT)).send().await.assert_problem(400, "malformed_request");
    }
    assert_nothing_left(&quire).await;
}

/// A token with these changes, signed with the right secret.
fn forged(user: &User, changes: &Value) -> String {
    let payload = user.token.split('.').nth(1).unwrap();
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, payload).unwrap();
    let mut claims: Value = serde_json::from_slice(&bytes).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let header: Header = decode_header(&user.token).unwrap();
    encode(&header, &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

#[tokio::test]
async fn nobody_submits_without_a_good_access_token() {
    let (quire, user) = start().await;
    let long_ago = FakeClock::at(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
    let expired = Tokens::new(&quire.config.tokens, Arc::new(long_ago)).unwrap();
    let expired = expired.issue_access(user.id, Role::User).unwrap().token;
    let (signed, _) = user.token.rsplit_once('.').unwrap();
    let cases = [
        (None, "not_authenticated"),
        (Some(expired), "token_expired"),
        (Some(format!("{signed}.AAAA")), "token_invalid"),
        (Some(forged(&user, &json!({"token_type": "refresh"}))), "token_invalid"),
        (Some(forged(&user, &json!({"aud": "elsewhere"}))), "token_invalid"),
        // What refresh tokens look like.
        (Some("Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyMDE".to_owned()), "token_invalid"),
    ];
    for (token, code) in cases {
        let client = token.map_or(quire.client.clone(), |token| quire.client.with_token(token));
        let call = client.call(Method::POST, "/process/submit").multipart(file("a.txt", TEXT));
        let answer = call.send().await;
        answer.assert_problem(401, code);
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"), "{code}");
    }
    quire.client.with_token(forged(&user, &json!({}))).get("/process/tasks").await.assert_status(200);
    assert_nothing_left(&quire).await;
}
