use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use quire_testkit::{TestDatabase, postgres, wait_until};

async fn exists(name: &str) -> bool {
    let mut admin = AsyncPgConnection::establish(postgres::url().await).await.unwrap();
    let query = diesel::dsl::sql::<diesel::sql_types::Bool>(
        "SELECT EXISTS (SELECT FROM pg_database WHERE datname = ",
    )
    .bind::<diesel::sql_types::Text, _>(name)
    .sql(")");
    diesel_async::RunQueryDsl::get_result(query, &mut admin).await.unwrap()
}

#[tokio::test]
async fn every_test_has_tables_of_its_own() {
    let (one, other) = tokio::join!(TestDatabase::new(), TestDatabase::new());
    assert_ne!(one.url(), other.url());
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'users'";
    assert_eq!(one.query_one::<i64>(tables).await, 1);
    one.execute("CREATE TABLE mine (id int)").await;
    let mine = "SELECT to_regclass('mine') IS NOT NULL";
    assert!(one.query_one::<bool>(mine).await);
    assert!(!other.query_one::<bool>(mine).await);
}

#[tokio::test]
async fn an_empty_database_has_no_tables() {
    let database = TestDatabase::empty().await;
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(database.query_one::<i64>(tables).await, 0);
}

#[tokio::test]
async fn the_database_goes_with_the_value() {
    let database = TestDatabase::empty().await;
    let name: String = database.query_one("SELECT current_database()").await;
    assert!(exists(&name).await);
    let _open = database.pool().get().await.unwrap();
    drop(database);
    assert!(!exists(&name).await);
}

#[tokio::test]
async fn rows_are_read_by_name() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Row {
        number: i64,
        word: Option<String>,
    }
    let database = TestDatabase::empty().await;
    let rows: Vec<Row> =
        database.query_all("SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t (number, word)").await;
    let word = Some("a".to_owned());
    assert_eq!(rows, [Row { number: 1, word }, Row { number: 2, word: None }]);
    assert_eq!(database.query_one::<Option<i64>>("SELECT NULL::int").await, None);
}

#[tokio::test]
async fn a_database_can_be_taken_away_and_brought_back() {
    let database = TestDatabase::empty().await;
    let pool = database.pool();
    pool.check().await.unwrap();
    database.take_away().await;
    wait_until("the pool notices", || async { pool.check().await.is_err() }).await;
    database.bring_back().await;
    wait_until("the pool recovers", || async { pool.check().await.is_ok() }).await;
}

#[tokio::test]
#[should_panic(expected = "SELECT 1/0")]
async fn a_refused_query_fails_the_test_and_is_named() {
    let database = TestDatabase::empty().await;
    let never = tokio::time::timeout(Duration::from_secs(60), database.query_one::<i64>("SELECT 1/0"));
    never.await.unwrap();
}
