use chrono::Duration;
use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestGateway};

fn refresh_of(body: &Value) -> &str {
    body["refresh"].as_str().unwrap()
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_a_new_pair() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let pair: Value = gateway.refresh(&ada.refresh).await.expect_status(200).json();
    assert_json_snapshot!(pair, {".access" => "[jwt]", ".refresh" => "[random]"});
    assert_ne!(refresh_of(&pair), ada.refresh);
    let client = gateway.client.with_token(pair["access"].as_str().unwrap());
    client.get("/auth/profile").await.assert_status(200);
    gateway.refresh(refresh_of(&pair)).await.assert_status(200);
}

#[tokio::test]
async fn a_spent_token_ends_its_session_and_no_other() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let other: Value = gateway.log_in("ada", PASSWORD).await.expect_status(200).json();
    let next: Value = gateway.refresh(&ada.refresh).await.expect_status(200).json();
    gateway.refresh(&ada.refresh).await.assert_problem(401, "token_invalid");
    gateway.refresh(refresh_of(&next)).await.assert_problem(401, "token_invalid");
    gateway.refresh(refresh_of(&other)).await.assert_status(200);
    assert_eq!(gateway.audited().await, ["registered", "logged_in", "refresh_token_reused"]);
}

#[tokio::test]
async fn of_two_at_once_exactly_one_wins() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let (one, two) = tokio::join!(gateway.refresh(&ada.refresh), gateway.refresh(&ada.refresh));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn tokens_that_are_not_good_are_all_refused_alike() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let eve = gateway.person("eve").await;
    for nonsense in ["", "nonsense", ada.access.as_str()] {
        gateway.refresh(nonsense).await.assert_problem(401, "token_invalid");
    }
    gateway.database.execute("update users set active = false where username = 'eve'").await;
    gateway.refresh(&eve.refresh).await.assert_problem(401, "token_invalid");
    gateway.clock.advance(Duration::seconds(86_400));
    gateway.refresh(&ada.refresh).await.assert_problem(401, "token_invalid");
    let problem = gateway.client.post("/auth/token/refresh", &json!({})).await;
    problem.assert_problem(422, "validation_failed");
}

#[tokio::test]
async fn signing_out_ends_the_session_of_the_token() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let other: Value = gateway.log_in("ada", PASSWORD).await.expect_status(200).json();
    let answer = ada.client.post("/auth/logout/", &json!({"refresh": ada.refresh})).await;
    assert_json_snapshot!(answer.expect_status(200).json::<Value>());
    gateway.refresh(&ada.refresh).await.assert_problem(401, "token_invalid");
    gateway.refresh(refresh_of(&other)).await.assert_status(200);
    assert_eq!(gateway.audited().await.last().unwrap(), "logged_out");
}

#[tokio::test]
async fn signing_out_without_a_token_ends_all_sessions() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let eve = gateway.person("eve").await;
    let other: Value = gateway.log_in("ada", PASSWORD).await.expect_status(200).json();
    ada.client.call(Method::POST, "/auth/logout").send().await.assert_status(200);
    for ended in [ada.refresh.as_str(), refresh_of(&other)] {
        gateway.refresh(ended).await.assert_problem(401, "token_invalid");
    }
    gateway.refresh(&eve.refresh).await.assert_status(200);
    ada.client.post("/auth/logout", &json!({})).await.assert_status(200);
}

#[tokio::test]
async fn nobody_signs_somebody_else_out() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let eve = gateway.person("eve").await;
    eve.client.post("/auth/logout", &json!({"refresh": ada.refresh})).await.assert_status(200);
    gateway.refresh(&ada.refresh).await.assert_status(200);
    assert_eq!(gateway.audited().await, ["registered", "registered"]);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_not_taken_for_none() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let call = ada.client.call(Method::POST, "/auth/logout").header("content-type", "application/json");
    call.body("{\"refresh\"").send().await.assert_problem(400, "malformed_request");
    gateway.refresh(&ada.refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_token_outlives_its_account_without_harm() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    gateway.database.execute("delete from users").await;
    ada.client.post("/auth/logout", &json!({})).await.assert_status(200);
    gateway.refresh(&ada.refresh).await.assert_problem(401, "token_invalid");
}
