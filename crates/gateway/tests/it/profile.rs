use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestGateway, fields};

#[tokio::test]
async fn the_profile_shows_the_account() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    gateway.database.execute("update users set wallet = 12.5, role = 'staff', api_calls_count = 7").await;
    let profile: Value = ada.client.get("/auth/profile/").await.expect_status(200).json();
    assert_json_snapshot!(profile, {".created_at" => "[time]"});
}

#[tokio::test]
async fn fields_that_are_sent_change_and_the_others_stay() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let change = json!({
        "username": "augusta", "email": "augusta@example.com", "first_name": "Augusta",
        "last_name": "King", "phone": "+44 20 123456", "birthdate": "1990-12-10",
    });
    let profile: Value = ada.client.patch("/auth/profile", &change).await.expect_status(200).json();
    assert_json_snapshot!(profile, {".created_at" => "[time]"});
    let cleared: Value = ada
        .client
        .patch("/auth/profile", &json!({"phone": null, "birthdate": null}))
        .await
        .expect_status(200)
        .json();
    assert_eq!((&cleared["phone"], &cleared["birthdate"]), (&json!(""), &Value::Null));
    assert_eq!(cleared["first_name"], "Augusta");
    gateway.log_in("augusta@example.com", PASSWORD).await.assert_status(200);
    gateway.log_in("ada", PASSWORD).await.assert_status(401);
    assert_eq!(gateway.audited().await[1..3], ["profile_changed", "profile_changed"]);
}

#[tokio::test]
async fn a_change_of_nothing_changes_nothing() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let profile: Value = ada.client.patch("/auth/profile", &json!({})).await.expect_status(200).json();
    assert_eq!(profile["username"], "ada");
    assert_eq!(gateway.audited().await, ["registered"]);
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_and_nothing_is_changed() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let change =
        json!({"first_name": "Eve", "role": "superuser", "wallet": "1000.00", "password": "x", "nick": 1});
    let problem = ada.client.patch("/auth/profile", &change).await.assert_problem(422, "validation_failed");
    assert_eq!(fields(&problem), ["nick", "password", "role", "wallet"]);
    assert_eq!(problem["errors"]["password"][0], "A password is changed with POST /auth/password.");
    let profile: Value = ada.client.get("/auth/profile").await.expect_status(200).json();
    assert_eq!((&profile["first_name"], &profile["role"]), (&json!(""), &json!("user")));
    let problem = ada.client.patch("/auth/profile", &json!(["list"])).await;
    problem.assert_problem(422, "validation_failed");
}

#[tokio::test]
async fn names_of_others_are_taken() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    gateway.person("eve").await;
    let problem = ada.client.patch("/auth/profile", &json!({"username": "EVE"})).await;
    assert_eq!(fields(&problem.assert_problem(409, "username_taken")), ["username"]);
    let problem = ada.client.patch("/auth/profile", &json!({"email": "eve@example.com"})).await;
    assert_eq!(fields(&problem.assert_problem(409, "email_taken")), ["email"]);
    // One's own name in another case is one's own.
    ada.client.patch("/auth/profile", &json!({"username": "Ada"})).await.assert_status(200);
}

#[tokio::test]
async fn an_account_is_deleted_with_all_that_is_its_own() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    gateway.person("eve").await;
    let answer = ada.client.call(Method::DELETE, "/auth/profile/").json(&json!({"password": PASSWORD}));
    let answer = answer.send().await.expect_status(204);
    assert!(answer.body.is_empty());
    ada.client.get("/auth/profile").await.assert_problem(401, "token_invalid");
    gateway.refresh(&ada.refresh).await.assert_problem(401, "token_invalid");
    gateway.log_in("ada", PASSWORD).await.assert_problem(401, "invalid_credentials");
    let left: Vec<Value> = gateway.database.query_all("select username from users").await;
    assert_eq!(left, [json!({"username": "eve"})]);
    assert!(gateway.audited().await.contains(&"account_deleted".to_owned()));
}

#[tokio::test]
async fn deleting_wants_the_password_and_is_throttled() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let problem = ada.client.delete("/auth/profile").await.assert_problem(422, "validation_failed");
    assert_eq!(fields(&problem), ["password"]);
    let delete = |password: &str| {
        let form = json!({"password": password});
        ada.client.call(Method::DELETE, "/auth/profile").json(&form).send()
    };
    for _ in 0..3 {
        let problem = delete("wrong").await.assert_problem(422, "validation_failed");
        assert_eq!(fields(&problem), ["password"]);
    }
    delete(PASSWORD).await.assert_problem(429, "login_throttled");
    ada.client.get("/auth/profile").await.assert_status(200);
}

#[tokio::test]
async fn an_account_that_is_not_active_has_no_profile() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    gateway.database.execute("update users set active = false").await;
    ada.client.get("/auth/profile").await.assert_problem(401, "token_invalid");
    ada.client.patch("/auth/profile", &json!({"phone": null})).await.assert_problem(401, "token_invalid");
    let delete = ada.client.call(Method::DELETE, "/auth/profile").json(&json!({"password": PASSWORD}));
    delete.send().await.assert_problem(401, "token_invalid");
}
