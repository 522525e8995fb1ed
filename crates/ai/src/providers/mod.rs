//! Who can answer: facts alone, a file for each provider and a line in the list below. What is made of
//! them is in `engines`, how models are talked to in `client`.

mod facts;

use std::str::FromStr;

pub(crate) use facts::{Abilities, Endpoint, Kind, Place, Reach, Remote, Service};
pub use facts::{Variables, Wire};

macro_rules! providers {
    ($($(#[$meta:meta])* $variant:ident = $name:literal in $module:ident;)*) => {
        $(mod $module;)*

        /// Who answers tasks.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Provider { $($(#[$meta])* $variant,)* }

        impl Provider {
            /// Every provider.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the configuration (`AI_PROVIDER`), in requests and in answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(crate) const fn kind(self) -> Kind {
                match self { $(Self::$variant => $module::KIND,)* }
            }
        }
    };
}

providers! {
    /// Deterministic methods of our own: no network, no key.
    #[default]
    Local = "local" in local;
    /// OpenAI, or any server that speaks its language.
    OpenAi = "openai" in openai;
    /// Anthropic.
    Anthropic = "anthropic" in anthropic;
    /// Google, by the Gemini API.
    Gemini = "gemini" in gemini;
    /// A resource of Azure OpenAI.
    Azure = "azure" in azure;
    /// An Ollama server.
    Ollama = "ollama" in ollama;
    /// Hugging Face, by its router to many hosts.
    HuggingFace = "huggingface" in huggingface;
    /// Amazon Bedrock.
    Bedrock = "bedrock" in bedrock;
    /// Any other server that speaks Chat Completions.
    Compatible = "compatible" in compatible;
}

impl Provider {
    /// The variables that configure it; `None` for the built-in methods, which need none.
    pub const fn variables(self) -> Option<&'static Variables> {
        match self.kind() {
            Kind::BuiltIn => None,
            Kind::Remote(remote) => Some(&remote.variables),
        }
    }
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
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_read_back() {
        for provider in Provider::ALL {
            assert_eq!(provider.as_str().parse(), Ok(*provider));
        }
        let error = "OpenAI".parse::<Provider>().unwrap_err().to_string();
        assert!(error.starts_with("must be one of: local, openai, anthropic"), "{error}");
    }

    #[test]
    fn no_variable_belongs_to_two_providers() {
        let mut seen = HashSet::new();
        for variables in Provider::ALL.iter().filter_map(|provider| provider.variables()) {
            let Variables { key, base_url, model, own, context_tokens, max_output_tokens } = *variables;
            for name in [key, base_url, model, context_tokens, max_output_tokens].into_iter().chain(own) {
                assert!(seen.insert(name), "{name}");
            }
        }
    }
}
