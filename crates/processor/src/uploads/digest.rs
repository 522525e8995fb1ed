//! Digests: of the whole, over several requests, and of one piece, as a client sends it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use quire_domain::{Error, ErrorCode, Result};
use sha1::Sha1;
use sha2::{
    Digest, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};

use crate::intake::checksum::Sha256Digest;

/// The SHA-256 of all that has come so far, which can be put down and taken up again.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningDigest(Sha256);

impl RunningDigest {
    /// Goes on from what [`state`](Self::state) gave.
    ///
    /// # Errors
    /// When it is not such a state.
    pub(super) fn resume(state: &[u8]) -> Result<Self> {
        let state = SerializedState::<Sha256>::try_from(state)
            .map_err(|e| Error::internal("taking up a digest").with_source(e.to_string()))?;
        let hasher = Sha256::deserialize(&state);
        hasher.map(Self).map_err(|e| Error::internal("taking up a digest").with_source(e.to_string()))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// All that is needed to go on later.
    pub(super) fn state(&self) -> Vec<u8> {
        self.0.serialize().to_vec()
    }

    pub(super) fn finish(self) -> Sha256Digest {
        self.0.finalize().into()
    }
}

/// How the checksum of a piece is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChecksumAlgorithm {
    /// FIPS 180-4; every server of the protocol knows it.
    Sha1,
    /// FIPS 180-4.
    Sha256,
}

impl ChecksumAlgorithm {
    /// Every algorithm, the best first.
    pub(crate) const ALL: [Self; 2] = [Self::Sha256, Self::Sha1];

    /// The name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// The checksum that a piece must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum {
    algorithm: ChecksumAlgorithm,
    expected: Vec<u8>,
}

impl Checksum {
    /// A checksum as the header has it: `sha256 base64`.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedRequest`].
    pub(crate) fn parse(header: &str) -> Result<Self> {
        let (name, encoded) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        let algorithm = ChecksumAlgorithm::ALL.into_iter().find(|known| known.name() == name);
        let expected = BASE64.decode(encoded.trim()).ok();
        let length = |algorithm| match algorithm {
            ChecksumAlgorithm::Sha1 => 20,
            ChecksumAlgorithm::Sha256 => 32,
        };
        match (algorithm, expected) {
            (Some(algorithm), Some(expected)) if expected.len() == length(algorithm) => {
                Ok(Self { algorithm, expected })
            }
            (None, _) => Err(malformed("Checksums are made by sha256 or sha1.")),
            _ => Err(malformed("Write the checksum as `sha256 ` and the digest in Base64.")),
        }
    }

    /// Begins to compare.
    pub(super) fn verify(self) -> Verification {
        let hasher = match self.algorithm {
            ChecksumAlgorithm::Sha1 => Hasher::Sha1(Sha1::new()),
            ChecksumAlgorithm::Sha256 => Hasher::Sha256(Sha256::new()),
        };
        Verification { hasher, expected: self.expected }
    }
}

fn malformed(message: &'static str) -> Error {
    Error::new(ErrorCode::MalformedRequest, message)
}

/// A piece that is being compared with its checksum.
pub(super) struct Verification {
    hasher: Hasher,
    expected: Vec<u8>,
}

enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Verification {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.hasher {
            Hasher::Sha1(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// Whether the piece is the one that was meant.
    pub(super) fn holds(self) -> bool {
        match self.hasher {
            Hasher::Sha1(hasher) => hasher.finalize().as_slice() == self.expected,
            Hasher::Sha256(hasher) => hasher.finalize().as_slice() == self.expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_goes_on_from_any_place() {
        let bytes: Vec<u8> = (0..1_000).map(|i| (i % 251) as u8).collect();
        let whole: Sha256Digest = Sha256::digest(&bytes).into();
        for cut in [0, 1, 63, 64, 65, 127, 128, 999, 1_000] {
            let mut digest = RunningDigest::default();
            digest.update(&bytes[..cut]);
            let mut digest = RunningDigest::resume(&digest.state()).unwrap();
            digest.update(&bytes[cut..]);
            assert_eq!(digest.finish(), whole, "{cut}");
        }
        assert!(RunningDigest::resume(&[1, 2, 3]).is_err());
    }

    #[test]
    fn pieces_are_compared_with_their_checksums() {
        // Of "hello".
        for header in
            ["sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", "sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="]
        {
            let mut verification = Checksum::parse(header).unwrap().verify();
            verification.update(b"hel");
            verification.update(b"lo");
            assert!(verification.holds(), "{header}");
            let mut verification = Checksum::parse(header).unwrap().verify();
            verification.update(b"hell0");
            assert!(!verification.holds(), "{header}");
        }
        for header in
            ["", "md5 AAAA", "sha256", "sha256 !", "sha256 qvTGHdzF6KLavt4PO0gs2a6pQ00=", "crc32 AA=="]
        {
            assert_eq!(Checksum::parse(header).unwrap_err().code, ErrorCode::MalformedRequest, "{header}");
        }
    }
}
