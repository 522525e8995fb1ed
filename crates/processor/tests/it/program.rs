//! The program itself: how it starts, answers and stops.

use std::process::{ExitStatus, Stdio};

use quire_testkit::{HttpClient, free_port, wait_until};
use tokio::process::{Child, Command};

use crate::support::Setup;

/// Asks a process to stop, as an orchestrator would, and waits until it has.
async fn terminate(mut process: Child) -> ExitStatus {
    let id = process.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    process.wait().await.unwrap()
}

#[tokio::test]
async fn the_server_starts_answers_and_stops() {
    let quire = Setup::new().await.start().await;
    let port = free_port().to_string();
    let server = quire.program().env("PORT", &port).spawn().unwrap();
    let healthcheck = async || {
        let asked = quire.program().arg("healthcheck").env("PORT", &port).status();
        asked.await.unwrap().success()
    };
    wait_until("the server is alive", healthcheck).await;
    let client = HttpClient::new(format!("http://127.0.0.1:{port}"));
    client.get("/health/ready").await.assert_status(200);

    // Its worker does what was submitted elsewhere.
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    assert_eq!(user.wait_for(&task, "completed").await["provider"], "local");

    assert!(terminate(server).await.success());
    assert!(!healthcheck().await);
}

#[tokio::test]
async fn the_worker_alone_works_and_stops() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let worker = quire.program().arg("worker").spawn().unwrap();
    let task = user.submit_text().await.task;
    user.wait_for(&task, "completed").await;
    assert!(terminate(worker).await.success());
    let later = user.submit_text().await.task;
    assert_eq!(user.task(&later).await["status"], "pending");
}

#[tokio::test]
async fn a_configuration_that_does_not_suffice_is_told_at_once() {
    let quire = Setup::new().await.start().await;
    let started = quire
        .program()
        .env_remove("DATABASE_URL")
        .env("WORKER_LEASE", "soon")
        .env("AI_PROVIDER", "openai")
        .stderr(Stdio::piped())
        .output();
    let output = started.await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    for variable in ["DATABASE_URL", "WORKER_LEASE", "OPENAI_API_KEY"] {
        assert!(complaint.contains(variable), "{variable}: {complaint}");
    }
}
