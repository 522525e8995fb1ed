//! The migrated database that the others are cloned from.

use std::fs;
use std::path::{Path, PathBuf};

use diesel_async::AsyncPgConnection;
use tokio::sync::OnceCell;

use crate::database::{connect, drop_database, names_with_prefix, run, short_hash, with_database};

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
const PREFIX: &str = "quire_template_";
/// Serializes the processes that want the template. The number has no meaning but to be
/// always the same.
const LOCK: i64 = 0x51_75_69_72_65;

/// The name of a template with the newest schema, which is built when it is missing.
pub(crate) async fn ready(admin: &mut AsyncPgConnection, admin_url: &str) -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();
    NAME.get_or_init(|| async {
        let name = format!("{PREFIX}{}", fingerprint(Path::new(MIGRATIONS)));
        if !exists(admin, &name).await {
            build_once(&name, admin_url).await;
        }
        name
    })
    .await
}

async fn exists(admin: &mut AsyncPgConnection, name: &str) -> bool {
    names_with_prefix(admin, PREFIX).await.iter().any(|known| known == name)
}

async fn build_once(name: &str, admin_url: &str) {
    // The lock goes with the connection, also when this process is killed.
    let mut admin = connect(admin_url).await;
    run(&mut admin, &format!("SELECT pg_advisory_lock({LOCK})")).await;
    if !exists(&mut admin, name).await {
        build(&mut admin, name, admin_url).await;
    }
}

/// Migrates under another name, so that what a killed process left is never cloned.
async fn build(admin: &mut AsyncPgConnection, name: &str, admin_url: &str) {
    for outdated in names_with_prefix(admin, PREFIX).await {
        drop_database(admin_url, &outdated).await;
    }
    let unfinished = format!("{name}_unfinished");
    run(admin, &format!("CREATE DATABASE {unfinished}")).await;
    let applied = quire_store::migrations::run(&with_database(admin_url, &unfinished)).await;
    let applied = applied.unwrap_or_else(|error| panic!("migrating the template: {error:?}"));
    let known = directories(Path::new(MIGRATIONS)).len();
    assert_eq!(
        applied.len(),
        known,
        "the migrations built into quire-store are not those on disk: rebuild it"
    );
    run(admin, &format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    run(admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
}

/// Changes with every migration.
fn fingerprint(migrations: &Path) -> String {
    let mut everything = Vec::new();
    for directory in directories(migrations) {
        let file = directory.join("up.sql");
        let sql = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        everything.extend(directory.file_name().unwrap_or_default().as_encoded_bytes());
        everything.extend(sql);
    }
    short_hash(&everything)
}

fn directories(migrations: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(migrations).expect("the directory of the migrations");
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_changes_with_a_migration() {
        let migrations = tempfile::tempdir().expect("a directory");
        let write = |name: &str, sql: &str| {
            let directory = migrations.path().join(name);
            fs::create_dir_all(&directory).expect("a directory");
            fs::write(directory.join("up.sql"), sql).expect("a file");
        };
        write("1_a", "create table a ()");
        let first = fingerprint(migrations.path());
        assert_eq!(fingerprint(migrations.path()), first);
        write("1_a", "create table a (id int)");
        let second = fingerprint(migrations.path());
        write("2_b", "create table b ()");
        let third = fingerprint(migrations.path());
        assert!(first != second && second != third && first != third);
    }
}
