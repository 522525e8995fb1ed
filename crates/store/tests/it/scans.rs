//! What the virus scanner says of documents.

use std::time::Duration;

use quire_domain::{
    DocumentId, UserId,
    document::{DocumentStatus, ScanVerdict},
    failure::{Failure, FailureCode},
};
use quire_store::{
    AsyncPgConnection,
    documents::{self, Document, Page, Reading},
    queue::{self, Ending},
    scans,
};
use quire_testkit::TestDatabase;
use serde_json::json;

use crate::support::{Submission, claim_one, database, events, row, submit, unique, user};

/// A document that is being read.
async fn in_processing(connection: &mut AsyncPgConnection, owner: UserId) -> Document {
    let submission = Submission::of(owner);
    submission.send(connection).await.unwrap();
    documents::begin_reading(connection, submission.document).await.unwrap();
    find(connection, owner, submission.document).await
}

/// A document that has been read, with a thumbnail.
async fn completed(connection: &mut AsyncPgConnection, owner: UserId) -> Document {
    let document = in_processing(connection, owner).await;
    let page = Page { number: 1, text: "text".into(), method: "text".into(), confidence: None };
    let thumbnail = format!("{}.thumbnail", document.storage_key);
    let reading = Reading {
        media_type: "application/pdf",
        metadata: &json!({"title": "mine"}),
        pages: &[page],
        thumbnail_key: Some(&thumbnail),
    };
    documents::finish_reading(connection, &document, &reading).await.unwrap();
    find(connection, owner, document.id()).await
}

async fn find(connection: &mut AsyncPgConnection, owner: UserId, id: DocumentId) -> Document {
    documents::find(connection, owner, id).await.unwrap().unwrap()
}

fn infected() -> Failure {
    Failure::new(FailureCode::DocumentQuarantined, "A virus.")
}

fn too_large() -> Failure {
    Failure::new(FailureCode::DocumentNotScanned, "Too large.")
}

async fn count(database: &TestDatabase, what: &str) -> i64 {
    database.query_one(&format!("select count(*) from {what}")).await
}

#[tokio::test]
async fn nothing_of_a_document_in_quarantine_stays_but_its_bytes() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let document = completed(&mut connection, ada).await;
    let reply = format!(
        "insert into kept_replies (user_id, key, document_id, reply, input_tokens, cached_input_tokens,
             output_tokens, reasoning_tokens)
         values ({ada}, sha256(''), '{}', '{{}}', 1, 0, 1, 0)",
        document.id()
    );
    database.execute(&reply).await;
    for first in [true, false] {
        let locked = scans::quarantine(&mut connection, &document, "Eicar", &infected()).await;
        assert_eq!(locked.unwrap(), first);
    }
    let found = find(&mut connection, ada, document.id()).await;
    assert_eq!(found.status(), DocumentStatus::Quarantined);
    assert_eq!(found.scan_verdict(), Some(ScanVerdict::Infected));
    assert_eq!((found.scan_signature.as_deref(), found.scanned_at.is_some()), (Some("Eicar"), true));
    assert_eq!((found.metadata, found.thumbnail_key), (json!({}), None));
    assert_eq!(documents::failure_of(&find(&mut connection, ada, document.id()).await), infected());
    assert_eq!(count(&database, "document_pages").await, 0);
    assert_eq!(count(&database, "kept_replies").await, 0);
    assert_eq!(count(&database, "events where name = 'document_quarantined'").await, 1);
    let blobs = documents::blobs_to_delete(&mut connection, 10).await.unwrap();
    assert_eq!(blobs, [document.thumbnail_key.clone().unwrap()]);

    // There is no way out.
    assert!(!scans::record_clean(&mut connection, document.id()).await.unwrap());
    scans::record_not_scanned(&mut connection, document.id(), &too_large()).await.unwrap();
    let found = find(&mut connection, ada, document.id()).await;
    assert_eq!(found.scan_verdict(), Some(ScanVerdict::Infected));
}

#[tokio::test]
async fn what_could_not_be_scanned_may_be_read_when_it_could_be() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let id = in_processing(&mut connection, ada).await.id();
    scans::record_not_scanned(&mut connection, id, &too_large()).await.unwrap();
    let found = find(&mut connection, ada, id).await;
    let state = (found.status(), found.scan_verdict());
    assert_eq!(state, (DocumentStatus::Failed, Some(ScanVerdict::NotScanned)));
    assert_eq!(documents::failure_of(&found), too_large());

    assert!(scans::record_clean(&mut connection, id).await.unwrap());
    let found = find(&mut connection, ada, id).await;
    assert_eq!(
        (found.status(), found.scan_verdict()),
        (DocumentStatus::Processing, Some(ScanVerdict::Clean))
    );
    assert_eq!((found.error_code, found.last_error), (None, None));
}

#[tokio::test]
async fn what_was_read_or_failed_before_stays_so() {
    let (_database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let read = completed(&mut connection, ada).await.id();
    let failed = in_processing(&mut connection, ada).await.id();
    let corrupt = Failure::new(FailureCode::DocumentCorrupt, "Damaged.");
    documents::fail_reading(&mut connection, failed, &corrupt).await.unwrap();
    for id in [read, failed] {
        scans::record_not_scanned(&mut connection, id, &too_large()).await.unwrap();
        assert_eq!(find(&mut connection, ada, id).await.scan_verdict(), Some(ScanVerdict::NotScanned));
        assert!(scans::record_clean(&mut connection, id).await.unwrap());
        assert_eq!(find(&mut connection, ada, id).await.scan_verdict(), Some(ScanVerdict::Clean));
    }
    assert_eq!(find(&mut connection, ada, read).await.status(), DocumentStatus::Completed);
    let failed = find(&mut connection, ada, failed).await;
    assert_eq!((failed.status(), documents::failure_of(&failed)), (DocumentStatus::Failed, corrupt));
}

/// However long it lasts: no attempt is counted, and it is told once.
#[tokio::test]
async fn waiting_for_the_scanner_is_told_once() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let task = submit(&mut connection, ada).await;
    let away = || {
        let failure = Failure::new(FailureCode::ScannerUnavailable, "Away.");
        Ending::Wait(failure, Duration::from_secs(60))
    };
    for _ in 0..3 {
        let claim = claim_one(&mut connection, unique()).await;
        assert_eq!(claim.attempt, 1);
        assert!(queue::finish(&mut connection, &claim, &away()).await.unwrap());
        assert!(!queue::finish(&mut connection, &claim, &away()).await.unwrap());
        let waits: bool =
            database.query_one("select run_at > now() + interval '50 s' and attempt = 0 from tasks").await;
        assert!(waits, "{}", row(&database, task).await);
        database.execute("update tasks set run_at = now()").await;
    }
    let told = ["task_queued", "task_started", "task_queued"];
    assert_eq!(events(&database, task).await, told);

    // Its user gives up.
    let claim = claim_one(&mut connection, unique()).await;
    database.execute("update tasks set cancel_requested = true").await;
    assert!(queue::finish(&mut connection, &claim, &away()).await.unwrap());
    assert_eq!(events(&database, task).await, [&told[..], &["task_cancelled"]].concat());
}
