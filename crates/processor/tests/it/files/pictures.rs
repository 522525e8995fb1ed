//! Pictures of pages, made by the real reader in its child process.

use bytes::Bytes;
use quire_testkit::{Answer, fixture};

use super::{document, empty_storage, end, get, is_for_one_caller, set};
use crate::support::{Quire, Setup, User};

const PDF: &str = "pdf/pdflatex-4-pages.pdf";

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

/// The width and height of a WebP picture without loss (RFC 9649, 2.6 and 3.4).
fn size_of(picture: &Answer) -> (u32, u32) {
    assert_eq!(picture.header("content-type"), Some("image/webp"));
    let body = &picture.body;
    assert!(body.starts_with(b"RIFF") && &body[8..12] == b"WEBP", "not WebP");
    assert_eq!((&body[12..16], body[20]), (&b"VP8L"[..], 0x2f));
    let bits = u32::from_le_bytes(body[21..25].try_into().unwrap());
    ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
}

#[tokio::test]
async fn pages_are_drawn_in_the_size_that_is_asked_for() {
    let (_quire, user) = start().await;
    let id = user.submit_fixture(PDF).await.document;
    for (path, longest) in [
        ("thumbnail", 400),
        ("thumbnail/", 400),
        ("thumbnail?size=16", 16),
        ("pages/1", 1024),
        ("pages/4?size=200", 200),
        ("pages/2/?size=2048", 2048),
    ] {
        let picture = user.client.get(&format!("/files/{id}/{path}")).await.expect_status(200);
        let (width, height) = size_of(&picture);
        assert_eq!(width.max(height), longest, "{path}");
        assert!(width < height, "{path} is not upright");
        for (name, value) in [
            ("cache-control", "private, max-age=86400"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(picture.header(name), Some(value), "{path}");
        }
        assert!(is_for_one_caller(&picture));
    }
}

#[tokio::test]
async fn a_picture_is_not_made_larger_than_it_is() {
    let (_quire, user) = start().await;
    let id = user.submit_fixture("images/python.png").await.document;
    let own = size_of(&user.client.get(&format!("/files/{id}/pages/1?size=2048")).await.expect_status(200));
    let larger =
        size_of(&user.client.get(&format!("/files/{id}/thumbnail?size=2000")).await.expect_status(200));
    assert_eq!(own, larger);
    assert!(own.0.max(own.1) < 2000, "{own:?}");
}

#[tokio::test]
async fn a_stored_thumbnail_is_shown_in_its_size() {
    let (quire, user) = start().await;
    let id = user.submit_fixture(PDF).await.document;
    let key = "uploads/user-1/0198f3a2-picture.webp";
    let mut writer = quire.surroundings.blobs.create(key).await.unwrap();
    writer.write(Bytes::from_static(b"a picture that is stored")).await.unwrap();
    writer.finish().await.unwrap();
    set(&quire, &id, &format!("thumbnail_key = '{key}'")).await;

    let path = format!("/files/{id}/thumbnail");
    for path in [path.clone(), format!("{path}?size=400")] {
        let stored = user.client.get(&path).await.expect_status(200);
        assert_eq!(stored.body, "a picture that is stored");
        assert_eq!(stored.header("content-type"), Some("image/webp"));
    }
    let other = user.client.get(&format!("{path}?size=300")).await.expect_status(200);
    assert_eq!(size_of(&other).1, 300);
    // One that is gone is made again.
    quire.surroundings.blobs.delete(key).await.unwrap();
    assert_eq!(size_of(&user.client.get(&path).await.expect_status(200)).1, 400);
}

/// The document is one that nobody could draw.
#[tokio::test]
async fn a_picture_that_the_client_has_is_not_drawn_again() {
    let (quire, user) = start().await;
    let id = user.submit_file("a.pdf", b"%PDF-1.7\nnothing that is one".to_vec()).await.document;
    let document = document(&quire, &id).await;
    let sha256 = document["sha256"].as_str().unwrap().trim_start_matches("\\x");
    empty_storage(&quire);
    for (path, tag) in [
        ("thumbnail", format!("W/\"{sha256}-1-400\"")),
        ("thumbnail?size=80", format!("W/\"{sha256}-1-80\"")),
        ("pages/3", format!("W/\"{sha256}-3-1024\"")),
    ] {
        let path = format!("/files/{id}/{path}");
        let answer = get(&user, &path, &[("if-none-match", &tag)]).await.expect_status(304);
        assert_eq!(answer.header("etag"), Some(&*tag));
        assert_eq!(answer.header("cache-control"), Some("private, max-age=86400"));
        get(&user, &path, &[("if-none-match", "\"another\"")]).await.assert_problem(404, "document_missing");
    }
}

#[tokio::test]
async fn the_tag_is_that_of_the_picture() {
    let (_quire, user) = start().await;
    let id = user.submit_fixture(PDF).await.document;
    let path = format!("/files/{id}/pages/2?size=100");
    let tag = user.client.get(&path).await.expect_status(200).header("etag").unwrap().to_owned();
    get(&user, &path, &[("if-none-match", &tag)]).await.assert_status(304);
    get(&user, &format!("/files/{id}/pages/3?size=100"), &[("if-none-match", &tag)]).await.assert_status(200);
}

#[tokio::test]
async fn documents_that_cannot_be_drawn_say_why() {
    let (_quire, user) = start().await;
    let cases = [
        ("a.pdf", fixture("pdf/r4-aes-user-password.pdf"), 409, "document_encrypted"),
        ("a.pdf", b"%PDF-1.7\nnothing that is one".to_vec(), 422, "document_corrupt"),
        ("a.wav", fixture("media/pluck-pcm16.wav"), 404, "no_picture"),
        ("a.txt", b"Words have no looks.".to_vec(), 404, "no_picture"),
        ("a.pdf", fixture("hostile/xobject_exponential_10p10.pdf"), 422, "document_too_complex"),
    ];
    for (name, bytes, status, code) in cases {
        let id = user.submit_file(name, bytes).await.document;
        let problem = user.client.get(&format!("/files/{id}/thumbnail")).await.assert_problem(status, code);
        assert!(problem["detail"].as_str().unwrap().ends_with('.'), "{problem}");
    }
}

#[tokio::test]
async fn pages_that_are_not_there_are_not_found() {
    let (_quire, user) = start().await;
    let id = user.submit_fixture(PDF).await.document;
    for number in ["5", "0", "-1", "first", "99999999999"] {
        let path = format!("/files/{id}/pages/{number}");
        user.client.get(&path).await.assert_problem(404, "page_not_found");
    }
}

#[tokio::test]
async fn sizes_have_bounds() {
    let (_quire, user) = start().await;
    let id = user.submit_fixture(PDF).await.document;
    for size in ["15", "2049", "0", "-1", "large", ""] {
        for path in ["thumbnail", "pages/1"] {
            let problem = user
                .client
                .get(&format!("/files/{id}/{path}?size={size}"))
                .await
                .assert_problem(422, "validation_failed");
            assert_eq!(problem["errors"]["size"][0], "A size is a number from 16 to 2048.");
        }
    }
}

/// What could not be read as text may still be worth a look.
#[tokio::test]
async fn a_document_that_failed_can_be_seen() {
    let (quire, user) = start().await;
    let id = user.submit_fixture("pdf/congress.pdf").await.document;
    end(&quire, &id, "status = 'FAILED', error_code = 'document_image_only', last_error = 'Only pictures.'")
        .await;
    let picture = user.client.get(&format!("/files/{id}/thumbnail")).await.expect_status(200);
    assert_eq!(size_of(&picture).1, 400);
}
