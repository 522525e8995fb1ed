//! The same bytes, sent again.

use futures_util::future::join_all;
use serde_json::Value;

use crate::support::{Setup, Submitted, TEXT, file};

#[tokio::test]
async fn bytes_are_stored_once_and_the_first_document_is_named() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let answer = user.submit(file("first.txt", TEXT)).await;
    assert!(answer.json::<Value>().get("duplicate").is_none());
    let first = Submitted::of(&answer);
    for name in ["second.txt", "third.txt"] {
        let answer = user.submit(file(name, TEXT)).await;
        let body: Value = answer.expect_status(202).json();
        assert_eq!(
            (&body["duplicate"], &body["duplicate_of"]),
            (&true.into(), &first.document.as_str().into())
        );
        assert_ne!(body["document_id"], first.document);
        assert_eq!(body["filename"], name);
    }
    assert_eq!((quire.count("documents").await, quire.files().len()), (3, 1));
}

#[tokio::test]
async fn bytes_of_somebody_else_are_nobodys_business() {
    let quire = Setup::new().await.start().await;
    quire.user("ada").await.submit_text().await;
    let answer = quire.user("bob").await.submit(file("notes.txt", TEXT)).await;
    assert!(answer.json::<Value>().get("duplicate").is_none(), "{}", answer.text());
    assert_eq!(quire.files().len(), 2);
}

#[tokio::test]
async fn of_uploads_at_the_same_time_one_is_first() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let answers = join_all((0..8).map(|_| user.submit(file("notes.txt", TEXT)))).await;
    let firsts: Vec<Value> =
        answers.iter().map(|answer| answer.json::<Value>()["duplicate_of"].clone()).collect();
    assert_eq!(firsts.iter().filter(|first| first.is_null()).count(), 1, "{firsts:?}");
    quire_testkit::wait_until("the copies are gone", || async { quire.files().len() == 1 }).await;
}

#[tokio::test]
async fn a_duplicate_is_read_for_itself() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    for _ in 0..2 {
        let submitted = user.submit_text().await;
        assert_eq!(user.ended(&submitted.task).await["status"], "completed");
    }
    assert_eq!(quire.count("document_pages").await, 2);
}

#[tokio::test]
async fn bytes_that_were_lost_come_back_with_the_next_copy() {
    let quire = Setup::new().await.configured_engines().start().await;
    let user = quire.user("ada").await;
    let first = user.submit_text().await;
    for file in quire.files() {
        std::fs::remove_file(file).unwrap();
    }
    let path = format!("/files/{}/download/", first.document);
    user.client.get(&path).await.assert_problem(404, "document_missing");
    let again = user.submit(file("notes.txt", TEXT)).await;
    assert_eq!(again.json::<Value>()["duplicate_of"], first.document.as_str());
    assert_eq!(user.client.get(&path).await.expect_status(200).text(), TEXT);
    assert_eq!(quire.files().len(), 1);
}
