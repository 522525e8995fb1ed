use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestGateway, fields};

#[tokio::test]
async fn an_account_is_made_and_signed_in() {
    let gateway = TestGateway::start().await;
    let form = json!({
        "username": " Ada ", "email": "Ada@example.com", "password": PASSWORD, "password2": PASSWORD,
        "first_name": "Ada", "last_name": "Lovelace", "phone": "+44 20 123456", "birthdate": "1990-12-10",
    });
    let answer = gateway.client.post("/auth/register/", &form).await.expect_status(201);
    let body: Value = answer.json();
    assert_json_snapshot!(body, {
        ".access" => "[jwt]", ".refresh" => "[random]", ".user.created_at" => "[time]",
    });
    let client = gateway.client.with_token(body["access"].as_str().unwrap());
    let profile: Value = client.get("/auth/profile").await.expect_status(200).json();
    assert_eq!(profile, body["user"]);
    assert_eq!(gateway.audited().await, ["registered"]);
}

#[tokio::test]
async fn a_password_is_stored_as_an_argon2id_hash_and_a_refresh_token_as_its_hash() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let stored: String = gateway.database.query_one("select password_hash from users").await;
    assert!(stored.starts_with("$argon2id$v=19$"), "{stored}");
    let hash: String =
        gateway.database.query_one("select encode(token_hash, 'escape') from refresh_tokens").await;
    assert!(!hash.contains(&ada.refresh));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let gateway = TestGateway::start().await;
    let form = json!({
        "username": "a", "email": "nobody", "password": "short", "password2": "other",
        "first_name": "a\nb", "phone": "call me", "birthdate": "soon",
    });
    let problem = gateway.client.post("/auth/register", &form).await.assert_problem(422, "validation_failed");
    assert_eq!(
        fields(&problem),
        ["birthdate", "email", "first_name", "password", "password2", "phone", "username"]
    );
    let problem =
        gateway.client.post("/auth/register", &json!({})).await.assert_problem(422, "validation_failed");
    assert_eq!(fields(&problem), ["email", "password", "username"]);
    let problem = gateway
        .client
        .post("/auth/register", &json!({"username": 5}))
        .await
        .assert_problem(422, "validation_failed");
    assert_eq!(fields(&problem), ["username"]);
    let users: i64 = gateway.database.query_one("select count(*) from users").await;
    assert_eq!(users, 0);
}

#[tokio::test]
async fn names_belong_to_one_account_whatever_their_case() {
    let gateway = TestGateway::start().await;
    gateway.person("ada").await;
    let register = |username: &str, email: &str| {
        let form = json!({"username": username, "email": email, "password": PASSWORD});
        let client = gateway.client.clone();
        async move { client.post("/auth/register", &form).await }
    };
    let problem = register("ADA", "other@example.com").await.assert_problem(409, "username_taken");
    assert_eq!(fields(&problem), ["username"]);
    let problem = register("other", "Ada@Example.com").await.assert_problem(409, "email_taken");
    assert_eq!(fields(&problem), ["email"]);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed() {
    let gateway = TestGateway::start().await;
    let call = || gateway.client.call(reqwest::Method::POST, "/auth/register");
    let answer = call().header("content-type", "application/json").body("{\"username\":").send().await;
    answer.assert_problem(400, "malformed_request");
    let answer = call().header("content-type", "text/plain").body("hello").send().await;
    answer.assert_problem(415, "unsupported_media_type");
}
