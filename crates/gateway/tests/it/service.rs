use reqwest::Method;
use serde_json::Value;

use crate::harness::TestGateway;

#[tokio::test]
async fn the_description_is_served_and_complete() {
    let gateway = TestGateway::start().await;
    let api: Value = gateway.client.get("/auth/openapi.json").await.expect_status(200).json();
    let mut ids = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        assert!(!path.ends_with('/'), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(operation["summary"].is_string() && operation["description"].is_string(), "{place}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{place}");
            assert!(operation["responses"]["default"].is_object(), "{place}");
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    ids.sort_unstable();
    assert_eq!(
        ids,
        [
            "change_password",
            "delete_profile",
            "get_openapi",
            "get_profile",
            "get_task",
            "list_tasks",
            "login",
            "logout",
            "refresh_token",
            "register",
            "submit_file",
            "update_profile",
            "validate_token",
        ]
    );
}

#[tokio::test]
async fn every_reference_in_the_description_leads_somewhere() {
    let api = serde_json::to_value(quire_gateway::openapi()).unwrap();
    let text = api.to_string();
    let references: Vec<_> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 20);
    for reference in references {
        assert!(api.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let gateway = TestGateway::start().await;
    gateway.client.get("/auth/nonsense").await.assert_problem(404, "not_found");
    let answer = gateway.client.get("/auth/login/").await;
    answer.assert_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
    let answer = gateway.client.call(Method::PUT, "/auth/profile").send().await;
    answer.assert_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn without_the_database_everything_says_so() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    gateway.database.take_away().await;
    let form = serde_json::json!({"refresh": ada.refresh});
    for answer in [
        ada.client.get("/auth/profile").await,
        ada.client.get("/auth/files/tasks").await,
        gateway.client.post("/auth/token/refresh", &form).await,
        gateway.log_in("ada", "whatever").await,
        ada.client.call(Method::POST, "/auth/validate-token").send().await,
    ] {
        answer.assert_problem(503, "database_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    gateway.database.bring_back().await;
    ada.client.get("/auth/profile").await.assert_status(200);
}
