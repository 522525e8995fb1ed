//! The engines as their callers see them; the model engine against scripted servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod contract;
mod cv;
mod faults;
mod injection;
mod invoices;
mod local;
mod mock;
mod model;
mod real;
mod stub;
mod wire;

use quire_ai::{AiConfig, PageText, Provider, ProviderSettings, Request, RetryPolicy, registry};
use serde_json::Value;
use std::time::Duration;

/// A checked request on these pages.
fn request(task: &str, params: Value, texts: &[&str]) -> Request {
    let task_type = registry::find(task).unwrap();
    let params = task_type.check_params(&params).unwrap();
    let pages = (1..).zip(texts).map(|(number, text)| PageText { number, text: (*text).into() }).collect();
    Request { task_type, params, filename: "secret-name.pdf".into(), pages }
}

/// A configuration for a server at `base_url` that does not wait long between tries.
fn config(base_url: &str) -> AiConfig {
    config_of(Provider::OpenAi, base_url)
}

/// The same, for a provider.
fn config_of(provider: Provider, base_url: &str) -> AiConfig {
    let settings = ProviderSettings {
        api_key: Some("sk-secret-key".to_owned().into()),
        base_url: Some(base_url.to_owned()),
        model: Some("test-model".into()),
        ..ProviderSettings::default()
    };
    let retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
    AiConfig { provider, retry, ..AiConfig::default() }.with_settings(provider, settings)
}
