//! The other commands, and what is not one.

use quire_store::migrations;
use quire_testkit::TestDatabase;

use crate::program::{Place, QUIRE, Said, run};

async fn quire(place: &Place, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
    let mut command = place.command(QUIRE, variables);
    command.args(arguments);
    run(command, "").await
}

#[tokio::test]
async fn migrate_brings_the_configured_database_up_to_date() {
    let (place, database) = (Place::new(), TestDatabase::empty().await);
    for _ in 0..2 {
        let said = quire(&place, &[("DATABASE_URL", database.url())], &["migrate"]).await;
        said.assert_succeeded();
        assert!(said.errors.contains("The database is up to date."), "{}", said.errors);
    }
    assert!(migrations::pending(database.url()).await.unwrap().is_empty());
    assert!(!place.data().join("postgres").exists());
}

#[tokio::test]
async fn migrate_makes_the_private_database_and_stops_it() {
    let place = Place::new();
    quire(&place, &[], &["migrate"]).await.assert_succeeded();
    assert!(place.data().join("postgres/cluster").exists());
    assert!(place.postgres_pid().is_none(), "PostgreSQL was left running");
}

#[tokio::test]
async fn what_is_no_command_is_refused() {
    let place = Place::new();
    for arguments in [&["explode"][..], &["--port", "1"], &["migrate", "everything"]] {
        let said = quire(&place, &[], arguments).await;
        assert_eq!(said.code, Some(2), "{}", said.errors);
        assert!(said.errors.contains("--help"), "{}", said.errors);
    }
    let version = quire(&place, &[], &["--version"]).await;
    assert_eq!(version.output, format!("quire {}\n", env!("CARGO_PKG_VERSION")));
    assert!(!place.data().exists());
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_is_told() {
    let place = Place::new();
    std::fs::write(place.data(), "a file").unwrap();
    let said = quire(&place, &[("PORT", "0")], &[]).await;
    said.assert_failed("set QUIRE_DATA_DIR to a directory that you may write to");
}
