use chrono::Duration;
use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::TestGateway;

const PATH: &str = "/auth/validate-token/";

#[tokio::test]
async fn a_good_token_is_told_whose_it_is() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let in_body = gateway.client.post(PATH, &json!({"token": ada.access})).await.expect_status(200);
    assert_json_snapshot!(in_body.json::<Value>());
    let as_bearer = ada.client.call(Method::POST, PATH).send().await.expect_status(200);
    assert_eq!(as_bearer.body, in_body.body);
    assert_eq!(in_body.json::<Value>()["user_id"], ada.id);
}

#[tokio::test]
async fn a_token_that_is_not_good_is_told_so_in_the_agreed_shape() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let eve = gateway.person("eve").await;
    gateway.database.execute("update users set active = false where username = 'eve'").await;
    let none = gateway.client.call(Method::POST, PATH).send().await;
    let mut answers = vec![
        none,
        gateway.client.post(PATH, &json!({})).await,
        gateway.client.post(PATH, &json!({"token": "nonsense"})).await,
        gateway.client.post(PATH, &json!({"token": ada.refresh})).await,
        gateway.client.post(PATH, &json!({"token": eve.access})).await,
    ];
    gateway.clock.advance(Duration::hours(1));
    answers.push(gateway.client.post(PATH, &json!({"token": ada.access})).await);
    let mut seen = Vec::new();
    for answer in answers {
        assert_eq!(answer.header("content-type"), Some("application/json"));
        seen.push(answer.expect_status(401).json::<Value>());
    }
    assert_json_snapshot!(seen);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_problem() {
    let gateway = TestGateway::start().await;
    let call = gateway.client.call(Method::POST, PATH).header("content-type", "application/json");
    call.body("nonsense").send().await.assert_problem(400, "malformed_request");
}
