//! Service 1, the gateway: accounts, tokens and the upload proxy.
//!
//! Three thin layers: a route takes a request apart and puts the answer together; a use case,
//! named after what the user does, decides; `quire_store` speaks to the database. [`run`] is
//! the service as a process of its own; [`Gateway`] and [`routes`] mount it in any app.

mod accounts;
mod config;
mod history;
mod pages;
mod passwords;
mod proxy;
mod routes;
mod service;
mod sessions;
mod state;
mod submissions;
mod throttle;

pub use config::{GatewayConfig, ServiceConfig, help};
pub use pages::pages;
pub use passwords::{PasswordCost, Passwords};
pub use proxy::ProxyConfig;
pub use routes::{openapi, routes};
pub use service::{check_health, run};
pub use state::Gateway;
pub use throttle::ThrottleConfig;
