//! Requests that come twice, and too many of them.

use quire_testkit::Answer;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Quire, Setup, Submitted, TEXT, User, file};

async fn submit_with_key(user: &User, key: &str) -> Answer {
    let call = user.client.call(Method::POST, "/process/submit").header("idempotency-key", key);
    call.multipart(file("a.txt", TEXT)).send().await
}

async fn assert_one_of_each(quire: &Quire) {
    assert_eq!(quire.count("tasks").await, 1);
    assert_eq!(quire.count("documents").await, 1);
    assert_eq!(quire.count("events").await, 1);
    quire_testkit::wait_until("one file is left", || async { quire.files().len() == 1 }).await;
}

#[tokio::test]
async fn a_repeated_request_makes_nothing_new() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let first = submit_with_key(&user, "key-1").await.expect_status(202);
    let second = submit_with_key(&user, "key-1").await.expect_status(202);
    assert_eq!(second.json::<Value>(), first.json::<Value>());
    assert_eq!(second.header("location"), first.header("location"));
    assert_one_of_each(&quire).await;
}

#[tokio::test]
async fn of_requests_at_once_one_is_done() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submit = || submit_with_key(&user, "key-1");
    let (a, b, c, d) = tokio::join!(submit(), submit(), submit(), submit());
    for answer in [&b, &c, &d] {
        assert_eq!(Submitted::of(answer).task, Submitted::of(&a).task);
    }
    assert_one_of_each(&quire).await;
}

#[tokio::test]
async fn keys_are_each_users_own() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let of_ada = Submitted::of(&submit_with_key(&ada, "key-1").await);
    let of_bob = Submitted::of(&submit_with_key(&bob, "key-1").await);
    assert_ne!(of_ada.task, of_bob.task);
    assert_eq!(quire.count("tasks").await, 2);
}

#[tokio::test]
async fn a_repeated_request_tells_how_far_the_task_is() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let first = Submitted::of(&submit_with_key(&user, "key-1").await);
    user.act(&first.task, "cancel").await.assert_status(202);
    assert_eq!(submit_with_key(&user, "key-1").await.json::<Value>()["status"], "cancelled");
}

#[tokio::test]
async fn too_many_waiting_tasks_of_one_user_are_refused() {
    let quire = Setup::new().await.set("MAX_PENDING_TASKS_PER_USER", 2).start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let first = ada.submit_text().await;
    ada.submit_text().await;
    for answer in [ada.submit(file("a.txt", TEXT)).await, ada.create_task(&first.document).await] {
        let problem = answer.assert_problem(429, "too_many_tasks");
        assert_eq!(answer.header("retry-after"), Some("30"));
        assert!(problem["detail"].as_str().unwrap().starts_with("2 of your tasks"), "{problem}");
    }
    bob.submit_text().await;
    ada.act(&first.task, "cancel").await.assert_status(202);
    ada.submit_text().await;
    assert_eq!(quire.count("documents").await, 4);
    // Those of ada share one.
    assert_eq!(quire.files().len(), 2);
}

#[tokio::test]
async fn too_many_waiting_tasks_of_all_users_are_refused() {
    let quire = Setup::new().await.set("MAX_PENDING_TASKS", 2).start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    ada.submit_text().await;
    bob.submit_text().await;
    let answer = quire.user("eve").await.submit(file("a.txt", TEXT)).await;
    answer.assert_problem(503, "overloaded");
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(quire.files().len(), 2);
}
