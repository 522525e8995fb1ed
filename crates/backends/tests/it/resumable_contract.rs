//! What every blob store does with blobs that come in pieces, as functions over any of them, and a
//! macro that makes one test of each.

use std::{io, sync::Arc};

use bytes::Bytes;
use quire_domain::ports::{
    blobs::{BlobError, SharedBlobStore},
    resumable::{ResumableWriter, UploadState},
};

use crate::blob_contract::{Fixture, content, error, get, put};

/// Runs the contract on the store of a `Fixture`: `resumable_blobs_contract!(Fixture::new());`
macro_rules! resumable_blobs_contract {
    ($fixture:expr) => {
        resumable_blobs_contract!(@tests $fixture;
            goes_on_where_it_was, goes_on_in_a_new_process, goes_on_from_the_state_before, forgets_what_came_after_the_checkpoint,
            keeps_the_checkpoint_when_a_writer_is_dropped, is_not_visible_before_it_is_finished,
            takes_pieces_of_any_size, may_be_empty, finishes_what_was_not_checkpointed,
            can_be_abandoned_at_any_time, cannot_go_on_once_it_is_finished,
            keeps_a_blob_that_has_its_key, writes_many_in_pieces_at_once, survives_being_stored_as_json,
        );
    };
    (@tests $fixture:expr; $($name:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            crate::resumable_contract::$name(&$fixture).await;
        })*
    };
}
pub(crate) use resumable_blobs_contract;

const KEY: &str = "uploads/user-7/0198-big.pdf";
const MIB: usize = 1024 * 1024;

/// Writes `bytes` in pieces of 60,000, up to the checkpoint at the end.
async fn write_on(store: &SharedBlobStore, key: &str, state: &UploadState, bytes: &Bytes) -> UploadState {
    let mut writer = store.resume(key, state).await.unwrap();
    write(&mut *writer, bytes).await;
    writer.checkpoint().await.unwrap()
}

async fn write(writer: &mut dyn ResumableWriter, bytes: &Bytes) {
    for at in (0..bytes.len()).step_by(60_000) {
        writer.write(bytes.slice(at..bytes.len().min(at + 60_000))).await.unwrap();
    }
}

async fn finish(store: &SharedBlobStore, key: &str, state: &UploadState) {
    store.resume(key, state).await.unwrap().finish().await.unwrap();
}

async fn assert_holds(store: &SharedBlobStore, key: &str, expected: &Bytes) {
    let stored = get(&**store, key).await;
    assert_eq!(stored.len(), expected.len());
    assert!(stored == *expected, "the bytes differ");
}

/// Whether going on from this state is refused, at once or when the writer is used.
async fn is_gone(store: &SharedBlobStore, key: &str, state: &UploadState) -> bool {
    let outcome = match store.resume(key, state).await {
        Ok(writer) => writer.finish().await,
        Err(error) => Err(error),
    };
    matches!(outcome, Err(BlobError::NotFound))
}

pub(crate) async fn goes_on_where_it_was(fixture: &impl Fixture) {
    let (store, whole) = (fixture.store(), content(20 * MIB + 17, 3));
    let mut state = store.begin(KEY).await.unwrap();
    assert_eq!(state.offset, 0);
    let mut at = 0;
    for size in [1, 300_000, 5 * MIB, 0, 9 * MIB + 1, 5 * MIB + 724_447] {
        let part = whole.slice(at..whole.len().min(at + size));
        state = write_on(&store, KEY, &state, &part).await;
        at += part.len();
        assert_eq!(state.offset, at as u64);
    }
    state = write_on(&store, KEY, &state, &whole.slice(at..)).await;
    finish(&store, KEY, &state).await;
    assert_holds(&store, KEY, &whole).await;
    assert_eq!(fixture.remains().await.len(), 1);
}

