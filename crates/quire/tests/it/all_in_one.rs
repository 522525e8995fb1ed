//! `quire`: everything in one process, with a private PostgreSQL.

use std::os::unix::fs::PermissionsExt;

use quire_testkit::{DEADLINE, TestDatabase, fixture, wait_until};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    doctor,
    person::{PASSWORD, Person},
    program::{Place, QUIRE, run, runs},
    walkthrough,
};

#[tokio::test]
async fn it_is_started_used_stopped_and_started_again() {
    let place = Place::new();
    let mut quire = place.quire(&[]);
    let client = quire.ready().await;
    assert!(quire.output().contains(&format!("{}/docs", client.base_url())), "{}", quire.output());
    walkthrough::passes(&place, client.base_url()).await;
    walkthrough::doors_are_open(&place, client.base_url()).await;
    walkthrough::a_cv_is_read_corrected_and_exported(&place, client.base_url()).await;
    doctor::finds_nothing(&place).await;
    let ada = Person::register(&client, "ada").await;
    let task = ada.summarize().await;
    several_tasks_pass_the_gateway(&ada).await;
    a_second_one_is_refused(&place, client.base_url()).await;

    let postgres = place.postgres_pid().unwrap();
    let mut socket = ada.socket("").await;
    assert_eq!(socket.next_event(DEADLINE).await["event"], "connected");
    quire.signal(Signal::INT);
    assert_eq!(socket.close_code(DEADLINE).await.0, 1001);
    assert!(quire.ended().await.success(), "{}", quire.log());
    assert!(!runs(postgres), "PostgreSQL still runs");
    assert!(place.postgres_pid().is_none());

    let mut quire = place.quire(&[]);
    let client = quire.ready().await;
    stays(&ada.at(&client), &task).await;
    stays(&Person::log_in(&client, "ada", PASSWORD).await, &task).await;
    quire.interrupt().await;
}

/// The task is as it was when it was done.
async fn stays(person: &Person, task: &Value) {
    let path = format!("/auth/files/tasks/{}/", task["id"].as_str().or(task["task_id"].as_str()).unwrap());
    let now: Value = person.get(&path).await.expect_status(200).json();
    assert_eq!(&now, task);
}

/// What is asked for goes through the gateway as it is, and so does the answer.
async fn several_tasks_pass_the_gateway(person: &Person) {
    let form = person.form(fixture("pdf/pdflatex-4-pages.pdf")).text("task_type", "qa, extract_keywords");
    let params = json!({"qa": {"question": "What is it about?", "fresh": true}, "provider": "local"});
    let answer = person.post_form(form.text("params", params.to_string())).await.expect_status(202);
    let accepted: Value = answer.json();
    let tasks = accepted["tasks"].as_array().unwrap();
    let types: Vec<_> = tasks.iter().map(|task| task["task_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["summarize", "qa", "extract_keywords"]);
    assert_eq!(accepted["task_id"], tasks[0]["task_id"]);
    let path = format!("/auth/files/tasks/{}/", tasks[1]["task_id"].as_str().unwrap());
    let task: Value = person.get(&path).await.expect_status(200).json();
    let expected = json!({"question": "What is it about?", "fresh": true, "provider": "local"});
    assert_eq!(task["params"], expected);
    let form = person.form(fixture("pdf/pdflatex-4-pages.pdf")).text("task_type", "summarize");
    let problem = person.post_form(form).await.assert_problem(422, "validation_failed");
    assert!(problem["errors"]["task_type"][0].as_str().unwrap().contains("twice"), "{problem}");
}

/// On the same data, or on the same port; and the first one goes on.
async fn a_second_one_is_refused(place: &Place, url: &str) {
    let second = run(place.command(QUIRE, &[("PORT", "0")]), "").await;
    second.assert_failed("another Quire is running on");
    second.assert_failed(&place.data().canonicalize().unwrap().display().to_string());

    let (elsewhere, port) = (Place::new(), url.rsplit(':').next().unwrap());
    let second = run(elsewhere.command(QUIRE, &[("PORT", port)]), "").await;
    second.assert_failed(&format!("port {port} is in use; set PORT to another"));
    assert!(!elsewhere.data().join("postgres").exists(), "a database was made for nothing");

    let client = quire_testkit::HttpClient::new(url);
    client.get("/health/ready").await.assert_status(200);
}

#[tokio::test]
async fn nothing_is_lost_when_it_is_killed() {
    const WAITING: usize = 6;
    // What was being worked on is taken up again when its lease has run out.
    let variables = [("WORKER_LEASE", "2")];
    let place = Place::new();
    let mut quire = place.quire(&variables);
    let client = quire.ready().await;
    let ada = Person::register(&client, "ada").await;
    let task = ada.summarize().await;
    for _ in 0..WAITING {
        ada.submit(fixture("pdf/pdflatex-4-pages.pdf")).await.assert_status(202);
    }
    quire.signal(Signal::KILL);
    assert!(!quire.ended().await.success());
    let left = place.postgres_pid().unwrap();

    let mut quire = place.quire(&variables);
    let client = quire.ready().await;
    assert!(!runs(left), "the PostgreSQL of the killed run still runs");
    let ada = ada.at(&client);
    stays(&ada, &task).await;
    wait_until("everything is done", || async {
        let tasks: Vec<Value> = ada.get("/auth/files/tasks/").await.expect_status(200).json();
        assert_eq!(tasks.len(), 1 + WAITING);
        tasks.iter().all(|task| task["status"] == "completed")
    })
    .await;
    let secret = std::fs::metadata(place.data().join("jwt-secret")).unwrap();
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    quire.interrupt().await;
}

#[tokio::test]
async fn a_configured_database_is_used_and_left_running() {
    let (place, database) = (Place::new(), TestDatabase::empty().await);
    let variables = [("DATABASE_URL", database.url())];
    let mut quire = place.quire(&variables);
    let client = quire.ready().await;
    assert!(quire.output().contains("the configured PostgreSQL"), "{}", quire.output());
    Person::register(&client, "ada").await.summarize().await;
    quire.interrupt().await;
    assert!(!place.data().join("postgres").exists());
    assert_eq!(database.query_one::<i64>("select count(*) from tasks where status = 'completed'").await, 1);
    assert!(!quire.log().contains(database.url()), "the log has the address of the database");
}

#[tokio::test]
async fn it_ends_when_its_postgresql_ends() {
    let place = Place::new();
    let mut quire = place.quire(&[]);
    quire.ready().await;
    rustix::process::kill_process(place.postgres_pid().unwrap(), Signal::INT).unwrap();
    assert_eq!(quire.ended().await.code(), Some(1));
    assert!(quire.log().contains("PostgreSQL has ended"), "{}", quire.log());
}
