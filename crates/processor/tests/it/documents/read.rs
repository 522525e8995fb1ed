//! `GET /documents/{id}`.

use serde_json::{Value, json};

use super::insert;
use crate::support::Setup;

#[tokio::test]
async fn a_document_says_what_is_known_of_it() {
    let quire = Setup::new().await.worker().start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let submitted = ada.submit_fixture("pdf/pdflatex-4-pages.pdf").await;
    ada.wait_for(&submitted.task, "completed").await;
    let path = format!("/documents/{}", submitted.document);
    let document: Value = ada.client.get(&path).await.expect_status(200).json();
    for (name, wanted) in [
        ("id", json!(submitted.document)),
        ("filename", json!("pdflatex-4-pages.pdf")),
        ("content_type", json!("application/pdf")),
        ("media_type", json!("application/pdf")),
        ("declared_type", json!(null)),
        ("status", json!("COMPLETED")),
        ("kind", json!("other")),
        ("folder", json!("")),
        ("description", json!("")),
        ("tags", json!([])),
        ("pages", json!(4)),
        ("parent_id", json!(null)),
        ("parent_pages", json!(null)),
        ("last_error", json!(null)),
        ("error_code", json!(null)),
    ] {
        assert_eq!(document[name], wanted, "{name}");
    }
    assert_eq!(document["metadata"]["pages"], 4);
    assert_eq!(document["language"], document["metadata"]["language"]);
    assert_eq!(document["sha256"].as_str().unwrap().len(), 64);
    assert!(document["s3_key"].as_str().unwrap().starts_with(&format!("uploads/user-{}/", ada.id)));
    assert!(document["created_at"].as_str() < document["updated_at"].as_str());
    assert!(document.get("matches").is_none());
    bob.client.get(&path).await.assert_problem(404, "not_found");
    for nothing in ["/documents/7", "/documents/01900000-0000-7000-8000-000000000001"] {
        ada.client.get(nothing).await.assert_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_document_is_there_in_every_state() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let announced = [("status", "'INITIATED'"), ("sha256", "null"), ("size", "0")];
    let locked = [("status", "'QUARANTINED'"), ("last_error", "'A virus.'"), ("error_code", "'virus_found'")];
    for (number, columns) in [(1, &announced[..]), (2, &locked)] {
        let id = insert(&quire, &user, number, columns).await;
        let document: Value = user.client.get(&format!("/documents/{id}")).await.expect_status(200).json();
        assert_eq!(document["status"], columns[0].1.trim_matches('\''));
        assert_eq!(document["sha256"].is_null(), number == 1);
        assert_eq!(document["last_error"].is_string(), number == 2);
    }
}

#[tokio::test]
async fn a_part_knows_its_whole() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let whole = user.submit_fixture("pdf/pdflatex-4-pages.pdf").await;
    user.ended(&whole.task).await;
    let task: Value = user.order(&whole.document, "split_pdf", json!({"ranges": "3-4"})).await.json();
    let task = user.ended(task["id"].as_str().unwrap()).await;
    let part = task["output"]["data"]["parts"][0]["document_id"].as_str().unwrap();
    let part: Value = user.client.get(&format!("/documents/{part}")).await.expect_status(200).json();
    assert_eq!((&part["parent_id"], &part["parent_pages"]), (&json!(whole.document), &json!([3, 4])));
    assert_eq!((&part["pages"], &part["tags"]), (&json!(2), &json!(["split"])));
}