/// Nothing but the state is needed; several checkpoints of one writer are as good as several writers.
pub(crate) async fn goes_on_in_a_new_process(fixture: &impl Fixture) {
    let whole = content(13 * MIB, 4);
    let state = fixture.store().begin(KEY).await.unwrap();
    let mut writer = fixture.store().resume(KEY, &state).await.unwrap();
    write(&mut *writer, &whole.slice(..MIB)).await;
    assert_eq!(writer.checkpoint().await.unwrap().offset, MIB as u64);
    write(&mut *writer, &whole.slice(MIB..7 * MIB)).await;
    let state = writer.checkpoint().await.unwrap();
    drop(writer);
    let again = fixture.store();
    let state = write_on(&again, KEY, &state, &whole.slice(7 * MIB..)).await;
    finish(&again, KEY, &state).await;
    assert_holds(&again, KEY, &whole).await;
}

/// The process ended after a checkpoint and before its state was kept.
pub(crate) async fn goes_on_from_the_state_before(fixture: &impl Fixture) {
    let whole = content(14 * MIB, 11);
    for (first, second) in [(0, 100), (100, 200), (100, 6 * MIB), (6 * MIB, 7 * MIB), (6 * MIB, 13 * MIB)] {
        let (store, key) = (fixture.store(), format!("uploads/user-1/{first}-{second}"));
        let begun = store.begin(&key).await.unwrap();
        let kept = write_on(&store, &key, &begun, &whole.slice(..first)).await;
        write_on(&store, &key, &kept, &content(second - first, 97)).await;
        let state = write_on(&store, &key, &kept, &whole.slice(first..first + 10)).await;
        let state = write_on(&store, &key, &state, &whole.slice(first + 10..)).await;
        finish(&store, &key, &state).await;
        assert_holds(&store, &key, &whole).await;
    }
    assert_eq!(fixture.remains().await.len(), 5);
}

pub(crate) async fn forgets_what_came_after_the_checkpoint(fixture: &impl Fixture) {
    let (store, whole) = (fixture.store(), content(12 * MIB, 5));
    let state = store.begin(KEY).await.unwrap();
    let state = write_on(&store, KEY, &state, &whole.slice(..MIB + 5)).await;
    for size in [10, 6 * MIB] {
        let mut writer = store.resume(KEY, &state).await.unwrap();
        write(&mut *writer, &content(size, 99)).await;
    }
    let state = write_on(&store, KEY, &state, &whole.slice(MIB + 5..)).await;
    finish(&store, KEY, &state).await;
    assert_holds(&store, KEY, &whole).await;
}

pub(crate) async fn keeps_the_checkpoint_when_a_writer_is_dropped(fixture: &impl Fixture) {
    let (store, whole) = (fixture.store(), content(2 * MIB, 6));
    let state = store.begin(KEY).await.unwrap();
    let mut writer = store.resume(KEY, &state).await.unwrap();
    write(&mut *writer, &whole.slice(..MIB)).await;
    let state = writer.checkpoint().await.unwrap();
    write(&mut *writer, &content(100_000, 98)).await;
    drop(writer);
    let mut writer = store.resume(KEY, &state).await.unwrap();
    write(&mut *writer, &whole.slice(MIB..)).await;
    writer.finish().await.unwrap();
    assert_holds(&store, KEY, &whole).await;
}

pub(crate) async fn is_not_visible_before_it_is_finished(fixture: &impl Fixture) {
    let store = fixture.store();
    let state = store.begin(KEY).await.unwrap();
    let state = write_on(&store, KEY, &state, &content(6 * MIB, 7)).await;
    assert!(matches!(error(store.read(KEY).await), BlobError::NotFound));
    assert!(matches!(error(store.local_file(KEY).await), BlobError::NotFound));
    finish(&store, KEY, &state).await;
    assert_eq!(get(&*store, KEY).await.len(), 6 * MIB);
}

pub(crate) async fn takes_pieces_of_any_size(fixture: &impl Fixture) {
    let (store, whole) = (fixture.store(), content(MIB, 8));
    let mut state = store.begin(KEY).await.unwrap();
    let mut at = 0;
    // Bytes one by one, and pieces around the sizes of buffers.
    for size in [1, 1, 1, 2, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145] {
        let mut writer = store.resume(KEY, &state).await.unwrap();
        writer.write(whole.slice(at..at + size)).await.unwrap();
        state = writer.checkpoint().await.unwrap();
        at += size;
    }
    finish(&store, KEY, &state).await;
    assert_holds(&store, KEY, &whole.slice(..at)).await;
}

