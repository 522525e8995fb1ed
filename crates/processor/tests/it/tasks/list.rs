//! Lists, page by page.

use serde_json::Value;

use crate::support::{Quire, Setup, User};

async fn list(user: &User, query: &str) -> (Vec<Value>, Option<String>) {
    let answer = user.client.get(&format!("/process/tasks{query}")).await.expect_status(200);
    let next = answer.header("link").map(|link| {
        let (address, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        address.strip_prefix("/process/tasks").unwrap().to_owned()
    });
    (answer.json(), next)
}

fn ids(tasks: &[Value]) -> Vec<String> {
    tasks.iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
}

/// Every page from this query on.
async fn pages(user: &User, query: &str) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), Some(query.to_owned()));
    while let Some(query) = next {
        let (tasks, following) = list(user, &query).await;
        pages.push(ids(&tasks));
        next = following;
    }
    pages
}

/// Ids of `count` tasks of one document, newest first.
async fn many(quire: &Quire, user: &User, count: usize) -> Vec<String> {
    let first = user.submit_text().await;
    quire
        .database
        .execute(&format!(
            "insert into tasks (id, user_id, document_id, task_type, max_attempts)
             select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, {}, '{}', 'summarize', 5
             from generate_series(1, {}) n",
            user.id,
            first.document,
            count - 1
        ))
        .await;
    let older = (1..count).rev().map(|n| format!("01900000-0000-7000-8000-{n:012}"));
    std::iter::once(first.task).chain(older).collect()
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let expected = many(&quire, &user, 120).await;

    let pages_of_50 = pages(&user, "").await;
    assert_eq!(pages_of_50.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    assert_eq!(pages_of_50.concat(), expected);

    let pages_of_40 = pages(&user, "?limit=40").await;
    assert_eq!(pages_of_40.iter().map(Vec::len).collect::<Vec<_>>(), [40, 40, 40]);
    assert_eq!(pages_of_40.concat(), expected);
}

#[tokio::test]
async fn a_task_that_comes_in_between_moves_nothing() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let expected = many(&quire, &user, 6).await;
    let (first, next) = list(&user, "?limit=3").await;
    user.submit_text().await;
    let (second, end) = list(&user, &next.unwrap()).await;
    assert_eq!([ids(&first), ids(&second)].concat(), expected);
    assert_eq!(end, None);
}

#[tokio::test]
async fn lists_hold_only_what_was_asked_for() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let (a, b) = (ada.submit_text().await, ada.submit_text().await);
    bob.submit_text().await;
    ada.act(&a.task, "cancel").await.assert_status(202);
    let more = serde_json::json!({"document_id": a.document, "task_type": "qa"});
    let more = ada.client.post("/process/tasks", &more).await.json::<Value>()["id"].clone();
    let more = more.as_str().unwrap().to_owned();
    for (query, expected) in [
        (String::new(), vec![&more, &b.task, &a.task]),
        ("?status=cancelled".to_owned(), vec![&a.task]),
        ("?status=pending".to_owned(), vec![&more, &b.task]),
        ("?status=completed".to_owned(), vec![]),
        ("?task_type=qa".to_owned(), vec![&more]),
        ("?task_type=unknown".to_owned(), vec![]),
        (format!("?document_id={}", a.document), vec![&more, &a.task]),
        (format!("?document_id={}&status=pending", a.document), vec![&more]),
        (format!("?before={}", b.task), vec![&a.task]),
    ] {
        let (tasks, next) = list(&ada, &query).await;
        assert_eq!(ids(&tasks).iter().collect::<Vec<_>>(), expected, "{query}");
        assert_eq!(next, None, "{query}");
    }
}

#[tokio::test]
async fn the_next_page_asks_the_same_question() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let tasks = many(&quire, &user, 9).await;
    for cancelled in [&tasks[0], &tasks[3], &tasks[4], &tasks[8]] {
        user.act(cancelled, "cancel").await.assert_status(202);
    }
    let document: String = quire.database.query_one("select id from documents").await;
    let query = format!("?limit=2&status=cancelled&task_type=summarize&document_id={document}");
    let expected =
        [[&tasks[0], &tasks[3]], [&tasks[4], &tasks[8]]].map(|page| page.map(String::clone).to_vec());
    assert_eq!(pages(&user, &query).await, expected);
}

#[tokio::test]
async fn wrong_questions_are_refused() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=101", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=many", "limit"),
        ("?before=7", "before"),
        ("?status=done", "status"),
        ("?task_type=unknown%26x", "task_type"),
        ("?document_id=x", "document_id"),
    ] {
        let problem =
            user.client.get(&format!("/process/tasks{query}")).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{query}: {problem}");
    }
}

#[tokio::test]
async fn a_line_of_a_list_has_no_output() {
    let quire = Setup::new().await.worker().start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    let full = user.wait_for(&task, "completed").await;
    assert!(full["output"].is_object());
    let (tasks, _) = list(&user, "").await;
    let mut expected = full;
    expected.as_object_mut().unwrap().remove("output");
    assert_eq!(tasks, [expected]);
}
