//! Lists of documents, and what is said of them.

use chrono::{DateTime, Utc};
use quire_domain::{
    DocumentId, UserId,
    document::{DocumentKind, DocumentStatus},
    search::Query,
};
use quire_store::{
    AsyncPgConnection,
    library::{self, DocumentChanges, DocumentFilter, DocumentList, ListKey, Listed, Sort, SortBy},
};
use quire_testkit::TestDatabase;

use crate::support::{database, user};

const NEWEST: Sort = Sort { by: SortBy::Created, is_descending: true };

/// A document by its number, with columns in SQL: `(filename, size)` and more.
pub(crate) async fn insert(database: &TestDatabase, owner: UserId, number: i64, more: &[(&str, &str)]) {
    let mut columns = vec![
        ("id".to_owned(), format!("'{}'", id(number))),
        ("user_id".to_owned(), owner.to_string()),
        ("filename".to_owned(), "'report.pdf'".to_owned()),
        ("media_type".to_owned(), "'application/pdf'".to_owned()),
        ("size".to_owned(), "7".to_owned()),
        ("sha256".to_owned(), "sha256('a')".to_owned()),
        ("storage_key".to_owned(), format!("'{number}'")),
        ("status".to_owned(), "'COMPLETED'".to_owned()),
    ];
    for (name, value) in more {
        columns.retain(|(known, _)| known != name);
        columns.push(((*name).to_owned(), (*value).to_owned()));
    }
    let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let statement = format!("insert into documents ({}) values ({})", names.join(", "), values.join(", "));
    database.execute(&statement).await;
}

pub(crate) fn id(number: i64) -> DocumentId {
    format!("01900000-0000-7000-8000-{number:012}").parse().unwrap()
}

/// The numbers of documents.
pub(crate) fn numbers(listed: &[Listed]) -> Vec<i64> {
    let number = |listed: &Listed| listed.document.id().to_string()[24..].parse().unwrap();
    listed.iter().map(number).collect()
}

async fn all(connection: &mut AsyncPgConnection, owner: UserId, filter: &DocumentFilter) -> Vec<i64> {
    let list = DocumentList { filter, query: None, sort: NEWEST, after: None, limit: 100 };
    numbers(&library::list(connection, owner, &list).await.unwrap())
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn filters_are_all_of_them() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    for (number, more) in [
        (1, &[("kind", "'cv'"), ("tags", "'{a,b}'"), ("created_at", "'2026-01-01T00:00:00Z'")][..]),
        (2, &[("folder", "'Bills/2026'"), ("tags", "'{b}'"), ("created_at", "'2026-01-02T00:00:00Z'")]),
        (3, &[("folder", "'Bills'"), ("status", "'FAILED'"), ("created_at", "'2026-01-03T00:00:00Z'")]),
        (
            4,
            &[
                ("folder", "'Billstein'"),
                ("media_type", "'image/png'"),
                ("created_at", "'2026-01-04T00:00:00Z'"),
            ],
        ),
        (5, &[("parent_id", &format!("'{}'", id(1))), ("created_at", "'2026-01-05T00:00:00Z'")]),
    ] {
        insert(&database, ada, number, more).await;
    }
    insert(&database, bob, 6, &[("kind", "'cv'")]).await;
    let none = DocumentFilter::default;
    for (filter, wanted) in [
        (none(), vec![5, 4, 3, 2, 1]),
        (DocumentFilter { kind: Some(DocumentKind::Cv), ..none() }, vec![1]),
        (DocumentFilter { status: Some(DocumentStatus::Failed), ..none() }, vec![3]),
        (DocumentFilter { media_type: Some("image/*".into()), ..none() }, vec![4]),
        (DocumentFilter { media_type: Some("application/pdf".into()), ..none() }, vec![5, 3, 2, 1]),
        (DocumentFilter { media_type: Some("%".into()), ..none() }, vec![]),
        (DocumentFilter { tags: vec!["b".into()], ..none() }, vec![2, 1]),
        (DocumentFilter { tags: vec!["b".into(), "a".into()], ..none() }, vec![1]),
        (DocumentFilter { folder: Some("Bills".into()), ..none() }, vec![3, 2]),
        (DocumentFilter { created_after: Some(time("2026-01-04T00:00:00Z")), ..none() }, vec![5, 4]),
        (DocumentFilter { created_before: Some(time("2026-01-02T00:00:00Z")), ..none() }, vec![1]),
        (DocumentFilter { parent_id: Some(id(1)), ..none() }, vec![5]),
        (DocumentFilter { parent_id: Some(id(1)), status: Some(DocumentStatus::Failed), ..none() }, vec![]),
    ] {
        assert_eq!(all(&mut connection, ada, &filter).await, wanted, "{filter:?}");
    }
}

/// Every page of a list, `limit` documents each.
pub(crate) async fn pages(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    query: Option<&Query>,
    sort: Sort,
    limit: i64,
) -> Vec<i64> {
    let filter = DocumentFilter::default();
    let (mut found, mut after): (Vec<i64>, Option<ListKey>) = (Vec::new(), None);
    loop {
        let list = DocumentList { filter: &filter, query, sort, after: after.as_ref(), limit };
        let page = library::list(connection, owner, &list).await.unwrap();
        found.extend(numbers(&page));
        match page.last() {
            Some(last) => after = Some(last.key.clone()),
            None => return found,
        }
    }
}

#[tokio::test]
async fn every_order_has_pages_that_miss_nothing() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    // Equals everywhere: three sizes, three names, three times.
    for number in 1..=9 {
        let (name, size) = (["'b.PDF'", "'a.pdf'", "'B.pdf'"][number as usize % 3], (number % 3).to_string());
        let time = format!("'2026-01-01T00:00:0{}.123456Z'", number % 3);
        insert(&database, ada, number, &[("filename", name), ("size", &size), ("created_at", &time)]).await;
    }
    for (by, ascending) in [
        (SortBy::Created, [3, 6, 9, 1, 4, 7, 2, 5, 8]),
        (SortBy::Size, [3, 6, 9, 1, 4, 7, 2, 5, 8]),
        // Names are equal whatever their case: then the ids decide.
        (SortBy::Filename, [1, 4, 7, 2, 3, 5, 6, 8, 9]),
    ] {
        let mut descending = ascending;
        descending.reverse();
        for (is_descending, wanted) in [(false, ascending), (true, descending)] {
            for limit in [1, 2, 4, 100] {
                let sort = Sort { by, is_descending };
                assert_eq!(
                    pages(&mut connection, ada, None, sort, limit).await,
                    wanted,
                    "{sort:?} by {limit}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_said_of_a_document_changes() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    insert(&database, ada, 1, &[("description", "'old'")]).await;
    let changes = DocumentChanges {
        kind: Some("invoice"),
        tags: Some(vec!["paid".into()]),
        ..DocumentChanges::default()
    };
    assert_eq!(library::update(&mut connection, bob, id(1), &changes).await.unwrap(), None);
    let before: DateTime<Utc> = database.query_one("select updated_at from documents").await;
    let changed = library::update(&mut connection, ada, id(1), &changes).await.unwrap().unwrap();
    assert_eq!((changed.kind.as_str(), changed.description.as_str()), ("invoice", "old"));
    assert_eq!(changed.tags, ["paid"]);
    assert!(changed.updated_at > before);
    let nothing = DocumentChanges::default();
    let same = library::update(&mut connection, ada, id(1), &nothing).await.unwrap().unwrap();
    assert_eq!((same.kind, same.tags), (changed.kind, changed.tags));
}
