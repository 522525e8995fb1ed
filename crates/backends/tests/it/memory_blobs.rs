use std::sync::Arc;

use bytes::Bytes;
use quire_backends::blobs::memory::MemoryBlobs;
use quire_domain::ports::{
    blobs::{BlobError, BlobStore, SharedBlobStore},
    resumable::ResumableBlobs,
};

use crate::{
    blob_contract::{Fixture, blob_store_contract, content, error, put},
    resumable_contract::resumable_blobs_contract,
};

struct InMemory(MemoryBlobs);

impl Fixture for InMemory {
    fn store(&self) -> SharedBlobStore {
        Arc::new(self.0.clone())
    }

    async fn remains(&self) -> Vec<String> {
        vec!["blob".into(); self.0.len() + self.0.unfinished()]
    }
}

blob_store_contract!(InMemory(MemoryBlobs::default().with_links(crate::links())));
resumable_blobs_contract!(InMemory(MemoryBlobs::default()));

#[tokio::test]
async fn is_full_at_its_capacity_and_has_room_again_after_a_delete_or_a_drop() {
    let store = MemoryBlobs::with_capacity(10);
    put(&store, "a", &content(6, 0), 6).await;
    let mut writer = store.create("b").await.unwrap();
    writer.write(content(4, 0)).await.unwrap();
    let refused = error(writer.write(Bytes::from_static(b"x")).await);
    assert!(matches!(refused, BlobError::Full(_)), "{refused:?}");
    drop(writer);
    store.delete("a").await.unwrap();
    put(&store, "c", &content(10, 0), 3).await;
}

#[tokio::test]
async fn blobs_in_pieces_take_room_until_they_are_abandoned() {
    let store = MemoryBlobs::with_capacity(10);
    let state = store.begin("a").await.unwrap();
    let mut writer = store.resume("a", &state).await.unwrap();
    writer.write(content(8, 0)).await.unwrap();
    let refused = error(writer.write(content(3, 0)).await);
    assert!(matches!(refused, BlobError::Full(_)), "{refused:?}");
    let busy = error(store.resume("a", &state).await);
    assert!(matches!(&busy, BlobError::Io(e) if e.kind() == std::io::ErrorKind::ResourceBusy), "{busy:?}");
    // What was not made durable is free again, and so is all of it in the end.
    drop(writer);
    let mut writer = store.resume("a", &state).await.unwrap();
    writer.write(content(10, 0)).await.unwrap();
    let state = writer.checkpoint().await.unwrap();
    drop(writer);
    store.abandon("a", &state).await.unwrap();
    put(&store, "b", &content(10, 0), 10).await;
}
