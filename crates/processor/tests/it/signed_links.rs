//! Signed links to blobs, for storage without HTTP of its own.

use std::{sync::Arc, time::Duration};

use quire_backends::blobs::{links::Links, memory::MemoryBlobs};
use quire_domain::{
    clock::SystemClock,
    ports::blobs::{SharedBlobStore, SignedDownload, SignedRequest, SignedUpload},
};
use quire_testkit::{Answer, Call, wait_until};
use reqwest::{Body, Method};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::support::{Quire, SECRET, Setup, User};

const MINUTE: Duration = Duration::from_secs(60);
const LIMIT: usize = 100_000;
const TEXT: &str = "Ships from many countries brought grain.";

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.set("MAX_UPLOAD_SIZE", LIMIT).start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

fn download() -> SignedDownload {
    SignedDownload {
        filename: "März & more.txt".into(), media_type: "text/plain".into(), expires_in: MINUTE
    }
}

fn upload() -> SignedUpload {
    SignedUpload { media_type: None, size: None, sha256: None, expires_in: MINUTE }
}

/// The key of a document that was submitted.
async fn stored(quire: &Quire, user: &User) -> String {
    let id = user.submit_file("notes.txt", TEXT.into()).await.document;
    quire.database.query_one(&format!("select storage_key from documents where id = '{id}'")).await
}

/// Announces a document whose bytes are to come under this key.
async fn announce(quire: &Quire, user: &User, key: &str) {
    quire
        .database
        .execute(&format!(
            "insert into documents (id, user_id, filename, media_type, size, storage_key, status) values
             (gen_random_uuid(), {}, 'a.txt', 'text/plain', 0, '{key}', 'INITIATED')",
            user.id
        ))
        .await;
}

const KEY: &str = "uploads/user-1/0198f3a2-a.txt";

/// The link to store what was announced.
async fn announced(upload: SignedUpload) -> (Quire, SignedRequest) {
    let (quire, user) = start().await;
    announce(&quire, &user, KEY).await;
    let signed = quire.surroundings.blobs.sign_upload(KEY, &upload).await.unwrap();
    (quire, signed)
}

