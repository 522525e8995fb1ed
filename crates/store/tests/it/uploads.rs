//! Uploads in pieces: one request at a time, and what it writes is fenced.

use std::time::Duration;

use quire_domain::{DocumentId, UserId, ports::resumable::UploadState};
use quire_store::{
    AsyncPgConnection,
    uploads::{self, Checkpoint, Holder, NewUpload, Upload},
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Submission, at, database, unique, user};

fn holder() -> Holder {
    Holder { id: unique(), lease: Duration::from_secs(300) }
}

async fn create(connection: &mut AsyncPgConnection, owner: UserId) -> Uuid {
    let id = unique();
    let upload = NewUpload {
        id,
        user_id: owner.0,
        storage_key: &format!("uploads/{id}"),
        metadata: "filename YQ==",
        length: Some(100),
        created_at: at(0),
        expires_at: at(60),
    };
    uploads::create(connection, &upload).await.unwrap();
    id
}

async fn claim(connection: &mut AsyncPgConnection, id: Uuid, holder: Holder) -> Option<Upload> {
    uploads::claim(connection, id, holder).await.unwrap()
}

/// Writes down that so many bytes have come; whether that was still to be written.
async fn reach(connection: &mut AsyncPgConnection, id: Uuid, holder: Holder, offset: u64) -> bool {
    let state = UploadState { offset, adapter: json!({"name": "a"}) };
    let reached = Checkpoint { length: Some(100), state: &state, hash_state: b"half", expires_at: at(120) };
    uploads::checkpoint(connection, id, holder, &reached).await.unwrap()
}

