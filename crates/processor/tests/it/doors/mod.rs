//! The doors beside submission: files, announced documents, files with metadata and records.

mod announced;
mod bad_input;
mod files;
mod objects;
mod records;
mod storage;

use quire_domain::ports::blobs::SharedBlobStore;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::Value;

use crate::support::{Quire, Setup, TEXT, User};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

/// The form of a text under this name.
fn form(name: &str) -> Form {
    let part = Part::text(TEXT).file_name(name.to_owned()).mime_str("text/plain");
    Form::new().part("file", part.unwrap())
}

async fn post_form(user: &User, path: &str, form: Form) -> quire_testkit::Answer {
    user.client.call(Method::POST, path).multipart(form).send().await
}

/// Puts an object into storage that nobody knows of.
async fn put(blobs: &SharedBlobStore, key: &str, bytes: &'static [u8]) {
    let mut writer = blobs.create(key).await.unwrap();
    writer.write(bytes::Bytes::from_static(bytes)).await.unwrap();
    writer.finish().await.unwrap();
}

async fn clean_up(quire: &Quire) {
    quire.housekeeping().clean_up().await.unwrap();
}

async fn document(quire: &Quire, id: &Value) -> Value {
    let id = id.as_str().unwrap();
    quire.database.query_one(&format!("select to_json(d) from documents d where id = '{id}'")).await
}

/// SHA-256 in hexadecimal digits.
fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
