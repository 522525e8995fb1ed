//! Leave to fetch or store one blob over HTTP, given as a signed address: whoever has it needs
//! nothing else, until it expires.

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};

/// What a client is to get by a signed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDownload {
    /// The name under which a browser saves the file.
    pub filename: String,
    /// What the answer says that it is.
    pub media_type: String,
    /// How long the address is good; at most seven days (the limit of S3).
    pub expires_in: Duration,
}

/// What a client is to send to a signed address. What is given here is enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUpload {
    /// The `Content-Type` that has to be sent.
    pub media_type: Option<String>,
    /// How many bytes have to come.
    pub size: Option<u64>,
    /// The SHA-256 of the bytes.
    pub sha256: Option<[u8; 32]>,
    /// How long the address is good; at most seven days (the limit of S3).
    pub expires_in: Duration,
}

/// A request that a client may make without any other credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// `GET` or `PUT`.
    pub method: &'static str,
    /// Where to. Absolute, or beginning with `/` when the service itself answers it: then the
    /// origin under which the client knows the service belongs in front.
    pub url: String,
    /// Headers that have to be sent just so. The length of a body is not among them: every
    /// client tells it by itself.
    pub headers: Vec<(String, String)>,
    /// From when on it is refused.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is the permission.
        f.debug_struct("SignedRequest")
            .field("method", &self.method)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
