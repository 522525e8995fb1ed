//! The variables of each provider.

use std::collections::BTreeMap;

use quire_ai::{Provider, ProviderSettings};
use quire_web::config::{Alias, Reader, Section, Variable};

use super::{CONTEXT, OUTPUT, tokens};

/// The variables of one provider.
struct Entry {
    provider: Provider,
    key: Variable,
    base_url: Variable,
    model: Variable,
    own: Option<Variable>,
    context_tokens: Variable,
    max_output_tokens: Variable,
}

const fn key(name: &'static str) -> Variable {
    Variable::new(name, "The key.").secret()
}

const fn base_url(name: &'static str, example: &'static str) -> Variable {
    Variable::new(name, "An address instead of the provider's own.").example(example)
}

const fn model(name: &'static str, default: &'static str) -> Variable {
    Variable::new(name, "The model.").default(default)
}

const fn context_tokens(name: &'static str) -> Variable {
    Variable::new(name, "Tokens that the model takes, input and output together. Not set: a careful default.")
}

const fn max_output_tokens(name: &'static str) -> Variable {
    Variable::new(name, "Tokens that the model may write in one answer, thoughts included.")
}

/// The dialect of an OpenAI-shaped server.
pub(super) const OPENAI_WIRE: Variable = Variable::new(
    "OPENAI_WIRE",
    "Which of OpenAI's dialects is spoken: responses or chat. Not set: responses with OpenAI itself, chat with OPENAI_BASE_URL.",
);

