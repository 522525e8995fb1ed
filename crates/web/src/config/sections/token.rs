//! Access and refresh tokens.

use std::time::Duration;

use secrecy::SecretString;

use super::super::{Reader, Section, Variable};

/// The shortest signing secret accepted, in bytes (RFC 7518, 3.2: at least the hash's size).
pub const SECRET_MIN_BYTES: usize = 32;

/// How tokens are signed, and how long they last.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// Signs and verifies.
    pub secret: SecretString,
    /// Verify only: secrets that were in use before.
    pub previous_secrets: Vec<SecretString>,
    /// How long an access token is good.
    pub access_lifetime: Duration,
    /// How long a refresh token is good.
    pub refresh_lifetime: Duration,
}

impl TokenConfig {
    /// The secret; the all-in-one run asks whether it is set.
    pub const JWT_SECRET_KEY: Variable = Variable::new(
        "JWT_SECRET_KEY",
        "Signs access tokens; the same for both services. At least 32 bytes, random: `openssl rand -base64 48`.",
    )
    .secret();
    const PREVIOUS: Variable = Variable::new(
        "JWT_PREVIOUS_SECRET_KEYS",
        "Secrets that were in use before, with commas between: still accepted, no longer used to sign.",
    )
    .secret();
    const ACCESS_LIFETIME: Variable =
        Variable::new("ACCESS_TOKEN_LIFETIME", "Seconds that an access token is good.").default("900");
    const REFRESH_LIFETIME: Variable =
        Variable::new("REFRESH_TOKEN_LIFETIME", "Seconds that a refresh token is good.").default("2592000");

    /// What is read here.
    pub const SECTION: Section<'static> = Section {
        title: "Tokens",
        variables: &[Self::JWT_SECRET_KEY, Self::PREVIOUS, Self::ACCESS_LIFETIME, Self::REFRESH_LIFETIME],
    };

    /// Reads the section. The secret must be there in every surrounding: who generates one
    /// adds it with [`Environment::with_defaults`](crate::config::Environment::with_defaults), which
    /// [`AppEnv::Production`](crate::config::AppEnv::Production) forbids.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let must = format!("have at least {SECRET_MIN_BYTES} bytes; make one with `openssl rand -base64 48`");
        let long_enough = |text: &str| (text.len() >= SECRET_MIN_BYTES).then(|| SecretString::from(text));
        let previous = reader
            .optional(&Self::PREVIOUS, &must, |text| {
                text.split(',')
                    .map(str::trim)
                    .filter(|secret| !secret.is_empty())
                    .map(long_enough)
                    .collect::<Option<Vec<_>>>()
            })
            .unwrap_or_default();
        Self {
            secret: reader.required(&Self::JWT_SECRET_KEY, &must, SecretString::default(), long_enough),
            previous_secrets: previous,
            access_lifetime: reader.seconds(&Self::ACCESS_LIFETIME, 10..=86_400),
            refresh_lifetime: reader.seconds(&Self::REFRESH_LIFETIME, 60..=31_536_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::read, *};

    #[test]
    fn signing_secrets_must_be_long() {
        let long = "x".repeat(SECRET_MIN_BYTES);
        let two = format!("{long}, {long}y");
        let config =
            read(&[("JWT_SECRET_KEY", &long), ("JWT_PREVIOUS_SECRET_KEYS", &two)], TokenConfig::read)
                .unwrap();
        assert_eq!(config.previous_secrets.len(), 2);
        assert_eq!(config.access_lifetime, Duration::from_secs(900));
        assert_eq!(config.refresh_lifetime, Duration::from_secs(30 * 86_400));

        for (name, value) in [("JWT_SECRET_KEY", "short"), ("JWT_PREVIOUS_SECRET_KEYS", "short")] {
            let pairs = [("JWT_SECRET_KEY", long.as_str()), (name, value)];
            let error = read(&pairs, TokenConfig::read).unwrap_err();
            assert!(error.contains(&format!("{name} must have at least 32 bytes")), "{error}");
        }
        assert!(read(&[], TokenConfig::read).unwrap_err().contains("must be set"));
    }
}
