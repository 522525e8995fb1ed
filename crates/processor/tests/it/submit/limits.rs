//! How much one user may send and store.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Setup, TEXT, file};

#[tokio::test]
async fn uploads_are_counted_by_user_and_hour_and_told_in_headers() {
    let quire = Setup::new().await.set("UPLOADS_PER_HOUR", 2).start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    for remaining in ["1", "0"] {
        let answer = ada.submit(file("a.txt", TEXT)).await.expect_status(202);
        assert_eq!(answer.header("ratelimit-limit"), Some("2"));
        assert_eq!(answer.header("ratelimit-remaining"), Some(remaining));
        let reset: u64 = answer.header("ratelimit-reset").unwrap().parse().unwrap();
        assert!((1..=3600).contains(&reset), "{reset}");
    }
    let answer = ada.submit(file("a.txt", TEXT)).await;
    answer.assert_problem(429, "too_many_uploads");
    assert_eq!(answer.header("ratelimit-remaining"), Some("0"));
    assert_eq!(answer.header("retry-after"), answer.header("ratelimit-reset"));
    bob.submit(file("a.txt", TEXT)).await.assert_status(202);

    quire.database.execute("update rate_windows set expires_at = now() - interval '1 second'").await;
    ada.submit(file("a.txt", TEXT)).await.assert_status(202);
}

#[tokio::test]
async fn nobody_stores_more_than_allowed_not_even_all_at_once() {
    let room = 3 * TEXT.len() + 10;
    let quire = Setup::new().await.set("STORAGE_PER_USER", room).start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let answers =
        join_all((0..8).map(|number| ada.submit(file("a.txt", format!("{number}{}", &TEXT[1..]))))).await;
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(accepted, 3);
    for refused in answers.iter().filter(|answer| answer.status != 202) {
        refused.assert_problem(413, "storage_quota_exceeded");
    }
    quire_testkit::wait_until("refused files are gone", || async { quire.files().len() == 3 }).await;
    bob.submit(file("a.txt", TEXT)).await.assert_status(202);

    quire.database.execute(&format!("delete from documents where user_id = {}", ada.id)).await;
    ada.submit(file("a.txt", TEXT)).await.assert_status(202);
}

#[tokio::test]
async fn a_file_that_is_announced_to_have_no_room_is_not_read() {
    let quire = Setup::new().await.set("STORAGE_PER_USER", 1000).start().await;
    let ada = quire.user("ada").await;
    let answer = ada.submit(file("a.txt", vec![b'x'; 3 << 20])).await;
    answer.assert_problem(413, "storage_quota_exceeded");
    assert_eq!(quire.files().len(), 0);
}

#[tokio::test]
async fn reading_alone_is_a_task_type() {
    let quire = Setup::new().await.worker().start().await;
    let ada = quire.user("ada").await;
    let form = file("notes.txt", TEXT).text("task_type", "read");
    let submitted = crate::support::Submitted::of(&ada.submit(form).await);
    let task = ada.ended(&submitted.task).await;
    assert_eq!(task["result"], "Read 1 page with 41 words.");
    let data = json!({"pages": 1, "words": 41, "language": "en", "media_type": "text/plain"});
    assert_eq!(task["output"]["data"], data);
    let order = ada.order(&submitted.document, "read", json!({"strange": 1})).await;
    assert!(order.assert_problem(422, "validation_failed")["errors"]["params.strange"].is_array());
}
