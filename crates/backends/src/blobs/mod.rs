//! Adapters for [`quire_domain::ports::blobs::BlobStore`].

pub mod local;
pub mod memory;

use std::io;

use quire_domain::ports::blobs::{BlobError, is_valid_key};

fn checked(key: &str) -> Result<&str, BlobError> {
    if is_valid_key(key) { Ok(key) } else { Err(BlobError::InvalidKey) }
}

/// Keys are unique: what a second blob under the same key gets.
fn key_is_taken() -> BlobError {
    BlobError::Io(io::Error::new(io::ErrorKind::AlreadyExists, "there is a blob under that key"))
}

/// What a storage task of the blocking pool gave, or why it gave nothing.
fn joined<T>(outcome: Result<Result<T, BlobError>, tokio::task::JoinError>) -> Result<T, BlobError> {
    outcome.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
}
