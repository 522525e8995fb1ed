//! `DELETE /documents/{id}` and `POST /documents/bulk-delete`.

use std::sync::Arc;

use diesel_async::SimpleAsyncConnection;
use quire_domain::user::Role;
use quire_testkit::{Answer, wait_until};
use serde_json::{Value, json};

use super::insert;
use crate::{
    engines::EndlessEngine,
    support::{Quire, Setup, TEXT, User},
};

async fn delete(user: &User, id: &str) -> Answer {
    user.client.delete(&format!("/documents/{id}")).await
}

/// The same user as staff.
fn promoted(quire: &Quire, user: &User, role: Role) -> User {
    let token = quire.surroundings.tokens.issue_access(user.id, role).unwrap().token;
    User { id: user.id, client: quire.client.with_token(&token), token }
}

#[tokio::test]
async fn a_document_goes_with_all_it_has() {
    let quire = Setup::new().await.worker().start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let submitted = ada.submit_text().await;
    ada.ended(&submitted.task).await;
    delete(&bob, &submitted.document).await.assert_problem(404, "not_found");
    let removed: Value = delete(&ada, &submitted.document).await.expect_status(200).json();
    assert_eq!(removed, json!({"documents": 1, "tasks": 1, "pages": 1, "blobs": 1, "bytes": TEXT.len()}));
    assert!(quire.files().is_empty());
    assert_eq!(quire.count("blob_deletions").await, 0);
    delete(&ada, &submitted.document).await.assert_problem(404, "not_found");
    ada.client.get(&format!("/process/tasks/{}", submitted.task)).await.assert_problem(404, "not_found");
    ada.client.get(&format!("/files/{}/download", submitted.document)).await.assert_problem(404, "not_found");
    delete(&ada, "7").await.assert_problem(404, "not_found");
    let path = format!("/documents/{}?parts=maybe", submitted.document);
    let problem = ada.client.delete(&path).await.assert_problem(422, "validation_failed");
    assert!(problem["errors"]["parts"].is_array());
}

#[tokio::test]
async fn shared_bytes_stay_for_who_is_left() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let (first, second) = (user.submit_text().await, user.submit_text().await);
    quire
        .database
        .execute("update documents set storage_key = (select min(storage_key) from documents)")
        .await;
    let removed: Value = delete(&user, &first.document).await.expect_status(200).json();
    assert_eq!(
        (&removed["documents"], &removed["blobs"], &removed["bytes"]),
        (&json!(1), &json!(0), &json!(0))
    );
    let path = format!("/files/{}/download", second.document);
    assert_eq!(user.client.get(&path).await.expect_status(200).text(), TEXT);
    let removed: Value = delete(&user, &second.document).await.expect_status(200).json();
    assert_eq!(removed["bytes"], TEXT.len());
}

#[tokio::test]
async fn a_task_that_is_being_worked_on_ends() {
    let engine = Arc::new(EndlessEngine::default());
    let quire = Setup::new().await.set("WORKER_LEASE", 3600).engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_text().await;
    engine.begun().await;
    let removed: Value = delete(&user, &submitted.document).await.expect_status(200).json();
    assert_eq!(removed["tasks"], 1);
    // The lease is long: only the deletion can have told the worker.
    wait_until("the work is dropped", || async { engine.was_dropped() }).await;
    assert!(quire.files().is_empty());
}

/// The parts are in storage, and the whole goes before they are documents.
#[tokio::test]
async fn a_split_leaves_nothing_of_a_deleted_document() {
    let quire = Setup::new().await.configured_engines().start().await;
    let user = quire.user("ada").await;
    quire
        .database
        .execute(
            "create function wait() returns trigger language plpgsql as
                 $$ begin perform pg_advisory_xact_lock(1); return new; end $$;
             create trigger wait before insert on documents
                 for each row when (new.parent_id is not null) execute function wait()",
        )
        .await;
    let mut gate = quire.database.pool().dedicated().await.unwrap();
    gate.batch_execute("select pg_advisory_lock(1)").await.unwrap();
    let submitted = user.submit_fixture("pdf/pdflatex-4-pages.pdf").await;
    user.act(&submitted.task, "cancel").await.assert_status(202);
    user.order(&submitted.document, "split_pdf", json!({"every": 1})).await.assert_status(202);
    let worker = quire.start_worker();
    let waiting = "pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())";
    wait_until("the parts are to be stored", || async { quire.count(waiting).await == 1 }).await;
    assert_eq!(quire.files().len(), 5);
    delete(&user, &submitted.document).await.assert_status(200);
    gate.batch_execute("select pg_advisory_unlock(1)").await.unwrap();
    quire.wait_until_no_files().await;
    assert_eq!(quire.count("documents").await, 0);
    assert_eq!(quire.count("blob_deletions").await, 0);
    worker.stop().await;
}

