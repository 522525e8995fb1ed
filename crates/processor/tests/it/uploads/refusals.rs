//! What clients get wrong, or should not be able to do.

use super::{
    MIB, PIECE, UPLOADS, assert_nothing_left, create, head, lines, metadata, offset, patch, piece, tus,
};
use crate::support::Setup;

#[tokio::test]
async fn lengths_that_cannot_be_are_refused() {
    let quire = Setup::new().await.set("MAX_UPLOAD_SIZE", 1_000).start().await;
    let user = quire.user("ada").await;
    let begin = |name: &str, value: &str| tus(&user.client, "POST", UPLOADS).header(name, value).send();
    for length in ["-1", "+5", "5.0", "ten", "", "0x10"] {
        begin("upload-length", length).await.assert_problem(400, "malformed_request");
    }
    for length in ["1001", "9223372036854775808", "18446744073709551616", "99999999999999999999999999"] {
        begin("upload-length", length).await.assert_problem(413, "payload_too_large");
    }
    begin("upload-length", "0").await.assert_problem(422, "validation_failed");
    begin("upload-defer-length", "2").await.assert_problem(400, "malformed_request");
    begin("x-nothing", "1").await.assert_problem(400, "malformed_request");
    begin("upload-length", "1000").await.assert_status(201);
}

#[tokio::test]
async fn what_is_asked_for_is_checked_before_the_first_byte() {
    let quire = Setup::new().await.configured_engines().start().await;
    let user = quire.user("ada").await;
    let begin = async |said: &str| {
        let call = tus(&user.client, "POST", UPLOADS).header("upload-length", "10");
        call.header("upload-metadata", said).send().await
    };
    for (name, value) in [
        ("task_type", "dance"),
        ("params", "[1]"),
        ("params", "{\"surprise\": 1}"),
        ("kind", "poem"),
        ("folder", "a\nb"),
        ("tags", "[1]"),
    ] {
        let problem = begin(&metadata(&[(name, value)])).await.assert_problem(422, "validation_failed");
        let field = problem["errors"].as_object().unwrap().keys().next().unwrap();
        assert!(field.starts_with(name), "{name}: {field}");
    }
    for said in ["filename a", "filename /w==", "a YQ==,a YQ=="] {
        begin(said).await.assert_problem(400, "malformed_request");
    }
    assert_eq!(quire.count("uploads").await, 0);
}

#[tokio::test]
async fn pieces_that_do_not_fit_are_refused_and_change_nothing() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(1_000, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..600]).await.assert_status(204);
    for wrong in [0, 599, 601, 1_000, usize::MAX] {
        patch(&user.client, &upload, wrong, b"x").await.assert_problem(409, "upload_offset_mismatch");
    }
    for value in ["-1", "", "x"] {
        let call = tus(&user.client, "PATCH", &upload).header("content-type", PIECE);
        call.header("upload-offset", value).send().await.assert_problem(400, "malformed_request");
    }
    let without = tus(&user.client, "PATCH", &upload).header("content-type", PIECE).send().await;
    without.assert_problem(400, "malformed_request");
    let call = tus(&user.client, "PATCH", &upload).header("upload-offset", "600");
    let other = call.header("content-type", "application/octet-stream").body(&b"x"[..]).send().await;
    other.assert_problem(415, "unsupported_media_type");
    assert_eq!(offset(&user.client, &upload).await, 600);
    patch(&user.client, &upload, 600, &bytes[600..]).await.assert_status(204);
    patch(&user.client, &upload, 1_000, b"x").await.assert_problem(413, "payload_too_large");
}

#[tokio::test]
async fn more_than_was_announced_is_refused_and_nothing_of_it_stays() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let bytes = lines(2_000, 1);
    let upload = create(&user, 1_000, "").await;
    // Announced.
    patch(&user.client, &upload, 0, &bytes[..1_001]).await.assert_problem(413, "payload_too_large");
    // Not announced: in chunks.
    let chunks = bytes.chunks(500).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks.collect::<Vec<_>>()));
    let call = tus(&user.client, "PATCH", &upload).header("upload-offset", "0").header("content-type", PIECE);
    call.body(body).send().await.assert_problem(413, "payload_too_large");
    let come = offset(&user.client, &upload).await;
    assert!(come < 1_000, "{come}");
    assert_eq!(quire.count("documents").await, 0);
    let last = patch(&user.client, &upload, come, &bytes[come..1_000]).await.expect_status(204);
    super::assert_became(&user, &last, &bytes[..1_000]).await;
}

