//! Storage held against the database.

use std::{sync::Arc, time::Duration};

use quire_domain::clock::SystemClock;
use quire_processor::inventory::{Counted, Finding, Inventory};

use crate::support::{Quire, Setup};

async fn findings(quire: &Quire, grace: Duration) -> (Vec<Finding>, Counted) {
    let blobs = quire.surroundings.blobs.clone();
    let inventory = Inventory::new(quire.database.pool(), blobs, Arc::new(SystemClock));
    let mut findings = Vec::new();
    let counted = inventory.check(grace, |finding| findings.push(finding)).await.unwrap();
    (findings, counted)
}

async fn store(quire: &Quire, key: &str) {
    let mut writer = quire.surroundings.blobs.create(key).await.unwrap();
    writer.write("bytes".into()).await.unwrap();
    writer.finish().await.unwrap();
}

#[tokio::test]
async fn what_documents_and_lists_name_is_in_order() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for text in ["one", "two", "two"] {
        user.submit_file("a.txt", text.into()).await;
    }
    let (key, id): (String, String) = quire
        .database
        .query_one("select json_build_array(storage_key, id) from documents order by id limit 1")
        .await;
    let thumbnail = format!("{key}.thumbnail.webp");
    store(&quire, &thumbnail).await;
    quire
        .database
        .execute(&format!("update documents set thumbnail_key = '{thumbnail}' where id = '{id}'"))
        .await;
    store(&quire, "uploads/user-1/to-be-deleted").await;
    quire
        .database
        .execute("insert into blob_deletions (storage_key) values ('uploads/user-1/to-be-deleted')")
        .await;
    let (found, counted) = findings(&quire, Duration::ZERO).await;
    assert_eq!(found, []);
    assert_eq!(counted, Counted { blobs: 4, documents: 3 });
}

#[tokio::test]
async fn forgotten_blobs_and_lost_bytes_are_found() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let lost = user.submit_text().await;
    let key: String = quire.database.query_one("select storage_key from documents").await;
    quire.surroundings.blobs.delete(&key).await.unwrap();
    store(&quire, "uploads/user-1/forgotten").await;
    let (found, _) = findings(&quire, Duration::ZERO).await;
    let [Finding::Orphan(orphan), Finding::Lost { document_id, storage_key }] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((orphan.key.as_str(), orphan.size), ("uploads/user-1/forgotten", 5));
    assert_eq!((document_id.to_string(), storage_key), (lost.document, &key));

    // The row of a young blob may still be on its way.
    let (found, _) = findings(&quire, Duration::from_secs(3600)).await;
    assert!(matches!(found[..], [Finding::Lost { .. }]), "{found:?}");
}
