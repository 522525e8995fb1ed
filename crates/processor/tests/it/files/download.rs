//! Files come back as they went in, and do nothing on the way.

use std::sync::Arc;

use quire_backends::blobs::memory::MemoryBlobs;
use quire_testkit::fixture;
use reqwest::Method;

use super::{document, empty_storage, end, get, is_for_one_caller, with};
use crate::support::{Quire, Setup, User};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

fn path(document: &str) -> String {
    format!("/files/{document}/download")
}

/// Bytes that differ wherever one looks, more than are read at a time.
fn many_bytes() -> Vec<u8> {
    (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[tokio::test]
async fn a_file_comes_back_as_it_went_in() {
    let (quire, user) = start().await;
    let bytes = fixture("pdf/pdflatex-4-pages.pdf");
    let id = user.submit_file("Bericht für März.pdf", bytes.clone()).await.document;
    let answer = user.client.get(&path(&id)).await.expect_status(200);
    assert!(answer.body == bytes);
    let sha256 = document(&quire, &id).await["sha256"].as_str().unwrap().trim_start_matches("\\x").to_owned();
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-length", &bytes.len().to_string()),
        (
            "content-disposition",
            "attachment; filename=\"Bericht f_r M_rz.pdf\"; filename*=UTF-8''Bericht%20f%C3%BCr%20M%C3%A4rz.pdf",
        ),
        ("etag", &format!("\"{sha256}\"")),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-cache"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(is_for_one_caller(&answer));
    let slashed = user.client.get(&format!("{}/", path(&id))).await.expect_status(200);
    assert_eq!(slashed.body, answer.body);
}

#[tokio::test]
async fn what_a_browser_would_run_is_only_saved() {
    let (_quire, user) = start().await;
    let page = b"<!doctype html><html><script>alert(1)</script></html>".to_vec();
    let id = user.submit_file("page.html", page.clone()).await.document;
    let answer = user.client.get(&path(&id)).await.expect_status(200);
    assert_eq!(answer.body, page);
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"page.html\""));
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn a_download_that_broke_off_goes_on() {
    let (_quire, user) = start().await;
    let bytes = many_bytes();
    let path = path(&user.submit_file("data.bin", bytes.clone()).await.document);
    let whole = user.client.get(&path).await.expect_status(200);
    assert!(whole.body == bytes);
    let (tag, date) = (whole.header("etag").unwrap(), whole.header("last-modified").unwrap());
    let length = bytes.len();
    for (range, first, last) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=300000-".to_owned(), 300_000, length - 1),
        ("bytes=1000-599999".to_owned(), 1000, 599_999),
        ("bytes=-5".to_owned(), length - 5, length - 1),
        (format!("bytes=10-{}", length + 10), 10, length - 1),
    ] {
        for version in [tag, date] {
            let part =
                get(&user, &path, &[("range", &range), ("if-range", version)]).await.expect_status(206);
            assert!(part.body == bytes[first..=last], "{range}");
            assert_eq!(part.header("content-range"), Some(&*format!("bytes {first}-{last}/{length}")));
            assert_eq!(part.header("etag"), Some(tag));
        }
    }
    let other = get(&user, &path, &[("range", "bytes=0-9"), ("if-range", "\"another\"")]).await;
    assert!(other.expect_status(200).body == bytes);
    let several = get(&user, &path, &[("range", "bytes=0-1,4-5")]).await;
    assert!(several.expect_status(200).body == bytes);
}

#[tokio::test]
async fn a_range_behind_the_end_is_refused() {
    let (_quire, user) = start().await;
    let path = path(&user.submit_file("a.txt", b"ten bytes.".to_vec()).await.document);
    let answer = get(&user, &path, &[("range", "bytes=10-")]).await;
    let problem = answer.assert_problem(416, "range_not_satisfiable");
    assert!(problem["request_id"].is_string() && problem["instance"] == path.as_str(), "{problem}");
    assert_eq!(answer.header("content-range"), Some("bytes */10"));
}