#[tokio::test]
async fn without_a_length_the_limit_of_all_files_holds() {
    let quire = Setup::new().await.set("MAX_UPLOAD_SIZE", 1_000).start().await;
    let user = quire.user("ada").await;
    let call = tus(&user.client, "POST", UPLOADS).header("upload-defer-length", "1");
    let upload = super::location(&call.send().await.expect_status(201));
    patch(&user.client, &upload, 0, &lines(900, 1)).await.assert_status(204);
    patch(&user.client, &upload, 900, &lines(101, 1)).await.assert_problem(413, "payload_too_large");
    let long = piece(&user.client, &upload, 900, b"x").header("upload-length", "1001");
    long.send().await.assert_problem(413, "payload_too_large");
    assert_eq!(offset(&user.client, &upload).await, 900);
}

#[tokio::test]
async fn uploads_of_others_are_not_there() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let upload = create(&ada, 100, "").await;
    assert_eq!(head(&bob.client, &upload).await.status, 404);
    patch(&bob.client, &upload, 0, b"x").await.assert_problem(404, "not_found");
    tus(&bob.client, "DELETE", &upload).send().await.assert_problem(404, "not_found");
    patch(&bob.client, "/files/uploads/nothing", 0, b"x").await.assert_problem(404, "not_found");
    bob.client.get(&upload).await.assert_problem(405, "method_not_allowed");
    assert_eq!(offset(&ada.client, &upload).await, 0);
}

#[tokio::test]
async fn a_first_piece_that_fails_leaves_no_upload() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let begin = |length: &str| {
        let call = tus(&user.client, "POST", UPLOADS).header("upload-length", length);
        call.header("content-type", PIECE).body(lines(2_000, 1))
    };
    begin("1000").send().await.assert_problem(413, "payload_too_large");
    let call = begin("3000").header("upload-checksum", super::checksum(b"other"));
    call.send().await.assert_problem(460, "upload_checksum_mismatch");
    let call = tus(&user.client, "POST", UPLOADS).header("upload-length", "3000");
    call.body(lines(10, 1)).send().await.assert_problem(415, "unsupported_media_type");
    assert_nothing_left(&quire).await;
}

#[tokio::test]
async fn uploads_count_towards_the_limits_of_their_user() {
    let setup = Setup::new().await.set("UPLOADS_PER_HOUR", 3).set("STORAGE_PER_USER", 1_000);
    let quire = setup.start().await;
    let user = quire.user("ada").await;
    let begin =
        async |length: &str| tus(&user.client, "POST", UPLOADS).header("upload-length", length).send().await;
    begin("1001").await.assert_problem(413, "storage_quota_exceeded");
    let first = begin("600").await.expect_status(201);
    assert_eq!(first.header("ratelimit-remaining"), Some("1"));
    let second = begin("600").await.expect_status(201);
    let sent = |upload: String, seed| {
        let client = user.client.clone();
        async move { patch(&client, &upload, 0, &lines(600, seed)).await }
    };
    sent(super::location(&first), 1).await.assert_status(204);
    // Both were let in; the second does not fit any more when it is complete.
    let upload = super::location(&second);
    sent(upload.clone(), 2).await.assert_problem(413, "storage_quota_exceeded");
    assert_eq!(head(&user.client, &upload).await.status, 404);
    assert_eq!((quire.files().len(), quire.count("documents").await), (1, 1));
    begin("10").await.assert_problem(429, "too_many_uploads");
}

#[tokio::test]
async fn a_full_disk_is_a_matter_for_later() {
    let blobs = quire_backends::blobs::memory::MemoryBlobs::with_capacity(3 * MIB);
    let quire = Setup::new().await.blobs(std::sync::Arc::new(blobs.clone())).start().await;
    let user = quire.user("ada").await;
    let bytes = lines(4 * MIB, 1);
    let upload = create(&user, bytes.len(), "").await;
    patch(&user.client, &upload, 0, &bytes[..MIB]).await.assert_status(204);
    let full = patch(&user.client, &upload, MIB, &bytes[MIB..]).await;
    full.assert_problem(503, "storage_unavailable");
    assert_eq!(full.header("retry-after"), Some("30"));
    assert_eq!(offset(&user.client, &upload).await, MIB);
    tus(&user.client, "DELETE", &upload).send().await.assert_status(204);
    assert!(blobs.is_empty() && blobs.unfinished() == 0);
}