#[tokio::test]
async fn one_request_holds_an_upload_until_it_lets_go() {
    let (_database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let id = create(&mut connection, owner).await;
    let (first, second) = (holder(), holder());
    let begun = claim(&mut connection, id, first).await.unwrap();
    assert_eq!((begun.received(), begun.state(), begun.length()), (0, None, Some(100)));
    assert!(claim(&mut connection, id, second).await.is_none());
    assert!(claim(&mut connection, id, first).await.is_none(), "not even the same one twice");
    // Letting go of what another one holds is nothing.
    uploads::release(&mut connection, id, second).await.unwrap();
    assert!(claim(&mut connection, id, second).await.is_none());
    assert!(reach(&mut connection, id, first, 40).await);
    uploads::release(&mut connection, id, first).await.unwrap();
    let next = claim(&mut connection, id, second).await.unwrap();
    assert_eq!(next.state(), Some(UploadState { offset: 40, adapter: json!({"name": "a"}) }));
    assert_eq!(next.hash_state.as_deref(), Some(&b"half"[..]));
    assert_eq!(next.expires_at, at(120));
}

#[tokio::test]
async fn who_is_silent_for_too_long_loses_it_and_writes_no_more() {
    let (database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let id = create(&mut connection, owner).await;
    let (lost, next) = (holder(), holder());
    claim(&mut connection, id, lost).await.unwrap();
    database.execute("update uploads set lease_until = now() - interval '1 s'").await;
    // Nobody has taken it yet: a sign of life is still in time.
    assert_eq!(uploads::renew(&mut connection, id, lost).await.unwrap(), Some(false));
    assert!(claim(&mut connection, id, next).await.is_none());
    database.execute("update uploads set lease_until = now() - interval '1 s'").await;
    claim(&mut connection, id, next).await.unwrap();
    assert_eq!(uploads::renew(&mut connection, id, lost).await.unwrap(), None);
    assert!(!reach(&mut connection, id, lost, 50).await);
    uploads::remove(&mut connection, id, lost).await.unwrap();
    let left = uploads::find(&mut connection, owner, id).await.unwrap().unwrap();
    assert_eq!((left.received(), left.is_held()), (0, true));
}

#[tokio::test]
async fn who_holds_it_hears_that_another_one_waits() {
    let (database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let id = create(&mut connection, owner).await;
    let (first, second) = (holder(), holder());
    // Nobody holds it: nobody has to hear.
    uploads::request_release(&mut connection, id).await.unwrap();
    claim(&mut connection, id, first).await.unwrap();
    assert_eq!(uploads::renew(&mut connection, id, first).await.unwrap(), Some(false));
    uploads::request_release(&mut connection, id).await.unwrap();
    assert_eq!(uploads::renew(&mut connection, id, first).await.unwrap(), Some(true));
    // Whoever asked has long gone.
    database.execute("update uploads set release_requested_at = now() - interval '10 s'").await;
    assert_eq!(uploads::renew(&mut connection, id, first).await.unwrap(), Some(false));
    uploads::request_release(&mut connection, id).await.unwrap();
    uploads::release(&mut connection, id, first).await.unwrap();
    claim(&mut connection, id, second).await.unwrap();
    assert_eq!(uploads::renew(&mut connection, id, second).await.unwrap(), Some(false));
}

#[tokio::test]
async fn only_the_owner_finds_it() {
    let (_database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let id = create(&mut connection, ada).await;
    create(&mut connection, ada).await;
    assert!(uploads::find(&mut connection, bob, id).await.unwrap().is_none());
    assert!(uploads::find(&mut connection, ada, id).await.unwrap().is_some());
    for (owner, limit, count) in [(ada, 10, 2), (ada, 1, 1), (bob, 10, 0)] {
        assert_eq!(uploads::count_open(&mut connection, owner, limit).await.unwrap(), count);
    }
}

/// The row stays when the account goes, so that its bytes can be given up; nothing more is written.
#[tokio::test]
async fn the_upload_of_a_deleted_account_is_swept() {
    let (database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let id = create(&mut connection, owner).await;
    let holder = holder();
    claim(&mut connection, id, holder).await.unwrap();
    assert!(reach(&mut connection, id, holder, 10).await);
    assert_eq!(uploads::expired(&mut connection, at(0), 10).await.unwrap(), [Uuid::nil(); 0]);
    assert_eq!(uploads::expired(&mut connection, at(120), 10).await.unwrap(), [id]);
    database.execute("delete from users").await;
    assert!(!reach(&mut connection, id, holder, 20).await);
    assert_eq!(uploads::expired(&mut connection, at(0), 10).await.unwrap(), [id]);
    assert!(uploads::find(&mut connection, owner, id).await.unwrap().is_none());
    uploads::remove(&mut connection, id, holder).await.unwrap();
    assert_eq!(uploads::expired(&mut connection, at(120), 10).await.unwrap(), [Uuid::nil(); 0]);
}

#[tokio::test]
async fn what_is_complete_and_no_document_is_found_again() {
    let (database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let (id, other) = (create(&mut connection, owner).await, create(&mut connection, owner).await);
    let holder = holder();
    for (id, offset) in [(id, 100), (other, 99)] {
        claim(&mut connection, id, holder).await.unwrap();
        assert!(reach(&mut connection, id, holder, offset).await);
    }
    assert_eq!(uploads::left_behind(&mut connection, 10).await.unwrap(), [Uuid::nil(); 0]);
    database.execute("update uploads set lease_until = now() - interval '1 s'").await;
    assert_eq!(uploads::left_behind(&mut connection, 10).await.unwrap(), [id]);

    let submission = Submission::of(owner);
    submission.send(&mut connection).await.unwrap();
    let made = (submission.document, submission.task);
    uploads::finish(&mut connection, id, "", made, at(5)).await.unwrap();
    assert_eq!(uploads::left_behind(&mut connection, 10).await.unwrap(), [Uuid::nil(); 0]);
    let finished = uploads::find(&mut connection, owner, id).await.unwrap().unwrap();
    assert_eq!((finished.document_id(), finished.task_id()), (Some(made.0), Some(made.1)));
    assert_eq!((finished.finished_at, finished.state(), finished.is_held()), (Some(at(5)), None, false));
    assert_eq!(uploads::count_open(&mut connection, owner, 10).await.unwrap(), 1);
    // It outlives its document.
    database.execute("delete from documents").await;
    let left = uploads::find(&mut connection, owner, id).await.unwrap().unwrap();
    assert_eq!((left.document_id(), left.task_id()), (None::<DocumentId>, None));
}
