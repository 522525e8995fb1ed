//! What the extractors and the middleware find in the app's data.

use actix_web::web;
use quire_domain::clock::SharedClock;

use crate::{client_address::TrustedProxies, problem, token::Tokens};

/// What this crate needs to know in every app. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WebContext {
    /// Verifies (and issues) access tokens, for [`Caller`](crate::caller::Caller).
    pub tokens: Tokens,
    /// Tells the time, for request ids.
    pub clock: SharedClock,
    /// Who is believed about the address of the client.
    pub trusted_proxies: TrustedProxies,
}

impl WebContext {
    /// Puts all of it into the app's data, and makes errors of the framework problems
    /// ([`problem::configure_errors`]).
    pub fn configure(&self, app: &mut web::ServiceConfig) {
        app.app_data(self.tokens.clone()).app_data(self.clock.clone()).app_data(self.trusted_proxies.clone());
        problem::configure_errors(app);
    }
}
