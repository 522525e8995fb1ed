//! What every blob store does, as functions over any of them, and a macro that makes one
//! test of each.

use std::{fmt, io, ops::Range, time::Duration};

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use quire_domain::{
    clock::{Clock, SystemClock},
    ports::blobs::{BlobError, BlobStore, SharedBlobStore, SignedDownload, SignedUpload},
};

/// One fresh, empty store, and a look behind it.
pub(crate) trait Fixture: Send + Sync {
    fn store(&self) -> SharedBlobStore;
    /// Names of everything that is stored: blobs, and what unfinished ones take.
    fn remains(&self) -> impl Future<Output = Vec<String>> + Send;
}

/// Runs the contract on the store of a `Fixture`: `blob_store_contract!(Fixture::new());`
macro_rules! blob_store_contract {
    ($fixture:expr) => {
        blob_store_contract!(@tests $fixture;
            round_trips, round_trips_64_mib_in_chunks, shows_nothing_before_it_is_finished,
            leaves_nothing_when_dropped, has_no_such_blob, deletes_twice, refuses_other_keys,
            keeps_the_first_of_two_under_one_key, writes_many_at_once, gives_a_local_file,
            can_be_checked, reads_parts, knows_size_and_time, lists_what_is_finished,
            lists_many_one_after_the_other, signs_requests,
        );
    };
    (@tests $fixture:expr; $($name:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            crate::blob_contract::$name(&$fixture).await;
        })*
    };
}
pub(crate) use blob_store_contract;

const KEY: &str = "uploads/user-7/0198-a.pdf";

/// `size` bytes that differ from place to place, and from `seed` to `seed`.
pub(crate) fn content(size: usize, seed: usize) -> Bytes {
    (0..size).map(|i| ((i + seed) % 251) as u8).collect()
}

pub(crate) async fn put(store: &dyn BlobStore, key: &str, bytes: &Bytes, chunk: usize) {
    let mut writer = store.create(key).await.unwrap();
    for at in (0..bytes.len()).step_by(chunk) {
        let part = bytes.slice(at..bytes.len().min(at + chunk));
        writer.write(part).await.unwrap();
    }
    writer.finish().await.unwrap();
}

pub(crate) async fn get(store: &dyn BlobStore, key: &str) -> Bytes {
    let parts: BytesMut = store.read(key).await.unwrap().try_collect().await.unwrap();
    parts.freeze()
}

/// The error of a result whose value cannot be shown.
pub(crate) fn error<T>(result: Result<T, BlobError>) -> BlobError {
    result.err().expect("this should have been refused")
}

async fn get_range(store: &dyn BlobStore, key: &str, range: Range<u64>) -> Bytes {
    let parts: BytesMut = store.read_range(key, range).await.unwrap().try_collect().await.unwrap();
    parts.freeze()
}

/// The keys under a prefix, in order.
async fn keys(store: &dyn BlobStore, prefix: &str) -> Vec<String> {
    let mut keys: Vec<_> = store.list(prefix).map_ok(|blob| blob.key).try_collect().await.unwrap();
    keys.sort();
    keys
}

/// Not long before or after now: file systems and other machines have clocks of their own.
fn assert_recent(time: DateTime<Utc>) {
    let distance = (SystemClock.now() - time).num_seconds().abs();
    assert!(distance < 60, "{time} is {distance} s away");
}

fn download() -> SignedDownload {
    SignedDownload {
        filename: "Bericht für März.pdf".into(),
        media_type: "application/pdf".into(),
        expires_in: Duration::from_secs(60),
    }
}

fn upload() -> SignedUpload {
    SignedUpload {
        media_type: Some("text/plain".into()),
        size: Some(4),
        sha256: Some([7; 32]),
        expires_in: Duration::from_secs(60),
    }
}

/// For comparing megabytes without printing them.
fn assert_same(left: &Bytes, right: &Bytes, what: impl fmt::Display) {
    assert_eq!(left.len(), right.len(), "{what}");
    assert!(left == right, "{what}: the bytes differ");
}

