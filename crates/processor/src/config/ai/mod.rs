//! Who answers AI tasks.

mod providers;

use std::{num::NonZero, path::PathBuf};

use quire_ai::{AiConfig, Engines, Provider, Timeouts, Wire};
use quire_web::config::{Reader, Section, Variable};

pub(super) use providers::SECTIONS as PROVIDER_SECTIONS;

const AI_PROVIDER: Variable = Variable::new(
    "AI_PROVIDER",
    "Who answers AI tasks: local (built in, no key, sends nothing anywhere), openai, anthropic, gemini, azure, ollama, huggingface, bedrock, or compatible (any server that speaks OpenAI's Chat Completions).",
)
.default("local");
const AI_MODEL: Variable = Variable::new(
    "AI_MODEL",
    "The model of AI_PROVIDER. Hosted services have a default; servers of your own and Azure have none.",
);
const AI_FALLBACK: Variable = Variable::new(
    "AI_FALLBACK",
    "Who is asked instead, in this order, while AI_PROVIDER cannot answer. Documents then go there. Not set: nobody.",
)
.example("anthropic,local");
const AI_PROVIDERS_ALLOWED: Variable = Variable::new(
    "AI_PROVIDERS_ALLOWED",
    "Whom requests may choose by `provider`, besides AI_PROVIDER. Not set: every provider that has a key or an address, and local.",
)
.example("local,anthropic");
const AI_MODELS_ALLOWED: Variable = Variable::new(
    "AI_MODELS_ALLOWED",
    "Models that requests may choose by `model`, besides the configured one of each provider.",
)
.example("openai=gpt-6.1-terra,anthropic=claude-sonnet-5-5");
const AI_TIMEOUT: Variable =
    Variable::new("AI_TIMEOUT", "Seconds for one call to a model, with all its tries.").default("300");
const AI_CONNECT_TIMEOUT: Variable =
    Variable::new("AI_CONNECT_TIMEOUT", "Seconds until the connection to a provider stands.").default("5");
const AI_HEADER_TIMEOUT: Variable =
    Variable::new("AI_HEADER_TIMEOUT", "Seconds until an answer begins.").default("60");
const AI_IDLE_TIMEOUT: Variable =
    Variable::new("AI_IDLE_TIMEOUT", "Seconds between two pieces of an answer.").default("30");
const AI_CONTEXT_TOKENS: Variable = Variable::new(
    "AI_CONTEXT_TOKENS",
    "Tokens that the model of AI_PROVIDER takes, input and output together. Not set: a careful default.",
);
const AI_MAX_OUTPUT_TOKENS: Variable =
    Variable::new("AI_MAX_OUTPUT_TOKENS", "Tokens that it may write in one answer, thoughts included.");
const AI_MAX_PIECES: Variable =
    Variable::new("AI_MAX_PIECES", "Pieces into which one document is cut for a model at most.")
        .default("2000");
const AI_PARALLEL_CALLS: Variable =
    Variable::new("AI_PARALLEL_CALLS", "Calls to a model under way at once for one task.").default("4");
const AI_PRICES_FILE: Variable =
    Variable::new("AI_PRICES_FILE", "A file of what tokens cost, beside the prices that are built in.")
        .example("/etc/quire/prices.json");
const PROMPTS_DIR: Variable =
    Variable::new("PROMPTS_DIR", "A directory of prompts that replace the built-in ones.")
        .example("/etc/quire/prompts");

pub(super) const SECTION: Section<'static> = Section {
    title: "AI",
    variables: &[
        AI_PROVIDER,
        AI_MODEL,
        AI_FALLBACK,
        AI_PROVIDERS_ALLOWED,
        AI_MODELS_ALLOWED,
        AI_TIMEOUT,
        AI_CONNECT_TIMEOUT,
        AI_HEADER_TIMEOUT,
        AI_IDLE_TIMEOUT,
        AI_CONTEXT_TOKENS,
        AI_MAX_OUTPUT_TOKENS,
        AI_MAX_PIECES,
        AI_PARALLEL_CALLS,
        AI_PRICES_FILE,
        PROMPTS_DIR,
    ],
};

