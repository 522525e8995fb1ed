//! What all requests share.

use std::{fmt, sync::Arc};

use actix_web::web;
use chrono::{DateTime, Utc};
use quire_domain::{Result, clock::SharedClock};
use quire_store::Pool;
use quire_web::{health::Health, token::Tokens};

use crate::{config::GatewayConfig, passwords::Passwords, proxy::Proxy};

/// The gateway, ready to be mounted in an app. Cheap to clone; clones are the same gateway.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    config: GatewayConfig,
    pool: Pool,
    tokens: Tokens,
    clock: SharedClock,
    passwords: Passwords,
    proxy: Proxy,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Gateway {
    /// A gateway on this database, with these tokens and this clock. Connects when first asked.
    ///
    /// # Errors
    /// When the configuration is not usable.
    pub fn new(config: GatewayConfig, pool: Pool, tokens: Tokens, clock: SharedClock) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            passwords: Passwords::new(config.password_cost)?,
            proxy: Proxy::new(&config.proxy)?,
            config,
            pool,
            tokens,
            clock,
        })))
    }

    /// Puts the gateway into the app's data, where its [routes](crate::routes) find it.
    pub fn data(&self, app: &mut web::ServiceConfig) {
        app.app_data(web::Data::new(self.clone()));
    }

    /// The health of the gateway as a service of its own. It is well while the database is:
    /// without the processor, all but uploads work.
    pub fn health(&self) -> Health {
        let pool = self.0.pool.clone();
        Health::new("quire-gateway", env!("CARGO_PKG_VERSION")).check("database", move || {
            let pool = pool.clone();
            async move { pool.check().await }
        })
    }

    /// Hashes and verifies passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn config(&self) -> &GatewayConfig {
        &self.0.config
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn proxy(&self) -> &Proxy {
        &self.0.proxy
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }
}
