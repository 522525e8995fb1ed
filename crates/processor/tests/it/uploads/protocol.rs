//! What the protocol says, exchange by exchange.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, TimeDelta};
use quire_domain::clock::{Clock, SystemClock};
use sha1::{Digest, Sha1};

use super::{
    PIECE, UPLOADS, assert_became, assert_nothing_left, checksum, create, head, lines, location, metadata,
    offset, offset_in, patch, piece, tus,
};
use crate::support::Setup;

#[tokio::test]
async fn anybody_may_ask_what_can_be_done() {
    let quire = Setup::new().await.set("MAX_UPLOAD_SIZE", 12_345).start().await;
    for path in [UPLOADS, "/files/uploads/"] {
        let answer = quire.client.call("OPTIONS".parse().unwrap(), path).send().await.expect_status(204);
        assert_eq!(answer.header("tus-version"), Some("1.0.0"));
        assert_eq!(answer.header("tus-max-size"), Some("12345"));
        assert_eq!(answer.header("tus-checksum-algorithm"), Some("sha256,sha1"));
        assert_eq!(
            answer.header("tus-extension"),
            Some("creation,creation-with-upload,creation-defer-length,termination,checksum,expiration")
        );
    }
}

#[tokio::test]
async fn a_file_comes_in_pieces_and_becomes_a_document() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let (bytes, said) =
        (lines(100_000, 1), metadata(&[("filename", "notes.txt"), ("filetype", "text/plain")]));
    let upload = create(&user, bytes.len(), &said).await;
    assert!(upload.starts_with("/files/uploads/"), "{upload}");

    let asked = head(&user.client, &upload).await.expect_status(200);
    assert_eq!(offset_in(&asked), 0);
    assert_eq!(asked.header("upload-length"), Some("100000"));
    assert_eq!(asked.header("upload-metadata"), Some(said.as_str()));
    assert_eq!(asked.header("cache-control"), Some("no-store"));
    assert_eq!(asked.header("tus-resumable"), Some("1.0.0"));

    let mut at = 0;
    for size in [1, 999, 0, 64_000] {
        let answer = patch(&user.client, &upload, at, &bytes[at..at + size]).await.expect_status(204);
        at += size;
        assert_eq!(offset_in(&answer), at);
        assert!(answer.header("quire-document-id").is_none());
        assert_eq!(offset(&user.client, &upload).await, at);
    }
    let last = patch(&user.client, &upload, at, &bytes[at..]).await.expect_status(204);
    assert_eq!(offset_in(&last), bytes.len());
    assert_became(&user, &last, &bytes).await;

    // It can still be asked for, and sending nothing more is no harm.
    for again in [head(&user.client, &upload).await, patch(&user.client, &upload, bytes.len(), b"").await] {
        assert!(again.status.is_success(), "{again:?}");
        assert_eq!(offset_in(&again), bytes.len());
        assert_eq!(again.header("quire-document-id"), last.header("quire-document-id"));
        assert_eq!(again.header("quire-task-id"), last.header("quire-task-id"));
    }
    assert_eq!(quire.files().len(), 1);
}