const OPENAI: Entry = Entry {
    provider: Provider::OpenAi,
    key: Variable::new("OPENAI_API_KEY", "The key; not needed with OPENAI_BASE_URL.").secret(),
    base_url: Variable::new("OPENAI_BASE_URL", "A compatible server instead of the official service.")
        .example("http://127.0.0.1:8000/v1"),
    model: Variable::new("OPENAI_MODEL", "The model; must be set with OPENAI_BASE_URL.")
        .example("gpt-6-luna"),
    own: None,
    context_tokens: context_tokens("OPENAI_CONTEXT_TOKENS"),
    max_output_tokens: max_output_tokens("OPENAI_MAX_OUTPUT_TOKENS"),
};
const ANTHROPIC: Entry = Entry {
    provider: Provider::Anthropic,
    key: key("ANTHROPIC_API_KEY"),
    base_url: base_url("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    model: model("ANTHROPIC_MODEL", "claude-haiku-5-5"),
    own: None,
    context_tokens: context_tokens("ANTHROPIC_CONTEXT_TOKENS"),
    max_output_tokens: max_output_tokens("ANTHROPIC_MAX_OUTPUT_TOKENS"),
};
const GEMINI: Entry = Entry {
    provider: Provider::Gemini,
    key: key("GEMINI_API_KEY").aliases(&[Alias::same("GOOGLE_API_KEY")]),
    base_url: base_url("GEMINI_BASE_URL", "https://generativelanguage.googleapis.com/v1beta"),
    model: model("GEMINI_MODEL", "gemini-3.8-flash"),
    own: None,
    context_tokens: context_tokens("GEMINI_CONTEXT_TOKENS"),
    max_output_tokens: max_output_tokens("GEMINI_MAX_OUTPUT_TOKENS"),
};
const AZURE: Entry = Entry {
    provider: Provider::Azure,
    key: key("AZURE_OPENAI_API_KEY"),
    base_url: Variable::new("AZURE_OPENAI_ENDPOINT", "The address of the resource.")
        .example("https://my-resource.openai.azure.com"),
    model: Variable::new("AZURE_OPENAI_DEPLOYMENT", "The name of the deployment.").example("my-deployment"),
    own: Some(
        Variable::new(
            "AZURE_OPENAI_API_VERSION",
            "The dated version of the API, for resources without the v1 API. Not set: the v1 API.",
        )
        .example("2024-10-21"),
    ),
    context_tokens: context_tokens("AZURE_OPENAI_CONTEXT_TOKENS"),
    max_output_tokens: max_output_tokens("AZURE_OPENAI_MAX_OUTPUT_TOKENS"),
};
const OLLAMA: Entry = Entry {
    provider: Provider::Ollama,
    key: Variable::new("OLLAMA_API_KEY", "A key, where something before the server wants one.").secret(),
    base_url: Variable::new("OLLAMA_BASE_URL", "The address of the server.")
        .default("http://127.0.0.1:11434"),
    model: Variable::new("OLLAMA_MODEL", "The model; `ollama list` has their names.").example("qwen3:8b"),
    own: None,
    context_tokens: Variable::new(
        "OLLAMA_CONTEXT_TOKENS",
        "Tokens that the server takes, input and output together: its `num_ctx`. It cuts longer texts without a word. Not set: 8192.",
    ),
    max_output_tokens: max_output_tokens("OLLAMA_MAX_OUTPUT_TOKENS"),
};
const HUGGINGFACE: Entry = Entry {
    provider: Provider::HuggingFace,
    key: key("HF_TOKEN").aliases(&[Alias::same("HUGGINGFACE_API_KEY")]),
    base_url: base_url("HUGGINGFACE_BASE_URL", "https://router.huggingface.co/v1"),
    model: model("HUGGINGFACE_MODEL", "openai/gpt-oss-120b"),
    own: None,
    context_tokens: context_tokens("HUGGINGFACE_CONTEXT_TOKENS"),
    max_output_tokens: max_output_tokens("HUGGINGFACE_MAX_OUTPUT_TOKENS"),
};
const BEDROCK: Entry = Entry {
    provider: Provider::Bedrock,
    key: Variable::new("AWS_BEARER_TOKEN_BEDROCK", "A Bedrock API key.")
        .secret()
        .aliases(&[Alias::same("BEDROCK_API_KEY")]),
    base_url: base_url("BEDROCK_BASE_URL", "https://bedrock-runtime.eu-central-1.amazonaws.com"),
    model: Variable::new("BEDROCK_MODEL", "The model, with the prefix of its region where it wants one.")
        .default("anthropic.claude-haiku-5-5"),
    own: Some(
        Variable::new("BEDROCK_REGION", "The region; us-east-1 when nothing is set.")
            .example("eu-central-1")
            .aliases(&[Alias::same("AWS_REGION"), Alias::same("AWS_DEFAULT_REGION")]),
    ),
    context_tokens: context_tokens("BEDROCK_CONTEXT_TOKENS"),
    max_output_tokens: max_output_tokens("BEDROCK_MAX_OUTPUT_TOKENS"),
};
const COMPATIBLE: Entry = Entry {
    provider: Provider::Compatible,
    key: Variable::new("COMPATIBLE_API_KEY", "A key, where the server wants one.").secret(),
    base_url: Variable::new("COMPATIBLE_BASE_URL", "The address of the server, up to `/v1`.")
        .example("http://127.0.0.1:8000/v1"),
    model: Variable::new("COMPATIBLE_MODEL", "The model; the server lists their names at `/v1/models`."),
    own: None,
    context_tokens: Variable::new(
        "COMPATIBLE_CONTEXT_TOKENS",
        "Tokens that the model takes, input and output together. Not set: 8192.",
    ),
    max_output_tokens: max_output_tokens("COMPATIBLE_MAX_OUTPUT_TOKENS"),
};

const ENTRIES: [Entry; 8] = [OPENAI, ANTHROPIC, GEMINI, AZURE, OLLAMA, HUGGINGFACE, BEDROCK, COMPATIBLE];

macro_rules! section {
    ($title:literal, $entry:ident $(, $more:expr)*) => {
        Section {
            title: $title,
            variables: &[
                $entry.key,
                $entry.base_url,
                $entry.model,
                $($more,)*
                $entry.context_tokens,
                $entry.max_output_tokens,
            ],
        }
    };
}

/// A section for each provider.
pub(in crate::config) const SECTIONS: [Section<'static>; 8] = [
    section!("AI: openai", OPENAI, OPENAI_WIRE),
    section!("AI: anthropic", ANTHROPIC),
    section!("AI: gemini", GEMINI),
    section!("AI: azure", AZURE, own(&AZURE)),
    section!("AI: ollama", OLLAMA),
    section!("AI: huggingface", HUGGINGFACE),
    section!("AI: bedrock", BEDROCK, own(&BEDROCK)),
    section!("AI: compatible", COMPATIBLE),
];

const fn own(entry: &Entry) -> Variable {
    match entry.own {
        Some(variable) => variable,
        None => entry.model,
    }
}

/// What is set for each provider.
pub(super) fn read(reader: &mut Reader<'_>) -> BTreeMap<Provider, ProviderSettings> {
    ENTRIES.iter().map(|entry| (entry.provider, entry.read(reader))).collect()
}

impl Entry {
    /// What is set; a default shown in the help is left to the provider's own facts.
    fn read(&self, reader: &mut Reader<'_>) -> ProviderSettings {
        let text = |reader: &mut Reader<'_>, variable: &Variable| {
            reader.is_set(variable).then(|| reader.optional_text(variable)).flatten()
        };
        ProviderSettings {
            api_key: reader.optional_secret(&self.key),
            base_url: text(reader, &self.base_url),
            model: text(reader, &self.model),
            own: self.own.and_then(|variable| text(reader, &variable)),
            context_tokens: tokens(reader.optional_number(&self.context_tokens, CONTEXT)),
            max_output_tokens: tokens(reader.optional_number(&self.max_output_tokens, OUTPUT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use quire_ai::{AiConfig, Engines};

    use super::*;

    #[test]
    fn variables_are_those_that_providers_name_in_errors() {
        let remote = Provider::ALL.iter().filter(|provider| provider.variables().is_some());
        assert!(remote.eq(ENTRIES.iter().map(|entry| &entry.provider)));
        for (entry, section) in ENTRIES.iter().zip(&SECTIONS) {
            let names = entry.provider.variables().unwrap();
            assert_eq!(section.title, format!("AI: {}", entry.provider));
            for (variable, name) in [
                (&entry.key, names.key),
                (&entry.base_url, names.base_url),
                (&entry.model, names.model),
                (&entry.context_tokens, names.context_tokens),
                (&entry.max_output_tokens, names.max_output_tokens),
            ] {
                assert_eq!(variable.name, name);
                assert!(section.variables.iter().any(|shown| shown.name == name), "{name}");
            }
            assert_eq!(entry.own.map(|variable| variable.name), names.own);
            assert!(entry.key.secret);
        }
    }

    #[test]
    fn the_models_in_the_help_are_those_that_are_asked() {
        for entry in ENTRIES.iter().filter(|entry| entry.model.default.is_some()) {
            let settings =
                ProviderSettings { api_key: Some("k".to_owned().into()), ..ProviderSettings::default() };
            let config = AiConfig { provider: entry.provider, ..AiConfig::default() }
                .with_settings(entry.provider, settings);
            let info = Engines::new(&config).unwrap().info(&Default::default()).unwrap();
            assert_eq!(Some(info.model.as_str()), entry.model.default);
        }
    }
}
