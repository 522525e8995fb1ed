//! Access tokens: JWT (RFC 7519) with HS256, and nothing else.
//!
//! The algorithm is pinned (RFC 8725, 3.1), issuer, audience and kind are checked, and a key
//! id in the header names the secret, so that secrets can be rotated: the previous ones still
//! verify, only the current one signs.

use std::{fmt, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quire_domain::{Error, ErrorCode, Result, UserId, clock::SharedClock, ids::uuid_v7, user::Role};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{SECRET_MIN_BYTES, TokenConfig};

const ISSUER: &str = "quire";
const AUDIENCE: &str = "quire";
const ACCESS: &str = "access";

/// Clocks of two machines may differ by this much.
const LEEWAY: TimeDelta = TimeDelta::seconds(10);

/// Longer than any token of ours; longer ones are not even decoded.
const MAX_LENGTH: usize = 4096;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    /// The same as `sub`, as a number: existing clients read it.
    user_id: i64,
    role: String,
    token_type: String,
    iat: i64,
    exp: i64,
    jti: String,
}

/// A token just issued.
pub struct AccessToken {
    /// The JWT.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a good token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// Whose it is.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Issues and verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    signing: EncodingKey,
    header: Header,
    /// The current secret first.
    verifying: Vec<(String, DecodingKey)>,
    validation: Validation,
    lifetime: TimeDelta,
    clock: SharedClock,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("kid", &self.0.header.kid).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens by this configuration and clock.
    ///
    /// # Errors
    /// When a secret has fewer than [`SECRET_MIN_BYTES`] bytes.
    pub fn new(config: &TokenConfig, clock: SharedClock) -> Result<Self> {
        let secrets = || std::iter::once(&config.secret).chain(&config.previous_secrets);
        if secrets().any(|secret| secret.expose_secret().len() < SECRET_MIN_BYTES) {
            return Err(Error::internal(format!(
                "a secret for tokens has fewer than {SECRET_MIN_BYTES} bytes"
            )));
        }
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key_id(&config.secret));
        Ok(Self(Arc::new(Inner {
            signing: EncodingKey::from_secret(config.secret.expose_secret().as_bytes()),
            header,
            verifying: secrets()
                .map(|secret| (key_id(secret), DecodingKey::from_secret(secret.expose_secret().as_bytes())))
                .collect(),
            validation: validation(),
            lifetime: TimeDelta::from_std(config.access_lifetime)
                .map_err(|e| Error::internal("the lifetime of tokens is out of range").with_source(e))?,
            clock,
        })))
    }

    /// Issues an access token.
    ///
    /// # Errors
    /// When it cannot be signed, which is a fault of ours.
    pub fn issue_access(&self, user: UserId, role: Role) -> Result<AccessToken> {
        let now = self.0.clock.now();
        let expires_at = now + self.0.lifetime;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_string(),
            user_id: user.0,
            role: role.to_string(),
            token_type: ACCESS.to_owned(),
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: uuid_v7(now).to_string(),
        };
        let token = jsonwebtoken::encode(&self.0.header, &claims, &self.0.signing)
            .map_err(|e| Error::internal("signing a token").with_source(e))?;
        Ok(AccessToken { token, expires_at })
    }

    /// Checks an access token.
    ///
    /// # Errors
    /// [`ErrorCode::TokenExpired`] when it was good once, else [`ErrorCode::TokenInvalid`].
    pub fn verify_access(&self, token: &str) -> Result<AccessClaims> {
        let claims = self.decode(token).ok_or_else(invalid)?;
        let user_id = UserId(claims.user_id);
        let role = Role::parse(&claims.role).ok_or_else(invalid)?;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or_else(invalid)?;
        if claims.token_type != ACCESS || claims.sub != user_id.to_string() {
            return Err(invalid());
        }
        // `exp` is the first moment at which it is no longer good (RFC 7519, 4.1.4).
        if self.0.clock.now() - LEEWAY >= expires_at {
            return Err(Error::new(
                ErrorCode::TokenExpired,
                "The token has expired. Refresh it, or sign in again.",
            ));
        }
        Ok(AccessClaims { user_id, role, expires_at })
    }

    /// The claims, once the signature, the issuer and the audience are good.
    fn decode(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let (_, key) = self.0.verifying.iter().find(|(id, _)| *id == kid)?;
        let data = jsonwebtoken::decode::<Claims>(token, key, &self.0.validation).ok()?;
        Some(data.claims)
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    // The library asks the system's clock; `verify_access` asks ours.
    validation.validate_exp = false;
    validation
}

