//! What no client should send, to every door that takes a form: a clear refusal, nothing left behind,
//! and the next client is served.

use std::sync::Arc;

use quire_testkit::wait_until;
use reqwest::Method;
use serde_json::Value;

use super::{form, post_form, start, storage::Bucket};
use crate::{
    raw::{Length, RawUpload, end_of_form, exchange},
    support::{Quire, Setup, TEXT, User, file},
};

const DOORS: [&str; 2] = ["/files/", "/api/files/"];

async fn assert_nothing_left(quire: &Quire) {
    quire.wait_until_no_files().await;
    assert_eq!((quire.count("documents").await, quire.count("tasks").await), (0, 0));
}

fn name_in(door: &str, answer: &Value) -> String {
    let name = if door == "/files/" { &answer["original_filename"] } else { &answer["record"]["file_name"] };
    name.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn names_are_made_safe() {
    let (quire, user) = start().await;
    let long = "x".repeat(4096);
    for door in DOORS {
        for (sent, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\system.ini", "system.ini"),
            ("\u{202e}fdp.txt", "fdp.txt"),
            (&*long, &long[..255]),
            ("..", "document"),
        ] {
            let answer = post_form(&user, door, file(sent, format!("{door} {kept}"))).await;
            assert_eq!(name_in(door, &answer.expect_status(201).json()), kept, "{sent:?}");
        }
    }
    let root = format!("{}/uploads/", quire.media.path().to_str().unwrap());
    assert!(quire.files().iter().all(|file| file.starts_with(&root)));
}

/// Also where a name is given in another way than by the form.
#[tokio::test]
async fn names_in_metadata_are_made_safe() {
    let (_quire, user) = start().await;
    for (sent, kept) in
        [("a/../b\u{0}c.txt", "bc.txt"), ("\u{202e}fdp.txt", "fdp.txt"), ("\u{0}", "document")]
    {
        let metadata = serde_json::json!({"file_name": sent}).to_string();
        let answer = post_form(&user, "/api/files/", form("a.txt").text("metadata", metadata)).await;
        assert_eq!(name_in("/api/files/", &answer.expect_status(201).json()), kept, "{sent:?}");
    }
}

#[tokio::test]
async fn broken_forms_are_refused() {
    let (quire, user) = start().await;
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nsome text";
    let field = "--b\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n";
    let typed = "multipart/form-data; boundary=b";
    for door in DOORS {
        for (content_type, body, status, code) in [
            ("multipart/form-data", part.to_owned(), 400, "malformed_request"),
            ("multipart/form-data; boundary=", part.to_owned(), 400, "malformed_request"),
            ("multipart/form-data; boundary=other", part.to_owned(), 400, "upload_interrupted"),
            (typed, part.to_owned(), 400, "upload_interrupted"),
            (typed, String::new(), 400, "upload_interrupted"),
            (typed, part.replace("a.txt", "a\0.txt") + "\r\n--b--\r\n", 400, "malformed_request"),
            (typed, format!("{}--b--\r\n", field.repeat(10_000)), 400, "malformed_request"),
            (typed, format!("{part}\r\n{}--b--\r\n", field.repeat(10_000)), 400, "malformed_request"),
            (typed, format!("{field}--b--\r\n"), 422, "validation_failed"),
            ("application/json", "{}".to_owned(), 415, "unsupported_media_type"),
        ] {
            let call = user.client.call(Method::POST, door).header("content-type", content_type);
            let answer = call.body(body.clone()).send().await;
            let shown: String = body.chars().take(80).collect();
            assert_eq!(answer.status.as_u16(), status, "{door} {content_type} {shown:?}: {}", answer.text());
            assert_eq!(answer.json::<Value>()["code"], code, "{door} {content_type} {shown:?}");
        }
    }
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn lengths_that_are_none_are_refused() {
    let (quire, user) = start().await;
    let multipart = "content-type: multipart/form-data; boundary=b";
    for door in DOORS {
        for length in ["-5", "99999999999999999999999", "12x", "5\r\ncontent-length: 6"] {
            let headers = format!("{multipart}\r\ncontent-length: {length}");
            let status = status_of(&quire, &user, door, &headers).await;
            assert_eq!(status, 400, "{door} {length}");
        }
        let huge = format!("{multipart}\r\ncontent-length: {}", i64::MAX);
        let answer = exchange(&quire, &user, &format!("POST {door}"), &huge, b"").await;
        assert_eq!((answer.status, &answer.body["code"]), (413, &"payload_too_large".into()), "{door}");
    }
    assert_nothing_left(&quire).await;
}

/// Of a request that may be refused before it is one.
async fn status_of(quire: &Quire, user: &User, path: &str, headers: &str) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = quire.client.base_url().strip_prefix("http://").unwrap();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let token = &user.token;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n{headers}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = connection.read_exact(&mut answer);
    tokio::time::timeout(quire_testkit::DEADLINE, read).await.expect("an answer in time").unwrap();
    std::str::from_utf8(&answer[9..]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_client_that_goes_leaves_nothing() {
    let (quire, user) = start().await;
    for door in DOORS {
        for length in [Length::Chunked, Length::Known(1_000_000)] {
            let mut upload = RawUpload::begin_at(door, &quire, &user, length).await;
            upload.begin_file().await;
            upload.send(TEXT.as_bytes()).await.unwrap();
            wait_until("the upload has reached storage", || async { !quire.files().is_empty() }).await;
            drop(upload);
            assert_nothing_left(&quire).await;
        }
    }
}

/// The body ends before its length, or goes on after the form.
#[tokio::test]
async fn a_length_that_lies_is_not_believed() {
    let (quire, user) = start().await;
    for door in DOORS {
        let mut upload = RawUpload::begin_at(door, &quire, &user, Length::Known(50)).await;
        upload.begin_file().await;
        assert_eq!(upload.answer().await.status, 400, "{door}");
        let mut upload = RawUpload::begin_at(door, &quire, &user, Length::Chunked).await;
        upload.begin_file().await;
        upload.send(format!("{door} {TEXT}").as_bytes()).await.unwrap();
        upload.send(&end_of_form()).await.unwrap();
        upload.end().await;
        assert_eq!(upload.answer().await.status, 201, "{door}");
    }
    assert_eq!(quire.count("documents").await, 2);
}

#[tokio::test]
async fn storage_that_fails_is_a_matter_for_later() {
    let bucket = Bucket::default();
    let quire = Setup::new().await.blobs(Arc::new(bucket.clone())).start().await;
    let user = quire.user("ada").await;
    bucket.set_away(true);
    for door in DOORS {
        let answer = post_form(&user, door, form("a.txt")).await;
        answer.assert_problem(503, "storage_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    bucket.set_away(false);
    assert_eq!((bucket.len(), quire.count("documents").await), (0, 0));
    for door in DOORS {
        post_form(&user, door, form("a.txt")).await.assert_status(201);
    }
}
