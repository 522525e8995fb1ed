use chrono::Duration;
use insta::assert_json_snapshot;
use quire_testkit::Answer;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestGateway, fields};

/// What a client can see of an answer, without what differs between any two.
fn seen(answer: &Answer) -> (u16, Value) {
    let mut body: Value = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    (answer.status.as_u16(), body)
}

#[tokio::test]
async fn by_user_name_or_address_under_any_of_three_fields() {
    let gateway = TestGateway::start().await;
    gateway.person("ada").await;
    for form in [
        json!({"username": "ada", "password": PASSWORD}),
        json!({"email": "ADA@example.com", "password": PASSWORD}),
        json!({"username_or_email": "Ada", "password": PASSWORD}),
        json!({"username_or_email": " ada@example.com ", "password": PASSWORD}),
    ] {
        gateway.client.post("/auth/login/", &form).await.assert_status(200);
    }
    let body: Value = gateway.log_in("ada", PASSWORD).await.expect_status(200).json();
    assert_json_snapshot!(body, {
        ".access" => "[jwt]", ".refresh" => "[random]", ".user.created_at" => "[time]",
    });
    let at: String = gateway.database.query_one("select last_login_at from users").await;
    assert!(at.starts_with("2026-01-15T12:00:00"), "{at}");
    assert_eq!(gateway.audited().await[0..2], ["registered", "logged_in"]);
}

#[tokio::test]
async fn unknown_wrong_and_inactive_are_told_apart_by_nothing() {
    let gateway = TestGateway::with(|config| config.throttle.max_failures_per_address = 100).await;
    for name in ["ada", "eve"] {
        gateway.person(name).await;
    }
    gateway.database.execute("update users set active = false where username = 'eve'").await;
    let before = gateway.gateway.passwords().verifications();
    let wrong = gateway.log_in("ada", "wrong horse battery").await;
    wrong.assert_problem(401, "invalid_credentials");
    let long = "x".repeat(300);
    let others = [
        gateway.log_in("nobody", PASSWORD).await,
        gateway.log_in("eve", PASSWORD).await,
        gateway.log_in("nul\0byte", PASSWORD).await,
        gateway.log_in(&long, PASSWORD).await,
    ];
    for answer in &others {
        assert_eq!(seen(answer), seen(&wrong));
    }
    // As many verifications as tries: each did the same work.
    assert_eq!(gateway.gateway.passwords().verifications(), before + 5);
}

#[tokio::test]
async fn missing_fields_are_told_at_once() {
    let gateway = TestGateway::start().await;
    let problem =
        gateway.client.post("/auth/login", &json!({})).await.assert_problem(422, "validation_failed");
    assert_eq!(fields(&problem), ["password", "username_or_email"]);
}

#[tokio::test]
async fn an_account_is_throttled_until_the_window_ends() {
    let gateway = TestGateway::start().await;
    gateway.person("ada").await;
    for _ in 0..3 {
        gateway.log_in("ada", "wrong").await.assert_problem(401, "invalid_credentials");
    }
    let verifications = gateway.gateway.passwords().verifications();
    gateway.clock.advance(Duration::seconds(600));
    // The address of the account counts for the same account as its name.
    let form = json!({"email": "ada@example.com", "password": PASSWORD});
    let throttled = gateway.client.post("/auth/login", &form).await;
    throttled.assert_problem(429, "login_throttled");
    assert_eq!(throttled.header("retry-after"), Some("300"));
    assert_eq!(gateway.gateway.passwords().verifications(), verifications);

    gateway.clock.advance(Duration::seconds(300));
    gateway.log_in("ada", PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn a_name_that_nobody_has_is_throttled_like_an_account() {
    let gateway = TestGateway::start().await;
    for _ in 0..3 {
        gateway.log_in("nobody", "wrong").await.assert_problem(401, "invalid_credentials");
    }
    gateway.log_in("Nobody", "wrong").await.assert_problem(429, "login_throttled");
}

#[tokio::test]
async fn an_address_is_throttled_over_all_accounts() {
    let gateway = TestGateway::start().await;
    gateway.person("ada").await;
    let log_in = |name: String, address: &'static str| {
        let form = json!({"username": name, "password": PASSWORD});
        let call = gateway.client.call(reqwest::Method::POST, "/auth/login").json(&form);
        call.header("x-forwarded-for", address).send()
    };
    for n in 0..5 {
        log_in(format!("nobody-{n}"), "203.0.113.5").await.assert_problem(401, "invalid_credentials");
    }
    log_in("ada".to_owned(), "203.0.113.5").await.assert_problem(429, "login_throttled");
    log_in("ada".to_owned(), "203.0.113.6").await.assert_status(200);
}

#[tokio::test]
async fn success_forgives_the_account_and_takes_itself_back_from_the_address() {
    let gateway = TestGateway::start().await;
    gateway.person("ada").await;
    for _ in 0..2 {
        for _ in 0..2 {
            gateway.log_in("ada", "wrong").await.assert_problem(401, "invalid_credentials");
        }
        for _ in 0..4 {
            gateway.log_in("ada", PASSWORD).await.assert_status(200);
        }
    }
    // Four failures of five from this address, and none of the account's.
    gateway.log_in("ada", "wrong").await.assert_problem(401, "invalid_credentials");
    gateway.log_in("ada", PASSWORD).await.assert_problem(429, "login_throttled");
}

#[tokio::test]
async fn tries_at_the_same_moment_do_not_slip_through() {
    let gateway = TestGateway::start().await;
    gateway.person("ada").await;
    let tries = (0..8).map(|_| gateway.log_in("ada", "wrong"));
    let answers = futures_util::future::join_all(tries).await;
    let let_through = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(let_through, 3);
}

#[tokio::test]
async fn the_table_of_limits_holds_no_names() {
    let gateway = TestGateway::start().await;
    gateway.log_in("nobody", "wrong").await.assert_status(401);
    let keys: Vec<Value> = gateway.database.query_all("select key from rate_windows").await;
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|row| !row.to_string().contains("nobody") && !row.to_string().contains("127.")));
}
