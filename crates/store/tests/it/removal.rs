//! Documents that are deleted.

use std::time::Duration;

use quire_domain::{DocumentId, UserId};
use quire_store::{
    AsyncPgConnection,
    documents::{self, Page, Reading},
    parts::{self, NewPart},
    queue::{self, Ending},
    removal::{self, Removed, Remover},
};
use serde_json::{Value, json};

use crate::{
    library::{id, insert},
    support::{Submission, claim, claim_one, database, unique, user},
};

fn own(user_id: UserId) -> Remover {
    Remover { user_id, is_staff: false }
}

async fn delete(connection: &mut AsyncPgConnection, remover: Remover, ids: &[DocumentId]) -> Removed {
    removal::delete_documents(connection, remover, ids, false).await.unwrap()
}

#[tokio::test]
async fn all_that_belongs_to_a_document_goes() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let submission = Submission::of(ada);
    submission.send(&mut connection).await.unwrap();
    database
        .execute(
            "update documents set thumbnail_key = 'thumbnail';
             insert into document_pages (document_id, number, text, method)
                 select id, n, 'text', 'text' from documents cross join generate_series(1, 3) n",
        )
        .await;
    quire_store::search::index_pending(&mut connection, 10).await.unwrap();
    let removed = delete(&mut connection, own(ada), &[submission.document, id(99)]).await;
    assert_eq!(
        removed,
        Removed {
            documents: vec![submission.document],
            tasks: 1,
            pages: 3,
            storage_keys: vec!["thumbnail".into(), submission.storage_key.clone()],
            bytes: 7,
        }
    );
    for table in ["documents", "document_pages", "tasks", "events", "search_passages", "search_pending"] {
        let left: i64 = database.query_one(&format!("select count(*) from {table}")).await;
        assert_eq!(left, 0, "{table}");
    }
    let mut noted = documents::blobs_to_delete(&mut connection, 10).await.unwrap();
    noted.sort();
    assert_eq!(noted, removed.storage_keys);
    assert_eq!(delete(&mut connection, own(ada), &[submission.document]).await, Removed::default());
}

#[tokio::test]
async fn bytes_stay_as_long_as_a_document_has_them() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for number in 1..=3 {
        insert(&database, ada, number, &[("storage_key", "'shared'")]).await;
    }
    let first = delete(&mut connection, own(ada), &[id(1)]).await;
    assert_eq!((first.storage_keys, first.bytes), (vec![], 0));
    assert_eq!(documents::blobs_to_delete(&mut connection, 10).await.unwrap(), [""; 0]);
    let rest = delete(&mut connection, own(ada), &[id(2), id(3)]).await;
    assert_eq!((rest.storage_keys, rest.bytes), (vec!["shared".to_owned()], 7));
}

#[tokio::test]
async fn parts_go_with_the_whole_when_that_is_wanted() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    insert(&database, ada, 1, &[]).await;
    for (number, owner, parent) in [(2, ada, 1), (3, ada, 2), (4, bob, 1)] {
        insert(&database, owner, number, &[("parent_id", &format!("'{}'", id(parent)))]).await;
    }
    // In a circle, which only a mistake could make.
    database.execute(&format!("update documents set parent_id = '{}' where id = '{}'", id(3), id(1))).await;
    let removed = removal::delete_documents(&mut connection, own(ada), &[id(1)], true).await.unwrap();
    assert_eq!(removed.documents, [id(1), id(2), id(3)]);
    let left: Vec<Value> = database.query_all("select id, parent_id from documents").await;
    assert_eq!(left, [json!({"id": id(4).to_string(), "parent_id": null})]);
}

#[tokio::test]
async fn staff_delete_what_is_in_quarantine() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    insert(&database, ada, 1, &[("status", "'QUARANTINED'")]).await;
    insert(&database, ada, 2, &[]).await;
    let both = [id(1), id(2)];
    assert_eq!(delete(&mut connection, own(bob), &both).await, Removed::default());
    let staff = Remover { user_id: bob, is_staff: true };
    assert_eq!(delete(&mut connection, staff, &both).await.documents, [id(1)]);
    let log: Vec<Value> = database.query_all("select actor_id, subject_id, action from audit_log").await;
    assert_eq!(
        log,
        [json!({"actor_id": bob.0, "subject_id": ada.0, "action": "quarantined_document_deleted"})]
    );
    // What is one's own needs no record.
    let staff = Remover { user_id: ada, is_staff: true };
    assert_eq!(delete(&mut connection, staff, &both).await.documents, [id(2)]);
    let log: i64 = database.query_one("select count(*) from audit_log").await;
    assert_eq!(log, 1);
}

#[tokio::test]
async fn a_worker_finds_nothing_to_write_to() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let submission = Submission::of(ada);
    submission.send(&mut connection).await.unwrap();
    let claimed = claim_one(&mut connection, unique()).await;
    documents::begin_reading(&mut connection, submission.document).await.unwrap();
    let document = documents::find(&mut connection, ada, submission.document).await.unwrap().unwrap();
    assert_eq!(delete(&mut connection, own(ada), &[submission.document]).await.tasks, 1);

    let page = Page { number: 1, text: "text".into(), method: "ocr".into(), confidence: None };
    documents::keep_page(&mut connection, document.id(), &page).await.unwrap();
    let metadata = json!({});
    let reading =
        Reading { media_type: "text/plain", metadata: &metadata, pages: &[page], thumbnail_key: Some("t") };
    assert!(!documents::finish_reading(&mut connection, &document, &reading).await.unwrap());
    let part = NewPart {
        id: id(1),
        filename: "part.pdf".into(),
        pages: vec![1],
        size: 1,
        sha256: [1; 32],
        storage_key: "part".into(),
        metadata: json!({}),
    };
    assert_eq!(parts::insert(&mut connection, ada, document.id(), &[part]).await.unwrap(), []);
    assert!(!queue::report_progress(&mut connection, &claimed, 5, "Working.").await.unwrap());
    assert!(!queue::finish(&mut connection, &claimed, &Ending::Cancelled).await.unwrap());
    let left: i64 = database.query_one("select count(*) from documents").await;
    assert_eq!(left, 0);
}

/// Whoever takes a task locks it and then, for its event, the document. Nobody waits in a circle.
#[tokio::test]
async fn deletion_and_work_do_not_get_into_each_others_way() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let submissions: Vec<_> = (0..40).map(|_| Submission::of(ada)).collect();
    for submission in &submissions {
        submission.send(&mut connection).await.unwrap();
    }
    let pool = database.pool();
    let working = tokio::spawn(async move {
        let mut connection = pool.get().await.unwrap();
        let worker = unique();
        loop {
            let claims = claim(&mut connection, worker, 1).await;
            let Some(claimed) = claims.first() else { break };
            queue::report_progress(&mut connection, claimed, 5, "Working.").await.unwrap();
            let ending = Ending::Retry(
                quire_domain::failure::Failure::new(quire_domain::failure::FailureCode::Internal, "Again."),
                Duration::ZERO,
            );
            queue::finish(&mut connection, claimed, &ending).await.unwrap();
        }
    });
    for submission in &submissions {
        assert_eq!(delete(&mut connection, own(ada), &[submission.document]).await.documents.len(), 1);
    }
    working.await.unwrap();
}
