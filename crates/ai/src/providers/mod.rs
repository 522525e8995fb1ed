//! Who can answer. A provider is a file here and a line in the list below.

mod genai_client;

use std::str::FromStr;

use crate::{
    config::{AiConfig, ConfigError},
    engine::SharedEngine,
};

macro_rules! providers {
    ($($(#[$meta:meta])* $variant:ident = $name:literal in $module:ident;)*) => {
        $(mod $module;)*

        /// Who answers tasks.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub enum Provider { $($(#[$meta])* $variant,)* }

        impl Provider {
            /// Every provider.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the configuration (`AI_PROVIDER`) and in answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

        }

        /// The engine of the provider that the configuration names.
        ///
        /// # Errors
        /// When the configuration does not suffice for the provider.
        pub fn engine(config: &AiConfig) -> Result<SharedEngine, ConfigError> {
            match config.provider { $(Provider::$variant => $module::engine(config),)* }
        }
    };
}

providers! {
    /// Deterministic methods of our own: no network, no key.
    #[default]
    Local = "local" in local;
    /// OpenAI, or any server that speaks its language.
    OpenAi = "openai" in openai;
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|provider| provider.as_str() == name).ok_or(UnknownProvider)
    }
}

/// No provider has that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownProvider;

impl std::fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = Provider::ALL.iter().map(|provider| provider.as_str()).collect();
        write!(f, "must be one of: {}", names.join(", "))
    }
}

impl std::error::Error for UnknownProvider {}

impl std::fmt::Display for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_configured_means_the_built_in_methods() {
        let engine = engine(&AiConfig::default()).unwrap();
        assert_eq!(engine.info().provider, "local");
    }

    #[test]
    fn names_read_back() {
        for provider in Provider::ALL {
            assert_eq!(provider.as_str().parse(), Ok(*provider));
        }
        assert_eq!("OpenAI".parse::<Provider>().unwrap_err().to_string(), "must be one of: local, openai");
    }
}
