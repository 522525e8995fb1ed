//! Parts of split documents.

use quire_domain::{DocumentId, UserId};
use quire_store::{
    AsyncPgConnection, documents,
    parts::{self, NewPart},
};
use serde_json::{Value, json};

use crate::support::{Submission, database, unique, user};

/// A document of three pages that has been read.
async fn whole(connection: &mut AsyncPgConnection, owner: UserId) -> DocumentId {
    let submission = Submission::of(owner);
    submission.send(connection).await.unwrap();
    let document = documents::find(connection, owner, submission.document).await.unwrap().unwrap();
    assert!(documents::begin_reading(connection, document.id()).await.unwrap());
    let page = |number: i32| documents::Page {
        number,
        text: format!("page {number}"),
        method: "ocr".into(),
        confidence: Some(0.5),
    };
    // A page that was kept while the document was being read is not stored twice.
    documents::keep_page(connection, document.id(), &page(2)).await.unwrap();
    let reading = documents::Reading {
        media_type: "application/pdf",
        metadata: &json!({"pages": 3}),
        pages: &[page(1), page(2), page(3)],
        thumbnail_key: None,
    };
    documents::finish_reading(connection, &document, &reading).await.unwrap();
    document.id()
}

fn part(pages: &[i32]) -> NewPart {
    let id = unique();
    NewPart {
        id: DocumentId(id),
        filename: "report_1.pdf".into(),
        pages: pages.to_vec(),
        size: 5,
        sha256: [1; 32],
        storage_key: format!("uploads/{id}"),
        metadata: json!({"pages": pages.len()}),
    }
}

#[tokio::test]
async fn a_part_is_a_document_with_the_text_of_its_pages() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let whole = whole(&mut connection, ada).await;
    let parts = [part(&[3, 1, 3]), part(&[2])];
    // The second attempt of a task changes nothing.
    for _ in 0..2 {
        parts::insert(&mut connection, ada, whole, &parts).await.unwrap();
    }

    let found = documents::find(&mut connection, ada, parts[0].id).await.unwrap().unwrap();
    assert_eq!((found.status().as_str(), found.metadata["pages"].as_i64()), ("COMPLETED", Some(3)));
    let pages = documents::pages(&mut connection, parts[0].id).await.unwrap();
    let texts: Vec<_> = pages.iter().map(|page| (page.number, page.text.as_str())).collect();
    assert_eq!(texts, [(1, "page 3"), (2, "page 1"), (3, "page 3")]);
    assert!(pages.iter().all(|page| page.method == "ocr" && page.confidence == Some(0.5)));

    let row: Value = database
        .query_one(&format!(
            "select json_build_array(parent_id, parent_pages, tags, kind) from documents where id = '{}'",
            parts[0].id
        ))
        .await;
    assert_eq!(row, json!([whole.to_string(), [3, 1, 3], ["split"], "other"]));
    let ready: i64 = database
        .query_one("select count(*) from events where name = 'document_ready' and filename = 'report_1.pdf'")
        .await;
    assert_eq!(ready, 2);
}

#[tokio::test]
async fn nobody_splits_the_document_of_another() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    let whole = whole(&mut connection, ada).await;
    parts::insert(&mut connection, bob, whole, &[part(&[1])]).await.unwrap();
    let parts: i64 = database.query_one("select count(*) from documents where parent_id is not null").await;
    assert_eq!(parts, 0);
}

#[tokio::test]
async fn a_part_outlives_the_whole() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    let whole = whole(&mut connection, ada).await;
    let part = part(&[2]);
    parts::insert(&mut connection, ada, whole, std::slice::from_ref(&part)).await.unwrap();
    database.execute(&format!("delete from documents where id = '{whole}'")).await;
    assert!(documents::find(&mut connection, ada, part.id).await.unwrap().is_some());
    assert_eq!(documents::pages(&mut connection, part.id).await.unwrap().len(), 1);
}
