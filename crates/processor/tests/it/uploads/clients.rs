//! A client that others have written, over a connection that is cut again and again.

use std::{
    io::{BufWriter, Write},
    path::Path,
};

use futures_util::TryStreamExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::{MIB, interruption::Seeded, stored_sha256};
use crate::support::{Quire, Setup};

/// Where the client is installed (`make test-tools`).
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tus-client");

/// How much is sent.
fn size() -> usize {
    let mebibytes = std::env::var("QUIRE_UPLOAD_TEST_MIB").map_or(64, |text| text.parse().unwrap());
    mebibytes * MIB + 12_345
}

/// Writes a text file of so many bytes; gives its SHA-256 in hex digits.
fn write_file(path: &Path, size: usize, random: &mut Seeded) -> String {
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    let mut hasher = Sha256::new();
    let mut left = size;
    while left > 0 {
        let words: Vec<String> = (0..512).map(|_| format!("{:016x}", random.next())).collect();
        let mut block = words.join(" ").into_bytes();
        block.push(b'\n');
        block.truncate(left);
        left -= block.len();
        hasher.update(&block);
        file.write_all(&block).unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Of what is in storage under the key of the only document.
async fn sha256_in_storage(quire: &Quire) -> String {
    let key: String = quire.database.query_one("select storage_key from documents").await;
    let mut bytes = quire.surroundings.blobs.read(&key).await.unwrap();
    let mut hasher = Sha256::new();
    while let Some(chunk) = bytes.try_next().await.unwrap() {
        hasher.update(&chunk);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn a_large_file_gets_through_three_cuts(setup: Setup) -> Quire {
    let size = size();
    let quire = setup.set("MAX_UPLOAD_SIZE", size).start().await;
    let user = quire.user("ada").await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("large.txt");
    let mut random = Seeded(20_261_122);
    let sha256 = write_file(&file, size, &mut random);
    let cuts: Vec<String> = (0..3).map(|_| random.below(size).to_string()).collect();
    let output = Command::new("node")
        .arg(format!("{CLIENT}/upload.mjs"))
        .arg(quire.client.base_url())
        .arg(&file)
        .args(&cuts)
        .env("TOKEN", &user.token)
        .kill_on_drop(true)
        .output()
        .await
        .expect("node is needed for this test; run: make test-tools");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cut at {cuts:?}: {told}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["cuts"], 3, "{report}");

    assert_eq!(stored_sha256(&quire).await, sha256, "{report}");
    assert_eq!(sha256_in_storage(&quire).await, sha256, "{report}");
    let stored: i64 = quire.database.query_one("select size from documents").await;
    assert_eq!(stored, i64::try_from(size).unwrap());
    let document: String = quire.database.query_one("select id from documents").await;
    assert_eq!(report["document"], document, "{report}");
    quire
}

#[tokio::test]
async fn the_reference_client_gets_a_large_file_through_three_cuts() {
    let quire = a_large_file_gets_through_three_cuts(Setup::new().await).await;
    let files = quire.files();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[tokio::test]
async fn the_reference_client_gets_a_large_file_into_a_bucket_through_three_cuts() {
    let setup = Setup::new().await.in_a_bucket().await;
    let quire = a_large_file_gets_through_three_cuts(setup).await;
    assert!(quire.files().is_empty(), "nothing is kept on the disk");
}
