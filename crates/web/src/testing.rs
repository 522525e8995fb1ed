//! A context for the unit tests of this crate.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use quire_domain::clock::FakeClock;

use crate::{WebContext, client_address::TrustedProxies, config::TokenConfig, token::Tokens};

/// A secret that is long enough.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

pub(crate) fn token_config() -> TokenConfig {
    TokenConfig {
        secret: SECRET.into(),
        previous_secrets: Vec::new(),
        access_lifetime: Duration::from_secs(900),
        refresh_lifetime: Duration::from_secs(86_400),
    }
}

/// A context, and the clock that it goes by.
pub(crate) fn context() -> (WebContext, FakeClock) {
    let clock = FakeClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let context = WebContext {
        tokens: Tokens::new(&token_config(), Arc::new(clock.clone())).unwrap(),
        clock: Arc::new(clock.clone()),
        trusted_proxies: TrustedProxies::default(),
    };
    (context, clock)
}
