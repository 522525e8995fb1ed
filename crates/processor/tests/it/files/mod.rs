//! Files of documents, and pictures of their pages.

mod download;
mod pictures;

use quire_testkit::{Answer, Call};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Quire, User};

/// A `GET` with these headers.
async fn get(user: &User, path: &str, headers: &[(&str, &str)]) -> Answer {
    with(user.client.call(Method::GET, path), headers).send().await
}

fn with(call: Call, headers: &[(&str, &str)]) -> Call {
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

async fn document(quire: &Quire, id: &str) -> Value {
    quire.database.query_one(&format!("select to_json(d) from documents d where id = '{id}'")).await
}

async fn set(quire: &Quire, id: &str, what: &str) {
    quire.database.execute(&format!("update documents set {what} where id = '{id}'")).await;
}

/// Takes a document that waits to be read to the state after that.
async fn end(quire: &Quire, id: &str, what: &str) {
    set(quire, id, "status = 'PROCESSING'").await;
    set(quire, id, what).await;
}

/// Whether caches are told that another caller may get another answer.
fn is_for_one_caller(answer: &Answer) -> bool {
    answer.headers.get_all("vary").iter().any(|value| value.to_str().unwrap().contains("authorization"))
}

/// Takes away what is stored.
fn empty_storage(quire: &Quire) {
    for file in quire.files() {
        std::fs::remove_file(file).unwrap();
    }
}
