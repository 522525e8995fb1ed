//! The database or storage is away: a clear refusal, nothing left behind, and no restart needed.

use std::sync::Arc;

use diesel_async::SimpleAsyncConnection;
use quire_backends::blobs::memory::MemoryBlobs;
use quire_testkit::wait_until;

use crate::{
    raw::{Length, RawUpload, end_of_form},
    support::{Setup, TEXT, file},
};

#[tokio::test]
async fn full_storage_is_a_matter_for_later() {
    let blobs = MemoryBlobs::with_capacity(1_000);
    let quire = Setup::new().await.blobs(Arc::new(blobs.clone())).start().await;
    let user = quire.user("ada").await;
    let answer = user.submit(file("a.txt", vec![b'a'; 2_000])).await;
    answer.assert_problem(503, "storage_unavailable");
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert!(blobs.is_empty());
    assert_eq!(quire.count("documents").await, 0);
    user.submit_text().await;
    assert_eq!(blobs.len(), 1);
}

#[tokio::test]
async fn unwritable_storage_is_a_matter_for_later() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    std::fs::remove_dir_all(quire.media.path()).unwrap();
    let answer = user.submit(file("a.txt", TEXT)).await;
    answer.assert_problem(503, "storage_unavailable");
    assert!(!answer.text().contains(quire.media.path().to_str().unwrap()));
    assert_eq!(quire.count("documents").await, 0);
}

#[tokio::test]
async fn without_the_database_nothing_is_accepted_until_it_is_back() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    quire.database.take_away().await;
    for answer in [user.submit(file("a.txt", TEXT)).await, user.client.get("/process/tasks").await] {
        answer.assert_problem(503, "database_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    assert!(quire.files().is_empty());
    quire.bring_back_database().await;
    user.submit_text().await;
    assert_eq!(quire.files().len(), 1);
}

#[tokio::test]
async fn a_file_that_came_while_the_database_went_is_not_kept() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let mut upload = RawUpload::begin(&quire, &user, Length::Chunked).await;
    upload.begin_file().await;
    upload.send(TEXT.as_bytes()).await.unwrap();
    wait_until("the upload has reached storage", || async { !quire.files().is_empty() }).await;
    quire.database.take_away().await;
    upload.send(&end_of_form()).await.unwrap();
    upload.end().await;
    assert_eq!(upload.answer().await.status, 503);
    quire.bring_back_database().await;
    quire.wait_until_no_files().await;
    assert_eq!(quire.count("documents").await, 0);
}

/// The statement was sent, and no answer to it came: whether the document is there has to be
/// found out.
#[tokio::test]
async fn a_file_whose_document_was_not_stored_after_all_goes() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let mut lock = quire.database.pool().dedicated().await.unwrap();
    lock.batch_execute("begin; lock table documents in exclusive mode").await.unwrap();
    let client = user.client.clone();
    let submitting = tokio::spawn(async move {
        let call = client.call(reqwest::Method::POST, "/process/submit");
        call.multipart(file("a.txt", TEXT)).send().await
    });
    // Others may wait for the table, too: those who clean up.
    let waiting = "pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() \
        and wait_event_type = 'Lock' and query like '%first_document_with%'";
    wait_until("the insert waits for the lock", || async { quire.count(waiting).await == 1 }).await;
    assert_eq!(quire.files().len(), 1);
    quire.database.execute(&format!("select pg_terminate_backend(pid) from {waiting}")).await;
    submitting.await.unwrap().assert_problem(503, "database_unavailable");
    quire.wait_until_no_files().await;
    assert_eq!(quire.count("documents").await, 0);
}
