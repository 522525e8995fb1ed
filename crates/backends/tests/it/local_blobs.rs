use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt;
use quire_backends::blobs::local::LocalBlobs;
use quire_domain::{
    clock::{Clock, SystemClock},
    ports::{
        blobs::{BlobError, BlobStore, SharedBlobStore, SignedUpload},
        resumable::{ResumableBlobs, UploadState},
    },
};
use tempfile::TempDir;

use crate::{
    blob_contract::{Fixture, blob_store_contract, content, error, get, put},
    resumable_contract::resumable_blobs_contract,
};

struct OnDisk {
    store: LocalBlobs,
    directory: TempDir,
}

impl OnDisk {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store =
            LocalBlobs::open(directory.path().join("media")).await.unwrap().with_links(crate::links());
        Self { store, directory }
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("media")
    }
}

impl Fixture for OnDisk {
    fn store(&self) -> SharedBlobStore {
        Arc::new(self.store.clone())
    }

    async fn remains(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect_files(&self.root(), &mut files);
        files
    }
}

fn collect_files(directory: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_files(&path, files);
        } else {
            files.push(path.display().to_string());
        }
    }
}

blob_store_contract!(OnDisk::new().await);
resumable_blobs_contract!(OnDisk::new().await);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn is_for_its_user_only() {
    let disk = OnDisk::new().await;
    put(&disk.store, "uploads/user-1/a", &content(3, 0), 3).await;
    assert_eq!(mode(&disk.root()), 0o700);
    assert_eq!(mode(&disk.root().join("uploads/user-1")), 0o700);
    assert_eq!(mode(&disk.root().join("uploads/user-1/a")), 0o600);
}

#[tokio::test]
async fn finds_its_blobs_after_a_restart() {
    let disk = OnDisk::new().await;
    put(&disk.store, "a/b", &content(30, 0), 30).await;
    let again = LocalBlobs::open(disk.root()).await.unwrap();
    assert_eq!(get(&again, "a/b").await, content(30, 0));
}

#[tokio::test]
async fn does_not_follow_symbolic_links_out_of_the_root() {
    let disk = OnDisk::new().await;
    let outside = disk.directory.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    symlink(&outside, disk.root().join("dir")).unwrap();
    symlink(outside.join("secret"), disk.root().join("file")).unwrap();

    for key in ["dir/secret", "file"] {
        assert!(matches!(error(disk.store.read(key).await), BlobError::NotFound));
        assert!(matches!(error(disk.store.local_file(key).await), BlobError::NotFound));
    }
    assert_eq!(disk.store.list("").try_collect::<Vec<_>>().await.unwrap(), []);
    assert_eq!(disk.store.list("dir/").try_collect::<Vec<_>>().await.unwrap(), []);
    disk.store.delete("dir/secret").await.unwrap();
    let writer = disk.store.create("dir/new").await.unwrap();
    assert!(matches!(error(writer.finish().await), BlobError::Io(_)));
    let there: Vec<_> = fs::read_dir(&outside).unwrap().collect();
    assert_eq!(there.len(), 1);
    assert_eq!(fs::read(outside.join("secret")).unwrap(), b"secret");
}

#[tokio::test]
async fn keeps_its_own_directory_and_names_too_long_for_a_disk_out_of_reach() {
    let disk = OnDisk::new().await;
    let long = format!("a/{}", "b".repeat(256));
    for key in [".incoming", ".incoming/a", &long] {
        assert!(matches!(error(disk.store.create(key).await), BlobError::InvalidKey));
        assert!(matches!(error(disk.store.delete(key).await), BlobError::InvalidKey));
    }
    put(&disk.store, "a/.incoming", &content(1, 0), 1).await;
}

#[tokio::test]
async fn sweeps_only_what_was_not_touched_for_a_day() {
    let disk = OnDisk::new().await;
    let mut alive = disk.store.create("alive").await.unwrap();
    alive.write(content(10, 0)).await.unwrap();
    let stale = disk.root().join(".incoming/stale");
    let recent = disk.root().join(".incoming/recent");
    let now = SystemClock.now();
    for (path, hours) in [(&stale, 25), (&recent, 23)] {
        let file = fs::File::create(path).unwrap();
        let touched = SystemTime::from(now) - Duration::from_hours(hours);
        file.set_modified(touched).unwrap();
    }
    let (forgotten, in_pieces) = (stale.with_file_name("upload-1"), stale.with_file_name("upload-2"));
    for (path, days) in [(&forgotten, 31), (&in_pieces, 29)] {
        let file = fs::File::create(path).unwrap();
        file.set_modified(SystemTime::from(now) - Duration::from_hours(24 * days)).unwrap();
    }
    assert_eq!(disk.store.sweep_incoming(now).await.unwrap(), 2);
    assert!(!stale.exists() && recent.exists() && !forgotten.exists() && in_pieces.exists());
    alive.finish().await.unwrap();
    assert_eq!(get(&disk.store, "alive").await.len(), 10);
}

