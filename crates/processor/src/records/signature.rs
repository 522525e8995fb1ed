//! Messages that a worker outside signs: Standard Webhooks 1.0.0, symmetric signatures.

use std::fmt;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use quire_domain::{Error, ErrorCode, Result};

/// What secrets are written with.
const PREFIX: &str = "whsec_";
/// How far the clocks of both sides may be apart, in seconds.
const TOLERANCE: u64 = 5 * 60;
/// The longest id of a message, in bytes.
const ID_MAX: usize = 100;
/// Signatures that are looked at: with the old secret and the new while it is changed, and some more.
const SIGNATURES_MAX: usize = 8;

/// The secret that both sides know.
#[derive(Clone)]
pub struct WebhookSecret(Key);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSecret").finish_non_exhaustive()
    }
}

/// The headers of a signed message.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `webhook-id`: the same however often the message is sent.
    pub id: &'a str,
    /// `webhook-timestamp`: when it was sent, in seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,` and base64, several with spaces between.
    pub signature: &'a str,
}

impl WebhookSecret {
    /// A secret of 24 to 64 bytes, written as `whsec_` and base64; the prefix may be left out.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = BASE64.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok()?;
        (24..=64).contains(&secret.len()).then(|| Self(Key::new(HMAC_SHA256, &secret)))
    }

    /// Whether somebody who knows the secret has sent this just now.
    ///
    /// # Errors
    /// [`ErrorCode::SignatureInvalid`].
    pub fn verify(&self, signed: Signed<'_>, body: &[u8], now: DateTime<Utc>) -> Result<()> {
        let Signed { id, timestamp, signature } = signed;
        if !(1..=ID_MAX).contains(&id.len()) || !id.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(invalid("The `webhook-id` has 1 to 100 visible characters."));
        }
        let sent: i64 =
            timestamp.parse().map_err(|_| invalid("The `webhook-timestamp` is a number of seconds."))?;
        if now.timestamp().abs_diff(sent) > TOLERANCE {
            return Err(invalid("The `webhook-timestamp` is not the time of now."));
        }
        let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        // Takes the same time wherever a wrong signature differs.
        let is_good = |tag: &[u8]| hmac::verify(&self.0, &message, tag).is_ok();
        let signatures = signature.split(' ').filter_map(|one| one.strip_prefix("v1,")).take(SIGNATURES_MAX);
        if signatures.filter_map(|one| BASE64.decode(one).ok()).any(|tag| is_good(&tag)) {
            return Ok(());
        }
        Err(invalid("The `webhook-signature` is not that of this message."))
    }
}

/// What is refused before anything is believed.
pub(super) fn invalid(detail: &'static str) -> Error {
    Error::new(ErrorCode::SignatureInvalid, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl dgst -sha256 -mac HMAC`, not with the code that is tested.
    const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
    const BODY: &[u8] = b"{\"a\": 1}";
    const SIGNATURE: &str = "v1,bNjtKdAozyMEz8boVQsvjymiEOiZ12wveEhz83usByw=";
    const SENT: i64 = 1_768_478_400;

    fn verified(id: &str, timestamp: &str, signature: &str, body: &[u8], now: i64) -> Result<()> {
        let now = DateTime::from_timestamp(now, 0).unwrap();
        WebhookSecret::parse(SECRET).unwrap().verify(Signed { id, timestamp, signature }, body, now)
    }

    #[test]
    fn a_signature_is_good_for_its_message() {
        let sent = SENT.to_string();
        for (signature, now) in [
            (SIGNATURE.to_owned(), SENT),
            (SIGNATURE.to_owned(), SENT + 300),
            (SIGNATURE.to_owned(), SENT - 300),
            (format!("v1,AAAA v1a,xyz {SIGNATURE}"), SENT),
        ] {
            assert!(verified("msg_1", &sent, &signature, BODY, now).is_ok(), "{signature} {now}");
        }
    }

    #[test]
    fn nothing_else_is() {
        let sent = SENT.to_string();
        let later = (SENT + 1).to_string();
        for (id, timestamp, signature, body, now) in [
            ("msg_2", &*sent, SIGNATURE, BODY, SENT),
            ("msg_1", &*later, SIGNATURE, BODY, SENT),
            ("msg_1", &*sent, SIGNATURE, b"{\"a\": 2}", SENT),
            ("msg_1", &*sent, SIGNATURE, BODY, SENT + 301),
            ("msg_1", &*sent, SIGNATURE, BODY, SENT - 301),
            ("msg_1", &*sent, "", BODY, SENT),
            ("msg_1", &*sent, "v1,AAAA", BODY, SENT),
            ("msg_1", "now", SIGNATURE, BODY, SENT),
            ("msg_1", "-9223372036854775808", SIGNATURE, BODY, SENT),
            ("", &*sent, SIGNATURE, BODY, SENT),
            ("msg 1", &*sent, SIGNATURE, BODY, SENT),
        ] {
            let error = verified(id, timestamp, signature, body, now).unwrap_err();
            assert_eq!(error.code, ErrorCode::SignatureInvalid, "{id} {timestamp} {signature} {now}");
        }
        let unversioned = SIGNATURE.trim_start_matches("v1,");
        assert!(verified("msg_1", &sent, unversioned, BODY, SENT).is_err());
    }

    #[test]
    fn secrets_are_long_and_stay_secret() {
        assert!(WebhookSecret::parse(SECRET.trim_start_matches(PREFIX)).is_some());
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "not base64 at all, but long enough for one",
            &format!("{PREFIX}{}", "AAAA".repeat(22)),
        ] {
            assert!(WebhookSecret::parse(text).is_none(), "{text}");
        }
        assert!(!format!("{:?}", WebhookSecret::parse(SECRET).unwrap()).contains("0123"));
    }
}
