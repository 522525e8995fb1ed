use std::sync::Arc;

use bytes::Bytes;
use quire_backends::blobs::memory::MemoryBlobs;
use quire_domain::ports::blobs::{BlobError, BlobStore, SharedBlobStore};

use crate::blob_contract::{Fixture, blob_store_contract, content, error, put};

struct InMemory(MemoryBlobs);

impl Fixture for InMemory {
    fn store(&self) -> SharedBlobStore {
        Arc::new(self.0.clone())
    }

    async fn remains(&self) -> Vec<String> {
        vec!["blob".into(); self.0.len()]
    }
}

blob_store_contract!(InMemory(MemoryBlobs::default().with_links(crate::links())));

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