/// The request of the link, with all that it asks for.
fn call(quire: &Quire, signed: &SignedRequest) -> Call {
    let call = quire.client.call(signed.method.parse().unwrap(), &signed.url);
    signed.headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

async fn put(quire: &Quire, signed: &SignedRequest, body: impl Into<Body>) -> Answer {
    call(quire, signed).body(body).send().await
}

/// A body whose length is told by nothing but its end.
fn in_pieces(pieces: impl IntoIterator<Item = Vec<u8>>) -> Body {
    let pieces: Vec<_> = pieces.into_iter().map(Ok::<_, std::io::Error>).collect();
    Body::wrap_stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn a_link_gives_the_file_to_anybody_under_its_name() {
    let (quire, user) = start().await;
    let key = stored(&quire, &user).await;
    let signed = quire.surroundings.blobs.sign_download(&key, &download()).await.unwrap();
    let whole = call(&quire, &signed).send().await.expect_status(200);
    assert_eq!(whole.text(), TEXT);
    for (name, value) in [
        ("content-type", "text/plain"),
        (
            "content-disposition",
            "attachment; filename=\"M_rz & more.txt\"; filename*=UTF-8''M%C3%A4rz%20&%20more.txt",
        ),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(whole.header(name), Some(value), "{name}");
    }
    let part = call(&quire, &signed).header("range", "bytes=6-9").send().await.expect_status(206);
    assert_eq!((part.text().as_str(), part.header("content-range")), ("from", Some("bytes 6-9/40")));
    let tag = whole.header("etag").unwrap();
    call(&quire, &signed).header("if-none-match", tag).send().await.assert_status(304);
    let told = quire.client.call(Method::HEAD, &signed.url).send().await.expect_status(200);
    assert_eq!((told.header("content-length"), told.header("etag")), (Some("40"), Some(tag)));
}

#[tokio::test]
async fn a_link_is_good_for_what_it_was_given_and_no_longer() {
    let (quire, user) = start().await;
    let key = stored(&quire, &user).await;
    let blobs = &quire.surroundings.blobs;
    let signed = blobs.sign_download(&key, &download()).await.unwrap();
    let other = stored(&quire, &user).await;
    for url in [
        signed.url.replace("expires=", "expires=9"),
        signed.url.replace(&key, &format!("{other}x")),
        signed.url.replace("type=text%2Fplain", "type=text%2Fhtml"),
        signed.url.split_once('?').unwrap().0.to_owned(),
        "/blobs/../etc/passwd?expires=9&signature=00".to_owned(),
    ] {
        let answer = quire.client.get(&url).await;
        assert!(matches!(answer.status.as_u16(), 403 | 404), "{url}: {}", answer.text());
    }
    quire.client.get(&signed.url.replace("expires=", "expires=9")).await.assert_problem(403, "link_invalid");
    // A link to read is none to write.
    quire.client.call(Method::PUT, &signed.url).body("x").send().await.assert_problem(403, "link_invalid");
    let over = SignedDownload { expires_in: Duration::ZERO, ..download() };
    let over = blobs.sign_download(&key, &over).await.unwrap();
    let problem = quire.client.get(&over.url).await.assert_problem(403, "link_expired");
    assert!(!problem.to_string().contains("signature"), "{problem}");
}

#[tokio::test]
async fn an_old_link_gives_nothing_that_was_locked_away_or_deleted() {
    let (quire, user) = start().await;
    let key = stored(&quire, &user).await;
    let signed = quire.surroundings.blobs.sign_download(&key, &download()).await.unwrap();
    // Of two documents with this blob, one is enough.
    quire
        .database
        .execute(&format!(
            "insert into documents (id, user_id, filename, media_type, size, sha256, storage_key, status)
             select gen_random_uuid(), user_id, filename, media_type, size, sha256, storage_key, 'QUARANTINED'
             from documents where storage_key = '{key}'"
        ))
        .await;
    quire.client.get(&signed.url).await.assert_problem(409, "document_quarantined");
    quire.client.call(Method::HEAD, &signed.url).send().await.assert_status(409);
    quire.database.execute("delete from documents where status = 'QUARANTINED'").await;
    quire.client.get(&signed.url).await.assert_status(200);
    quire.database.execute("delete from documents").await;
    quire.client.get(&signed.url).await.assert_problem(404, "not_found");
}

#[tokio::test]
async fn what_was_announced_is_stored_once() {
    let sha256: [u8; 32] = Sha256::digest(TEXT).into();
    let as_announced = SignedUpload {
        media_type: Some("text/plain; charset=utf-8".into()),
        size: Some(TEXT.len() as u64),
        sha256: Some(sha256),
        ..upload()
    };
    let (quire, signed) = announced(as_announced).await;
    let answer = put(&quire, &signed, TEXT).await.expect_status(200);
    let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(answer.header("etag"), Some(&*format!("\"{hex}\"")));
    assert_eq!(quire.surroundings.blobs.info(KEY).await.unwrap().size, TEXT.len() as u64);
    put(&quire, &signed, TEXT).await.assert_problem(409, "wrong_state");
    // It is not given out before it was looked at.
    let early = quire.surroundings.blobs.sign_download(KEY, &download()).await.unwrap();
    quire.client.get(&early.url).await.assert_problem(409, "wrong_state");
    assert_eq!(quire.files().len(), 1);
}

#[tokio::test]
async fn what_is_not_as_announced_leaves_nothing() {
    let strict = SignedUpload {
        media_type: Some("text/plain".into()),
        size: Some(TEXT.len() as u64),
        sha256: Some(Sha256::digest(TEXT).into()),
        ..upload()
    };
    let (quire, signed) = announced(strict).await;
    let url = &signed.url;
    let bare = quire.client.call(Method::PUT, url).header("content-type", "text/html").body(TEXT);
    bare.send().await.assert_problem(415, "unsupported_media_type");
    for (body, code) in [
        (Body::from("short"), "validation_failed"),
        (in_pieces([b"short".to_vec()]), "validation_failed"),
        (in_pieces([TEXT.into(), b"and more".to_vec()]), "validation_failed"),
        (Body::from(TEXT.replace("grain", "salt!")), "checksum_mismatch"),
    ] {
        put(&quire, &signed, body).await.assert_problem(422, code);
        quire.wait_until_no_files().await;
    }
    // The link is as good as before.
    put(&quire, &signed, TEXT).await.assert_status(200);
}

#[tokio::test]
async fn no_link_takes_more_than_any_file_may_have() {
    let (quire, signed) = announced(upload()).await;
    put(&quire, &signed, vec![0; LIMIT + 1]).await.assert_problem(413, "payload_too_large");
    let pieces = std::iter::repeat_n(vec![0; 10_000], 11);
    put(&quire, &signed, in_pieces(pieces)).await.assert_problem(413, "payload_too_large");
    quire.wait_until_no_files().await;
    put(&quire, &signed, vec![0; LIMIT]).await.assert_status(200);
}

#[tokio::test]
async fn only_what_a_document_waits_for_is_taken() {
    let (quire, user) = start().await;
    let nobody = quire.surroundings.blobs.sign_upload("uploads/user-1/none", &upload()).await.unwrap();
    put(&quire, &nobody, TEXT).await.assert_problem(404, "not_found");
    let key = stored(&quire, &user).await;
    std::fs::remove_file(quire.media.path().join(&key)).unwrap();
    let again = quire.surroundings.blobs.sign_upload(&key, &upload()).await.unwrap();
    put(&quire, &again, TEXT).await.assert_problem(409, "wrong_state");
    assert!(quire.files().is_empty());
}

/// An upload that goes on as the test says.
struct Slow {
    pieces: mpsc::Sender<Vec<u8>>,
    answer: tokio::task::JoinHandle<Result<reqwest::Response, reqwest::Error>>,
}

impl Slow {
    async fn begin(quire: &Quire, signed: &SignedRequest) -> Self {
        let (pieces, body) = mpsc::channel(1);
        let body = futures_util::stream::unfold(body, |mut body: mpsc::Receiver<Vec<u8>>| async {
            body.recv().await.map(|piece| (Ok::<_, std::io::Error>(piece), body))
        });
        let request = call(quire, signed).body(Body::wrap_stream(body)).into_inner();
        let slow = Self { pieces, answer: tokio::spawn(request.send()) };
        slow.pieces.send(TEXT.into()).await.unwrap();
        wait_until("the upload has reached storage", || async { !quire.files().is_empty() }).await;
        slow
    }

    async fn end(self) -> u16 {
        drop(self.pieces);
        self.answer.await.unwrap().unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn of_two_at_once_one_wins() {
    let (quire, signed) = announced(upload()).await;
    let first = Slow::begin(&quire, &signed).await;
    let second = Slow::begin(&quire, &signed).await;
    assert_eq!((second.end().await, first.end().await), (200, 409));
    wait_until("one is left", || async { quire.files().len() == 1 }).await;
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing() {
    let (quire, signed) = announced(upload()).await;
    let Slow { pieces, answer } = Slow::begin(&quire, &signed).await;
    answer.abort();
    drop(pieces);
    quire.wait_until_no_files().await;
    put(&quire, &signed, TEXT).await.assert_status(200);
}

#[tokio::test]
async fn a_document_that_is_deleted_meanwhile_keeps_no_file() {
    let (quire, signed) = announced(upload()).await;
    let slow = Slow::begin(&quire, &signed).await;
    quire.database.execute("delete from documents").await;
    assert_eq!(slow.end().await, 404);
    quire.wait_until_no_files().await;
}

#[tokio::test]
async fn full_storage_is_a_matter_for_later() {
    let links = Links::new(SECRET.as_bytes(), [], Arc::new(SystemClock));
    let blobs: SharedBlobStore = Arc::new(MemoryBlobs::with_capacity(10).with_links(links));
    let quire = Setup::new().await.blobs(blobs.clone()).start().await;
    let user = quire.user("ada").await;
    announce(&quire, &user, KEY).await;
    let signed = blobs.sign_upload(KEY, &upload()).await.unwrap();
    put(&quire, &signed, TEXT).await.assert_problem(503, "storage_unavailable");
    put(&quire, &signed, "few").await.assert_status(200);
}

#[tokio::test]
async fn any_key_finds_its_way_through_an_address() {
    let (quire, user) = start().await;
    for key in ["a/100%25 of #1?.txt", "ü/ö+ä&=/%2f..", "uploads/a;b,c"] {
        announce(&quire, &user, key).await;
        let signed = quire.surroundings.blobs.sign_upload(key, &upload()).await.unwrap();
        put(&quire, &signed, TEXT).await.assert_status(200);
        assert_eq!(quire.surroundings.blobs.info(key).await.unwrap().size, TEXT.len() as u64);
    }
}
