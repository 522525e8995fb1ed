//! What expires, and the bytes of documents that are gone.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use quire_domain::clock::{Clock, FakeClock};
use quire_processor::{Surroundings, housekeeping::Housekeeping};
use quire_web::shutdown::Shutdown;

use crate::support::{Quire, SECOND, Setup};

const DAY: u32 = 24 * 60 * 60;

fn housekeeping(quire: &Quire, clock: &FakeClock) -> Housekeeping {
    let pool = quire.database.pool();
    Housekeeping::new(pool, quire.surroundings.blobs.clone(), Arc::new(clock.clone()), 30 * DAY * SECOND)
}

fn clock() -> FakeClock {
    FakeClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

#[tokio::test]
async fn the_bytes_of_a_deleted_document_go() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let gone = user.submit_file("gone.txt", b"It will be deleted.".to_vec()).await;
    let kept = user.submit_text().await;
    quire.database.execute(&format!("delete from documents where id = '{}'", gone.document)).await;
    assert_eq!(quire.files().len(), 2);
    housekeeping(&quire, &clock()).clean_up().await.unwrap();
    let key: String = quire.database.query_one("select storage_key from documents").await;
    assert_eq!(quire.files().iter().filter(|file| file.ends_with(&key)).count(), 1);
    assert_eq!(quire.files().len(), 1);
    assert_eq!(quire.count("blob_deletions").await, 0);
    assert_eq!(user.task(&kept.task).await["status"], "pending");
}

#[tokio::test]
async fn bytes_that_documents_share_go_with_the_last() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let (first, second) = (user.submit_text().await, user.submit_text().await);
    assert_eq!(quire.files().len(), 1);
    for (document, files) in [(first.document, 1), (second.document, 0)] {
        quire.database.execute(&format!("delete from documents where id = '{document}'")).await;
        housekeeping(&quire, &clock()).clean_up().await.unwrap();
        assert_eq!(quire.files().len(), files, "{document}");
    }
    assert_eq!(quire.count("blob_deletions").await, 0);
}

#[tokio::test]
async fn a_deleted_account_leaves_no_bytes() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    ada.submit_text().await;
    ada.submit_text().await;
    bob.submit_text().await;
    quire.database.execute(&format!("delete from users where id = {}", ada.id)).await;
    let housekeeping = housekeeping(&quire, &clock());
    housekeeping.clean_up().await.unwrap();
    assert_eq!(quire.files().len(), 1);
    // Twice is no harm.
    housekeeping.clean_up().await.unwrap();
    assert_eq!(quire.files().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_deleted_stays_on_the_list() {
    let quire = Setup::new().await.start().await;
    quire.user("ada").await.submit_text().await;
    // No key that storage would accept.
    quire
        .database
        .execute("insert into blob_deletions (storage_key) values ('../outside'); delete from documents")
        .await;
    housekeeping(&quire, &clock()).clean_up().await.unwrap();
    assert!(quire.files().is_empty());
    let left: Vec<serde_json::Value> =
        quire.database.query_all("select storage_key from blob_deletions").await;
    assert_eq!(left, [serde_json::json!({"storage_key": "../outside"})]);
}

#[tokio::test]
async fn what_has_expired_is_swept() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let (clock, id) = (clock(), user.id);
    let (past, future) = (clock.now() - TimeDelta::seconds(1), clock.now() + TimeDelta::seconds(1));
    let old = clock.now() - TimeDelta::days(31);
    for (name, time) in [("past", past), ("future", future)] {
        quire
            .database
            .execute(&format!(
                "insert into refresh_tokens (token_hash, family, user_id, created_at, expires_at)
                     values ('{name}', gen_random_uuid(), {id}, '{time}', '{time}');
                 insert into socket_tickets (ticket_hash, user_id, expires_at) values ('{name}', {id}, '{time}');
                 insert into rate_windows (key, count, expires_at) values ('{name}', 1, '{time}');"
            ))
            .await;
    }
    quire
        .database
        .execute(&format!(
            "insert into events (user_id, name, message, created_at)
                 select {id}, 'task_progress', 'old', '{old}' from generate_series(1, 2500);
             insert into events (user_id, name, message, created_at) values ({id}, 'task_progress', 'new', '{past}')"
        ))
        .await;
    housekeeping(&quire, &clock).clean_up().await.unwrap();
    // It remembers when it last looked through storage.
    quire.database.execute("delete from rate_windows where key = 'inventory'").await;
    for left in [
        "refresh_tokens where token_hash = 'future'",
        "socket_tickets where ticket_hash = 'future'",
        "rate_windows where key = 'future'",
        "events where message = 'new'",
    ] {
        let table = left.split(' ').next().unwrap();
        assert_eq!((quire.count(table).await, quire.count(left).await), (1, 1), "{left}");
    }
}

#[tokio::test]
async fn without_the_database_it_says_so() {
    let quire = Setup::new().await.start().await;
    quire.database.take_away().await;
    assert!(housekeeping(&quire, &clock()).clean_up().await.is_err());
    quire.bring_back_database().await;
    housekeeping(&quire, &clock()).clean_up().await.unwrap();
}

/// What uploads of a killed process left is removed when the next one starts.
#[tokio::test]
async fn unfinished_uploads_of_a_killed_process_go() {
    let quire = Setup::new().await.start().await;
    quire.user("ada").await.submit_text().await;
    let stored = quire.files();
    let incoming = quire.media.path().join(".incoming");
    for name in ["left-behind", "being-written"] {
        std::fs::write(incoming.join(name), "half a file").unwrap();
    }
    let left_behind = std::fs::File::options().write(true).open(incoming.join("left-behind")).unwrap();
    left_behind.set_modified(std::time::UNIX_EPOCH).unwrap();
    let Surroundings { pool, tokens, clock, .. } = quire.surroundings.clone();
    Surroundings::new(&quire.config, pool, tokens, clock, Shutdown::new()).await.unwrap();
    let mut expected = stored;
    expected.insert(incoming.join("being-written").to_str().unwrap().to_owned());
    assert_eq!(quire.files(), expected);
}
