//! Files that come in pieces, by the protocol tus.

mod clients;
mod completion;
mod exclusion;
mod expiry;
mod interruption;
mod protocol;
mod raw_piece;
mod refusals;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use quire_testkit::{Answer, Call, HttpClient};
use reqwest::Method;
use sha2::{Digest, Sha256};

use crate::support::{Quire, User};

const UPLOADS: &str = "/files/uploads";
const PIECE: &str = "application/offset+octet-stream";
const MIB: usize = 1024 * 1024;

/// Text of so many bytes, different from line to line and from `seed` to `seed`.
fn lines(size: usize, seed: usize) -> Vec<u8> {
    let line = |number: usize| format!("Line {number} of file {seed} says nothing in particular.\n");
    let mut text: Vec<u8> = (0..).flat_map(|number| line(number).into_bytes()).take(size).collect();
    if let Some(last) = text.last_mut() {
        *last = b'\n';
    }
    text
}

/// `Upload-Metadata` of these names and values.
fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name} {}", BASE64.encode(value)));
    pairs.collect::<Vec<_>>().join(",")
}

fn checksum(bytes: &[u8]) -> String {
    format!("sha256 {}", BASE64.encode(Sha256::digest(bytes)))
}

/// A request of the protocol.
fn tus(client: &HttpClient, method: &str, path: &str) -> Call {
    client.call(method.parse::<Method>().unwrap(), path).header("tus-resumable", "1.0.0")
}

/// Begins an upload; gives its path.
async fn create(user: &User, length: usize, metadata: &str) -> String {
    let call = tus(&user.client, "POST", UPLOADS).header("upload-length", length.to_string());
    location(&call.header("upload-metadata", metadata).send().await.expect_status(201))
}

fn location(answer: &Answer) -> String {
    answer.header("location").unwrap().to_owned()
}

async fn head(client: &HttpClient, upload: &str) -> Answer {
    tus(client, "HEAD", upload).send().await
}

/// How many bytes the server has.
async fn offset(client: &HttpClient, upload: &str) -> usize {
    offset_in(&head(client, upload).await.expect_status(200))
}

fn offset_in(answer: &Answer) -> usize {
    answer.header("upload-offset").unwrap().parse().unwrap()
}

/// A piece that belongs at `offset`.
fn piece(client: &HttpClient, upload: &str, offset: usize, bytes: impl Into<Vec<u8>>) -> Call {
    tus(client, "PATCH", upload)
        .header("upload-offset", offset.to_string())
        .header("content-type", PIECE)
        .body(bytes.into())
}

async fn patch(client: &HttpClient, upload: &str, offset: usize, bytes: &[u8]) -> Answer {
    piece(client, upload, offset, bytes).send().await
}

/// The file of the document that an upload has become.
async fn assert_became(user: &User, last: &Answer, expected: &[u8]) {
    let document = last.header("quire-document-id").expect("a document");
    let file = user.client.get(&format!("/files/{document}/download")).await.expect_status(200);
    assert_eq!(file.body.len(), expected.len());
    assert!(file.body == expected, "the bytes differ");
    let task = user.task(last.header("quire-task-id").unwrap()).await;
    assert_eq!(task["document_id"], document);
}

/// The SHA-256 that was kept, in hex digits.
async fn stored_sha256(quire: &Quire) -> String {
    quire.database.query_one("select encode(sha256, 'hex') from documents").await
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing is kept of any upload: no row, no document, no file.
async fn assert_nothing_left(quire: &Quire) {
    assert_eq!((quire.count("uploads").await, quire.count("documents").await), (0, 0));
    quire.wait_until_no_files().await;
}
