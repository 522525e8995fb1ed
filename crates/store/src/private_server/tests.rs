//! With the real server: each test has its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use diesel::sql_types::{BigInt, Text};

use super::*;

/// A directory that the server's account can reach also when the tests run as root.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
    directory
}

fn options(directory: &tempfile::TempDir) -> Options {
    Options { durable: false, max_connections: 10, ..Options::new(directory.path().join("postgres")) }
}

async fn text(server: &PrivateServer, database: &str, expression: &str) -> String {
    let mut connection = AsyncPgConnection::establish(&server.url(database)).await.unwrap();
    let query = diesel::dsl::sql::<Text>(&format!("SELECT ({expression})::text"));
    query.get_result(&mut connection).await.unwrap()
}

async fn execute(server: &PrivateServer, database: &str, statement: &str) {
    let mut connection = AsyncPgConnection::establish(&server.url(database)).await.unwrap();
    connection.batch_execute(statement).await.unwrap();
}

#[tokio::test]
async fn data_survives_a_stop_and_a_start() {
    let directory = directory();
    let server = PrivateServer::start(options(&directory)).await.unwrap();
    server.create_database_if_missing("quire").await.unwrap();
    server.create_database_if_missing("quire").await.unwrap();
    execute(&server, "quire", "CREATE TABLE kept AS SELECT 7 AS number").await;
    server.stop().await.unwrap();
    assert!(!directory.path().join("postgres/cluster/postmaster.pid").exists());

    let server = PrivateServer::start(options(&directory)).await.unwrap();
    assert_eq!(text(&server, "quire", "SELECT number FROM kept").await, "7");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn others_are_kept_out() {
    let directory = directory();
    let server = PrivateServer::start(options(&directory)).await.unwrap();
    assert_eq!(text(&server, "postgres", "SELECT current_setting('listen_addresses')").await, "");
    let rights = "SELECT rolsuper::text || ' ' || rolcreatedb FROM pg_roles WHERE rolname = current_user";
    assert_eq!(text(&server, "postgres", rights).await, "false true");
    for path in [&server.home.dir, &server.home.socket_dir, &server.home.cluster()] {
        let metadata = fs::metadata(path).unwrap();
        assert_eq!(metadata.mode() & 0o777, 0o700, "{}", path.display());
        assert_ne!(metadata.uid(), 0, "{} belongs to root", path.display());
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn database_names_are_not_sql() {
    let directory = directory();
    let server = PrivateServer::start(options(&directory)).await.unwrap();
    let name = r#"odd "name"; DROP DATABASE postgres; %41 /é"#;
    server.create_database_if_missing(name).await.unwrap();
    assert_eq!(text(&server, name, "current_database()").await, name);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_is_refused_and_harms_nothing() {
    let directory = directory();
    let server = PrivateServer::start(options(&directory)).await.unwrap();
    let second = PrivateServer::start(options(&directory)).await.unwrap_err();
    assert!(matches!(second, StartError::AlreadyRunning(_)), "{second:?}");
    let stop = PrivateServer::stop_left_running(&directory.path().join("postgres")).await.unwrap_err();
    assert!(matches!(stop, StartError::AlreadyRunning(_)), "{stop:?}");
    assert_eq!(text(&server, "postgres", "1").await, "1");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_outlived_its_owner_is_replaced() {
    let directory = directory();
    let first = PrivateServer::start(options(&directory)).await.unwrap();
    first.create_database_if_missing("quire").await.unwrap();
    let before = text(&first, "quire", "pg_postmaster_start_time()").await;
    let mut held = AsyncPgConnection::establish(&first.url("quire")).await.unwrap();
    first.leave_running();

    let second = PrivateServer::start(options(&directory)).await.unwrap();
    assert_ne!(text(&second, "quire", "pg_postmaster_start_time()").await, before);
    let cut = diesel::dsl::sql::<BigInt>("SELECT 1::bigint").get_result::<i64>(&mut held).await;
    assert!(cut.is_err(), "the old server still answers");
    second.leave_running();

    let data_dir = directory.path().join("postgres");
    PrivateServer::stop_left_running(&data_dir).await.unwrap();
    assert!(!data_dir.join("cluster/postmaster.pid").exists());
    PrivateServer::stop_left_running(&data_dir).await.unwrap();
}

#[tokio::test]
async fn an_interrupted_first_start_is_begun_anew() {
    let directory = directory();
    let data_dir = directory.path().join("postgres");
    let half = data_dir.join("cluster.new-1");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    fs::write(data_dir.join("quire.lock"), "").unwrap();

    let server = PrivateServer::start(options(&directory)).await.unwrap();
    assert!(!half.exists());
    assert_eq!(text(&server, "postgres", "1").await, "1");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_record_with_the_number_of_another_process_does_not_stop_the_start() {
    let directory = directory();
    let server = PrivateServer::start(options(&directory)).await.unwrap();
    let record = server.home.cluster().join("postmaster.pid");
    let text_of_record = fs::read_to_string(&record).unwrap();
    server.stop().await.unwrap();
    let (_, rest) = text_of_record.split_once('\n').unwrap();
    fs::write(&record, format!("{}\n{rest}", std::process::id())).unwrap();

    let server = PrivateServer::start(options(&directory)).await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_with_other_files_is_left_alone() {
    let directory = directory();
    let data_dir = directory.path().join("postgres");
    fs::create_dir(&data_dir).unwrap();
    fs::set_permissions(&data_dir, Permissions::from_mode(0o755)).unwrap();
    fs::write(data_dir.join("thesis.txt"), "mine").unwrap();
    let error = PrivateServer::start(options(&directory)).await.unwrap_err();
    assert!(matches!(error, StartError::NotOurs(_)), "{error:?}");
    assert_eq!(fs::metadata(&data_dir).unwrap().mode() & 0o777, 0o755);
}

#[tokio::test]
async fn a_long_path_gets_its_socket_elsewhere() {
    let directory = directory();
    let data_dir = directory.path().join("d".repeat(120)).join("with, comma and blank");
    let server = PrivateServer::start(Options { durable: false, ..Options::new(&data_dir) }).await.unwrap();
    assert!(!server.home.socket_dir.starts_with(&data_dir));
    assert_eq!(fs::metadata(&server.home.socket_dir).unwrap().mode() & 0o777, 0o700);
    assert_eq!(text(&server, "postgres", "1").await, "1");
    let elsewhere = server.home.socket_dir.clone();
    server.stop().await.unwrap();
    fs::remove_dir_all(elsewhere).unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let directory = directory();
    PrivateServer::start(options(&directory)).await.unwrap().stop().await.unwrap();
    let configuration = directory.path().join("postgres/cluster/postgresql.conf");
    fs::write(configuration, "no_such_setting = 1\n").unwrap();
    let error = PrivateServer::start(options(&directory)).await.unwrap_err();
    assert!(matches!(&error, StartError::Exited { log, .. } if log.contains("no_such_setting")), "{error:?}");
}

#[tokio::test]
async fn the_end_of_the_server_is_noticed() {
    let directory = directory();
    let mut server = PrivateServer::start(options(&directory)).await.unwrap();
    let id = server.child.id().unwrap().try_into().unwrap();
    let pid = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(pid, process::IMMEDIATE).unwrap();
    server.exited().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn dropping_the_value_stops_the_server() {
    let directory = directory();
    let server = PrivateServer::start(options(&directory)).await.unwrap();
    let record = server.home.cluster().join("postmaster.pid");
    drop(server);
    let gone = async {
        while record.exists() {
            tokio::time::sleep(POLL_EVERY).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
}