#[test]
fn a_finish_that_is_given_up_leaves_no_blob() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let disk = OnDisk::new().await;
        let mut writer = disk.store.create("a").await.unwrap();
        writer.write(content(100_000, 0)).await.unwrap();
        // The only blocking thread is busy until told otherwise, so the last step has to wait.
        let (go_on, busy) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || busy.recv());
        let mut finish = Box::pin(writer.finish());
        assert!(futures_util::poll!(&mut finish).is_pending());
        drop(finish);
        go_on.send(()).unwrap();
        busy.await.unwrap().unwrap();
        // Queued behind the last step, so that it is over by then.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert_eq!(disk.remains().await, [""; 0]);
    });
}

#[tokio::test]
async fn says_so_when_the_root_is_gone() {
    let disk = OnDisk::new().await;
    fs::remove_dir_all(disk.root()).unwrap();
    assert!(matches!(error(disk.store.check().await), BlobError::Io(_)));
    assert!(matches!(error(disk.store.create("a").await), BlobError::Io(_)));
    assert!(matches!(error(disk.store.read("a").await), BlobError::Io(_)));
    assert!(matches!(error(disk.store.list("").try_next().await), BlobError::Io(_)));
}

#[tokio::test]
async fn without_a_secret_no_address_is_signed() {
    let disk = tempfile::tempdir().unwrap();
    let store = LocalBlobs::open(disk.path()).await.unwrap();
    let upload = SignedUpload { media_type: None, size: None, sha256: None, expires_in: Duration::ZERO };
    assert!(matches!(error(store.sign_upload("a", &upload).await), BlobError::Io(_)));
}

#[tokio::test]
async fn a_second_writer_waits_for_the_first_and_then_gives_up() {
    let disk = OnDisk::new().await;
    let state = disk.store.begin("a").await.unwrap();
    let mut first = disk.store.resume("a", &state).await.unwrap();
    first.write(content(400_000, 1)).await.unwrap();
    let busy = error(disk.store.resume("a", &state).await);
    assert!(matches!(&busy, BlobError::Io(e) if e.kind() == std::io::ErrorKind::ResourceBusy), "{busy:?}");
    let (store, at) = (disk.store.clone(), state.clone());
    let mut second = Box::pin(async move { store.resume("a", &at).await });
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(first);
    let mut second = second.await.unwrap();
    second.write(content(10, 2)).await.unwrap();
    second.finish().await.unwrap();
    assert_eq!(get(&disk.store, "a").await, content(10, 2));
}

#[tokio::test]
async fn a_state_of_another_storage_opens_no_file() {
    let disk = OnDisk::new().await;
    fs::write(disk.root().join(".incoming/other"), "other").unwrap();
    for adapter in [
        serde_json::json!(null),
        serde_json::json!({"name": "other"}),
        serde_json::json!({"name": "upload-"}),
        serde_json::json!({"name": "upload-../other"}),
    ] {
        let state = UploadState { offset: 0, adapter };
        for error in
            [error(disk.store.resume("a", &state).await), error(disk.store.abandon("a", &state).await)]
        {
            assert!(matches!(error, BlobError::Io(_)), "{error:?}");
        }
    }
    assert_eq!(fs::read(disk.root().join(".incoming/other")).unwrap(), b"other");
}

/// Bytes that were on the disk are gone: to go on would leave a hole.
#[tokio::test]
async fn a_file_that_lost_bytes_is_not_gone_on_with() {
    let disk = OnDisk::new().await;
    let state = disk.store.begin("a").await.unwrap();
    let mut writer = disk.store.resume("a", &state).await.unwrap();
    writer.write(content(100, 0)).await.unwrap();
    let state = writer.checkpoint().await.unwrap();
    drop(writer);
    let name = state.adapter["name"].as_str().unwrap();
    let file = fs::File::options().write(true).open(disk.root().join(".incoming").join(name)).unwrap();
    file.set_len(99).unwrap();
    let lost = error(disk.store.resume("a", &state).await);
    assert!(matches!(&lost, BlobError::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof), "{lost:?}");
}
