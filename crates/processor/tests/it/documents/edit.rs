//! `PATCH /documents/{id}`.

use quire_testkit::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use super::insert;
use crate::support::{Setup, User};

async fn change(user: &User, id: &str, body: Value) -> Answer {
    user.client.patch(&format!("/documents/{id}"), &body).await
}

#[tokio::test]
async fn fields_that_are_given_change_and_the_others_stay() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let id = insert(&quire, &user, 1, &[("description", "'old'")]).await;
    for (body, field, wanted) in [
        (json!({"kind": "lebenslauf"}), "kind", json!("cv")),
        (json!({"kind": "invoice"}), "kind", json!("invoice")),
        (json!({"kind": null}), "kind", json!("other")),
        (json!({"filename": "../../a/Zeugnis\u{202e}.pdf"}), "filename", json!("Zeugnis.pdf")),
        (
            json!({"filename": format!("{}.pdf", "ü".repeat(2_000))}),
            "filename",
            json!(format!("{}.pdf", "ü".repeat(125))),
        ),
        (json!({"folder": " /Bills/2026/ "}), "folder", json!("Bills/2026")),
        (json!({"folder": null}), "folder", json!("")),
        (json!({"description": "two\nlines 😀"}), "description", json!("two\nlines 😀")),
        (json!({"tags": ["a", " b ", "a", ""]}), "tags", json!(["a", "b"])),
        (json!({"tags": null}), "tags", json!([])),
    ] {
        let document: Value = change(&user, &id, body.clone()).await.expect_status(200).json();
        assert_eq!(document[field], wanted, "{body}");
        let read: Value = user.client.get(&format!("/documents/{id}")).await.json();
        assert_eq!(read, document);
    }
    let document: Value = change(&user, &id, json!({})).await.expect_status(200).json();
    assert_eq!(document["description"], "two\nlines 😀");
}

#[tokio::test]
async fn wrong_fields_are_told_all_at_once() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let id = insert(&quire, &ada, 1, &[]).await;
    let body = json!({
        "kind": "poem", "filename": " /.. ", "folder": "a\nb", "description": "x".repeat(4_001), "tags": ["a\u{0}b"],
    });
    let problem = change(&ada, &id, body).await.assert_problem(422, "validation_failed");
    let fields: Vec<_> = problem["errors"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["description", "filename", "folder", "kind", "tags"]);
    for (body, field) in [
        (json!({"size": 7}), "size"),
        (json!({"status": "COMPLETED"}), "status"),
        (json!({"filename": null}), "filename"),
        (json!({"filename": 7}), "filename"),
        (json!({"tags": "a"}), "tags"),
        (json!({"tags": [1]}), "tags[0]"),
        (json!({"tags": (0..51).map(|n| n.to_string()).collect::<Vec<_>>()}), "tags"),
    ] {
        let problem = change(&ada, &id, body.clone()).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{body}: {problem}");
    }
    change(&ada, &id, json!("tags")).await.assert_problem(422, "validation_failed");
    let call = ada.client.call(Method::PATCH, &format!("/documents/{id}"));
    let broken = call.header("content-type", "application/json").body("{").send().await;
    broken.assert_problem(400, "malformed_request");
    change(&bob, &id, json!({"folder": "mine"})).await.assert_problem(404, "not_found");
    change(&ada, "7", json!({})).await.assert_problem(404, "not_found");
    let document: Value = ada.client.get(&format!("/documents/{id}")).await.json();
    assert_eq!((&document["folder"], &document["filename"]), (&json!(""), &json!("report.pdf")));
}