fn invalid() -> Error {
    Error::new(ErrorCode::TokenInvalid, "The token is not valid here. Sign in again.")
}

/// Names a secret without giving it away: 8 hex digits of its hash, which is bound to this use.
fn key_id(secret: &SecretString) -> String {
    let mut hash = Sha256::new();
    hash.update(b"quire token key id\0");
    hash.update(secret.expose_secret().as_bytes());
    hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
    use jsonwebtoken::crypto;
    use quire_domain::clock::FakeClock;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{SECRET, token_config};

    const OTHER: &str = "fedcba9876543210fedcba9876543210";
    const NOW: i64 = 1_800_000_000;

    fn tokens_with(config: &TokenConfig) -> (Tokens, FakeClock) {
        let clock = FakeClock::at(DateTime::from_timestamp(NOW, 0).unwrap());
        (Tokens::new(config, Arc::new(clock.clone())).unwrap(), clock)
    }

    fn tokens() -> (Tokens, FakeClock) {
        tokens_with(&token_config())
    }

    fn good_claims() -> Value {
        json!({
            "iss": "quire", "aud": "quire", "sub": "7", "user_id": 7, "role": "user",
            "token_type": "access", "iat": NOW, "exp": NOW + 900, "jti": "x",
        })
    }

    fn good_header() -> Value {
        json!({"alg": "HS256", "typ": "JWT", "kid": key_id(&SECRET.into())})
    }

    /// A token put together by hand, with an HMAC over whatever is in it.
    fn forge(header: &Value, claims: &Value, secret: &str) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_secret(secret.as_bytes());
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    fn with(mut object: Value, name: &str, value: Value) -> Value {
        object[name] = value;
        object
    }

    fn without(mut object: Value, name: &str) -> Value {
        object.as_object_mut().unwrap().remove(name);
        object
    }

    fn code(token: &str) -> ErrorCode {
        tokens().0.verify_access(token).unwrap_err().code
    }

    #[test]
    fn what_is_issued_is_accepted_until_it_expires() {
        let (tokens, clock) = tokens();
        let issued = tokens.issue_access(UserId(7), Role::Staff).unwrap();
        let claims = tokens.verify_access(&issued.token).unwrap();
        assert_eq!((claims.user_id, claims.role), (UserId(7), Role::Staff));
        assert_eq!(claims.expires_at, issued.expires_at);
        assert_eq!(issued.expires_at.timestamp(), NOW + 900);

        clock.advance(TimeDelta::seconds(900 + 9));
        assert!(tokens.verify_access(&issued.token).is_ok());
        clock.advance(TimeDelta::seconds(1));
        let error = tokens.verify_access(&issued.token).unwrap_err();
        assert_eq!(error.code, ErrorCode::TokenExpired);
    }

    #[test]
    fn claims_are_those_that_clients_read() {
        let token = tokens().0.issue_access(UserId(7), Role::User).unwrap().token;
        let part = |n| -> Value {
            serde_json::from_slice(&BASE64.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
        };
        assert_eq!(part(0), good_header());
        assert_eq!(without(part(1), "jti"), without(good_claims(), "jti"));
    }

    #[test]
    fn the_forger_of_these_tests_can_make_a_good_token() {
        let token = forge(&good_header(), &good_claims(), SECRET);
        assert!(tokens().0.verify_access(&token).is_ok());
    }

    #[test]
    fn other_algorithms_are_refused() {
        for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256"] {
            let header = with(good_header(), "alg", json!(algorithm));
            let token = forge(&header, &good_claims(), SECRET);
            assert_eq!(code(&token), ErrorCode::TokenInvalid, "{algorithm}");
            let (message, _) = token.rsplit_once('.').unwrap();
            assert_eq!(code(&format!("{message}.")), ErrorCode::TokenInvalid, "{algorithm}, unsigned");
        }
    }

    #[test]
    fn the_algorithm_is_pinned_even_for_a_good_signature_with_the_secret() {
        for (algorithm, good) in
            [(Algorithm::HS256, true), (Algorithm::HS384, false), (Algorithm::HS512, false)]
        {
            let mut header = Header::new(algorithm);
            header.kid = Some(key_id(&SECRET.into()));
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            let token = jsonwebtoken::encode(&header, &good_claims(), &key).unwrap();
            assert_eq!(tokens().0.verify_access(&token).is_ok(), good, "{algorithm:?}");
        }
    }

    #[test]
    fn wrong_claims_are_refused() {
        for (name, value) in [
            ("iss", json!("other")),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("token_type", json!("refresh")),
            ("role", json!("root")),
            ("sub", json!("8")),
            ("user_id", json!("7")),
            ("exp", json!("tomorrow")),
            ("exp", json!(i64::MAX)),
        ] {
            let token = forge(&good_header(), &with(good_claims(), name, value.clone()), SECRET);
            assert_eq!(code(&token), ErrorCode::TokenInvalid, "{name} = {value}");
        }
        for name in ["iss", "aud", "sub", "user_id", "role", "token_type", "exp"] {
            let token = forge(&good_header(), &without(good_claims(), name), SECRET);
            assert_eq!(code(&token), ErrorCode::TokenInvalid, "without {name}");
        }
    }

    #[test]
    fn a_token_that_was_tampered_with_is_refused() {
        let token = forge(&good_header(), &good_claims(), SECRET);
        let parts: Vec<_> = token.split('.').collect();
        let claims = BASE64.encode(with(good_claims(), "role", json!("superuser")).to_string());
        let tampered = format!("{}.{claims}.{}", parts[0], parts[2]);
        assert_eq!(code(&tampered), ErrorCode::TokenInvalid);
        for nonsense in ["", ".", "..", "a.b.c", "Bearer", &"x".repeat(5000)] {
            assert_eq!(code(nonsense), ErrorCode::TokenInvalid, "{nonsense}");
        }
    }

    #[test]
    fn an_expired_token_with_a_bad_signature_is_invalid_and_not_expired() {
        let expired = with(good_claims(), "exp", json!(NOW - 1000));
        assert_eq!(code(&forge(&good_header(), &expired, SECRET)), ErrorCode::TokenExpired);
        assert_eq!(code(&forge(&good_header(), &expired, OTHER)), ErrorCode::TokenInvalid);
    }

    #[test]
    fn previous_secrets_verify_and_no_longer_sign() {
        let (old, _) = tokens();
        let issued = old.issue_access(UserId(7), Role::User).unwrap();
        let rotated =
            TokenConfig { secret: OTHER.into(), previous_secrets: vec![SECRET.into()], ..token_config() };
        let (new, _) = tokens_with(&rotated);
        assert!(new.verify_access(&issued.token).is_ok());
        let fresh = new.issue_access(UserId(7), Role::User).unwrap();
        assert!(new.verify_access(&fresh.token).is_ok());
        assert!(old.verify_access(&fresh.token).is_err());
    }

    #[test]
    fn unknown_missing_and_foreign_key_ids_are_refused() {
        for header in [
            with(good_header(), "kid", json!("00000000")),
            without(good_header(), "kid"),
            with(good_header(), "kid", json!(key_id(&OTHER.into()))),
        ] {
            assert_eq!(code(&forge(&header, &good_claims(), SECRET)), ErrorCode::TokenInvalid, "{header}");
        }
    }

    #[test]
    fn short_secrets_are_refused() {
        let clock: SharedClock = Arc::new(FakeClock::at(DateTime::UNIX_EPOCH));
        let short = TokenConfig { secret: "short".into(), ..token_config() };
        assert!(Tokens::new(&short, clock.clone()).is_err());
        let short_before = TokenConfig { previous_secrets: vec!["short".into()], ..token_config() };
        assert!(Tokens::new(&short_before, clock).is_err());
    }

    #[test]
    fn nothing_secret_is_in_debug_output() {
        let (tokens, _) = tokens();
        let issued = tokens.issue_access(UserId(7), Role::User).unwrap();
        let shown = format!("{tokens:?} {issued:?}");
        assert!(!shown.contains(SECRET) && !shown.contains(&issued.token), "{shown}");
    }
}
