//! What every provider has to do, whatever its dialect: one suite, run against each of them.

mod cases;
mod refusals;
mod sent;

use quire_ai::{AiConfig, ChatCall, ChatClient, Provider, RetryPolicy, Wire, chat_client};
use serde_json::json;
use std::time::Duration;

use crate::config_of;

/// The key of all configurations.
const KEY: &str = "sk-secret-key";

/// A provider, and how it is reached at a server that stands in for it.
#[derive(Clone, Copy)]
struct Target {
    provider: Provider,
    /// Below the server's address.
    path: &'static str,
    wire: Option<Wire>,
    own: Option<&'static str>,
    /// What the scripted server is told so that the provider's filter stops an answer; `None` where that
    /// shows in another way.
    filter: Option<&'static str>,
    /// How requests look.
    sends: sent::Shape,
}

impl Target {
    fn config(self, server: &str) -> AiConfig {
        let url = format!("{server}{}", self.path);
        let mut config = AiConfig { wire: self.wire, ..config_of(self.provider, &url) };
        if let Some(settings) = config.settings.get_mut(&self.provider) {
            settings.own = self.own.map(Into::into);
        }
        config.retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
        config
    }

    fn client(self, server: &str) -> Box<dyn ChatClient> {
        chat_client(&self.config(server)).unwrap().unwrap()
    }
}

/// A question whose text is `word`, by which the scripted server knows what to do.
fn call(word: &str) -> ChatCall {
    let properties = json!({"label": {"type": "string"}});
    ChatCall {
        system: "Say how it was.".into(),
        user: word.into(),
        schema_name: "sentiment",
        schema: json!({"type": "object", "properties": properties, "required": ["label"], "additionalProperties": false}),
        is_strict: true,
        max_output_tokens: 100,
    }
}

macro_rules! contract {
    ($($name:ident: $target:expr;)*) => {$(
        mod $name {
            use super::{*, Provider::*};

            pub(super) const TARGET: Target = $target;

            #[tokio::test]
            async fn answers_piece_by_piece_and_counts() {
                cases::answers_piece_by_piece_and_counts(TARGET).await;
            }

            #[tokio::test]
            async fn failures_are_told_apart_and_hold_nothing_secret() {
                cases::failures_are_told_apart_and_hold_nothing_secret(TARGET).await;
            }

            #[tokio::test]
            async fn endings_are_told_apart() {
                cases::endings_are_told_apart(TARGET).await;
            }

            #[tokio::test]
            async fn silence_is_a_timeout() {
                cases::silence_is_a_timeout(TARGET).await;
            }

            #[tokio::test]
            async fn what_passes_is_tried_again_and_what_is_wrong_is_mended() {
                cases::what_passes_is_tried_again_and_what_is_wrong_is_mended(TARGET).await;
            }

            #[tokio::test]
            async fn nothing_is_sent_that_should_not() {
                sent::nothing_is_sent_that_should_not(TARGET).await;
            }
        }
    )*

        const TARGETS: &[Target] = &[$($name::TARGET),*];
    };
}

contract! {
    openai: Target {
        provider: OpenAi, path: "/v1", wire: Some(Wire::Responses), own: None, filter: None, sends: sent::RESPONSES,
    };
    openai_shaped: Target {
        provider: OpenAi, path: "/v1", wire: None, own: None, filter: Some("content_filter"), sends: sent::CHAT,
    };
    anthropic: Target {
        provider: Anthropic, path: "", wire: None, own: None, filter: Some("refusal"), sends: sent::MESSAGES,
    };
    gemini: Target {
        provider: Gemini, path: "", wire: None, own: None, filter: Some("content_filter"), sends: sent::GENERATE_CONTENT,
    };
    azure: Target {
        provider: Azure, path: "", wire: None, own: None, filter: Some("content_filter"),
        sends: sent::Shape { path: "/openai/v1/chat/completions", ..sent::CHAT },
    };
    azure_dated: Target {
        provider: Azure, path: "", wire: None, own: Some("2024-10-21"), filter: Some("content_filter"), sends: sent::DEPLOYMENT,
    };
    ollama: Target {
        provider: Ollama, path: "", wire: None, own: None, filter: Some("content_filter"), sends: sent::CHAT,
    };
    huggingface: Target {
        provider: HuggingFace, path: "/v1", wire: None, own: None, filter: Some("content_filter"), sends: sent::CHAT,
    };
    bedrock: Target {
        provider: Bedrock, path: "", wire: None, own: None, filter: Some("content_filtered"), sends: sent::CONVERSE,
    };
    compatible: Target {
        provider: Compatible, path: "/v1", wire: None, own: None, filter: Some("content_filter"), sends: sent::CHAT,
    };
}

#[tokio::test]
async fn a_text_that_is_too_long_is_halved() {
    cases::a_text_that_is_too_long_is_halved(TARGETS).await;
}

#[test]
fn every_provider_keeps_the_contract() {
    for provider in Provider::ALL.iter().filter(|provider| **provider != Provider::Local) {
        assert!(TARGETS.iter().any(|target| target.provider == *provider), "{provider}");
    }
}
