//! Profiles of curricula vitae: what tasks and people write, each for themselves.

use quire_domain::{DocumentId, UserId};
use quire_store::{
    AsyncPgConnection, Connection, Rollback, Transaction,
    cv::{self, CvProfile, NewCvEdit},
    queue::{self, Completion, Ending},
};
use quire_testkit::TestDatabase;
use serde_json::{Value, json};

use crate::support::{Submission, at, claim_one, database, unique, user};

async fn document(connection: &mut AsyncPgConnection, owner: UserId) -> DocumentId {
    let submission = Submission::of(owner);
    submission.send(connection).await.unwrap();
    submission.document
}

fn extracted(name: &str) -> Value {
    json!({"name": [{"value": name}]})
}

fn edited(name: &str) -> Value {
    json!({"name": {"items": [{"value": name}]}})
}

async fn edit(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    document: DocumentId,
    name: &str,
) -> Option<CvProfile> {
    let (edited, change) = (
        edited(name),
        NewCvEdit { field: "name", before: json!("before"), after: json!(name), is_revert: false },
    );
    let saved = connection
        .transaction(async |connection| -> Result<_, Rollback> {
            let Some(locked) = cv::lock(connection, owner, document).await? else { return Ok(None) };
            Ok(Some(cv::save(connection, &locked, &edited, &[change], owner, at(7)).await?))
        })
        .await;
    saved.unwrap()
}

async fn kind(database: &TestDatabase, document: DocumentId) -> String {
    database.query_one(&format!("select kind from documents where id = '{document}'")).await
}

