//! Documents that were announced, and objects that nobody has announced.

use quire_domain::{DocumentId, UserId, details::DocumentDetails, document::DocumentStatus};
use quire_store::{
    AsyncPgConnection,
    announced::{self, NewAnnouncement, Open},
    documents::{self, FirstCopy, NewDocument},
    records::{self, ObjectState},
    tasks::Submitted,
};
use serde_json::Value;

use crate::support::{Submission, at, database, unique, user};

const SHA256: [u8; 32] = [9; 32];

/// Announces a document whose link is good for an hour, and which is waited for two.
async fn announce(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    key: Option<&str>,
) -> Option<DocumentId> {
    let id = DocumentId(unique());
    let announcement = NewAnnouncement {
        document_id: id,
        user_id: owner,
        filename: "a.txt",
        declared_type: "text/plain",
        storage_key: &format!("uploads/{id}"),
        details: &DocumentDetails { folder: "F".into(), ..DocumentDetails::default() },
        size: Some(5),
        sha256: Some(&SHA256),
        idempotency_key: key,
        link_expires_at: at(3600),
        expires_at: at(7200),
    };
    announced::announce(connection, &announcement).await.unwrap().then_some(id)
}

async fn enqueue(connection: &mut AsyncPgConnection, owner: UserId, id: DocumentId) -> Option<Submitted> {
    let document = NewDocument {
        id,
        user_id: owner,
        filename: "a.txt",
        declared_type: None,
        media_type: "text/csv",
        size: 6,
        sha256: &SHA256,
        storage_key: &format!("uploads/{id}"),
        details: &DocumentDetails::default(),
    };
    let task = Submission::of(owner);
    announced::enqueue(connection, &document, &[task.new_task(&Value::Null)]).await.unwrap()
}

#[tokio::test]
async fn a_document_waits_for_its_bytes_and_is_enqueued_once() {
    let (_database, mut connection) = database().await;
    let connection = &mut *connection;
    let (ada, bob) = (user(connection, "ada").await, user(connection, "bob").await);
    let id = announce(connection, ada, None).await.unwrap();
    let announcement = announced::find(connection, ada, id).await.unwrap().unwrap();
    assert_eq!((announcement.size, announcement.sha256.as_deref()), (Some(5), Some(&SHA256[..])));
    assert_eq!(announced::find(connection, bob, id).await.unwrap(), None);
    assert_eq!(announced::open(connection, ada).await.unwrap(), Open { count: 1, bytes: 5 });
    assert_eq!(enqueue(connection, bob, id).await, None);
    assert_eq!(enqueue(connection, ada, id).await, Some(Submitted::Accepted));
    assert_eq!(enqueue(connection, ada, id).await, None);
    let document = documents::find(connection, ada, id).await.unwrap().unwrap();
    assert_eq!((document.status(), document.size), (DocumentStatus::Queued, 6));
    assert_eq!((document.media_type.as_str(), document.folder.as_str()), ("text/csv", "F"));
    assert_eq!(announced::open(connection, ada).await.unwrap(), Open { count: 0, bytes: 0 });
}

#[tokio::test]
async fn a_copy_gives_its_own_blob_up() {
    let (_database, mut connection) = database().await;
    let connection = &mut *connection;
    let ada = user(connection, "ada").await;
    let (first, copy) =
        (announce(connection, ada, None).await.unwrap(), announce(connection, ada, None).await.unwrap());
    enqueue(connection, ada, first).await;
    let storage_key = format!("uploads/{first}");
    let shared = FirstCopy { document_id: first, storage_key: storage_key.clone() };
    assert_eq!(enqueue(connection, ada, copy).await, Some(Submitted::Shared(shared)));
    assert_eq!(documents::find(connection, ada, copy).await.unwrap().unwrap().storage_key, storage_key);
    assert_eq!(documents::blobs_to_delete(connection, 10).await.unwrap(), [format!("uploads/{copy}")]);
    assert_eq!(records::state_of(connection, &storage_key).await.unwrap(), ObjectState::Taken);
    assert_eq!(
        records::state_of(connection, &format!("uploads/{copy}")).await.unwrap(),
        ObjectState::GivenUp
    );
    assert_eq!(records::state_of(connection, "uploads/other").await.unwrap(), ObjectState::Unknown);
}

#[tokio::test]
async fn a_key_announces_one_document_of_its_user() {
    let (database, mut connection) = database().await;
    let connection = &mut *connection;
    let (ada, bob) = (user(connection, "ada").await, user(connection, "bob").await);
    let id = announce(connection, ada, Some("once")).await.unwrap();
    assert_eq!(announce(connection, ada, Some("once")).await, None);
    assert!(announce(connection, bob, Some("once")).await.is_some());
    let found = announced::find_by_idempotency_key(connection, ada, "once").await.unwrap().unwrap();
    assert_eq!(found.document_id(), id);
    assert_eq!(database.query_one::<i64>("select count(*) from documents").await, 2);
}

#[tokio::test]
async fn what_never_came_goes_with_its_blob() {
    let (_database, mut connection) = database().await;
    let connection = &mut *connection;
    let ada = user(connection, "ada").await;
    let (lost, taken) =
        (announce(connection, ada, None).await.unwrap(), announce(connection, ada, None).await.unwrap());
    enqueue(connection, ada, taken).await;
    assert_eq!(announced::sweep_expired(connection, at(7199), 10).await.unwrap(), 0);
    assert_eq!(announced::sweep_expired(connection, at(7200), 1).await.unwrap(), 1);
    assert_eq!(announced::sweep_expired(connection, at(7200), 10).await.unwrap(), 1);
    assert_eq!(announced::sweep_expired(connection, at(7200), 10).await.unwrap(), 0);
    assert_eq!(documents::find(connection, ada, lost).await.unwrap(), None);
    assert!(documents::find(connection, ada, taken).await.unwrap().is_some());
    assert_eq!(announced::find(connection, ada, taken).await.unwrap(), None);
    assert_eq!(documents::blobs_to_delete(connection, 10).await.unwrap(), [format!("uploads/{lost}")]);
}