pub(crate) async fn round_trips(fixture: &impl Fixture) {
    let store = fixture.store();
    for (size, chunk) in [(0, 1), (1, 1), (1000, 7), (262_144, 65_536), (262_145, 262_145)] {
        let key = format!("uploads/user-1/{size}");
        let bytes = content(size, size);
        put(&*store, &key, &bytes, chunk).await;
        assert_same(&get(&*store, &key).await, &bytes, size);
    }
}

pub(crate) async fn round_trips_64_mib_in_chunks(fixture: &impl Fixture) {
    let (store, bytes) = (fixture.store(), content(64 * 1024 * 1024 + 13, 3));
    put(&*store, KEY, &bytes, 60_000).await;
    assert_same(&get(&*store, KEY).await, &bytes, "64 MiB");
}

pub(crate) async fn shows_nothing_before_it_is_finished(fixture: &impl Fixture) {
    let store = fixture.store();
    let mut writer = store.create(KEY).await.unwrap();
    writer.write(content(1_000_000, 0)).await.unwrap();
    assert!(matches!(error(store.read(KEY).await), BlobError::NotFound));
    assert!(matches!(error(store.local_file(KEY).await), BlobError::NotFound));
    assert!(matches!(error(store.info(KEY).await), BlobError::NotFound));
    writer.finish().await.unwrap();
    assert_eq!(get(&*store, KEY).await.len(), 1_000_000);
}

pub(crate) async fn leaves_nothing_when_dropped(fixture: &impl Fixture) {
    let store = fixture.store();
    for size in [0, 10, 3_000_000] {
        let mut writer = store.create(KEY).await.unwrap();
        writer.write(content(size, 0)).await.unwrap();
        drop(writer);
        assert_eq!(fixture.remains().await, [""; 0], "{size}");
    }
    assert!(matches!(error(store.read(KEY).await), BlobError::NotFound));
}

pub(crate) async fn has_no_such_blob(fixture: &impl Fixture) {
    let store = fixture.store();
    put(&*store, "a/b", &content(5, 0), 5).await;
    // Beside it, above it and below it.
    for key in ["a/c", "a", "a/b/c", "z"] {
        assert!(matches!(error(store.read(key).await), BlobError::NotFound), "{key}");
        assert!(matches!(error(store.local_file(key).await), BlobError::NotFound), "{key}");
        assert!(matches!(error(store.read_range(key, 0..1).await), BlobError::NotFound), "{key}");
        assert!(matches!(error(store.read_range(key, 1..1).await), BlobError::NotFound), "{key}");
        assert!(matches!(error(store.info(key).await), BlobError::NotFound), "{key}");
    }
}

pub(crate) async fn deletes_twice(fixture: &impl Fixture) {
    let store = fixture.store();
    put(&*store, KEY, &content(10, 0), 10).await;
    put(&*store, "other", &content(3, 0), 3).await;
    for _ in 0..2 {
        store.delete(KEY).await.unwrap();
        assert!(matches!(error(store.read(KEY).await), BlobError::NotFound));
    }
    store.delete("never/was/there").await.unwrap();
    assert_eq!(get(&*store, "other").await.len(), 3);
    // The key is free again.
    put(&*store, KEY, &content(4, 0), 4).await;
    assert_eq!(get(&*store, KEY).await.len(), 4);
}