/// Reads the configuration, and notes what keeps the engines from being made.
pub(super) fn read(reader: &mut Reader<'_>) -> AiConfig {
    let names: Vec<_> = Provider::ALL.iter().map(|provider| (provider.as_str(), *provider)).collect();
    let provider = reader.choice(&AI_PROVIDER, &names, Provider::Local);
    let providers_allowed =
        reader.is_set(&AI_PROVIDERS_ALLOWED).then(|| providers(reader, &AI_PROVIDERS_ALLOWED));
    let config = AiConfig {
        provider,
        model: reader.optional_text(&AI_MODEL),
        fallback: providers(reader, &AI_FALLBACK),
        providers_allowed,
        models_allowed: reader.parsed_list(&AI_MODELS_ALLOWED, "models as provider=model", model),
        settings: providers::read(reader),
        wire: reader.optional(&providers::OPENAI_WIRE, "be responses or chat", wire),
        timeouts: Timeouts {
            connect: reader.seconds(&AI_CONNECT_TIMEOUT, 1..=300),
            header: reader.seconds(&AI_HEADER_TIMEOUT, 1..=3600),
            idle: reader.seconds(&AI_IDLE_TIMEOUT, 1..=3600),
            total: reader.seconds(&AI_TIMEOUT, 1..=3600),
        },
        context_tokens: tokens(reader.optional_number(&AI_CONTEXT_TOKENS, CONTEXT)),
        max_output_tokens: tokens(reader.optional_number(&AI_MAX_OUTPUT_TOKENS, OUTPUT)),
        max_pieces: NonZero::new(reader.count(&AI_MAX_PIECES, 1..=100_000)),
        parallel_calls: NonZero::new(reader.count(&AI_PARALLEL_CALLS, 1..=64)),
        prices_file: reader.optional_text(&AI_PRICES_FILE).map(PathBuf::from),
        prompts_dir: reader.optional_text(&PROMPTS_DIR).map(PathBuf::from),
        ..AiConfig::default()
    };
    let special = config.settings.get(&provider).and_then(|settings| settings.model.as_ref());
    if let (Some(general), Some(special), Some(names)) = (&config.model, special, provider.variables())
        && general != special
    {
        reader.fail(format!("AI_MODEL and {} name different models; set one of them", names.model));
    }
    // What is missing for a provider is told with everything else, before a port is opened.
    if let Err(error) = Engines::new(&config) {
        reader.fail(error.to_string());
    }
    config
}

/// What a window of tokens may be.
const CONTEXT: std::ops::RangeInclusive<u64> = 1_000..=10_000_000;
/// What an answer may be.
const OUTPUT: std::ops::RangeInclusive<u64> = 100..=1_000_000;

fn tokens(tokens: Option<u64>) -> Option<u32> {
    tokens.and_then(|tokens| u32::try_from(tokens).ok())
}

fn providers(reader: &mut Reader<'_>, variable: &Variable) -> Vec<Provider> {
    let names: Vec<_> = Provider::ALL.iter().map(|provider| provider.as_str()).collect();
    let each = format!("providers ({})", names.join(", "));
    reader.parsed_list(variable, &each, |name| name.to_ascii_lowercase().parse().ok())
}

fn model(text: &str) -> Option<(Provider, String)> {
    let (provider, model) = text.split_once('=')?;
    let model = model.trim();
    (!model.is_empty()).then_some((provider.trim().parse().ok()?, model.to_owned()))
}

