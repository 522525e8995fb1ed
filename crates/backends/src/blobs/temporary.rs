//! Copies of blobs as files of this machine, for stores that have none of their own.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use quire_domain::{
    ports::blobs::{BlobError, ByteStream, LocalFile},
    random,
};
use tokio::task::spawn_blocking;

use super::joined;

/// Bytes that are gathered before they are written.
const GATHERED: usize = 256 * 1024;

/// A new file for this user only, which goes with the value. Blocks.
pub(super) fn create() -> Result<(File, LocalFile), BlobError> {
    let unique = random::bytes::<16>().map_err(|e| BlobError::Io(io::Error::other(e)))?;
    let name = format!("quire-{:032x}", u128::from_le_bytes(unique));
    let path = std::env::temp_dir().join(name);
    let file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(BlobError::Io)?;
    Ok((file, LocalFile::temporary(path)))
}

/// Writes all of a blob to a file.
pub(super) async fn copy(mut bytes: ByteStream) -> Result<LocalFile, BlobError> {
    let (mut file, local) = joined(spawn_blocking(create).await)?;
    let (mut gathered, mut count) = (Vec::new(), 0);
    while let Some(chunk) = bytes.try_next().await.map_err(BlobError::Io)? {
        count += chunk.len();
        gathered.push(chunk);
        if count >= GATHERED {
            (file, gathered) = append(file, gathered).await?;
            count = 0;
        }
    }
    append(file, gathered).await?;
    Ok(local)
}

async fn append(mut file: File, mut chunks: Vec<Bytes>) -> Result<(File, Vec<Bytes>), BlobError> {
    let written = spawn_blocking(move || {
        chunks.iter().try_for_each(|chunk| file.write_all(chunk))?;
        chunks.clear();
        Ok((file, chunks))
    });
    joined(written.await)
}