/// A document with a profile.
async fn filled() -> (TestDatabase, Connection, UserId, DocumentId) {
    let (database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let document = document(&mut connection, owner).await;
    assert!(cv::fill(&mut connection, document, &extracted("Ada"), true).await.unwrap());
    (database, connection, owner, document)
}

#[tokio::test]
async fn a_task_fills_a_profile_and_fills_it_again() {
    let (_database, mut connection, owner, document) = filled().await;
    let first = cv::find(&mut connection, owner, document).await.unwrap().unwrap();
    assert_eq!((first.document_id(), first.version), (document, 1));
    assert_eq!((&first.extracted, &first.edited), (&extracted("Ada"), &json!({})));

    edit(&mut connection, owner, document, "Ada L.").await.unwrap();
    assert!(cv::fill(&mut connection, document, &extracted("A. Lovelace"), true).await.unwrap());
    let third = cv::find(&mut connection, owner, document).await.unwrap().unwrap();
    assert_eq!((&third.extracted, &third.edited), (&extracted("A. Lovelace"), &edited("Ada L.")));
    assert_eq!(third.version, 3);
    assert!(third.extracted_at > first.extracted_at);
}

#[tokio::test]
async fn only_what_is_a_curriculum_vitae_has_a_profile() {
    let (database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    for (kind_before, is_cv, is_filled, kind_after) in [
        ("other", true, true, "cv"),
        ("invoice", true, true, "invoice"),
        ("other", false, false, "other"),
        ("cv", false, true, "cv"),
    ] {
        let document = document(&mut connection, owner).await;
        database
            .execute(&format!("update documents set kind = '{kind_before}' where id = '{document}'"))
            .await;
        let filled = cv::fill(&mut connection, document, &extracted("Ada"), is_cv).await.unwrap();
        assert_eq!(filled, is_filled, "{kind_before} {is_cv}");
        assert_eq!(kind(&database, document).await, kind_after);
        let found = cv::find(&mut connection, owner, document).await.unwrap();
        assert_eq!(found.is_some(), is_filled, "{kind_before} {is_cv}");
    }
    assert!(!cv::fill(&mut connection, DocumentId(unique()), &json!({}), true).await.unwrap());
}

#[tokio::test]
async fn foreign_profiles_are_not_there() {
    let (_database, mut connection, owner, document) = filled().await;
    let bob = user(&mut connection, "bob").await;
    edit(&mut connection, owner, document, "Ada L.").await.unwrap();
    assert_eq!(cv::find(&mut connection, bob, document).await.unwrap(), None);
    assert_eq!(edit(&mut connection, bob, document, "Bob").await, None);
    assert_eq!(cv::list_edits(&mut connection, bob, document, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn the_history_is_read_from_its_end() {
    let (database, mut connection, owner, document) = filled().await;
    for name in ["a", "b", "c"] {
        edit(&mut connection, owner, document, name).await.unwrap();
    }
    let newest = cv::list_edits(&mut connection, owner, document, None, 2).await.unwrap();
    let names: Vec<_> = newest.iter().map(|edit| edit.after.as_str().unwrap()).collect();
    assert_eq!(names, ["c", "b"]);
    assert_eq!((newest[0].user_id(), newest[0].created_at), (Some(owner), at(7)));
    let older = cv::list_edits(&mut connection, owner, document, Some(newest[1].id), 2).await.unwrap();
    assert_eq!(older.len(), 1);
    assert_eq!((&older[0].before, &older[0].after), (&json!("before"), &json!("a")));

    database.execute(&format!("delete from documents where id = '{document}'")).await;
    assert_eq!(database.query_one::<i64>("select count(*) from cv_edits").await, 0);
    assert_eq!(database.query_one::<i64>("select count(*) from cv_profiles").await, 0);
}

/// Each waits for the other, and writes what is its own.
#[tokio::test]
async fn an_extraction_that_ends_while_a_person_edits_loses_nothing() {
    let (database, mut connection, owner, document) = filled().await;
    let mut other = database.pool().get().await.unwrap();
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let editing = connection.transaction(async |connection| -> Result<_, Rollback> {
        let profile = cv::lock(connection, owner, document).await?.unwrap();
        locked.send(()).unwrap();
        waits_for_a_lock(&database).await;
        let change = NewCvEdit { field: "name", before: json!(null), after: json!("x"), is_revert: false };
        Ok(cv::save(connection, &profile, &edited("Ada L."), &[change], owner, at(1)).await?)
    });
    let filling = async {
        is_locked.await.unwrap();
        cv::fill(&mut other, document, &extracted("A. Lovelace"), true).await.unwrap()
    };
    let (saved, filled) = tokio::join!(editing, filling);
    assert!(filled);
    assert_eq!(saved.unwrap().extracted, extracted("Ada"));
    let profile = cv::find(&mut other, owner, document).await.unwrap().unwrap();
    assert_eq!((&profile.extracted, &profile.edited), (&extracted("A. Lovelace"), &edited("Ada L.")));
    assert_eq!(profile.version, 3);
}

/// Waits until some connection waits for another one.
async fn waits_for_a_lock(database: &TestDatabase) {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    quire_testkit::wait_until("a connection waits", || async {
        database.query_one::<i64>(waiting).await > 0
    })
    .await;
}

#[tokio::test]
async fn what_a_lost_task_found_is_not_kept() {
    let (database, mut connection) = database().await;
    let owner = user(&mut connection, "ada").await;
    let document = document(&mut connection, owner).await;
    let claim = claim_one(&mut connection, unique()).await;
    let completion = Completion {
        result: String::new(),
        output: json!({}),
        warnings: json!([]),
        provider: "local".to_owned(),
        model: "rules".to_owned(),
        input_tokens: None,
        output_tokens: None,
        cost: None,
        answer_key: None,
    };
    let ending = Ending::Completed(Box::new(completion));
    // The database goes away between the ending and the commit: neither is there.
    let undone: Result<(), Rollback> = connection
        .transaction(async |connection| {
            assert!(queue::finish(connection, &claim, &ending).await?);
            assert!(cv::fill(connection, document, &extracted("Ada"), true).await?);
            Err(quire_domain::Error::internal("gone").into())
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(cv::find(&mut connection, owner, document).await.unwrap(), None);
    assert_eq!(kind(&database, document).await, "other");
    assert!(queue::finish(&mut connection, &claim, &ending).await.unwrap());
    assert!(!queue::finish(&mut connection, &claim, &ending).await.unwrap());
}
