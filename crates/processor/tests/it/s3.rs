//! The way of documents through a bucket instead of a directory.

use quire_domain::ports::blobs::{BlobError, SignedUpload};
use quire_testkit::{HttpClient, wait_until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Quire, SECOND, Setup, TEXT, User};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.in_a_bucket().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

async fn key_of(quire: &Quire, document: &str) -> String {
    quire.database.query_one(&format!("select storage_key from documents where id = '{document}'")).await
}

#[tokio::test]
async fn a_document_is_read_from_a_bucket_and_comes_back() {
    let (quire, user) = start().await;
    let submitted = user.submit_fixture("pdf/pdflatex-4-pages.pdf").await;
    let task = user.wait_for(&submitted.task, "completed").await;
    assert!(!task["result"].as_str().unwrap().is_empty(), "{task}");
    let file = quire_testkit::fixture("pdf/pdflatex-4-pages.pdf");
    let path = format!("/files/{}/download?proxy=1", submitted.document);
    let whole = user.client.get(&path).await.expect_status(200);
    assert!(whole.body == file);
    let part = user.client.call(Method::GET, &path).header("range", "bytes=10-19").send().await;
    assert_eq!(part.expect_status(206).body, file[10..20]);
    user.client.get(&format!("/files/{}/thumbnail", submitted.document)).await.assert_status(200);
    assert!(quire.files().is_empty(), "nothing is kept on the disk");
    quire.client.get("/health/ready").await.assert_status(200);
}

#[tokio::test]
async fn a_client_sends_a_file_to_the_bucket_itself() {
    let (quire, _user) = start().await;
    let blobs = &quire.surroundings.blobs;
    let upload = SignedUpload { media_type: None, size: Some(4), sha256: None, expires_in: 60 * SECOND };
    let signed = blobs.sign_upload("uploads/user-1/direct", &upload).await.unwrap();
    let (client, path) = at(&signed.url);
    let call = client.call(Method::PUT, path).body("text");
    let call = signed.headers.iter().fold(call, |call, (name, value)| call.header(name, value));
    call.send().await.assert_status(200);
    assert_eq!(blobs.info("uploads/user-1/direct").await.unwrap().size, 4);
    // Links of the other kind are none of this installation's.
    quire
        .client
        .get("/blobs/uploads/user-1/direct?expires=1&signature=00")
        .await
        .assert_problem(403, "link_invalid");
}

/// A client of nobody's, at the server of this address, and the rest of the address.
fn at(url: &str) -> (HttpClient, &str) {
    let (origin, path) = url.split_at(url.find("/test-").unwrap());
    (HttpClient::new(origin), path)
}

#[tokio::test]
async fn a_client_is_sent_to_the_bucket() {
    let (quire, user) = start().await;
    let form = crate::support::file("März.txt", TEXT).text("metadata", "{}");
    let stored = user.client.call(Method::POST, "/api/files/").multipart(form).send().await;
    let stored: Value = stored.expect_status(201).json();
    assert!(stored["file"]["bucket"].as_str().unwrap().starts_with("test-"), "{stored}");
    let key = stored["file"]["object_key"].as_str().unwrap();
    let id = stored["record"]["id"].as_str().unwrap();
    for path in [format!("/files/{id}/download/"), format!("/api/files/{key}")] {
        let answer = user.client.get(&path).await.expect_status(302);
        let (client, there) = at(answer.header("location").unwrap());
        let file = client.get(there).await.expect_status(200);
        assert_eq!(file.text(), TEXT);
        let disposition = file.header("content-disposition").unwrap();
        assert!(
            disposition.starts_with("attachment; ") && disposition.contains("M%C3%A4rz.txt"),
            "{disposition}"
        );
    }
    quire.surroundings.blobs.delete(key).await.unwrap();
    user.client.get(&format!("/api/files/{key}")).await.assert_problem(404, "document_missing");
}

#[tokio::test]
async fn an_announced_document_comes_by_the_bucket() {
    let (quire, user) = start().await;
    let body = json!({"filename": "a.txt", "content_type": "text/plain", "size_bytes": TEXT.len()});
    let announced: Value =
        user.client.post("/documents/initiate-upload", &body).await.expect_status(201).json();
    let enqueue = format!("/documents/{}/enqueue", announced["document_id"].as_str().unwrap());
    user.client.call(Method::POST, &enqueue).send().await.assert_problem(409, "not_uploaded");
    let (client, there) = at(announced["upload_url"].as_str().unwrap());
    let send = async |body: &'static str| {
        let headers = announced["headers"].as_object().unwrap().iter();
        let call = client.call(Method::PUT, there).body(body);
        headers.fold(call, |call, (name, value)| call.header(name, value.as_str().unwrap())).send().await
    };
    send(TEXT).await.assert_status(200);
    let enqueued: Value = user.client.call(Method::POST, &enqueue).send().await.expect_status(202).json();
    user.wait_for(enqueued["job_id"].as_str().unwrap(), "completed").await;
    // What has been judged stays as it is.
    assert!(!send("other bytes of the same address").await.status.is_success());
    let path = format!("/files/{}/download?proxy=1", announced["document_id"].as_str().unwrap());
    assert_eq!(user.client.get(&path).await.expect_status(200).text(), TEXT);
    assert!(quire.files().is_empty());
}

#[tokio::test]
async fn the_bytes_of_a_deleted_document_leave_the_bucket() {
    let (quire, user) = start().await;
    let submitted = user.submit_text().await;
    user.wait_for(&submitted.task, "completed").await;
    let key = key_of(&quire, &submitted.document).await;
    quire.surroundings.blobs.info(&key).await.unwrap();
    quire.database.execute("delete from documents").await;
    quire.housekeeping().clean_up().await.unwrap();
    wait_until("the blob is gone", || async {
        matches!(quire.surroundings.blobs.info(&key).await, Err(BlobError::NotFound))
    })
    .await;
}
