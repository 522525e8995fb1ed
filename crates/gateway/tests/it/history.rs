use insta::assert_json_snapshot;
use serde_json::Value;

use crate::harness::{Person, TestGateway, fields};

fn task_id(n: u32) -> String {
    format!("0198f3a2-6c1e-7d3a-9a55-{n:012}")
}

/// Stores task `n` of this person, on a document of its own.
async fn store_task(gateway: &TestGateway, person: &Person, n: u32, status: &str, task_type: &str) {
    let (id, user) = (task_id(n), person.id);
    let lease = match status {
        "processing" => "now(), gen_random_uuid()",
        _ => "null, null",
    };
    gateway
        .database
        .execute(&format!(
            "insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status) \
             values ('{id}', {user}, 'report-{n}.pdf', 'application/pdf', 1, sha256('x'), 'key-{n}', 'QUEUED'); \
             insert into tasks (id, user_id, document_id, task_type, status, max_attempts, lease_until, worker) \
             values ('{id}', {user}, '{id}', '{task_type}', '{status}', 5, {lease});"
        ))
        .await;
}

async fn ids(person: &Person, query: &str) -> Vec<String> {
    let answer = person.client.get(&format!("/auth/files/tasks{query}")).await.expect_status(200);
    let tasks: Vec<Value> = answer.json();
    tasks.iter().map(|task| task["task_id"].as_str().unwrap().to_owned()).collect()
}

/// The path and query of the `next` link.
fn next(link: &str) -> &str {
    link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap()
}

#[tokio::test]
async fn a_task_is_shown_with_its_result() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    store_task(&gateway, &ada, 1, "completed", "summarize").await;
    gateway
        .database
        .execute(
            "update tasks set attempt = 1, progress = 100, result = 'A short text.', \
             output = '{\"data\": {\"summary\": \"A short text.\"}}', \
             warnings = '[{\"code\": \"page_unreadable\", \"message\": \"Page 3 could not be read.\"}]', \
             provider = 'openai', model = 'gpt', input_tokens = 1200, output_tokens = 80, cost = 0.00042000, \
             created_at = '2026-01-15T12:00:00Z', started_at = '2026-01-15T12:00:01Z', \
             finished_at = '2026-01-15T12:00:02Z'",
        )
        .await;
    let path = format!("/auth/files/tasks/{}/", task_id(1));
    let task: Value = ada.client.get(&path).await.expect_status(200).json();
    assert_json_snapshot!("task", task);
    let list: Value = ada.client.get("/auth/files/tasks/").await.expect_status(200).json();
    assert_json_snapshot!("line", list);
}

#[tokio::test]
async fn tasks_of_others_are_not_there() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let eve = gateway.person("eve").await;
    store_task(&gateway, &ada, 1, "pending", "summarize").await;
    assert_eq!(ids(&ada, "").await.len(), 1);
    assert!(ids(&eve, "").await.is_empty());
    for id in [task_id(1), task_id(2), "nonsense".to_owned()] {
        let answer = eve.client.get(&format!("/auth/files/tasks/{id}")).await;
        answer.assert_problem(404, "not_found");
    }
}

#[tokio::test]
async fn pages_are_linked_and_the_newest_come_first() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    for n in 1..=5 {
        store_task(&gateway, &ada, n, "pending", "summarize").await;
    }
    let mut path = "/auth/files/tasks?limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let answer = ada.client.get(&path).await.expect_status(200);
        let tasks: Vec<Value> = answer.json();
        pages.push(tasks.iter().map(|task| task["id"].clone()).collect::<Vec<_>>());
        match answer.header("link") {
            Some(link) => path = next(link).to_owned(),
            None => break,
        }
    }
    let expected = [vec![task_id(5), task_id(4)], vec![task_id(3), task_id(2)], vec![task_id(1)]];
    assert_eq!(pages, expected);
    let exact = ada.client.get("/auth/files/tasks?limit=5").await.expect_status(200);
    assert_eq!(exact.header("link"), None);
}

#[tokio::test]
async fn fifty_are_shown_unless_asked_for_up_to_a_hundred() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    for n in 1..=51 {
        store_task(&gateway, &ada, n, "pending", "summarize").await;
    }
    assert_eq!(ids(&ada, "").await.len(), 50);
    assert_eq!(ids(&ada, "?limit=100").await.len(), 51);
}

#[tokio::test]
async fn filters_apply_and_stay_in_the_link() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    store_task(&gateway, &ada, 1, "pending", "keywords").await;
    store_task(&gateway, &ada, 2, "processing", "keywords").await;
    store_task(&gateway, &ada, 3, "pending", "summarize").await;
    store_task(&gateway, &ada, 4, "pending", "keywords").await;
    assert_eq!(ids(&ada, "?status=processing").await, [task_id(2)]);
    assert_eq!(ids(&ada, "?task_type=summarize").await, [task_id(3)]);
    assert!(ids(&ada, "?task_type=unheard-of").await.is_empty());
    let answer = ada.client.get("/auth/files/tasks?status=pending&task_type=keywords&limit=1").await;
    let link = next(answer.header("link").unwrap());
    assert_eq!(
        link,
        format!("/auth/files/tasks?limit=1&before={}&status=pending&task_type=keywords", task_id(4))
    );
    assert_eq!(ids(&ada, link.strip_prefix("/auth/files/tasks").unwrap()).await, [task_id(1)]);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_query_is_told_at_once() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    let answer = ada.client.get("/auth/files/tasks?limit=101&before=x&status=done&task_type=a%00b").await;
    let problem = answer.assert_problem(422, "validation_failed");
    assert_eq!(fields(&problem), ["before", "limit", "status", "task_type"]);
    for limit in ["0", "-1", "many", "256", ""] {
        let answer = ada.client.get(&format!("/auth/files/tasks?limit={limit}")).await;
        assert_eq!(fields(&answer.assert_problem(422, "validation_failed")), ["limit"]);
    }
}
