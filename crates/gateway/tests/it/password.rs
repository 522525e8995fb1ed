use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestGateway, fields};

const NEW: &str = "staple battery horse";

#[tokio::test]
async fn a_change_ends_all_other_sessions() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let other: Value = gateway.log_in("ada", PASSWORD).await.expect_status(200).json();
    let form = json!({"current_password": PASSWORD, "new_password": NEW, "new_password2": NEW});
    let body: Value = ada.client.post("/auth/password/", &form).await.expect_status(200).json();
    assert_json_snapshot!(body, {".access" => "[jwt]", ".refresh" => "[random]"});
    for ended in [ada.refresh.as_str(), other["refresh"].as_str().unwrap()] {
        gateway.refresh(ended).await.assert_problem(401, "token_invalid");
    }
    gateway.refresh(body["refresh"].as_str().unwrap()).await.assert_status(200);
    gateway.log_in("ada", PASSWORD).await.assert_problem(401, "invalid_credentials");
    gateway.log_in("ada", NEW).await.assert_status(200);
    assert!(gateway.audited().await.contains(&"password_changed".to_owned()));
}

#[tokio::test]
async fn the_older_name_of_the_field_is_understood() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let form = json!({"old_password": PASSWORD, "new_password": NEW});
    ada.client.post("/auth/password", &form).await.assert_status(200);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_nothing_is_changed() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    for (form, wrong) in [
        (json!({}), vec!["current_password", "new_password"]),
        (json!({"current_password": PASSWORD, "new_password": "short"}), vec!["new_password"]),
        (json!({"current_password": PASSWORD, "new_password": "ada@example.com"}), vec!["new_password"]),
        (
            json!({"current_password": PASSWORD, "new_password": NEW, "new_password2": "other"}),
            vec!["new_password2"],
        ),
        (json!({"current_password": "wrong", "new_password": NEW}), vec!["current_password"]),
    ] {
        let problem = ada.client.post("/auth/password", &form).await.assert_problem(422, "validation_failed");
        assert_eq!(fields(&problem), wrong);
    }
    gateway.log_in("ada", PASSWORD).await.assert_status(200);
    gateway.refresh(&ada.refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_stolen_token_is_no_way_to_guess() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let guess = json!({"current_password": "wrong", "new_password": NEW});
    for _ in 0..3 {
        ada.client.post("/auth/password", &guess).await.assert_status(422);
    }
    let problem = ada.client.post("/auth/password", &guess).await;
    problem.assert_problem(429, "login_throttled");
    assert_eq!(problem.header("retry-after"), Some("900"));
    gateway.log_in("ada", PASSWORD).await.assert_problem(429, "login_throttled");
}
