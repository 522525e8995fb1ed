//! Checksums that clients send with a file: SHA-256, as hex digits or as a digest field (RFC 9530).

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use quire_domain::{Error, ErrorCode, Result};

/// A SHA-256 digest (FIPS 180-4).
pub type Sha256Digest = [u8; 32];

/// A digest written as 64 hex digits; what is wrong is told of `field`.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`].
pub fn parse_hex(field: &str, text: &str) -> Result<Sha256Digest> {
    let text = text.trim();
    let mut digest = [0; 32];
    let pairs = text.as_bytes().chunks_exact(2);
    let valid = text.len() == 64
        && digest.iter_mut().zip(pairs).all(|(byte, pair)| {
            let digits = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'));
            digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(|value| *byte = value).is_some()
        });
    if valid { Ok(digest) } else { Err(invalid(field, "A SHA-256 checksum has 64 hex digits.")) }
}

/// The SHA-256 digest of a `Repr-Digest` field, such as `sha-256=:base64:`; digests by other
/// algorithms are left alone, as the standard asks. `None` if there is none by SHA-256.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] for a SHA-256 that is not written like that.
pub fn parse_repr_digest(value: &str) -> Result<Option<Sha256Digest>> {
    let digest = value.split(',').find_map(|member| {
        let (algorithm, digest) = member.trim().split_once('=')?;
        algorithm.trim().eq_ignore_ascii_case("sha-256").then(|| digest.trim())
    });
    let Some(digest) = digest else { return Ok(None) };
    let encoded = digest.strip_prefix(':').and_then(|digest| digest.strip_suffix(':'));
    let bytes = encoded.and_then(|encoded| BASE64.decode(encoded).ok());
    bytes
        .and_then(|bytes| Sha256Digest::try_from(bytes).ok())
        .map(Some)
        .ok_or_else(|| invalid("Repr-Digest", "Write the digest as `sha-256=:` base64 `:`."))
}

/// Whether a file is the one that the client meant, as far as the client has said.
///
/// # Errors
/// [`ErrorCode::ChecksumMismatch`].
pub(super) fn compare(expected: Option<&Sha256Digest>, actual: &Sha256Digest) -> Result<()> {
    match expected {
        Some(expected) if expected != actual => Err(Error::new(
            ErrorCode::ChecksumMismatch,
            "The file that arrived is not the one that was sent: its SHA-256 checksum differs.",
        )),
        _ => Ok(()),
    }
}

fn invalid(field: &str, message: &'static str) -> Error {
    Error::new(ErrorCode::ValidationFailed, message).with_field(field, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of nothing.
    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const DIGEST: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

    #[test]
    fn both_ways_of_writing_are_understood() {
        let digest = parse_hex("sha256", HEX).unwrap();
        assert_eq!(parse_hex("sha256", &HEX.to_uppercase()).unwrap(), digest);
        assert_eq!(parse_repr_digest(DIGEST).unwrap(), Some(digest));
        assert_eq!(parse_repr_digest(&format!("sha-512=:AA==:, {DIGEST}")).unwrap(), Some(digest));
        assert_eq!(parse_repr_digest("md5=:AA==:").unwrap(), None);
    }

    #[test]
    fn what_is_no_checksum_is_refused_by_field() {
        for text in ["", "e3b0", &HEX.replace('e', "g"), &format!("+{}", &HEX[1..]), &"ü".repeat(32)] {
            assert!(parse_hex("sha256", text).unwrap_err().fields.0.contains_key("sha256"), "{text}");
        }
        for value in ["sha-256=abc", "sha-256=:abc:", "sha-256=::", "SHA-256=:AA==:"] {
            assert!(parse_repr_digest(value).is_err(), "{value}");
        }
    }

    #[test]
    fn files_are_compared_only_if_the_client_asked() {
        assert!(compare(None, &[1; 32]).is_ok() && compare(Some(&[1; 32]), &[1; 32]).is_ok());
        assert_eq!(compare(Some(&[2; 32]), &[1; 32]).unwrap_err().code, ErrorCode::ChecksumMismatch);
    }
}
