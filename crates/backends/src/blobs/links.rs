//! Signed addresses for stores that have no HTTP of their own: the service answers them, at
//! [`PATH`], and asks [`Links`] whether a request is one that it once gave leave for.
//!
//! A signature is HMAC-SHA256 (RFC 2104) over everything that the leave is about. Its key is
//! derived from a secret of the installation and used for nothing else. Secrets rotate: the
//! current one signs, previous ones still verify.

use std::{fmt, sync::Arc, time::Duration};

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use form_urlencoded::Serializer;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quire_domain::{
    clock::SharedClock,
    ports::blobs::{SignedDownload, SignedRequest, SignedUpload},
};

/// What comes before the key in an address.
pub const PATH: &str = "/blobs/";

/// Separates these keys from others that are derived from the same secret.
const LABEL: &[u8] = b"quire signed blob links, version 1";

/// What RFC 3986 lets stand in a path as it is, and `/` between the parts of a key.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Signs addresses, and knows its own signatures again. Cheap to clone.
#[derive(Clone)]
pub struct Links(Arc<Inner>);

struct Inner {
    signing: Key,
    /// The current key first.
    verifying: Vec<Key>,
    clock: SharedClock,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

/// What somebody may do with a blob, as it stands in a good address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leave {
    /// The name under which a download is saved.
    pub filename: Option<String>,
    /// The type that a download is told to have, or that an upload must have.
    pub media_type: Option<String>,
    /// How many bytes an upload must have.
    pub size: Option<u64>,
    /// The SHA-256 that an upload must have.
    pub sha256: Option<[u8; 32]>,
}

/// Why an address is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It was never given out like that.
    #[error("the signature does not fit the request")]
    Invalid,
    /// It was good once.
    #[error("the link has expired")]
    Expired,
}

/// What a leave is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To fetch a blob (`GET`, `HEAD`).
    Download,
    /// To store one (`PUT`).
    Upload,
}

impl Purpose {
    const fn method(self) -> &'static str {
        match self {
            Self::Download => "GET",
            Self::Upload => "PUT",
        }
    }
}

impl Links {
    /// Signs with a key derived from `secret`, and also accepts what was signed with one of those
    /// `previous` ones.
    pub fn new<'a>(
        secret: &'a [u8],
        previous: impl IntoIterator<Item = &'a [u8]>,
        clock: SharedClock,
    ) -> Self {
        let verifying: Vec<_> = std::iter::once(secret).chain(previous).map(derived).collect();
        Self(Arc::new(Inner { signing: derived(secret), verifying, clock }))
    }

    /// The address for a download.
    pub(super) fn sign_download(&self, key: &str, download: &SignedDownload) -> SignedRequest {
        let leave = Leave {
            filename: Some(download.filename.clone()),
            media_type: Some(download.media_type.clone()),
            ..Leave::default()
        };
        self.sign(Purpose::Download, key, &leave, download.expires_in)
    }

    /// The address for an upload.
    pub(super) fn sign_upload(&self, key: &str, upload: &SignedUpload) -> SignedRequest {
        let leave = Leave {
            filename: None,
            media_type: upload.media_type.clone(),
            size: upload.size,
            sha256: upload.sha256,
        };
        let headers = upload.media_type.iter().map(|value| ("content-type".to_owned(), value.clone()));
        SignedRequest {
            headers: headers.collect(),
            ..self.sign(Purpose::Upload, key, &leave, upload.expires_in)
        }
    }

    fn sign(&self, purpose: Purpose, key: &str, leave: &Leave, lasts: Duration) -> SignedRequest {
        // The address has whole seconds.
        let expires_at = expiry(self.0.clock.now(), lasts).trunc_subsecs(0);
        let expires = expires_at.timestamp();
        let signature = hmac::sign(&self.0.signing, &message(purpose, key, expires, leave));
        let mut query = Serializer::new(String::new());
        query.append_pair("expires", &expires.to_string());
        for (name, value) in leave.fields() {
            query.append_pair(name, &value);
        }
        query.append_pair("signature", &hex(signature.as_ref()));
        SignedRequest {
            method: purpose.method(),
            url: format!("{PATH}{}?{}", utf8_percent_encode(key, ESCAPED), query.finish()),
            headers: Vec::new(),
            expires_at,
        }
    }

    /// What a request may do with the blob under `key`, by the query of its address.
    ///
    /// # Errors
    /// When the address was never given out for this, or not for so long.
    pub fn verify(&self, purpose: Purpose, key: &str, query: &str) -> Result<Leave, LinkError> {
        let Claim { leave, expires, signature } = Claim::parse(query).ok_or(LinkError::Invalid)?;
        let message = message(purpose, key, expires, &leave);
        // Takes the same time wherever a wrong signature differs.
        let is_good = |key: &Key| hmac::verify(key, &message, &signature).is_ok();
        if !self.0.verifying.iter().any(is_good) {
            return Err(LinkError::Invalid);
        }
        if self.0.clock.now().timestamp() >= expires {
            return Err(LinkError::Expired);
        }
        Ok(leave)
    }
}

