//! Adapters for [`quire_domain::ports::blobs::BlobStore`].

pub mod links;
pub mod local;
pub mod memory;
pub mod s3;
mod temporary;

use std::io;

use quire_domain::ports::blobs::{BlobError, is_valid_key};

fn checked(key: &str) -> Result<&str, BlobError> {
    if is_valid_key(key) { Ok(key) } else { Err(BlobError::InvalidKey) }
}

/// Keys are unique: what a second blob under the same key gets.
fn key_is_taken() -> BlobError {
    BlobError::key_is_taken()
}

/// What the keys of a list begin with: nothing, or the beginning of a key.
fn checked_prefix(prefix: &str) -> Result<&str, BlobError> {
    let complete =
        if prefix.is_empty() || prefix.ends_with('/') { format!("{prefix}a") } else { prefix.to_owned() };
    checked(&complete).map(|_| prefix)
}

/// What a store says that was given no [`links::Links`].
fn unsigned() -> BlobError {
    BlobError::Io(io::Error::new(io::ErrorKind::Unsupported, "this store signs no addresses"))
}

/// What a storage task of the blocking pool gave, or why it gave nothing.
fn joined<T>(outcome: Result<Result<T, BlobError>, tokio::task::JoinError>) -> Result<T, BlobError> {
    outcome.unwrap_or_else(|stopped| Err(BlobError::Io(io::Error::other(stopped))))
}