pub(crate) async fn refuses_other_keys(fixture: &impl Fixture) {
    let store = fixture.store();
    let long = "a".repeat(1025);
    for key in ["", "/etc/passwd", "../a", "a/../../b", "a//b", "./a", "a/", "a\\b", "a\0b", &long] {
        let errors = [
            store.create(key).await.err(),
            store.read(key).await.err(),
            store.local_file(key).await.err(),
            store.delete(key).await.err(),
            store.read_range(key, 0..1).await.err(),
            store.info(key).await.err(),
            store.sign_download(key, &download()).await.err(),
            store.sign_upload(key, &upload()).await.err(),
        ];
        for error in errors {
            assert!(matches!(error, Some(BlobError::InvalidKey)), "{key:?}: {error:?}");
        }
    }
    for prefix in ["/", "..", "../a", "a//", "a/../", "./", "a\\b", "a\0b", &long] {
        let error = store.list(prefix).try_next().await.err();
        assert!(matches!(error, Some(BlobError::InvalidKey)), "{prefix:?}: {error:?}");
    }
    assert_eq!(fixture.remains().await, [""; 0]);
}

pub(crate) async fn keeps_the_first_of_two_under_one_key(fixture: &impl Fixture) {
    let store = fixture.store();
    let (first, second) = (content(10, 1), content(20, 2));
    let mut late = store.create(KEY).await.unwrap();
    late.write(second).await.unwrap();
    put(&*store, KEY, &first, 10).await;
    // Begun before the key was taken, and begun after.
    for error in [error(late.finish().await), error(store.create(KEY).await)] {
        assert!(matches!(&error, BlobError::Io(e) if e.kind() == io::ErrorKind::AlreadyExists), "{error:?}");
    }
    assert_same(&get(&*store, KEY).await, &first, "the first");
    assert_eq!(fixture.remains().await.len(), 1);
}

pub(crate) async fn writes_many_at_once(fixture: &impl Fixture) {
    let store = fixture.store();
    let write = |seed: usize| {
        let store = store.clone();
        async move {
            // Some share a directory that none of them finds.
            let key = format!("uploads/user-{}/{seed}", seed % 3);
            let bytes = content(300_000 + seed, seed);
            put(&*store, &key, &bytes, 10_000).await;
            assert_same(&get(&*store, &key).await, &bytes, &key);
        }
    };
    futures_util::future::join_all((0..24).map(write)).await;
    assert_eq!(fixture.remains().await.len(), 24);
}

pub(crate) async fn gives_a_local_file(fixture: &impl Fixture) {
    let (store, bytes) = (fixture.store(), content(100_000, 5));
    put(&*store, KEY, &bytes, 100_000).await;
    let file = store.local_file(KEY).await.unwrap();
    assert!(file.path.is_absolute());
    assert_eq!(std::fs::read(&file.path).unwrap(), bytes);
    let (path, temporary) = (file.path.clone(), file.is_temporary());
    drop(file);
    assert_eq!(path.exists(), !temporary);
    assert_same(&get(&*store, KEY).await, &bytes, "after the file was given back");
}

pub(crate) async fn can_be_checked(fixture: &impl Fixture) {
    fixture.store().check().await.unwrap();
    assert_eq!(fixture.remains().await, [""; 0]);
}

pub(crate) async fn reads_parts(fixture: &impl Fixture) {
    let (store, bytes) = (fixture.store(), content(1_000_000, 9));
    put(&*store, KEY, &bytes, 300_000).await;
    let end = 1_000_000;
    for (start, stop) in [(0, 1), (0, end), (1, 3), (299_999, 600_001), (end - 1, end), (5, 5), (7, 6)] {
        let part = get_range(&*store, KEY, start..stop).await;
        let expected = bytes.slice(start as usize..stop.max(start) as usize);
        assert_same(&part, &expected, format!("{start}..{stop}"));
    }
    // Behind the end there is nothing.
    for (start, stop, length) in
        [(end - 2, end + 5, 2), (end, end + 1, 0), (end + 9, u64::MAX, 0), (0, u64::MAX, end)]
    {
        assert_eq!(get_range(&*store, KEY, start..stop).await.len() as u64, length, "{start}..{stop}");
    }
    put(&*store, "empty", &Bytes::new(), 1).await;
    assert!(get_range(&*store, "empty", 0..10).await.is_empty());
}

