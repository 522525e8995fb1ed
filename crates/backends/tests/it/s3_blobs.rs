//! S3, against a server that checks signatures and keeps limits.

use std::{sync::Arc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use bytes::Bytes;
use futures_util::TryStreamExt;
use quire_backends::blobs::s3::{S3Blobs, S3Credentials, S3Options};
use quire_domain::{
    clock::SystemClock,
    ports::{
        blobs::{BlobError, BlobStore, SharedBlobStore, SignedDownload, SignedRequest, SignedUpload},
        resumable::ResumableBlobs,
    },
};
use quire_testkit::{Seaweed, wait_for, wait_until};
use sha2::{Digest, Sha256};

use crate::{
    blob_contract::{Fixture, blob_store_contract, content, error, get, put},
    resumable_contract::resumable_blobs_contract,
};

struct InBucket {
    store: S3Blobs,
    /// Another connection, to look behind the store.
    client: Client,
    bucket: String,
}

impl InBucket {
    async fn new() -> Self {
        Self::on(&Seaweed::shared().await).await
    }

    async fn on(server: &Seaweed) -> Self {
        let options = options(server);
        let store = S3Blobs::open(&options, Arc::new(SystemClock)).await.unwrap();
        Self { store, client: client(server), bucket: options.bucket }
    }

    async fn objects(&self) -> Vec<String> {
        let listed = self.client.list_objects_v2().bucket(&self.bucket).send().await.unwrap();
        listed.contents().iter().filter_map(|object| object.key.clone()).collect()
    }

    async fn uploads(&self) -> usize {
        let listed = self.client.list_multipart_uploads().bucket(&self.bucket).send().await.unwrap();
        listed.uploads().len()
    }
}

fn options(server: &Seaweed) -> S3Options {
    S3Options {
        bucket: Seaweed::new_bucket(),
        region: Some(Seaweed::REGION.into()),
        endpoint: Some(server.endpoint.clone()),
        public_endpoint: None,
        credentials: Some(key(&server.key_id, &server.secret)),
        path_style: true,
        max_size: 200 << 20,
    }
}

fn key(id: &str, secret: &str) -> S3Credentials {
    S3Credentials { key_id: id.into(), secret: secret.into(), session_token: None }
}

fn client(server: &Seaweed) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(Seaweed::REGION))
        .endpoint_url(&server.endpoint)
        .credentials_provider(Credentials::new(&server.key_id, &server.secret, None, None, "tests"))
        .force_path_style(true);
    Client::from_conf(config.build())
}

impl Fixture for InBucket {
    fn store(&self) -> SharedBlobStore {
        Arc::new(self.store.clone())
    }

    /// What is given up goes in the background.
    async fn remains(&self) -> Vec<String> {
        wait_until("unfinished uploads are given up", || async { self.uploads().await == 0 }).await;
        self.objects().await
    }
}

blob_store_contract!(InBucket::new().await);
resumable_blobs_contract!(InBucket::new().await);

fn upload() -> SignedUpload {
    SignedUpload { media_type: None, size: None, sha256: None, expires_in: Duration::from_secs(60) }
}

/// Sends a signed request as any client would.
async fn send(signed: &SignedRequest, body: impl Into<reqwest::Body>) -> (u16, Bytes) {
    #[expect(clippy::disallowed_methods, reason = "any client")]
    let request = reqwest::Client::new().request(signed.method.parse().unwrap(), &signed.url);
    let request = signed.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap())
}

const KEY: &str = "uploads/user-7/0198-a b+ü.pdf";

