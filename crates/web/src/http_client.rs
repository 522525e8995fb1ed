//! The one home of outgoing HTTP clients: all have time limits.

use std::time::Duration;

use quire_domain::{Error, Result};
use reqwest::{Client, ClientBuilder, redirect::Policy};

/// How long a client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes of an answer.
    pub read: Duration,
    /// For the whole exchange; `None` where bodies may be large or endless.
    pub total: Option<Duration>,
}

/// A builder with the limits set, for clients that need more, such as a resolver of their own.
///
/// - No redirects: our services do not redirect each other, and a webhook's target must not
///   lead to an address that was not checked.
/// - No proxy from the environment: calls between our services stay inside, and what a target
///   may be is decided by its address, which a proxy would hide.
/// - TLS is rustls with aws-lc-rs and the system's roots, as chosen by the workspace.
pub fn builder(limits: ClientLimits) -> ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "this module is the home that the rule names")]
    let builder = Client::builder()
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("quire/", env!("CARGO_PKG_VERSION")));
    match limits.total {
        Some(total) => builder.timeout(total),
        None => builder,
    }
}

/// A client with these limits; see [`builder`] for what else it does and does not.
///
/// # Errors
/// When TLS cannot be set up.
pub fn client(limits: ClientLimits) -> Result<Client> {
    builder(limits).build().map_err(|e| Error::internal("building an HTTP client").with_source(e))
}
