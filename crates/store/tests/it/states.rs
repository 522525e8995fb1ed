//! The state machines of the domain, held against those in SQL.

use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use quire_domain::{UserId, document::DocumentStatus, task::TaskStatus};

use crate::support::{Submission, database, unique, user};

/// Whether the database takes the statements; anything but a violated check fails the test.
async fn takes(connection: &mut AsyncPgConnection, statements: &str) -> bool {
    match connection.batch_execute(&format!("begin; {statements} commit")).await {
        Ok(()) => true,
        Err(Error::DatabaseError(DatabaseErrorKind::CheckViolation, _)) => {
            connection.batch_execute("rollback").await.unwrap();
            false
        }
        Err(error) => panic!("{statements}: {error}"),
    }
}

/// The columns of a lease, which go with `processing` alone.
fn lease(status: &str) -> String {
    if status == "processing" { format!("now(), '{}'", unique()) } else { "null, null".to_owned() }
}

#[tokio::test]
async fn tasks_take_the_steps_of_the_domain_and_no_others() {
    let (_database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let submission = Submission::of(owner);
    submission.send(&mut connection).await.unwrap();
    for from in TaskStatus::ALL {
        for to in TaskStatus::ALL.iter().filter(|to| *to != from) {
            let id = unique();
            let steps = format!(
                "insert into tasks (id, user_id, document_id, task_type, max_attempts, status, lease_until, worker)
                     values ('{id}', {owner}, '{}', 'summarize', 1, '{from}', {});
                 update tasks set status = '{to}', (lease_until, worker) = row({}) where id = '{id}';",
                submission.document,
                lease(from.as_str()),
                lease(to.as_str()),
            );
            assert_eq!(takes(&mut connection, &steps).await, from.can_become(*to), "{from} to {to}");
        }
    }
}

fn insert_document(id: uuid::Uuid, owner: UserId, status: &str) -> String {
    format!(
        "insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status)
         values ('{id}', {owner}, 'a', 'text/plain', 1, sha256('a'), '{id}', '{status}');"
    )
}

#[tokio::test]
async fn documents_take_the_steps_of_the_domain_and_no_others() {
    let (_database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    for from in DocumentStatus::ALL {
        for to in DocumentStatus::ALL.iter().filter(|to| *to != from) {
            let id = unique();
            let insert = insert_document(id, owner, from.as_str());
            let steps = format!("{insert} update documents set status = '{to}' where id = '{id}';");
            assert_eq!(takes(&mut connection, &steps).await, from.can_become(*to), "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn unknown_states_and_half_a_lease_are_refused() {
    let (_database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let submission = Submission::of(owner);
    submission.send(&mut connection).await.unwrap();
    assert!(!takes(&mut connection, &insert_document(unique(), owner, "completed")).await);
    assert!(takes(&mut connection, &insert_document(unique(), owner, "COMPLETED")).await);
    let refused = [
        "status = 'done'".to_owned(),
        "status = 'processing'".to_owned(),
        "status = 'processing', lease_until = now()".to_owned(),
        format!("worker = '{}'", unique()),
        format!("lease_until = now(), worker = '{}'", unique()),
        "progress = 101".to_owned(),
        "max_attempts = 0".to_owned(),
    ];
    for change in refused {
        let update = format!("update tasks set {change} where id = '{}';", submission.task);
        assert!(!takes(&mut connection, &update).await, "{change}");
    }
}
