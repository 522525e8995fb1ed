//! What storage answers instead of bytes.

use std::io;

/// What storage can answer instead of bytes.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no blob under that key.
    #[error("no such blob")]
    NotFound,
    /// The key is not one that this system makes.
    #[error("not a storage key")]
    InvalidKey,
    /// No space is left.
    #[error("blob storage is full")]
    Full(#[source] io::Error),
    /// Storage does not let us: wrong credentials, or a right is missing.
    #[error("blob storage refuses access")]
    Denied(#[source] io::Error),
    /// Storage did not do it.
    #[error("blob storage failed")]
    Io(#[source] io::Error),
}

impl BlobError {
    /// Keys are unique: what a second blob under the same key gets.
    pub fn key_is_taken() -> Self {
        Self::Io(io::Error::new(io::ErrorKind::AlreadyExists, "there is a blob under that key"))
    }

    /// Whether there was a blob under the key already.
    pub fn is_key_taken(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::AlreadyExists)
    }
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(error),
            io::ErrorKind::PermissionDenied => Self::Denied(error),
            _ => Self::Io(error),
        }
    }
}
