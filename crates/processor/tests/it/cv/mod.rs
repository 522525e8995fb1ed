//! Profiles of curricula vitae.

mod edit;
mod export;
mod history;
mod read;
mod refusals;

use quire_domain::DocumentId;
use quire_store::cv;
use quire_testkit::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Quire, Setup, User};

const ID: &str = "01900000-0000-7000-8000-000000000001";

/// A document with two pages of text, and no profile.
async fn document(quire: &Quire, user: &User) {
    let insert = format!(
        "insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status)
             values ('{ID}', {}, 'Ada''s life.pdf', 'application/pdf', 1, sha256('1'), 'uploads/1', 'COMPLETED');
         insert into document_pages (document_id, number, text, method) values
             ('{ID}', 1, E'Ada Lovelace\nAnalyst\nada@example.org, 030 / 901820', 'text'),
             ('{ID}', 2, 'Rust, SQL. German (C2). Engineer at Engines Ltd since May 2020. github.com/ada', 'text')",
        user.id
    );
    quire.database.execute(&insert).await;
}

/// A value as a task gives it.
fn found(value: &str, page: u32) -> Value {
    json!({"value": value, "quote": value, "page": page, "check": "verified", "confidence": 1.0})
}

/// What a task finds in the document.
fn findings() -> Value {
    let mut phone = found("030 / 901820", 1);
    phone["e164"] = json!("+4930901820");
    let mut german = found("German", 2);
    german["level"] = json!("C2");
    json!({
        "name": [found("Ada Lovelace", 1)],
        "headline": [found("Analyst", 1)],
        "emails": [found("ada@example.org", 1)],
        "phones": [phone],
        "github": [found("github.com/ada", 2)],
        "skills": [found("Rust", 2), found("SQL", 2)],
        "languages": [german],
        "work_experience": [{
            "title": "Engineer", "company": "Engines Ltd", "start": "2020-05", "end": null, "is_current": true,
            "quote": "Engineer at Engines Ltd since May 2020", "page": 2, "check": "verified", "confidence": 0.7,
        }],
    })
}

async fn fill(quire: &Quire, findings: &Value) {
    let id: DocumentId = ID.parse().unwrap();
    let mut connection = quire.surroundings.pool.get().await.unwrap();
    assert!(cv::fill(&mut connection, id, findings, true).await.unwrap());
}

/// Ada, with a profile of her document.
async fn start() -> (Quire, User) {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    document(&quire, &user).await;
    fill(&quire, &findings()).await;
    (quire, user)
}

fn path() -> String {
    format!("/documents/{ID}/cv")
}

async fn read(user: &User) -> Value {
    user.client.get(&path()).await.expect_status(200).json()
}

async fn put(user: &User, body: &Value) -> Answer {
    put_if(user, body, &[]).await
}

async fn put_if(user: &User, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let call = user.client.call(Method::PUT, &path()).header("content-type", "application/json");
    let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
    call.body(body.to_string()).send().await
}

/// Puts it, and gives the profile as it is then.
async fn edit(user: &User, body: &Value) -> Value {
    put(user, body).await.expect_status(200).json()
}
