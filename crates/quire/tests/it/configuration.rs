//! What is wrong with the configuration is told before anything is started.

use quire_testkit::listener;
use quire_web::config::{HttpConfig, Section, Variable};

use crate::program::{Place, QUIRE, run, sibling};

const HTTP: &[Variable] = &HttpConfig::variables("8080");

fn sections() -> Vec<Section<'static>> {
    let processor = quire_processor::serve::sections(HTTP).into_iter();
    processor.chain(quire_gateway::GatewayConfig::SECTIONS).collect()
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_and_no_port_is_opened() {
    // Whoever opened the port would complain of it.
    let taken = listener();
    let port = taken.local_addr().unwrap().port().to_string();
    let wrong = [
        ("WORKER_LEASE", "soon"),
        ("LOG_FORMAT", "xml"),
        ("DATABASE_POOL_SIZE", "0"),
        ("MAX_FILE_SIZE_MB", "-1"),
        ("LOGIN_WINDOW", "a day"),
        ("JWT_SECRET_KEY", "too-short-to-sign"),
        ("AI_PROVIDER", "oracle"),
    ];
    let variables = [&wrong[..], &[("PORT", port.as_str())]].concat();
    let place = Place::new();
    let quire = run(place.command(QUIRE, &variables), "").await;
    quire.assert_failed("The configuration is not usable");
    for (name, _) in wrong {
        quire.assert_failed(&format!("- {name} "));
    }
    assert!(!quire.errors.contains("in use"), "{}", quire.errors);
    assert!(!quire.errors.contains("too-short-to-sign"), "{}", quire.errors);
    assert!(!place.data().join("postgres").exists());
    assert_eq!(quire.output, "");

    for service in ["quire-gateway", "quire-processor"] {
        let variables = [("PORT", port.as_str()), ("LOG_FORMAT", "xml")];
        let said = run(place.command(sibling(service), &variables), "").await;
        for name in ["- LOG_FORMAT ", "- DATABASE_URL ", "- JWT_SECRET_KEY "] {
            said.assert_failed(name);
        }
        assert!(!said.errors.contains("in use"), "{}", said.errors);
    }
}

#[tokio::test]
async fn production_wants_a_secret_of_its_own() {
    let place = Place::new();
    let quire = run(place.command(QUIRE, &[("APP_ENV", "production")]), "").await;
    quire.assert_failed("JWT_SECRET_KEY (or JWT_SECRET_KEY_FILE) must be set");
    assert!(!place.data().join("jwt-secret").exists(), "a secret was made up");
    assert!(!place.data().join("postgres").exists());
}

#[tokio::test]
async fn a_database_that_is_away_is_told_without_its_password() {
    let place = Place::new();
    let url = "postgres://quire:hunter2@127.0.0.1:1/quire";
    for command in [&[][..], &["migrate"]] {
        let mut quire = place.command(QUIRE, &[("DATABASE_URL", url), ("PORT", "0")]);
        quire.args(command);
        let said = run(quire, "").await;
        said.assert_failed("quire: ");
        assert!(!said.errors.contains("hunter2"), "{}", said.errors);
    }
}

#[tokio::test]
async fn a_file_of_settings_in_the_directory_is_read() {
    let place = Place::new();
    std::fs::write(place.path().join(".env"), "LOG_FORMAT=xml\n").unwrap();
    let quire = run(place.command(QUIRE, &[]), "").await;
    quire.assert_failed("- LOG_FORMAT must be one of auto, pretty, json, not `xml`");
}

#[tokio::test]
async fn help_lists_every_variable() {
    let place = Place::new();
    let mut quire = place.command(QUIRE, &[]);
    quire.arg("--help");
    let help = run(quire, "").await;
    help.assert_succeeded();
    let sections = sections();
    assert!(sections.len() > 8);
    let variables = sections.iter().flat_map(|section| section.variables);
    for name in variables.map(|variable| variable.name).chain(["QUIRE_DATA_DIR", "PG_BIN"]) {
        let lines = help.output.lines().filter(|line| line.trim() == name).count();
        assert_eq!(lines, 1, "{name} in:\n{}", help.output);
    }
    for section in &sections {
        assert!(help.output.contains(&format!("\n{}:\n", section.title)), "{}", section.title);
    }
    for command in ["migrate", "createsuperuser", "openapi"] {
        assert!(help.output.contains(&format!("\n  {command} ")), "{command}");
    }
}
