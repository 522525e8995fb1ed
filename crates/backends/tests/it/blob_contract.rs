//! What every blob store does, as functions over any of them, and a macro that makes one
//! test of each.

use std::{fmt, io};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use quire_domain::ports::blobs::{BlobError, BlobStore, SharedBlobStore};

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
            can_be_checked,
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
        ];
        for error in errors {
            assert!(matches!(error, Some(BlobError::InvalidKey)), "{key:?}: {error:?}");
        }
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
