//! What a file is, by its content, and whether it is the one that was sent.

use reqwest::{
    header::{HeaderMap, HeaderValue},
    multipart::{Form, Part},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Quire, Setup, TEXT, User, file};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
const PROGRAM: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0\x01\0\0\0";

async fn start(setup: Setup) -> (Quire, User) {
    let quire = setup.configured_engines().start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

async fn assert_nothing_left(quire: &Quire) {
    quire.wait_until_no_files().await;
    assert_eq!(quire.count("documents").await, 0);
}

#[tokio::test]
async fn types_are_judged_by_content_and_never_by_name() {
    let setup = Setup::new()
        .await
        .set("ALLOWED_MIME_TYPES", "text/*, image/*")
        .set("BLOCKED_MIME_TYPES", "image/png");
    let (quire, user) = start(setup).await;
    let declared = Part::bytes(PNG).file_name("notes.txt").mime_str("text/plain").unwrap();
    for form in
        [file("notes.txt", PNG), Form::new().part("file", declared), file("a.txt", b"%PDF-1.7\n%\n".to_vec())]
    {
        user.submit(form).await.assert_problem(415, "file_type_refused");
    }
    assert_nothing_left(&quire).await;
    user.submit(file("notes.png", TEXT)).await.assert_status(202);
}

#[tokio::test]
async fn what_the_client_declared_is_recorded_beside_what_the_file_is() {
    let (quire, user) = start(Setup::new().await).await;
    let part = Part::bytes(PNG).file_name("picture.png").mime_str("application/pdf").unwrap();
    user.submit(Form::new().part("file", part)).await.assert_status(202);
    let types: (String, String) =
        quire.database.query_one("select json_build_array(declared_type, media_type) from documents").await;
    assert_eq!(types, ("application/pdf".to_owned(), "image/png".to_owned()));
}

#[tokio::test]
async fn programs_in_disguise_are_refused_before_the_rest_has_come() {
    let (quire, user) = start(Setup::new().await).await;
    let mut large = PROGRAM.to_vec();
    large.resize(1_000_000, 0);
    for bytes in [PROGRAM.to_vec(), large] {
        user.submit(file("invoice.pdf", bytes)).await.assert_problem(415, "disguised_executable");
    }
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn a_checksum_is_verified_wherever_it_is_said() {
    let (quire, user) = start(Setup::new().await).await;
    let hex: String = Sha256::digest(TEXT).iter().map(|byte| format!("{byte:02x}")).collect();
    let wrong = "0".repeat(64);
    let digest = |value: &str| {
        let headers =
            HeaderMap::from_iter([("repr-digest".parse().unwrap(), HeaderValue::from_str(value).unwrap())]);
        Form::new().part("file", Part::text(TEXT).file_name("a.txt").headers(headers))
    };
    let before = |sha256: &str| {
        Form::new().text("sha256", sha256.to_owned()).part("file", Part::text(TEXT).file_name("a.txt"))
    };
    for form in [
        before(&wrong),
        file("a.txt", TEXT).text("sha256", wrong.clone()),
        digest("sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"),
    ] {
        user.submit(form).await.assert_problem(422, "checksum_mismatch");
    }
    for form in [before("xyz"), file("a.txt", TEXT).text("sha256", "xyz"), digest("sha-256=xyz")] {
        user.submit(form).await.assert_problem(422, "validation_failed");
    }
    assert_nothing_left(&quire).await;
    for form in [before(&hex), file("a.txt", TEXT).text("sha256", hex.to_uppercase()), digest("md5=:AAAA:")] {
        user.submit(form).await.assert_status(202);
    }
}

#[tokio::test]
async fn what_is_said_about_a_document_is_kept_or_refused_by_field() {
    let (quire, user) = start(Setup::new().await).await;
    let said = file("a.txt", TEXT)
        .text("kind", "rechnung")
        .text("folder", "/Invoices/2026/")
        .text("description", "From the harbour")
        .text("tags", "urgent, 2026,urgent");
    user.submit(said).await.assert_status(202);
    let kept: Value = quire
        .database
        .query_one("select json_build_object('kind', kind, 'folder', folder, 'description', description, 'tags', tags) from documents")
        .await;
    let expected = serde_json::json!({
        "kind": "invoice", "folder": "Invoices/2026", "description": "From the harbour", "tags": ["urgent", "2026"],
    });
    assert_eq!(kept, expected);

    let wrong = file("a.txt", TEXT).text("kind", "poem").text("folder", "x".repeat(300)).text("tags", "[1]");
    let problem = user.submit(wrong).await.assert_problem(422, "validation_failed");
    let fields: Vec<_> = problem["errors"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["folder", "kind", "tags"]);
}
