//! Who may call what: every operation of the description is in one of the two lists.

use chrono::Duration;
use quire_domain::{UserId, clock::FakeClock, user::Role};
use reqwest::Method;
use serde_json::Value;

use crate::harness::{TestGateway, now, tokens, tokens_at};

/// Operations that need no token. Each is here on purpose.
const OPEN: [&str; 5] = [
    "get_openapi",
    "login",
    "refresh_token",
    "register",
    // Answers 401 itself, in a shape of its own: see `validate_token.rs`.
    "validate_token",
];

/// Operations that answer 401 without a good token.
const SIGNED_IN: [&str; 8] = [
    "change_password",
    "delete_profile",
    "get_profile",
    "get_task",
    "list_tasks",
    "logout",
    "submit_file",
    "update_profile",
];

struct Operation {
    id: String,
    method: Method,
    path: String,
    open: bool,
}

fn operations() -> Vec<Operation> {
    let api = serde_json::to_value(quire_gateway::openapi()).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(|(method, operation)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: path.replace("{id}", "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
            open: is_open(operation),
        })
    });
    operations.collect()
}

fn is_open(operation: &Value) -> bool {
    let requirements = operation["security"].as_array();
    requirements.is_some_and(|all| all.iter().any(|one| one.as_object().unwrap().is_empty()))
}

#[test]
fn every_operation_is_in_one_of_the_lists() {
    let operations = operations();
    let names = |open: bool| {
        let mut names: Vec<_> = operations.iter().filter(|o| o.open == open).map(|o| o.id.as_str()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(true), OPEN);
    assert_eq!(names(false), SIGNED_IN);
}

#[tokio::test]
async fn no_operation_answers_without_a_good_token() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let user = UserId(ada.id);
    let expired = tokens_at(now() - Duration::hours(1)).issue_access(user, Role::User).unwrap();
    let foreign = tokens("the secret of somebody else, as long", FakeClock::at(now()));
    let foreign = foreign.issue_access(user, Role::Superuser).unwrap();
    let mut tampered = ada.access.clone();
    tampered.replace_range(tampered.len() - 5.., "AAAAA");
    let cases = [
        (None, "not_authenticated"),
        (Some("Basic YWRhOnBhc3N3b3Jk".to_owned()), "not_authenticated"),
        (Some("Bearer".to_owned()), "not_authenticated"),
        (Some("Bearer nonsense".to_owned()), "token_invalid"),
        (Some(format!("Bearer {}", ada.refresh)), "token_invalid"),
        (Some(format!("Bearer {tampered}")), "token_invalid"),
        (Some(format!("Bearer {}", foreign.token)), "token_invalid"),
        (Some(format!("Bearer {}", expired.token)), "token_expired"),
    ];
    for operation in operations().into_iter().filter(|operation| !operation.open) {
        for (authorization, code) in &cases {
            let mut call = gateway.client.call(operation.method.clone(), &operation.path);
            if let Some(authorization) = authorization {
                call = call.header("authorization", authorization);
            }
            let answer = call.send().await;
            answer.assert_problem(401, code);
            assert!(answer.header("www-authenticate").is_some(), "{}", operation.id);
        }
    }
    let used: i64 = gateway.database.query_one("select api_calls_count from users").await;
    assert_eq!(used, 0);
}
