//! Several tasks for one document, asked for at once.

use quire_testkit::Answer;
use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};

use crate::support::{Quire, Setup, TEXT, User, file};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

/// The task types of an answer, in their order.
fn types(answer: &Answer) -> Vec<String> {
    let body: Value = answer.json();
    let tasks = body["tasks"].as_array().unwrap();
    tasks.iter().map(|task| task["task_type"].as_str().unwrap().to_owned()).collect()
}

fn ids(body: &Value) -> Vec<String> {
    let tasks = body["tasks"].as_array().unwrap();
    tasks.iter().map(|task| task["task_id"].as_str().unwrap().to_owned()).collect()
}

/// The fields that are wrong.
async fn refused(user: &User, form: Form) -> Vec<String> {
    let problem = user.submit(form).await.assert_problem(422, "validation_failed");
    problem["errors"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn one_document_gets_a_task_of_each_type() {
    let (quire, user) = start().await;
    let answer = user.submit(file("a.txt", TEXT).text("task_type", "sentiment, summarize,read")).await;
    let body: Value = answer.expect_status(202).json();
    let ids = ids(&body);
    assert_eq!((&body["task_id"], &body["task_type"]), (&json!(ids[0]), &json!("sentiment")));
    assert!(body["tasks"].as_array().unwrap().iter().all(|task| task["status"] == "pending"), "{body}");
    for (id, task_type) in ids.iter().zip(["sentiment", "summarize", "read"]) {
        let task = user.task(id).await;
        assert_eq!((&task["task_type"], &task["document_id"]), (&json!(task_type), &body["document_id"]));
        assert_eq!(quire.events(id).await, ["task_queued"]);
    }
    let order: Vec<String> =
        quire.database.query_one("select json_agg(task_id order by id) from events").await;
    assert_eq!(order, ids, "events come in the order of the tasks");
    assert_eq!((quire.count("documents").await, quire.count("tasks").await), (1, 3));
}

#[tokio::test]
async fn they_are_named_in_several_ways_at_every_door() {
    let (_quire, user) = start().await;
    let expected = ["qa", "read"];
    let repeated = || file("a.txt", TEXT).text("task_type", "qa").text("task_type", "read");
    let answer = user.submit(repeated()).await.expect_status(202);
    assert_eq!(types(&answer), expected);
    let document = answer.json::<Value>()["document_id"].clone();
    let answer = user.client.call(Method::POST, "/files/").multipart(repeated()).send().await;
    assert_eq!(types(&answer.expect_status(201)), expected);
    for names in [json!("qa,read"), json!(["qa", "read"])] {
        let body = json!({"document_id": document, "task_type": names});
        let answer = user.client.post("/process/tasks", &body).await.expect_status(202);
        assert_eq!(types(&answer), expected);
        let body: Value = answer.json();
        assert_eq!((&body["id"], &body["task_type"]), (&json!(ids(&body)[0]), &json!("qa")));
    }
    let metadata = json!({"process": "qa,read", "process_params": {"qa": {"question": "Why?"}}});
    let form = file("b.txt", TEXT).text("metadata", metadata.to_string());
    let answer = user.client.call(Method::POST, "/api/files/").multipart(form).send().await;
    let answer = answer.expect_status(201);
    assert_eq!(types(&answer), expected);
    let body: Value = answer.json();
    assert_eq!(body["processing"]["process_id"], body["task_id"]);
    assert_eq!(user.task(&ids(&body)[0]).await["params"], json!({"question": "Why?"}));
}

#[tokio::test]
async fn names_that_do_not_do_are_named() {
    let (quire, user) = start().await;
    let document = user.submit_text().await.document;
    for (names, sentence) in [
        ("qa,paint,sing", "`paint`, `sing`"),
        ("qa,read,qa", "`qa` comes twice"),
        ("a,b,c,d,e,f,g,h,i,j,k", "These are 11 task types"),
    ] {
        let form = Form::new().text("task_type", names).part("file", file_part());
        let problem = user.submit(form).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"]["task_type"][0].as_str().unwrap().contains(sentence), "{problem}");
        let body = json!({"document_id": document, "task_type": names.split(',').collect::<Vec<_>>()});
        let problem =
            user.client.post("/process/tasks", &body).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"]["task_type"][0].as_str().unwrap().contains(sentence), "{problem}");
    }
    for names in [json!([]), json!(""), json!([7]), json!({"a": 1})] {
        let body = json!({"document_id": document, "task_type": names});
        let problem =
            user.client.post("/process/tasks", &body).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"]["task_type"].is_array(), "{names}: {problem}");
    }
    assert_eq!(quire.count("tasks").await, 1);
}

fn file_part() -> reqwest::multipart::Part {
    reqwest::multipart::Part::text(TEXT).file_name("a.txt")
}

#[tokio::test]
async fn each_gets_the_parameters_under_its_name() {
    let (_quire, user) = start().await;
    let params = json!({"qa": {"question": "Why?", "fresh": true}, "model": "scripted-1"});
    let form = file("a.txt", TEXT)
        .text("task_type", "qa,summarize,read")
        .text("params", params.to_string())
        .text("provider", "scripted")
        .text("password", "open sesame")
        .text("csrf", "x");
    let body: Value = user.submit(form).await.expect_status(202).json();
    let expected = [
        json!({"question": "Why?", "fresh": true, "provider": "scripted", "model": "scripted-1"}),
        json!({"provider": "scripted", "model": "scripted-1"}),
        json!({}),
    ];
    for (id, params) in ids(&body).iter().zip(expected) {
        assert_eq!(user.task(id).await["params"], params);
    }
}

#[tokio::test]
async fn parameters_in_the_wrong_place_are_named() {
    let (quire, user) = start().await;
    let form = || file("a.txt", TEXT).text("task_type", "qa,summarize");
    assert_eq!(refused(&user, form().text("question", "Why?")).await, ["params.question"]);
    let flat = json!({"question": "Why?"}).to_string();
    assert_eq!(refused(&user, form().text("params", flat)).await, ["params.question"]);
    let strange = json!({"qa": {"strange": 1}}).to_string();
    assert_eq!(refused(&user, form().text("params", strange)).await, ["params.qa.strange"]);
    let nobody = json!({"qa": {"provider": "nobody"}}).to_string();
    assert_eq!(refused(&user, form().text("params", nobody)).await, ["params.qa.provider"]);
    assert_eq!(quire.count("tasks").await, 0);
    quire.wait_until_no_files().await;
}

#[tokio::test]
async fn who_answers_is_checked_at_the_door() {
    let (_quire, user) = start().await;
    for (field, value) in [("provider", "nobody"), ("model", "none"), ("fresh", "perhaps")] {
        let form = file("a.txt", TEXT).text(field, value);
        assert_eq!(refused(&user, form).await, [format!("params.{field}")]);
    }
    // What is only read has nobody who answers.
    let form = file("a.txt", TEXT).text("task_type", "read").text("params", r#"{"provider": "scripted"}"#);
    assert_eq!(refused(&user, form).await, ["params.provider"]);
}

#[tokio::test]
async fn a_repeated_request_gives_the_same_tasks() {
    let (quire, user) = start().await;
    let submit = async |names: &'static str| {
        let call = user.client.call(Method::POST, "/process/submit").header("idempotency-key", "once");
        call.multipart(file("a.txt", TEXT).text("task_type", names)).send().await.expect_status(202)
    };
    let (first, again, other) = (submit("qa,read").await, submit("qa,read").await, submit("sentiment").await);
    assert_eq!(again.json::<Value>(), first.json::<Value>());
    assert_eq!(other.json::<Value>(), first.json::<Value>());
    assert_eq!((quire.count("tasks").await, quire.count("documents").await), (2, 1));
    assert_eq!(quire.count("events").await, 2);
    // Of a key that one task has, the set is not made in part.
    let create = async |names: &'static str| {
        let call = user.client.call(Method::POST, "/process/tasks").header("idempotency-key", "more");
        let body = json!({"document_id": first.json::<Value>()["document_id"], "task_type": names});
        call.json(&body).send().await.expect_status(202)
    };
    assert_eq!(types(&create("summarize").await), ["summarize"]);
    assert_eq!(types(&create("summarize,sentiment").await), ["summarize"]);
    assert_eq!(quire.count("tasks").await, 3);
}

#[tokio::test]
async fn all_of_them_count_where_waiting_tasks_are_limited() {
    let quire = Setup::new().await.set("MAX_PENDING_TASKS_PER_USER", 3).start().await;
    let user = quire.user("ada").await;
    let document = user.submit_text().await.document;
    let form = || file("b.txt", TEXT).text("task_type", "qa,read,sentiment");
    let body = json!({"document_id": document, "task_type": ["qa", "read", "sentiment"]});
    for answer in [user.submit(form()).await, user.client.post("/process/tasks", &body).await] {
        let problem = answer.assert_problem(429, "too_many_tasks");
        assert!(problem["detail"].as_str().unwrap().contains("these 3"), "{problem}");
    }
    assert_eq!((quire.count("tasks").await, quire.count("documents").await), (1, 1));
    let body = json!({"document_id": document, "task_type": ["qa", "read"]});
    user.client.post("/process/tasks", &body).await.assert_status(202);
    let quire = Setup::new().await.set("MAX_PENDING_TASKS", 2).start().await;
    quire.user("ada").await.submit(form()).await.assert_problem(503, "overloaded");
}

#[tokio::test]
async fn they_are_done_on_the_text_of_one_reading() {
    let quire = Setup::new().await.worker().start().await;
    let user = quire.user("ada").await;
    let form = file("a.txt", TEXT).text("task_type", "qa,read,sentiment,summarize");
    let body: Value = user.submit(form).await.expect_status(202).json();
    for id in ids(&body) {
        assert_eq!(user.ended(&id).await["status"], "completed");
    }
    let ready = "events where name = 'document_ready'";
    assert_eq!((quire.count("documents").await, quire.count(ready).await), (1, 1));
}

#[tokio::test]
async fn parameters_have_a_limit_that_is_said() {
    let (_quire, user) = start().await;
    let document = user.submit_text().await.document;
    let question = |bytes: usize| json!({"question": "x".repeat(bytes)});
    let order = async |bytes| user.order(&document, "qa", question(bytes)).await;
    let problem = order(100_000).await.assert_problem(422, "validation_failed");
    assert_eq!(problem["errors"]["params"][0], "Parameters have at most 64 KiB of JSON.");
    order(1 << 20).await.assert_problem(413, "payload_too_large");
    for bytes in [100_000, 1 << 20] {
        let form = file("a.txt", TEXT).text("task_type", "qa").text("params", question(bytes).to_string());
        assert_eq!(refused(&user, form).await, ["params"]);
    }
}