fn wire(text: &str) -> Option<Wire> {
    match text {
        "responses" => Some(Wire::Responses),
        "chat" => Some(Wire::ChatCompletions),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quire_web::config::Environment;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read_pairs(pairs: &[(&str, &str)]) -> Result<AiConfig, Vec<String>> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let config = read(&mut reader);
        reader.finish().map(|()| config).map_err(|errors| errors.0)
    }

    #[test]
    fn nothing_set_means_the_built_in_methods() {
        let config = read_pairs(&[]).unwrap();
        assert_eq!((config.provider, config.fallback.len()), (Provider::Local, 0));
        assert_eq!(config.timeouts, Timeouts::default());
        assert_eq!(config.max_pieces.map(NonZero::get), Some(2_000));
        assert!(config.providers_allowed.is_none());
    }

    #[test]
    fn lists_and_providers_are_read() {
        let config = read_pairs(&[
            ("AI_PROVIDER", "Anthropic"),
            ("ANTHROPIC_API_KEY", "sk-ant"),
            ("AI_FALLBACK", "gemini, local"),
            ("GOOGLE_API_KEY", "g-key"),
            ("AI_PROVIDERS_ALLOWED", "gemini"),
            ("AI_MODELS_ALLOWED", "gemini=gemini-3.5-flash-lite,anthropic=claude-sonnet-5-5"),
            ("GEMINI_CONTEXT_TOKENS", "50000"),
            ("AI_TIMEOUT", "60"),
        ])
        .unwrap();
        assert_eq!(config.provider, Provider::Anthropic);
        assert_eq!(config.fallback, [Provider::Gemini, Provider::Local]);
        assert_eq!(config.providers_allowed, Some(vec![Provider::Gemini]));
        assert_eq!(config.models_allowed[1], (Provider::Anthropic, "claude-sonnet-5-5".into()));
        let gemini = &config.settings[&Provider::Gemini];
        assert_eq!(gemini.api_key.as_ref().unwrap().expose_secret(), "g-key");
        assert_eq!((gemini.context_tokens, config.timeouts.total.as_secs()), (Some(50_000), 60));
    }

    #[test]
    fn an_openai_shaped_server_is_reached_as_before() {
        let pairs =
            [("AI_PROVIDER", "openai"), ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1"), ("AI_MODEL", "m")];
        assert_eq!(read_pairs(&pairs).unwrap().provider, Provider::OpenAi);
        assert_eq!(
            read_pairs(&pairs[..2]).unwrap_err(),
            ["the provider `openai` needs the name of a model: set AI_MODEL"]
        );
    }

    #[test]
    fn what_is_wrong_is_told_by_name() {
        for (pairs, error) in [
            (
                &[("AI_PROVIDER", "azure")][..],
                "the provider `azure` needs an address: set AZURE_OPENAI_ENDPOINT",
            ),
            (
                &[("AI_FALLBACK", "bedrock")],
                "the provider `bedrock` needs a key: set AWS_BEARER_TOKEN_BEDROCK",
            ),
            (
                &[("AI_FALLBACK", "local")],
                "AI_FALLBACK names `local`, which is asked before: name each provider once, and not the one of AI_PROVIDER",
            ),
            (
                &[("AI_MODELS_ALLOWED", "gpt-6-luna")],
                "AI_MODELS_ALLOWED must be a list of models as provider=model, with commas between, not `gpt-6-luna`",
            ),
            (
                &[
                    ("AI_MODEL", "a"),
                    ("OPENAI_MODEL", "b"),
                    ("AI_PROVIDER", "openai"),
                    ("OPENAI_API_KEY", "k"),
                ],
                "AI_MODEL and OPENAI_MODEL name different models; set one of them",
            ),
            (&[("OPENAI_WIRE", "grpc")], "OPENAI_WIRE must be responses or chat, not `grpc`"),
            (&[("AI_PARALLEL_CALLS", "0")], "AI_PARALLEL_CALLS must be a whole number from 1 to 64, not `0`"),
        ] {
            assert_eq!(read_pairs(pairs).unwrap_err(), [error]);
        }
        let error = read_pairs(&[("AI_PROVIDERS_ALLOWED", "openai,oracle")]).unwrap_err();
        assert!(
            error[0].starts_with("AI_PROVIDERS_ALLOWED must be a list of providers (local, "),
            "{error:?}"
        );
    }

    #[test]
    fn what_stands_about_half_set_does_not_keep_quire_from_starting() {
        read_pairs(&[("AZURE_OPENAI_API_KEY", "k"), ("OLLAMA_BASE_URL", "http://127.0.0.1:11434")]).unwrap();
    }
}