pub(crate) async fn may_be_empty(fixture: &impl Fixture) {
    let store = fixture.store();
    let state = store.begin(KEY).await.unwrap();
    finish(&store, KEY, &state).await;
    assert_holds(&store, KEY, &Bytes::new()).await;
}

pub(crate) async fn finishes_what_was_not_checkpointed(fixture: &impl Fixture) {
    let (store, whole) = (fixture.store(), content(11 * MIB + 3, 9));
    let state = store.begin(KEY).await.unwrap();
    let mut writer = store.resume(KEY, &state).await.unwrap();
    write(&mut *writer, &whole).await;
    writer.finish().await.unwrap();
    assert_holds(&store, KEY, &whole).await;
    assert_eq!(fixture.remains().await.len(), 1);
}

pub(crate) async fn can_be_abandoned_at_any_time(fixture: &impl Fixture) {
    let store = fixture.store();
    for size in [0, 100, 6 * MIB] {
        let begun = store.begin(KEY).await.unwrap();
        let state = if size == 0 { begun } else { write_on(&store, KEY, &begun, &content(size, 1)).await };
        for _ in 0..2 {
            store.abandon(KEY, &state).await.unwrap();
            assert_eq!(fixture.remains().await, [""; 0], "{size}");
        }
        assert!(is_gone(&store, KEY, &state).await, "{size}");
        assert!(matches!(error(store.read(KEY).await), BlobError::NotFound), "{size}");
    }
}

pub(crate) async fn cannot_go_on_once_it_is_finished(fixture: &impl Fixture) {
    let (store, whole) = (fixture.store(), content(MIB, 2));
    let state = store.begin(KEY).await.unwrap();
    let state = write_on(&store, KEY, &state, &whole).await;
    finish(&store, KEY, &state).await;
    assert!(is_gone(&store, KEY, &state).await);
    // Giving up what is finished takes nothing away.
    store.abandon(KEY, &state).await.unwrap();
    assert_holds(&store, KEY, &whole).await;
}

pub(crate) async fn keeps_a_blob_that_has_its_key(fixture: &impl Fixture) {
    let (store, first) = (fixture.store(), content(10, 1));
    let state = store.begin(KEY).await.unwrap();
    let state = write_on(&store, KEY, &state, &content(20, 2)).await;
    put(&*store, KEY, &first, 10).await;
    let late = store.resume(KEY, &state).await.unwrap().finish().await;
    for error in [error(late), error(store.begin(KEY).await)] {
        assert!(matches!(&error, BlobError::Io(e) if e.kind() == io::ErrorKind::AlreadyExists), "{error:?}");
    }
    store.abandon(KEY, &state).await.unwrap();
    assert_holds(&store, KEY, &first).await;
    assert_eq!(fixture.remains().await.len(), 1);
}

pub(crate) async fn writes_many_in_pieces_at_once(fixture: &impl Fixture) {
    let store = fixture.store();
    let upload = |seed: usize| {
        let store = Arc::clone(&store);
        async move {
            let (key, whole) = (format!("uploads/user-{}/{seed}", seed % 3), content(700_000, seed));
            let mut state = store.begin(&key).await.unwrap();
            for at in (0..whole.len()).step_by(100_000) {
                state = write_on(&store, &key, &state, &whole.slice(at..at + 100_000)).await;
            }
            finish(&store, &key, &state).await;
            assert_holds(&store, &key, &whole).await;
        }
    };
    futures_util::future::join_all((0..12).map(upload)).await;
    assert_eq!(fixture.remains().await.len(), 12);
}

pub(crate) async fn survives_being_stored_as_json(fixture: &impl Fixture) {
    let (store, whole) = (fixture.store(), content(8 * MIB, 6));
    let stored = |state: &UploadState| {
        serde_json::from_str::<UploadState>(&serde_json::to_string(state).unwrap()).unwrap()
    };
    let state = stored(&store.begin(KEY).await.unwrap());
    let state = stored(&write_on(&store, KEY, &state, &whole.slice(..6 * MIB)).await);
    let state = stored(&write_on(&store, KEY, &state, &whole.slice(6 * MIB..)).await);
    finish(&store, KEY, &state).await;
    assert_holds(&store, KEY, &whole).await;
}