#[tokio::test]
async fn the_first_bytes_may_come_along() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(5_000, 1);
    let begin = |body: &[u8]| {
        let call = tus(&user.client, "POST", "/files/uploads/").header("upload-length", "5000");
        call.header("content-type", PIECE).body(body.to_vec())
    };
    let begun = begin(&bytes[..3_000]).send().await.expect_status(201);
    assert_eq!(offset_in(&begun), 3_000);
    let last = patch(&user.client, &location(&begun), 3_000, &bytes[3_000..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;

    // All of them may, and none.
    let whole = begin(&bytes).header("upload-checksum", checksum(&bytes)).send().await.expect_status(201);
    assert_eq!(offset_in(&whole), 5_000);
    assert_became(&user, &whole, &bytes).await;
    assert_eq!(offset_in(&begin(b"").send().await.expect_status(201)), 0);
}

#[tokio::test]
async fn every_answer_says_the_version_and_every_success_when_it_expires() {
    let quire = Setup::new().await.set("UPLOAD_EXPIRY", 48).start().await;
    let user = quire.user("ada").await;
    let begun = tus(&user.client, "POST", UPLOADS).header("upload-length", "100").send().await;
    let upload = location(&begun);
    let successes =
        [begun, head(&user.client, &upload).await, patch(&user.client, &upload, 0, &lines(10, 1)).await];
    for answer in successes {
        assert_eq!(answer.header("tus-resumable"), Some("1.0.0"));
        let expires = DateTime::parse_from_rfc2822(answer.header("upload-expires").unwrap()).unwrap();
        let left = expires.to_utc() - SystemClock.now();
        assert!(left > TimeDelta::hours(47) && left <= TimeDelta::hours(48), "{left}");
    }
    let refused = patch(&user.client, &upload, 0, b"again").await;
    refused.assert_problem(409, "upload_offset_mismatch");
    assert_eq!(refused.header("tus-resumable"), Some("1.0.0"));
    let nobody = tus(&quire.client, "HEAD", &upload).send().await.expect_status(401);
    assert_eq!(nobody.header("tus-resumable"), Some("1.0.0"));
}

#[tokio::test]
async fn another_version_is_refused_with_those_that_are_spoken() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let upload = create(&user, 10, "").await;
    for (method, path) in [("POST", UPLOADS), ("HEAD", &upload), ("PATCH", &upload), ("DELETE", &upload)] {
        for version in [None, Some("0.2.2"), Some("1.0.0, 2.0.0")] {
            let call = user.client.call(method.parse().unwrap(), path);
            let call = version.into_iter().fold(call, |call, version| call.header("tus-resumable", version));
            let answer = call.send().await;
            assert_eq!(answer.status, 412, "{method}");
            assert_eq!(answer.header("tus-version"), Some("1.0.0"), "{method}");
            if method != "HEAD" {
                answer.assert_problem(412, "tus_version_unsupported");
            }
        }
    }
    assert_eq!(offset(&user.client, &upload).await, 0);
}

#[tokio::test]
async fn the_length_may_be_said_later() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(3_000, 1);
    let begin = || tus(&user.client, "POST", UPLOADS).header("upload-defer-length", "1");
    let upload = location(&begin().send().await.expect_status(201));
    patch(&user.client, &upload, 0, &bytes[..1_000]).await.assert_status(204);
    let asked = head(&user.client, &upload).await.expect_status(200);
    assert_eq!((asked.header("upload-defer-length"), asked.header("upload-length")), (Some("1"), None));

    // Less than has come, and then the right one, with a piece.
    let too_short = piece(&user.client, &upload, 1_000, b"x").header("upload-length", "999").send().await;
    too_short.assert_problem(422, "validation_failed");
    let known = piece(&user.client, &upload, 1_000, &bytes[1_000..2_000]).header("upload-length", "3000");
    known.send().await.assert_status(204);
    let asked = head(&user.client, &upload).await.expect_status(200);
    assert_eq!((asked.header("upload-defer-length"), asked.header("upload-length")), (None, Some("3000")));
    let changed = piece(&user.client, &upload, 2_000, b"x").header("upload-length", "2001").send().await;
    changed.assert_problem(422, "validation_failed");
    let last = patch(&user.client, &upload, 2_000, &bytes[2_000..]).await.expect_status(204);
    assert_became(&user, &last, &bytes).await;

    // With a piece of nothing.
    let upload = location(&begin().send().await.expect_status(201));
    patch(&user.client, &upload, 0, &bytes).await.assert_status(204);
    let last = piece(&user.client, &upload, 3_000, b"").header("upload-length", "3000").send().await;
    assert_became(&user, &last.expect_status(204), &bytes).await;
}

