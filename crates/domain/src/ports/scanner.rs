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

impl ScanError {
    /// Whether the scanner would say the same of the same bytes next time, until its limits are changed.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::TooLarge | Self::LimitExceeded(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_limits_are_met_again() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        for (error, is_final) in [
            (ScanError::TooLarge, true),
            (ScanError::LimitExceeded("MaxRecursion".into()), true),
            (ScanError::Unavailable(broken()), false),
            (ScanError::NoVerdict(broken()), false),
            (ScanError::Unreadable(broken()), false),
        ] {
            assert_eq!(error.is_final(), is_final, "{error}");
        }
    }
}
