//! Passwords of documents: kept until the task ends, and shown nowhere.

use std::time::Duration;

use quire_domain::{
    UserId,
    failure::{Failure, FailureCode},
};
use quire_store::{
    AsyncPgConnection,
    queue::{self, Claim, Ending},
    tasks::{self, NewTask},
};
use serde_json::json;

use crate::support::{Submission, claim_one, database, row, unique, user};

const PASSWORD: &str = "open sesame";

/// A task for a locked document that a worker has just claimed.
async fn claimed(connection: &mut AsyncPgConnection, owner: UserId) -> Claim {
    let submission = Submission::of(owner);
    submission.send(connection).await.unwrap();
    let first = claim_one(connection, unique()).await;
    queue::finish(connection, &first, &Ending::Cancelled).await.unwrap();
    let params = json!({});
    let locked = Submission::of(owner);
    let task = NewTask { document_password: Some(PASSWORD), ..locked.new_task(&params) };
    tasks::create(connection, owner, submission.document, &[task]).await.unwrap().unwrap();
    claim_one(connection, unique()).await
}

#[tokio::test]
async fn a_worker_gets_the_password_and_its_log_does_not() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let claim = claimed(&mut connection, ada).await;
    assert_eq!(claim.document_password.as_deref(), Some(PASSWORD));
    assert!(!format!("{claim:?}").contains(PASSWORD));
}

#[tokio::test]
async fn the_password_is_forgotten_when_the_task_ends_and_not_before() {
    let failure = || Failure::new(FailureCode::DocumentEncrypted, "It is locked.");
    for (ending, is_kept) in [
        (Ending::Cancelled, false),
        (Ending::Failed(failure()), false),
        (Ending::HandedBack, true),
        (Ending::Retry(failure(), Duration::ZERO), true),
    ] {
        let (database, mut connection) = database().await;
        let ada = user(&mut connection, "ada").await;
        let claim = claimed(&mut connection, ada).await;
        assert!(queue::finish(&mut connection, &claim, &ending).await.unwrap());
        let row = row(&database, claim.id()).await;
        assert_eq!(row["document_password"].is_string(), is_kept, "{ending:?}");
        let events: Vec<serde_json::Value> =
            database.query_all("select to_json(e) as to_json from events e").await;
        assert!(!json!(events).to_string().contains(PASSWORD));
    }
}
