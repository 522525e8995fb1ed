//! Documents as their users keep them.

mod delete;
mod edit;
mod list;
mod read;
mod search;
mod text;

use quire_testkit::wait_until;
use serde_json::Value;

use crate::support::{Quire, User};

/// A document that was never uploaded: its columns in SQL, beside those that every one has.
async fn insert(quire: &Quire, user: &User, number: u32, more: &[(&str, &str)]) -> String {
    let id = format!("01900000-0000-7000-8000-{number:012}");
    let mut columns = vec![
        ("id", format!("'{id}'")),
        ("user_id", user.id.to_string()),
        ("filename", "'report.pdf'".to_owned()),
        ("media_type", "'application/pdf'".to_owned()),
        ("size", number.to_string()),
        ("sha256", format!("sha256('{number}')")),
        ("storage_key", format!("'uploads/{number}'")),
        ("status", "'COMPLETED'".to_owned()),
    ];
    columns.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    columns.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let statement = format!("insert into documents ({}) values ({})", names.join(", "), values.join(", "));
    quire.database.execute(&statement).await;
    id
}

/// Waits until everything can be found.
async fn indexed(quire: &Quire) {
    wait_until("everything is indexed", || async { quire.count("search_pending").await == 0 }).await;
}

/// A page of a list, and the query of the next one.
async fn list(user: &User, query: &str) -> (Vec<Value>, Option<String>) {
    let answer = user.client.get(&format!("/documents{query}")).await.expect_status(200);
    let next = answer.header("link").map(|link| {
        let (address, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        address.strip_prefix("/documents").unwrap().to_owned()
    });
    (answer.json(), next)
}

/// The numbers of inserted documents.
fn numbers(documents: &[Value]) -> Vec<u32> {
    documents.iter().map(|document| document["id"].as_str().unwrap()[24..].parse().unwrap()).collect()
}

/// Every page from this query on.
async fn pages(user: &User, query: &str) -> Vec<Vec<u32>> {
    let (mut pages, mut next) = (Vec::new(), Some(query.to_owned()));
    while let Some(query) = next {
        let (documents, following) = list(user, &query).await;
        pages.push(numbers(&documents));
        next = following;
    }
    pages
}