#[tokio::test]
async fn a_signed_download_is_saved_under_its_name() {
    let bucket = InBucket::new().await;
    put(&bucket.store, KEY, &content(1000, 0), 1000).await;
    let download = SignedDownload {
        filename: "März.pdf".into(),
        media_type: "application/pdf".into(),
        expires_in: Duration::from_secs(60),
    };
    let signed = bucket.store.sign_download(KEY, &download).await.unwrap();
    let answer = reqwest::get(&signed.url).await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"M_rz.pdf\"; filename*=UTF-8''M%C3%A4rz.pdf"
    );
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(answer.bytes().await.unwrap(), content(1000, 0));
    let tampered = signed.url.replace("application%2Fpdf", "text%2Fhtml");
    assert_ne!(tampered, signed.url);
    assert_eq!(reqwest::get(tampered).await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_signed_upload_takes_what_was_announced_and_nothing_else() {
    let bucket = InBucket::new().await;
    let body = content(5000, 1);
    let strict = SignedUpload {
        media_type: Some("application/pdf".into()),
        size: Some(5000),
        sha256: Some(Sha256::digest(&body).into()),
        ..upload()
    };
    let signed = bucket.store.sign_upload(KEY, &strict).await.unwrap();
    let mut other_type = signed.clone();
    for (name, value) in &mut other_type.headers {
        if name == "content-type" {
            *value = "text/html".into();
        }
    }
    assert_ne!(other_type, signed);
    assert_eq!(send(&other_type, body.clone()).await.0, 403);
    assert_eq!(send(&signed, content(4999, 1)).await.0, 403);
    assert_eq!(send(&signed, content(5000, 2)).await.0, 400);
    let elsewhere = SignedRequest { url: signed.url.replace("user-7", "user-8"), ..signed.clone() };
    assert_eq!(send(&elsewhere, body.clone()).await.0, 403);
    assert_eq!(bucket.objects().await, [""; 0]);

    assert_eq!(send(&signed, body.clone()).await.0, 200);
    assert_eq!(get(&bucket.store, KEY).await, body);
    // Once, even by the same address.
    assert_eq!(send(&signed, body).await.0, 412);
}

#[tokio::test]
async fn a_signed_address_ends() {
    let bucket = InBucket::new().await;
    // At the latest two seconds after it was signed.
    let brief = SignedUpload { expires_in: Duration::from_secs(1), ..upload() };
    let signed = bucket.store.sign_upload("brief", &brief).await.unwrap();
    let refused = wait_for("the address ends", || async {
        let (status, _) = send(&signed, "").await;
        (status == 403).then_some(status)
    });
    assert_eq!(refused.await, 403);
    // Longer than S3 lets them be good is cut to that.
    let long = SignedUpload { expires_in: Duration::from_hours(1000), ..upload() };
    let signed = bucket.store.sign_upload("long", &long).await.unwrap();
    assert_eq!(send(&signed, "long").await.0, 200);
}

#[tokio::test]
async fn addresses_are_those_by_which_clients_reach_the_server() {
    let server = Seaweed::shared().await;
    let options = S3Options { public_endpoint: Some("https://files.example.org".into()), ..options(&server) };
    let store = S3Blobs::open(&options, Arc::new(SystemClock)).await.unwrap();
    let signed = store.sign_upload("a", &upload()).await.unwrap();
    let start = format!("https://files.example.org/{}/a?", options.bucket);
    assert!(signed.url.starts_with(&start), "{}", signed.url);
}

#[tokio::test]
async fn of_two_large_ones_under_one_key_the_first_stays() {
    let bucket = InBucket::new().await;
    let (first, second) = (content(9 << 20, 1), content(17 << 20, 2));
    let mut late = bucket.store.create(KEY).await.unwrap();
    late.write(second).await.unwrap();
    put(&bucket.store, KEY, &first, 1 << 20).await;
    let error = error(late.finish().await);
    assert!(error.is_key_taken(), "{error:?}");
    assert!(get(&bucket.store, KEY).await == first);
    assert_eq!(bucket.remains().await.len(), 1);
}

#[tokio::test]
async fn what_fits_parts_exactly_comes_back() {
    let bucket = InBucket::new().await;
    for size in [8 << 20, (8 << 20) + 1, 16 << 20, 24 << 20] {
        let (key, bytes) = (format!("{size}"), content(size, 3));
        put(&bucket.store, &key, &bytes, 3_000_000).await;
        assert!(get(&bucket.store, &key).await == bytes, "{size}");
    }
    assert_eq!(bucket.remains().await.len(), 4);
}

#[tokio::test]
async fn a_finish_that_is_given_up_leaves_no_blob() {
    let bucket = InBucket::new().await;
    for size in [1000, 9 << 20] {
        let mut writer = bucket.store.create("a").await.unwrap();
        writer.write(content(size, 0)).await.unwrap();
        let mut finish = Box::pin(writer.finish());
        assert!(futures_util::poll!(&mut finish).is_pending());
        drop(finish);
        // There for a moment, perhaps.
        wait_until("nothing is left", || async { bucket.remains().await.is_empty() }).await;
    }
}

#[tokio::test]
async fn objects_that_are_no_blobs_are_not_listed() {
    let bucket = InBucket::new().await;
    put(&bucket.store, "blob", &content(1, 0), 1).await;
    bucket.client.put_object().bucket(&bucket.bucket).key("folder/").send().await.unwrap();
    let listed: Vec<_> = bucket.store.list("").map_ok(|blob| blob.key).try_collect().await.unwrap();
    assert_eq!(listed, ["blob"]);
}

#[tokio::test]
async fn pieces_of_unfinished_blobs_are_out_of_reach() {
    let bucket = InBucket::new().await;
    let store = &bucket.store;
    let state = store.begin(KEY).await.unwrap();
    let mut writer = store.resume(KEY, &state).await.unwrap();
    writer.write(content(1000, 0)).await.unwrap();
    let state = writer.checkpoint().await.unwrap();
    let piece = bucket.objects().await.pop().unwrap();
    assert!(piece.starts_with(".incoming/"), "{piece}");
    for error in [
        error(store.read(&piece).await),
        error(store.info(&piece).await),
        error(store.delete(&piece).await),
        error(store.create(&piece).await),
        error(store.sign_upload(&piece, &upload()).await),
    ] {
        assert!(matches!(error, BlobError::InvalidKey), "{error:?}");
    }
    assert!(store.list("").try_next().await.unwrap().is_none());
    store.abandon(KEY, &state).await.unwrap();
    assert_eq!(bucket.remains().await, [""; 0]);
}

async fn refused(options: &S3Options) -> BlobError {
    S3Blobs::open(options, Arc::new(SystemClock)).await.expect_err("this should have been refused")
}

/// The words for the log.
fn told(error: &BlobError) -> String {
    quire_domain::error::chain(error)
}

#[tokio::test]
async fn wrong_credentials_are_told_at_start() {
    let server = Seaweed::shared().await;
    for (id, secret) in [("nobody", "knows"), (server.key_id.as_str(), "another secret")] {
        let error = refused(&S3Options { credentials: Some(key(id, secret)), ..options(&server) }).await;
        assert!(matches!(error, BlobError::Denied(_)), "{error:?}");
        let told = told(&error);
        assert!(told.contains("HeadBucket with 403") && !told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_bucket_that_cannot_be_written_to_is_told_at_start() {
    let (id, secret) = Seaweed::READER;
    let bucket = InBucket::new().await;
    let server = Seaweed::shared().await;
    let reader =
        S3Options { bucket: bucket.bucket.clone(), credentials: Some(key(id, secret)), ..options(&server) };
    let error = refused(&reader).await;
    assert!(matches!(error, BlobError::Denied(_)), "{error:?}");
    assert!(told(&error).contains("CreateMultipartUpload with 403 AccessDenied"), "{}", told(&error));
    // Nor can one be made.
    let error = refused(&S3Options { bucket: Seaweed::new_bucket(), ..reader }).await;
    assert!(matches!(error, BlobError::Denied(_)), "{error:?}");
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_no_missing_blob() {
    let bucket = InBucket::new().await;
    bucket.client.delete_bucket().bucket(&bucket.bucket).send().await.unwrap();
    let store = &bucket.store;
    for error in [
        error(store.info("a").await),
        error(store.read("a").await),
        error(store.local_file("a").await),
        error(store.check().await),
        store.list("").try_next().await.unwrap_err(),
    ] {
        assert!(matches!(error, BlobError::Io(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let mut own = Seaweed::start().await;
    own.kill();
    let error = refused(&options(&own.seaweed)).await;
    assert!(matches!(error, BlobError::Io(_)), "{error:?}");
    assert!(told(&error).contains("no answer of S3 to HeadBucket"), "{}", told(&error));
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_middle_leaves_nothing_half_written() {
    let mut own = Seaweed::start().await;
    let bucket = InBucket::on(&own.seaweed).await;
    let mut writer = bucket.store.create("a").await.unwrap();
    writer.write(content(17 << 20, 0)).await.unwrap();
    assert_eq!(bucket.uploads().await, 1);
    own.kill();
    let mut outcome = writer.write(content(17 << 20, 1)).await;
    if outcome.is_ok() {
        outcome = writer.finish().await;
    }
    assert!(matches!(error(outcome), BlobError::Io(_)));
    own.restart().await;
    assert_eq!(bucket.objects().await, [""; 0]);
}

/// What this process has in memory, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_hundred_megabytes_pass_in_the_memory_of_some_parts() {
    let bucket = InBucket::new().await;
    let chunk = content(64 * 1024, 0);
    // What a first upload leaves behind is no matter of size.
    put(&bucket.store, "first", &content(9 << 20, 0), 64 * 1024).await;
    let (before, mut most) = (resident(), 0);
    let mut writer = bucket.store.create("large").await.unwrap();
    for _ in 0..1600 {
        writer.write(chunk.clone()).await.unwrap();
        most = most.max(resident());
    }
    writer.finish().await.unwrap();
    let mut bytes = bucket.store.read("large").await.unwrap();
    let mut size = 0;
    while let Some(part) = bytes.try_next().await.unwrap() {
        size += part.len();
        most = most.max(resident());
    }
    assert_eq!(size, 1600 * 64 * 1024);
    let grown = most.saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn a_large_one_that_is_dropped_is_given_up() {
    let bucket = InBucket::new().await;
    for size in [9 << 20, 17 << 20] {
        let mut writer = bucket.store.create(KEY).await.unwrap();
        writer.write(content(size, 0)).await.unwrap();
        drop(writer);
        assert_eq!(bucket.remains().await, [""; 0], "{size}");
    }
}
