//! Where to, as whom, and in which dialect.

use genai::{
    Headers, ModelIden, ServiceTarget,
    adapter::AdapterKind,
    chat::ChatOptions,
    resolver::{AuthData, Endpoint as ServiceEndpoint},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::providers::{Endpoint, Reach, Wire};

/// Words that the library takes off the end of a model's name, as a wish for more or less thinking.
/// Names are not ours to read: some models are really called that (`qwen-max`).
const EFFORTS: [&str; 8] = ["zero", "none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// One model, and the way to it.
pub(crate) struct Target {
    pub(crate) provider: &'static str,
    pub(crate) reach: Reach,
    pub(crate) model: String,
    pub(crate) key: Option<SecretString>,
}

impl Target {
    /// The same, as the library wants it.
    pub(super) fn service(&self) -> ServiceTarget {
        let adapter = match self.reach.wire {
            Wire::Responses => AdapterKind::OpenAIResp,
            Wire::ChatCompletions => AdapterKind::OpenAI,
            Wire::Messages => AdapterKind::Anthropic,
            Wire::GenerateContent => AdapterKind::Gemini,
            Wire::Converse => AdapterKind::BedrockApi,
        };
        let (Endpoint::Base(url) | Endpoint::Deployment(url)) = &self.reach.endpoint;
        ServiceTarget {
            endpoint: ServiceEndpoint::from_owned(url.clone()),
            auth: self.auth(),
            model: ModelIden::new(adapter, self.model.clone()),
        }
    }

    fn auth(&self) -> AuthData {
        let key = self.key.as_ref().map(ExposeSecret::expose_secret);
        match (&self.reach.endpoint, key) {
            (Endpoint::Base(_), Some(key)) => AuthData::from_single(key),
            // Without a key no header is sent, rather than one with a made-up key.
            (Endpoint::Base(url), None) => AuthData::RequestOverride {
                url: format!("{url}{}", keyless_path(self.reach.wire)),
                headers: Headers::default(),
            },
            (Endpoint::Deployment(url), key) => AuthData::RequestOverride {
                url: url.clone(),
                headers: Headers::from(("api-key".to_owned(), key.unwrap_or_default().to_owned())),
            },
        }
    }

    /// Options with which the model is called by its whole name.
    pub(super) fn naming_the_model(&self, options: ChatOptions) -> ChatOptions {
        let last = self.model.rsplit('-').next().unwrap_or_default();
        if !EFFORTS.contains(&last) && !self.model.contains("::") {
            return options;
        }
        match self.reach.wire {
            Wire::Responses => {
                options.with_extra_body(json!({"model": self.model, "reasoning": Value::Null}))
            }
            Wire::ChatCompletions => {
                options.with_extra_body(json!({"model": self.model, "reasoning_effort": Value::Null}))
            }
            Wire::Messages => options.with_extra_body(json!({"model": self.model})),
            // The name is part of the URL, and no model there has such a one.
            Wire::GenerateContent | Wire::Converse => options,
        }
    }
}

/// Only servers of one's own answer without a key, and they speak OpenAI's dialects.
fn keyless_path(wire: Wire) -> &'static str {
    if wire == Wire::Responses { "responses" } else { "chat/completions" }
}