#[tokio::test]
async fn parts_go_along_when_that_is_wanted() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    for (query, left) in [("", 2), ("?parts=false", 4), ("?parts=true", 4)] {
        let submitted = user.submit_fixture("pdf/pdflatex-4-pages.pdf").await;
        user.ended(&submitted.task).await;
        let task: Value = user.order(&submitted.document, "split_pdf", json!({"every": 2})).await.json();
        assert_eq!(user.ended(task["id"].as_str().unwrap()).await["status"], "completed");
        let path = format!("/documents/{}{query}", submitted.document);
        let removed: Value = user.client.delete(&path).await.expect_status(200).json();
        let documents = if query == "?parts=true" { 3 } else { 1 };
        assert_eq!(removed["documents"], documents, "{query}: {removed}");
        assert_eq!(quire.count("documents").await, left, "{query}");
        assert_eq!(quire.files().len(), left as usize, "{query}");
    }
}

#[tokio::test]
async fn many_go_at_once() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let (one, two) = (ada.submit_text().await, ada.submit_text().await);
    let foreign = bob.submit_text().await;
    let nowhere = "01900000-0000-7000-8000-000000000001";
    let body =
        json!({"ids": [one.document, two.document, one.document, foreign.document, nowhere], "parts": true});
    let removed: Value = ada.client.post("/documents/bulk-delete", &body).await.expect_status(200).json();
    assert_eq!((&removed["documents"], &removed["tasks"]), (&json!(2), &json!(2)));
    assert_eq!(removed["not_found"], json!([foreign.document, nowhere]));
    assert_eq!(quire.count("documents").await, 1);
    let removed: Value = ada.client.post("/documents/bulk-delete", &json!({"ids": []})).await.json();
    assert_eq!(
        removed,
        json!({"documents": 0, "tasks": 0, "pages": 0, "blobs": 0, "bytes": 0, "not_found": []})
    );
    for (body, field) in [
        (json!({}), "ids"),
        (json!({"ids": ["7"]}), "ids[0]"),
        (json!({"ids": vec![nowhere; 1_001]}), "ids"),
        (json!({"ids": [], "all": true}), "all"),
    ] {
        let problem = ada.client.post("/documents/bulk-delete", &body).await;
        let problem = problem.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{problem}");
    }
    ada.client.post("/documents/bulk-delete", &json!({"ids": vec![nowhere; 1_000]})).await.assert_status(200);
}

#[tokio::test]
async fn staff_delete_what_is_in_quarantine_and_nothing_else() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let locked = [("status", "'QUARANTINED'")];
    for (number, role) in [(1, Role::Staff), (2, Role::Superuser)] {
        let (quarantined, sound) =
            (insert(&quire, &ada, number, &locked).await, insert(&quire, &ada, number + 10, &[]).await);
        delete(&bob, &quarantined).await.assert_problem(404, "not_found");
        let staff = promoted(&quire, &bob, role);
        delete(&staff, &sound).await.assert_problem(404, "not_found");
        delete(&staff, &quarantined).await.assert_status(200);
    }
    let log: Vec<Value> =
        quire.database.query_all("select actor_id, subject_id, action from audit_log").await;
    let entry =
        json!({"actor_id": bob.id.0, "subject_id": ada.id.0, "action": "quarantined_document_deleted"});
    assert_eq!(log, [entry.clone(), entry]);
    // One's own need no staff.
    let own = insert(&quire, &ada, 3, &locked).await;
    delete(&ada, &own).await.assert_status(200);
}

#[tokio::test]
async fn bytes_that_cannot_be_deleted_now_are_deleted_later() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    // No key that storage would accept.
    let id = insert(&quire, &user, 1, &[("storage_key", "'../outside'")]).await;
    let removed: Value = delete(&user, &id).await.expect_status(200).json();
    assert_eq!(removed["blobs"], 1);
    assert_eq!(quire.count("blob_deletions").await, 1);
}

#[tokio::test]
async fn without_the_database_nothing_is_deleted() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_text().await;
    quire.database.take_away().await;
    delete(&user, &submitted.document).await.assert_problem(503, "database_unavailable");
    user.client.get("/documents").await.assert_problem(503, "database_unavailable");
    quire.bring_back_database().await;
    assert_eq!(quire.files().len(), 1);
    delete(&user, &submitted.document).await.assert_status(200);
}
