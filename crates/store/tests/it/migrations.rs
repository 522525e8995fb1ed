use std::fs;

use quire_store::migrations;
use quire_testkit::TestDatabase;
use serde_json::{Value, json};

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");

/// The versions on disk, oldest first: the directory's name before the first `_`, without dashes.
fn versions() -> Vec<String> {
    let mut versions: Vec<String> = fs::read_dir(DIRECTORY)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.split('_').next().unwrap().replace('-', ""))
        .collect();
    versions.sort();
    versions
}

/// All that migrations make: columns, constraints, indexes, triggers and functions.
async fn made(database: &TestDatabase) -> Value {
    database
        .query_one(
            "select json_build_object(
                'columns', (select json_agg(json_build_array(table_name, column_name, data_type,
                        is_nullable, column_default) order by table_name, column_name)
                    from information_schema.columns where table_schema = 'public'
                        and table_name <> '__diesel_schema_migrations'),
                'constraints', (select json_agg(json_build_array(conrelid::regclass::text,
                        pg_get_constraintdef(oid)) order by 1)
                    from (select * from pg_constraint where connamespace = 'public'::regnamespace
                        and conrelid::regclass::text <> '__diesel_schema_migrations'
                        order by conrelid::regclass::text, conname) c),
                'indexes', (select json_agg(indexdef order by indexdef) from pg_indexes
                    where schemaname = 'public' and tablename <> '__diesel_schema_migrations'),
                'triggers', (select json_agg(pg_get_triggerdef(oid) order by tgname)
                    from pg_trigger where not tgisinternal),
                'functions', (select json_agg(pg_get_functiondef(oid) order by proname)
                    from pg_proc where pronamespace = 'public'::regnamespace))",
        )
        .await
}

#[tokio::test]
async fn up_down_and_up_again() {
    let database = TestDatabase::empty().await;
    let nothing = made(&database).await;
    assert_eq!(migrations::pending(database.url()).await.unwrap(), versions());
    assert_eq!(migrations::run(database.url()).await.unwrap(), versions());
    assert!(migrations::pending(database.url()).await.unwrap().is_empty());
    let first = made(&database).await;

    let mut newest_first = versions();
    newest_first.reverse();
    assert_eq!(migrations::revert_all(database.url()).await.unwrap(), newest_first);
    assert_eq!(made(&database).await, nothing, "something stayed behind");

    assert_eq!(migrations::run(database.url()).await.unwrap(), versions());
    assert_eq!(made(&database).await, first);
    assert!(first["triggers"].as_array().is_some_and(|triggers| triggers.len() >= 3), "{first}");
}

#[tokio::test]
async fn two_at_once_do_no_harm() {
    let database = TestDatabase::empty().await;
    let (one, other) = tokio::join!(migrations::run(database.url()), migrations::run(database.url()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one.is_empty() != other.is_empty(), "{one:?} and {other:?}");
    assert_eq!([one, other].concat(), versions());
    assert!(migrations::pending(database.url()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_migrated_database_is_left_alone() {
    let database = TestDatabase::new().await;
    assert_eq!(migrations::run(database.url()).await.unwrap(), Vec::<String>::new());
    let applied: Value =
        database.query_one("select json_agg(version order by version) from __diesel_schema_migrations").await;
    assert_eq!(applied, json!(versions()));
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable() {
    let database = TestDatabase::empty().await;
    database.take_away().await;
    let error = migrations::run(database.url()).await.unwrap_err();
    assert_eq!(error.code, quire_domain::ErrorCode::DatabaseUnavailable);
}
