//! The way of documents through a bucket instead of a directory.

use quire_domain::ports::blobs::{BlobError, SignedUpload};
use quire_testkit::{HttpClient, Seaweed, wait_until};
use reqwest::Method;

use crate::support::{Quire, SECOND, Setup, User};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.in_a_bucket().await.local_engine().worker().start().await;
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
    let path = format!("/files/{}/download", submitted.document);
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
    let (origin, path) = signed.url.split_at(signed.url.find("/test-").unwrap());
    let call = HttpClient::new(origin).call(Method::PUT, path).body("text");
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