#[tokio::test]
async fn a_file_that_the_client_has_is_not_sent_again() {
    let (quire, user) = start().await;
    let path = path(&user.submit_text().await.document);
    let first = user.client.get(&path).await.expect_status(200);
    let (tag, date) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
    // It is not even looked at.
    empty_storage(&quire);
    for known in [("if-none-match", tag), ("if-modified-since", date)] {
        let answer = get(&user, &path, &[known]).await.expect_status(304);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), Some(tag));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    }
    get(&user, &path, &[("if-match", "\"another\"")]).await.assert_problem(412, "precondition_failed");
    get(&user, &path, &[("if-none-match", "\"another\"")]).await.assert_problem(404, "document_missing");
}

#[tokio::test]
async fn head_tells_all_but_the_bytes() {
    let (quire, user) = start().await;
    let path = path(&user.submit_text().await.document);
    let got = user.client.get(&path).await.expect_status(200);
    let head = |headers: &'static [(&str, &str)]| with(user.client.call(Method::HEAD, &path), headers).send();
    let told = head(&[("range", "bytes=0-3")]).await.expect_status(200);
    assert!(told.body.is_empty());
    for name in
        ["content-length", "content-type", "content-disposition", "etag", "last-modified", "accept-ranges"]
    {
        assert_eq!(told.header(name), got.header(name), "{name}");
        assert!(told.header(name).is_some(), "{name}");
    }
    head(&[("if-none-match", "*")]).await.assert_status(304);
    empty_storage(&quire);
    head(&[]).await.assert_status(404);
}

/// Storage without files of its own lends one for each download.
#[tokio::test]
async fn storage_without_files_serves_the_same() {
    let quire = Setup::new().await.blobs(Arc::new(MemoryBlobs::default())).start().await;
    let user = quire.user("ada").await;
    let bytes = many_bytes();
    let path = path(&user.submit_file("data.bin", bytes.clone()).await.document);
    let whole = user.client.get(&path).await.expect_status(200);
    assert!(whole.body == bytes);
    let tag = whole.header("etag").unwrap();
    let part = get(&user, &path, &[("range", "bytes=500000-"), ("if-range", tag)]).await.expect_status(206);
    assert!(part.body == bytes[500_000..]);
}

#[tokio::test]
async fn bytes_that_are_gone_or_not_theirs_are_not_given_out() {
    let (quire, user) = start().await;
    let path = path(&user.submit_text().await.document);
    for file in quire.files() {
        std::fs::write(file, "cut").unwrap();
    }
    user.client.get(&path).await.assert_problem(500, "internal_error");
    empty_storage(&quire);
    let problem = user.client.get(&path).await.assert_problem(404, "document_missing");
    assert!(problem["detail"].as_str().unwrap().contains("upload it again"), "{problem}");
}

#[tokio::test]
async fn documents_in_quarantine_or_not_yet_there_stay_shut() {
    let (quire, user) = start().await;
    let infected = user.submit_text().await.document;
    let tag = user.client.get(&path(&infected)).await.expect_status(200).header("etag").unwrap().to_owned();
    end(&quire, &infected, "status = 'QUARANTINED'").await;
    let announced = "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01";
    quire
        .database
        .execute(&format!(
            "insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status)
             select '{announced}', user_id, filename, media_type, size, sha256, 'uploads/none', 'INITIATED'
             from documents where id = '{infected}'"
        ))
        .await;
    for (id, code) in [(infected.as_str(), "document_quarantined"), (announced, "wrong_state")] {
        for path in [
            path(id),
            format!("/files/{id}/thumbnail"),
            format!("/files/{id}/pages/1"),
            format!("/documents/{id}/text"),
        ] {
            // Whatever the client knows of them.
            for known in [&*tag, "*"] {
                get(&user, &path, &[("if-none-match", known)]).await.assert_problem(409, code);
            }
        }
    }
}

#[tokio::test]
async fn documents_of_others_are_not_there() {
    let (quire, user) = start().await;
    let id = user.submit_text().await.document;
    let other = quire.user("bob").await;
    for id in [id.as_str(), "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01", "7"] {
        for path in [
            path(id),
            format!("/files/{id}/thumbnail"),
            format!("/files/{id}/pages/1"),
            format!("/documents/{id}/text"),
        ] {
            let problem = other.client.get(&path).await.assert_problem(404, "not_found");
            assert_eq!(problem["detail"], "There is no such document, or it is not yours.", "{path}");
        }
        other.client.call(Method::HEAD, &path(id)).send().await.assert_status(404);
    }
}
