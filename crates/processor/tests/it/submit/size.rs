//! Files that are too large, and clients that go away.

use quire_testkit::wait_until;
use serde_json::Value;

use crate::{
    raw::{Length, RawUpload, before_file, end_of_form, next_part},
    support::{Quire, Setup, TEXT, User, file},
};

const LIMIT: usize = 100_000;
/// What surrounds the file in a body is allowed for.
const OVERHEAD: usize = 1 << 20;

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.set("MAX_UPLOAD_SIZE", LIMIT).start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

async fn assert_nothing_left(quire: &Quire) {
    quire.wait_until_no_files().await;
    assert_eq!(quire.count("documents").await, 0);
}

/// A file is on its way into storage.
async fn wait_until_storing(quire: &Quire) {
    wait_until("the upload has reached storage", || async { !quire.files().is_empty() }).await;
}

#[tokio::test]
async fn a_file_of_just_the_limit_is_accepted() {
    let (quire, user) = start().await;
    user.submit_file("just.txt", vec![b'a'; LIMIT]).await;
    let problem =
        user.submit(file("over.txt", vec![b'a'; LIMIT + 1])).await.assert_problem(413, "payload_too_large");
    assert_eq!(problem["detail"], "The file is larger than the 97.7 KiB that are accepted.");
    wait_until("the file that was too large is gone", || async { quire.files().len() == 1 }).await;
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_at_once() {
    let (quire, user) = start().await;
    let mut upload = RawUpload::begin(&quire, &user, Length::Known(LIMIT + OVERHEAD + 1)).await;
    let answer = upload.answer().await;
    assert_eq!((answer.status, &answer.body["code"]), (413, &Value::from("payload_too_large")));
    assert!(quire.files().is_empty());
}

#[tokio::test]
async fn a_client_that_goes_on_sending_reads_the_refusal() {
    let (quire, user) = start().await;
    let upload = RawUpload::begin(&quire, &user, Length::Known(LIMIT + OVERHEAD + 1)).await;
    let answer = upload.send_until_answered(&[b'a'; 65_536]).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn a_body_of_unknown_length_is_refused_when_the_limit_is_passed() {
    let (quire, user) = start().await;
    let mut upload = RawUpload::begin(&quire, &user, Length::Chunked).await;
    upload.begin_file().await;
    let answer = upload.send_until_answered(&[b'a'; 65_536]).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn a_client_that_hangs_up_within_the_file_leaves_nothing() {
    let (quire, user) = start().await;
    for length in [Length::Chunked, Length::Known(LIMIT)] {
        let mut upload = RawUpload::begin(&quire, &user, length).await;
        upload.begin_file().await;
        upload.send(&[b'a'; 50_000]).await.unwrap();
        wait_until_storing(&quire).await;
        drop(upload);
        assert_nothing_left(&quire).await;
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_after_the_file_leaves_nothing() {
    let (quire, user) = start().await;
    let mut upload = RawUpload::begin(&quire, &user, Length::Chunked).await;
    upload.begin_file().await;
    upload.send(TEXT.as_bytes()).await.unwrap();
    upload.send(&next_part()).await.unwrap();
    wait_until("the file is whole", || async { quire.files().iter().any(|file| file.contains("/uploads/")) })
        .await;
    drop(upload);
    assert_nothing_left(&quire).await;
}

/// The body says that it is complete, but the form is not.
#[tokio::test]
async fn a_form_without_its_end_is_refused() {
    let (quire, user) = start().await;
    let mut upload = RawUpload::begin(&quire, &user, Length::Chunked).await;
    upload.begin_file().await;
    upload.send(TEXT.as_bytes()).await.unwrap();
    upload.send(&next_part()).await.unwrap();
    upload.end().await;
    let answer = upload.answer().await;
    assert_eq!((answer.status, &answer.body["code"]), (400, &Value::from("upload_interrupted")));
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn a_slow_client_is_waited_for() {
    let (quire, user) = start().await;
    let body = [before_file(), TEXT.into(), end_of_form()].concat();
    let mut upload = RawUpload::begin(&quire, &user, Length::Known(body.len())).await;
    for piece in body.chunks(7) {
        upload.send(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(upload.answer().await.status, 202);
    assert_eq!(quire.count("documents").await, 1);
}
