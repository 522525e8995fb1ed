//! A client that others have written, over a connection that is cut again and again.

use std::{
    io::{BufWriter, Read, Write},
    path::Path,
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::{MIB, interruption::Seeded, stored_sha256};
use crate::support::Setup;

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

fn sha256_of_file(path: &str) -> String {
    let mut file = std::fs::File::open(path).unwrap();
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; MIB]);
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            count => hasher.update(&buffer[..count]),
        }
    }
}

#[tokio::test]
async fn the_reference_client_gets_a_large_file_through_three_cuts() {
    let size = size();
    let quire = Setup::new().await.set("MAX_UPLOAD_SIZE", size).start().await;
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
    let stored: i64 = quire.database.query_one("select size from documents").await;
    assert_eq!(stored, i64::try_from(size).unwrap());
    let files = quire.files();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(sha256_of_file(files.first().unwrap()), sha256, "{report}");
    let document: String = quire.database.query_one("select id from documents").await;
    assert_eq!(report["document"], document, "{report}");
}
