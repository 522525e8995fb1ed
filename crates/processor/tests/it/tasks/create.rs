//! More tasks for a document that is there already.

use quire_domain::DocumentId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Setup, Submitted};

#[tokio::test]
async fn a_stored_document_gets_another_task() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let Submitted { task, document } = user.submit_text().await;
    let body = json!({"document_id": document, "task_type": "qa", "params": {"question": "Why?"}});
    let answer = user.client.post("/process/tasks", &body).await.expect_status(202);
    let created: Value = answer.json();
    assert_ne!(created["id"], task);
    let location = format!("/process/tasks/{}", created["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(location.as_str()));
    for (name, value) in [
        ("document_id", json!(document)),
        ("filename", json!("notes.txt")),
        ("task_type", json!("qa")),
        ("params", json!({"question": "Why?"})),
        ("status", json!("pending")),
        ("attempt", json!(0)),
    ] {
        assert_eq!(created[name], value, "{name}");
    }
    assert_eq!(quire.events(created["id"].as_str().unwrap()).await, ["task_queued"]);
    assert_eq!((quire.count("documents").await, quire.count("tasks").await), (1, 2));
}

#[tokio::test]
async fn foreign_and_unknown_documents_are_not_found() {
    let quire = Setup::new().await.start().await;
    let (ada, eve) = (quire.user("ada").await, quire.user("eve").await);
    let Submitted { document, .. } = ada.submit_text().await;
    let unknown = DocumentId::new(quire.surroundings.clock.now()).to_string();
    for document in [&document, &unknown] {
        eve.create_task(document).await.assert_problem(404, "not_found");
    }
    assert_eq!(quire.count("tasks").await, 1);
}

#[tokio::test]
async fn wrong_bodies_are_refused() {
    let quire = Setup::new().await.configured_engines().start().await;
    let user = quire.user("ada").await;
    let document = user.submit_text().await.document;
    for (body, field) in [
        (json!({}), "document_id"),
        (json!({"document_id": "7"}), "document_id"),
        (json!({"document_id": document, "task_typ": "qa"}), "task_typ"),
        (json!({"document_id": document, "task_type": "paint"}), "task_type"),
        (json!({"document_id": document, "params": []}), "params"),
        (json!({"document_id": document, "params": {"strange": 1}}), "params.strange"),
    ] {
        let problem =
            user.client.post("/process/tasks", &body).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{field}: {problem}");
    }
    let body =
        json!({"document_id": document, "task_type": "translate", "params": {"target_language": "de"}});
    user.client.post("/process/tasks", &body).await.assert_problem(422, "task_type_unavailable");
    let call = user.client.call(Method::POST, "/process/tasks").header("content-type", "application/json");
    call.body("{").send().await.assert_problem(400, "malformed_request");
    assert_eq!(quire.count("tasks").await, 1);
}

#[tokio::test]
async fn a_repeated_request_makes_nothing_new() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let document = user.submit_text().await.document;
    let create = async || {
        let call = user.client.call(Method::POST, "/process/tasks").header("idempotency-key", "again");
        let answer = call.json(&json!({"document_id": document})).send().await.expect_status(202);
        answer.json::<Value>()["id"].clone()
    };
    assert_eq!(create().await, create().await);
    assert_eq!(quire.count("tasks").await, 2);
}

#[tokio::test]
async fn ids_that_are_none_are_not_found() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for id in ["7", "not-an-id", &Uuid::nil().to_string(), "%00", "..%2F1"] {
        user.client.get(&format!("/process/tasks/{id}")).await.assert_problem(404, "not_found");
        user.act(id, "cancel").await.assert_problem(404, "not_found");
        user.act(id, "retry").await.assert_problem(404, "not_found");
    }
}