impl Leave {
    /// Names and values as they stand in an address.
    fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let fields = [
            ("filename", self.filename.clone()),
            ("type", self.media_type.clone()),
            ("size", self.size.map(|size| size.to_string())),
            ("sha256", self.sha256.as_ref().map(|digest| hex(digest))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

/// What an address says, not yet believed.
struct Claim {
    leave: Leave,
    expires: i64,
    signature: [u8; 32],
}

impl Claim {
    /// Each name once, in any order, and no other.
    fn parse(query: &str) -> Option<Self> {
        let (mut leave, mut expires, mut signature) = (Leave::default(), None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let is_first = match &*name {
                "expires" => expires.replace(value.parse().ok()?).is_none(),
                "signature" => signature.replace(unhex(&value)?).is_none(),
                "filename" => leave.filename.replace(value.into_owned()).is_none(),
                "type" => leave.media_type.replace(value.into_owned()).is_none(),
                "size" => leave.size.replace(value.parse().ok()?).is_none(),
                "sha256" => leave.sha256.replace(unhex(&value)?).is_none(),
                _ => false,
            };
            if !is_first {
                return None;
            }
        }
        Some(Self { leave, expires: expires?, signature: signature? })
    }
}

fn derived(secret: &[u8]) -> Key {
    Key::new(HMAC_SHA256, hmac::sign(&Key::new(HMAC_SHA256, secret), LABEL).as_ref())
}

/// What is signed. Each part goes with its length, so that no part can pass for two.
fn message(purpose: Purpose, key: &str, expires: i64, leave: &Leave) -> Vec<u8> {
    let mut message = Vec::new();
    let mut add = |part: &str| {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    };
    add(purpose.method());
    add(key);
    add(&expires.to_string());
    for (name, value) in leave.fields() {
        add(name);
        add(&value);
    }
    message
}

/// When something ends that begins now; never, for what no calendar has.
pub(super) fn expiry(now: DateTime<Utc>, lasts: Duration) -> DateTime<Utc> {
    let lasts = TimeDelta::from_std(lasts).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(lasts).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0; 32];
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != bytes.len() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use quire_domain::clock::{Clock, FakeClock};

    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const OTHER: &[u8] = b"fedcba9876543210fedcba9876543210";
    const KEY: &str = "uploads/user-7/a b+ü%2f.pdf";
    const HOUR: Duration = Duration::from_hours(1);

    fn clock() -> FakeClock {
        FakeClock::at(DateTime::from_timestamp(1_800_000_000, 500_000_000).unwrap())
    }

    fn links() -> Links {
        Links::new(SECRET, [], Arc::new(clock()))
    }

    fn download() -> SignedDownload {
        SignedDownload { filename: "ä&b.pdf".into(), media_type: "application/pdf".into(), expires_in: HOUR }
    }

    fn upload() -> SignedUpload {
        SignedUpload {
            media_type: Some("text/plain; charset=utf-8".into()),
            size: Some(12),
            sha256: Some([0xab; 32]),
            expires_in: HOUR,
        }
    }

    fn query(request: &SignedRequest) -> &str {
        request.url.split_once('?').unwrap().1
    }

    #[test]
    fn what_was_signed_is_known_again() {
        let links = links();
        let signed = links.sign_download(KEY, &download());
        assert_eq!(signed.method, "GET");
        assert!(signed.url.starts_with("/blobs/uploads/user-7/a%20b%2B%C3%BC%252f.pdf?"), "{}", signed.url);
        let leave = links.verify(Purpose::Download, KEY, query(&signed)).unwrap();
        assert_eq!(leave.filename.as_deref(), Some("ä&b.pdf"));
        assert_eq!(leave.media_type.as_deref(), Some("application/pdf"));

        let signed = links.sign_upload(KEY, &upload());
        assert_eq!(signed.method, "PUT");
        assert_eq!(signed.headers, [("content-type".into(), "text/plain; charset=utf-8".into())]);
        let leave = links.verify(Purpose::Upload, KEY, query(&signed)).unwrap();
        assert_eq!((leave.size, leave.sha256), (Some(12), Some([0xab; 32])));
        assert_eq!(leave.media_type, upload().media_type);
    }

    #[test]
    fn a_link_ends_at_its_second() {
        let clock = clock();
        let links = Links::new(SECRET, [], Arc::new(clock.clone()));
        let signed = links.sign_download(KEY, &download());
        assert_eq!(signed.expires_at.timestamp(), 1_800_003_600);
        let verify = || links.verify(Purpose::Download, KEY, query(&signed)).err();
        clock.advance(TimeDelta::milliseconds(3_599_499));
        assert_eq!((verify(), clock.now() < signed.expires_at), (None, true));
        clock.advance(TimeDelta::milliseconds(1));
        assert_eq!(verify(), Some(LinkError::Expired));
    }

    #[test]
    fn nothing_about_a_link_can_be_changed() {
        let links = links();
        let signed = links.sign_upload(KEY, &upload());
        let query = query(&signed);
        let invalid = |purpose, key: &str, query: &str| {
            assert_eq!(links.verify(purpose, key, query), Err(LinkError::Invalid), "{key} {query}");
        };
        invalid(Purpose::Download, KEY, query);
        invalid(Purpose::Upload, "uploads/user-7/b", query);
        for (from, to) in [
            ("size=12", "size=13"),
            ("size=12", "size=012"),
            ("size=12", "size=12&size=12"),
            ("size=12&", ""),
            ("size=12", "size=-1"),
            ("expires=1800003600", "expires=1800003601"),
            ("expires=1800003600&", ""),
            ("type=text%2Fplain", "type=text%2Fhtml"),
            ("sha256=ab", "sha256=ba"),
            ("sha256=ab", "sha256="),
            ("size=12", "size=12&filename=x"),
            ("size=12", "size=12&more=x"),
            ("signature=", "signature=00"),
            ("signature=", "signature=zz"),
            ("signature=", "tag="),
        ] {
            let tampered = query.replacen(from, to, 1);
            assert_ne!(tampered, query, "{from}");
            if (from, to) == ("size=12", "size=012") {
                // Another way to write the same number.
                assert!(links.verify(Purpose::Upload, KEY, &tampered).is_ok());
                continue;
            }
            invalid(Purpose::Upload, KEY, &tampered);
        }
        let digit = query.chars().last().unwrap();
        let other = if digit == '0' { '1' } else { '0' };
        invalid(Purpose::Upload, KEY, &format!("{}{other}", &query[..query.len() - 1]));
        for nonsense in ["", "signature=", "expires=1", "%ff", &"x=1&".repeat(10_000)] {
            invalid(Purpose::Upload, KEY, nonsense);
        }
    }

    #[test]
    fn parts_cannot_pass_for_others() {
        let one =
            message(Purpose::Download, "a", 1, &Leave { filename: Some("b".into()), ..Leave::default() });
        let two =
            message(Purpose::Download, "a", 1, &Leave { media_type: Some("b".into()), ..Leave::default() });
        let three =
            message(Purpose::Download, "a1", 1, &Leave { filename: Some("b".into()), ..Leave::default() });
        assert!(one != two && two != three && one != three);
    }

    #[test]
    fn previous_secrets_verify_and_no_longer_sign() {
        let old = links();
        let new = Links::new(OTHER, [SECRET], Arc::new(clock()));
        let (given, fresh) = (old.sign_download(KEY, &download()), new.sign_download(KEY, &download()));
        assert!(new.verify(Purpose::Download, KEY, query(&given)).is_ok());
        assert!(new.verify(Purpose::Download, KEY, query(&fresh)).is_ok());
        assert_eq!(old.verify(Purpose::Download, KEY, query(&fresh)), Err(LinkError::Invalid));
    }

    #[test]
    fn a_link_for_ever_is_one() {
        let signed = links().sign_download(KEY, &SignedDownload { expires_in: Duration::MAX, ..download() });
        assert_eq!(signed.expires_at, DateTime::<Utc>::MAX_UTC.trunc_subsecs(0));
        assert!(links().verify(Purpose::Download, KEY, query(&signed)).is_ok());
    }

    #[test]
    fn nothing_secret_is_in_debug_output() {
        let links = links();
        let shown = format!("{links:?} {:?}", links.sign_download(KEY, &download()));
        assert!(!shown.contains("signature") && !shown.contains("0123"), "{shown}");
    }
}
