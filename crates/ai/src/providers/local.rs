//! The built-in methods.

use std::sync::Arc;

use crate::{
    config::{AiConfig, ConfigError},
    engine::SharedEngine,
    local::LocalEngine,
};

pub(super) fn engine(_config: &AiConfig) -> Result<SharedEngine, ConfigError> {
    Ok(Arc::new(LocalEngine))
}
