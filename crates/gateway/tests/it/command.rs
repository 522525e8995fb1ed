//! The `quire-gateway` command.

use std::process::Stdio;

use quire_testkit::{HttpClient, TestDatabase, free_port, wait_until};
use serde_json::Value;
use tokio::process::Command;

const SECRET: &str = "a secret that is only for tests, and long";

/// The command in an empty environment.
fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quire-gateway"));
    command.env_clear().envs(variables.iter().copied());
    command.current_dir(std::env::temp_dir()).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn it_serves_and_knows_whether_it_lives() {
    let database = TestDatabase::new().await;
    let port = free_port().to_string();
    let variables = [
        ("DATABASE_URL", database.url()),
        ("JWT_SECRET_KEY", SECRET),
        ("HOST", "0.0.0.0"),
        ("PORT", port.as_str()),
    ];
    let healthcheck = || async { command(&variables).arg("healthcheck").output().await.unwrap().status };
    assert_eq!(healthcheck().await.code(), Some(1));

    let mut service = command(&variables).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the gateway lives", || async { healthcheck().await.success() }).await;
    let client = HttpClient::new(format!("http://127.0.0.1:{port}"));
    let health: Value = client.get("/health").await.expect_status(200).json();
    assert_eq!((&health["service"], &health["database"]), (&"quire-gateway".into(), &"ok".into()));
    client.get("/auth/profile/").await.assert_problem(401, "not_authenticated");
    service.kill().await.unwrap();
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_told_at_once() {
    let output = command(&[("PROCESSOR_URL", "processor")]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    for name in ["DATABASE_URL", "JWT_SECRET_KEY", "PROCESSOR_URL"] {
        assert!(said.contains(name), "{said}");
    }
}

#[tokio::test]
async fn the_help_lists_every_variable() {
    let output = command(&[]).arg("--help").output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for name in [
        "healthcheck",
        "DATABASE_URL",
        "PROCESSOR_TIMEOUT",
        "LOGIN_MAX_FAILURES_PER_ACCOUNT",
        "MAX_UPLOAD_SIZE",
    ] {
        assert!(help.contains(name), "{help}");
    }
}