#[tokio::test]
async fn an_upload_can_be_ended() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for sent in [0, 10, 5_000] {
        let upload = create(&user, 10_000, "").await;
        patch(&user.client, &upload, 0, &lines(sent, 1)).await.assert_status(204);
        tus(&user.client, "DELETE", &upload).send().await.assert_status(204);
        assert_eq!(head(&user.client, &upload).await.status, 404);
        patch(&user.client, &upload, sent, b"x").await.assert_problem(404, "not_found");
        assert_nothing_left(&quire).await;
    }
    // The document of a finished one stays.
    let upload = create(&user, 100, "").await;
    let last = patch(&user.client, &upload, 0, &lines(100, 1)).await.expect_status(204);
    tus(&user.client, "DELETE", &upload).send().await.assert_status(204);
    assert_eq!(head(&user.client, &upload).await.status, 404);
    assert_became(&user, &last, &lines(100, 1)).await;
}

#[tokio::test]
async fn a_piece_with_a_checksum_comes_whole_or_not_at_all() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(9_000, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..3_000]).await.assert_status(204);
    let mut broken = bytes[3_000..6_000].to_vec();
    broken[1_500] ^= 1;
    let sha1 = format!("sha1 {}", BASE64.encode(Sha1::digest(&bytes[3_000..6_000])));
    for checksum in [checksum(&bytes[3_000..6_000]), sha1.clone()] {
        let call = piece(&user.client, &upload, 3_000, broken.clone()).header("upload-checksum", checksum);
        call.send().await.assert_problem(460, "upload_checksum_mismatch");
        assert_eq!(offset(&user.client, &upload).await, 3_000);
    }
    let call = piece(&user.client, &upload, 3_000, &bytes[3_000..6_000]).header("upload-checksum", sha1);
    call.send().await.assert_status(204);
    let call = piece(&user.client, &upload, 6_000, &bytes[6_000..]);
    let last = call.header("upload-checksum", checksum(&bytes[6_000..])).send().await.expect_status(204);
    assert_became(&user, &last, &bytes).await;
    for unknown in ["md5 XrY7u+Ae7tCTyyK7j1rNww==", "sha256", "sha256 abc"] {
        let call = piece(&user.client, &upload, 9_000, b"").header("upload-checksum", unknown);
        call.send().await.assert_problem(400, "malformed_request");
    }
}

#[tokio::test]
async fn other_methods_can_be_sent_as_post() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(2_000, 1);
    let upload = create(&user, bytes.len(), "").await;
    let post = |method: &str| tus(&user.client, "POST", &upload).header("x-http-method-override", method);
    let first = post("PATCH").header("upload-offset", "0").header("content-type", PIECE);
    assert_eq!(offset_in(&first.body(bytes[..500].to_vec()).send().await.expect_status(204)), 500);
    post("HEAD").send().await.assert_problem(405, "method_not_allowed");
    tus(&user.client, "POST", &upload).send().await.assert_problem(405, "method_not_allowed");
    post("DELETE").send().await.assert_status(204);
    assert_eq!(head(&user.client, &upload).await.status, 404);
}

#[tokio::test]
async fn browsers_of_other_origins_may_read_what_they_need() {
    let quire = Setup::new().await.set("CORS_ALLOWED_ORIGINS", "*").start().await;
    let user = quire.user("ada").await;
    let call = tus(&user.client, "POST", UPLOADS).header("origin", "https://example.org");
    let answer = call.header("upload-length", "10").send().await.expect_status(201);
    let exposed = answer.header("access-control-expose-headers").unwrap().to_lowercase();
    for name in
        ["location", "upload-offset", "upload-length", "tus-resumable", "upload-expires", "quire-document-id"]
    {
        assert!(exposed.contains(name), "{name}: {exposed}");
    }
    let preflight = quire.client.call("OPTIONS".parse().unwrap(), &location(&answer));
    let preflight = preflight
        .header("origin", "https://example.org")
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization,tus-resumable,upload-offset,content-type");
    let allowed = preflight.send().await;
    assert!(allowed.status.is_success(), "{allowed:?}");
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("PATCH"));
}