pub(crate) async fn knows_size_and_time(fixture: &impl Fixture) {
    let store = fixture.store();
    for size in [0, 1, 70_000] {
        let key = format!("sizes/{size}");
        put(&*store, &key, &content(size, 0), 1000).await;
        let info = store.info(&key).await.unwrap();
        assert_eq!(info.size, size as u64);
        assert_recent(info.modified);
    }
}

pub(crate) async fn lists_what_is_finished(fixture: &impl Fixture) {
    let store = fixture.store();
    assert_eq!(keys(&*store, "").await, [""; 0]);
    let all =
        ["b", "uploads/user-1/x", "uploads/user-1/y z+ü", "uploads/user-10/x", "uploads/user-2/deep/er/x"];
    for (size, key) in all.into_iter().enumerate() {
        put(&*store, key, &content(size, 0), 1).await;
    }
    let mut unfinished = store.create("uploads/user-1/unfinished").await.unwrap();
    unfinished.write(content(1_000_000, 0)).await.unwrap();
    for (prefix, expected) in [
        ("", &all[..]),
        ("uploads/", &all[1..]),
        ("uploads/user-1", &all[1..4]),
        ("uploads/user-1/", &all[1..3]),
        ("uploads/user-1/y z+", &all[2..3]),
        ("uploads/user-2/deep", &all[4..]),
        ("b", &all[..1]),
        ("b/", &[]),
        ("uploads/user-3/", &[]),
        ("nothing/here/", &[]),
    ] {
        assert_eq!(keys(&*store, prefix).await, expected, "{prefix}");
    }
    let listed: Vec<_> = store.list("uploads/user-2/").try_collect().await.unwrap();
    assert_eq!((listed.len(), listed[0].size), (1, 4));
    assert_recent(listed[0].modified);
    drop(unfinished);
    store.delete("b").await.unwrap();
    assert_eq!(keys(&*store, "").await, all[1..]);
}

/// More than an adapter gets at a time.
pub(crate) async fn lists_many_one_after_the_other(fixture: &impl Fixture) {
    let store = fixture.store();
    let key = |n: usize| format!("many/{}/{n:04}", n % 3);
    let write = async |n: usize| put(&*store, &key(n), &Bytes::new(), 1).await;
    for first in (0..1_100).step_by(50) {
        futures_util::future::join_all((first..first + 50).map(write)).await;
    }
    let mut expected: Vec<_> = (0..1_100).map(key).collect();
    expected.sort();
    assert_eq!(keys(&*store, "many/").await, expected);
    // Whoever wants no more just goes.
    let mut list = store.list("many/");
    assert!(list.try_next().await.unwrap().is_some());
}

pub(crate) async fn signs_requests(fixture: &impl Fixture) {
    let store = fixture.store();
    let before = SystemClock.now();
    let get = store.sign_download(KEY, &download()).await.unwrap();
    let put = store.sign_upload(KEY, &upload()).await.unwrap();
    for (request, method) in [(&get, "GET"), (&put, "PUT")] {
        assert_eq!(request.method, method);
        assert!(request.url.starts_with('/') || request.url.starts_with("http"), "{}", request.url);
        assert!(request.url.contains(KEY), "{}", request.url);
        let lasts = (request.expires_at - before).num_seconds();
        assert!((55..=65).contains(&lasts), "{lasts} s");
    }
    assert!(get.headers.is_empty(), "{:?}", get.headers);
    assert!(put.headers.contains(&("content-type".into(), "text/plain".into())), "{:?}", put.headers);
    // Nothing need be given, and nothing is stored by a signature.
    let open = SignedUpload { media_type: None, size: None, sha256: None, ..upload() };
    let open = store.sign_upload(KEY, &open).await.unwrap();
    assert!(!open.headers.iter().any(|(name, _)| name == "content-type"), "{:?}", open.headers);
    assert_eq!(fixture.remains().await, [""; 0]);
}
