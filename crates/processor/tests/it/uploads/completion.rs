//! The last byte makes a document, once, whatever happens in that moment.

use serde_json::{Value, json};

use super::{assert_became, assert_nothing_left, create, head, lines, metadata, patch, sha256};
use crate::support::{Quire, Setup, User};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.configured_engines().start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

/// Sends a file in one piece; gives the answer.
async fn send(user: &User, bytes: &[u8], said: &str) -> quire_testkit::Answer {
    let upload = create(user, bytes.len(), said).await;
    patch(&user.client, &upload, 0, bytes).await
}

#[tokio::test]
async fn what_was_said_of_the_file_is_said_of_the_document() {
    let (quire, user) = start().await;
    let bytes = lines(3_000, 1);
    let said = metadata(&[
        ("filename", "../Übersicht 2026.txt"),
        ("filetype", "text/plain"),
        ("task_type", "qa"),
        ("params", r#"{"question": "What does line 7 say?"}"#),
        ("kind", "rechnung"),
        ("folder", "/Invoices/2026/"),
        ("description", "The first one."),
        ("tags", "urgent, paid"),
        ("sha256", &sha256(&bytes)),
        ("relativePath", "null"),
    ]);
    let last = send(&user, &bytes, &said).await.expect_status(204);
    let task = user.task(last.header("quire-task-id").unwrap()).await;
    assert_eq!(
        (&task["task_type"], &task["params"]["question"]),
        (&json!("qa"), &json!("What does line 7 say?"))
    );
    let document: Value = quire.database.query_one("select to_json(d) from documents d").await;
    assert_eq!(document["filename"], "Übersicht 2026.txt");
    assert_eq!(document["declared_type"], "text/plain");
    assert_eq!((&document["kind"], &document["folder"]), (&json!("invoice"), &json!("Invoices/2026")));
    assert_eq!(
        (&document["description"], &document["tags"]),
        (&json!("The first one."), &json!(["urgent", "paid"]))
    );
    assert_eq!(document["size"], bytes.len());
}

#[tokio::test]
async fn several_tasks_are_made_once() {
    let (quire, user) = start().await;
    let said = metadata(&[("task_type", "qa,read"), ("params", r#"{"qa": {"question": "Why?"}}"#)]);
    let last = send(&user, &lines(3_000, 1), &said).await.expect_status(204);
    let task = user.task(last.header("quire-task-id").unwrap()).await;
    assert_eq!((&task["task_type"], &task["params"]), (&json!("qa"), &json!({"question": "Why?"})));
    let types: Vec<String> =
        quire.database.query_one("select json_agg(task_type order by id) from tasks").await;
    assert_eq!(types, ["qa", "read"]);
}

#[tokio::test]
async fn a_file_is_read_when_nothing_else_is_asked_for() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let last = send(&user, &lines(3_000, 1), "").await.expect_status(204);
    let task = user.wait_for(last.header("quire-task-id").unwrap(), "completed").await;
    assert_eq!(task["task_type"], "read");
    assert_eq!(task["filename"], "document");
}

#[tokio::test]
async fn a_file_that_is_refused_ends_its_upload_and_leaves_nothing() {
    let setup = Setup::new().await.set("BLOCKED_MIME_TYPES", "image/*").configured_engines();
    let quire = setup.start().await;
    let user = quire.user("ada").await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
    let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0\x01\0\0\0";
    let pdf = metadata(&[("filename", "report.pdf")]);
    let other = metadata(&[("sha256", &sha256(b"other"))]);
    let split = metadata(&[("task_type", "split_pdf"), ("params", r#"{"every": 1}"#)]);
    for (bytes, said, status, code) in [
        (&png[..], "", 415, "file_type_refused"),
        (&elf[..], pdf.as_str(), 415, "disguised_executable"),
        (&b"text\n"[..], other.as_str(), 422, "checksum_mismatch"),
        (&b"text\n"[..], split.as_str(), 422, "validation_failed"),
    ] {
        let upload = create(&user, bytes.len(), said).await;
        patch(&user.client, &upload, 0, &bytes[..3]).await.assert_status(204);
        patch(&user.client, &upload, 3, &bytes[3..]).await.assert_problem(status, code);
        assert_eq!(head(&user.client, &upload).await.status, 404);
        assert_nothing_left(&quire).await;
    }
}

#[tokio::test]
async fn the_same_bytes_are_stored_once() {
    let (quire, user) = start().await;
    let bytes = lines(3_000, 1);
    let first = send(&user, &bytes, "").await.expect_status(204);
    let second = send(&user, &bytes, "").await.expect_status(204);
    assert_ne!(first.header("quire-document-id"), second.header("quire-document-id"));
    assert_eq!(quire.files().len(), 1);
    assert_became(&user, &first, &bytes).await;
    assert_became(&user, &second, &bytes).await;
}

/// Puts an upload back to where it was when a process is lost after the last byte was durable.
async fn lose_the_process(quire: &Quire, state: &Value) {
    let (adapter, hash) = (&state["state"], state["hash"].as_str().unwrap());
    quire
        .database
        .execute(&format!(
            "update uploads set finished_at = null, document_id = null, task_id = null, state = '{adapter}',
                 hash_state = decode('{hash}', 'hex'), holder = gen_random_uuid(), lease_until = now() - interval '1 s'"
        ))
        .await;
}

/// Sends all but the last byte, looks at the state, and sends that, too.
async fn send_and_look(quire: &Quire, user: &User, bytes: &[u8]) -> (String, Value) {
    let upload = create(user, bytes.len(), "").await;
    let most = bytes.len() - 1;
    patch(&user.client, &upload, 0, &bytes[..most]).await.assert_status(204);
    let query = "select json_build_object('state', state, 'hash', encode(hash_state, 'hex')) from uploads";
    let state = quire.database.query_one(query).await;
    (upload, state)
}

#[tokio::test]
async fn an_upload_that_was_left_behind_with_its_document_is_finished() {
    let (quire, user) = start().await;
    let bytes = lines(3_000, 1);
    let (upload, state) = send_and_look(&quire, &user, &bytes).await;
    let last = patch(&user.client, &upload, 2_999, &bytes[2_999..]).await.expect_status(204);
    lose_the_process(&quire, &state).await;
    quire.housekeeping().clean_up().await.unwrap();
    let asked = head(&user.client, &upload).await.expect_status(200);
    assert_eq!(asked.header("quire-document-id"), last.header("quire-document-id"));
    assert_eq!(asked.header("quire-task-id"), last.header("quire-task-id"));
    assert_eq!((quire.count("documents").await, quire.files().len()), (1, 1));
    assert_became(&user, &asked, &bytes).await;
}

/// Lost after the blob was finished, and before there was a document.
#[tokio::test]
async fn an_upload_that_was_left_behind_without_a_document_gets_one() {
    let (quire, user) = start().await;
    let bytes = lines(3_000, 1);
    // The state of a digest over all bytes.
    let (upload, state) = send_and_look(&quire, &user, &bytes).await;
    let adapter = state["state"].clone();
    let whole: String = {
        use sha2::{Digest, Sha256, digest::common::hazmat::SerializableState};
        let mut hasher = Sha256::new();
        hasher.update(&bytes);
        hasher.serialize().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    // All has been written, and the process is lost before the blob is finished.
    let name = adapter["name"].as_str().unwrap();
    let file = quire.media.path().join(".incoming").join(name);
    std::fs::write(&file, &bytes).unwrap();
    quire.database.execute("update uploads set received = length").await;
    lose_the_process(&quire, &json!({"state": adapter, "hash": whole})).await;
    let last = patch(&user.client, &upload, 3_000, b"").await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
    assert_eq!(super::stored_sha256(&quire).await, sha256(&bytes));
}

/// The bytes are gone from under an upload: it says so, instead of making half a document.
#[tokio::test]
async fn an_upload_whose_bytes_are_gone_ends() {
    let (quire, user) = start().await;
    let bytes = lines(3_000, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..1_000]).await.assert_status(204);
    for file in quire.files() {
        std::fs::remove_file(file).unwrap();
    }
    patch(&user.client, &upload, 1_000, &bytes[1_000..]).await.assert_problem(410, "upload_expired");
    assert_eq!(quire.count("documents").await, 0);
}

/// What opens a document is forgotten when it is not needed any more.
#[tokio::test]
async fn the_parameters_are_forgotten_with_the_last_piece() {
    let (quire, user) = start().await;
    let bytes = lines(3_000, 1);
    let said = metadata(&[("filename", "a.txt"), ("params", r#"{"password": "open sesame"}"#)]);
    let upload = create(&user, bytes.len(), &said).await;
    patch(&user.client, &upload, 0, &bytes).await.assert_status(204);
    let asked = head(&user.client, &upload).await.expect_status(200);
    assert_eq!(asked.header("upload-metadata"), Some(metadata(&[("filename", "a.txt")]).as_str()));
    let kept: String = quire.database.query_one("select metadata from uploads").await;
    assert!(!kept.contains("params"), "{kept}");
}
