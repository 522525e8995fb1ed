//! The virus scanner: what looks at the bytes of a document before anything else does.

use std::{fmt, io, sync::Arc};

use async_trait::async_trait;

use super::blobs::ByteStream;

/// Looks for viruses. Only [`Verdict::Clean`] lets a document pass: every error means that the bytes
/// were not scanned.
#[async_trait]
pub trait Scanner: fmt::Debug + Send + Sync + 'static {
    /// Scans the bytes as they come; memory stays bounded, whatever their number.
    async fn scan(&self, bytes: ByteStream) -> Result<Verdict, ScanError>;

    /// Whether the scanner answers (used by `/health/ready`).
    ///
    /// # Errors
    /// When it does not.
    async fn check(&self) -> Result<(), ScanError>;
}

/// A scanner that can be handed around.
pub type SharedScanner = Arc<dyn Scanner>;

/// What a scanner says of bytes that it has seen whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// A virus, or something that the operator of the scanner does not want either.
    Infected {
        /// The scanner's name for it: printable ASCII.
        signature: String,
    },
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There are more bytes than the scanner takes.
    #[error("the file is larger than the scanner takes")]
    TooLarge,
    /// The scanner stopped at another of its limits: how deep archives are nested, how long it may take.
    #[error("the scanner stopped at its limit {0}")]
    LimitExceeded(String),
    /// The scanner cannot be reached. This has nothing to do with the bytes.
    #[error("the scanner cannot be reached")]
    Unavailable(#[source] io::Error),
    /// The scanner was reached and gave no verdict: it broke off, took too long or was not understood.
    /// This may be for the bytes.
    #[error("the scanner gave no verdict")]
    NoVerdict(#[source] io::Error),
    /// The bytes stopped coming.
    #[error("the bytes to scan could not be read")]
    Unreadable(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    #[test]
    fn the_log_reads_why_there_is_no_verdict() {
        let refused = ScanError::Unavailable(io::Error::other("connection refused"));
        assert_eq!(chain(&refused), "the scanner cannot be reached: connection refused");
        let deep = ScanError::LimitExceeded("MaxRecursion".into());
        assert_eq!(chain(&deep), "the scanner stopped at its limit MaxRecursion");
    }
}
