//! OpenAI by its Responses API, and every server that speaks Chat Completions.

use std::sync::Arc;

use genai::adapter::AdapterKind;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    answer::EngineInfo,
    config::{AiConfig, ConfigError, Wire},
    engine::SharedEngine,
    model::{Caps, ModelEngine},
};

use super::genai_client::{GenaiClient, Target};

const NAME: &str = "openai";
const OFFICIAL: &str = "https://api.openai.com/v1/";
/// The vendor's small current model.
const OFFICIAL_MODEL: &str = "gpt-6-luna";
/// A part of what the model takes; the engine cuts pieces smaller anyway.
const OFFICIAL_CONTEXT: u32 = 400_000;
const OFFICIAL_OUTPUT: u32 = 16_384;
/// Small servers cut longer prompts without a word: better to plan for little.
const COMPATIBLE_CONTEXT: u32 = 8_192;
const COMPATIBLE_OUTPUT: u32 = 2_048;
/// Other models count up to a third more tokens than `o200k`.
const COMPATIBLE_TOKENS: f64 = 1.3;
/// Servers without keys accept any.
const NO_KEY: &str = "none";

pub(super) fn engine(config: &AiConfig) -> Result<SharedEngine, ConfigError> {
    let key = config.api_key.as_ref().map(SecretString::expose_secret).filter(|key| !key.trim().is_empty());
    let compatible = config.base_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
    let model = config.model.as_deref().map(str::trim).filter(|model| !model.is_empty());
    let (endpoint, model, key, wire, caps) = match compatible {
        None => (
            OFFICIAL.to_owned(),
            model.unwrap_or(OFFICIAL_MODEL),
            key.ok_or(ConfigError::MissingKey { provider: NAME, variable: "OPENAI_API_KEY" })?,
            Wire::Responses,
            caps(config, OFFICIAL_CONTEXT, OFFICIAL_OUTPUT, 1.0)?,
        ),
        Some(url) => (
            base_url(url)?,
            model.ok_or(ConfigError::MissingModel)?,
            key.unwrap_or(NO_KEY),
            Wire::ChatCompletions,
            caps(config, COMPATIBLE_CONTEXT, COMPATIBLE_OUTPUT, COMPATIBLE_TOKENS)?,
        ),
    };
    let adapter = match config.wire.unwrap_or(wire) {
        Wire::Responses => AdapterKind::OpenAIResp,
        Wire::ChatCompletions => AdapterKind::OpenAI,
    };
    let target = Target { provider: NAME, adapter, endpoint, model: model.to_owned(), key: key.to_owned() };
    let client = GenaiClient::new(target, caps, config.timeouts)?;
    let info = EngineInfo { provider: NAME, model: model.to_owned() };
    Ok(Arc::new(ModelEngine::new(client, info, config.retry, config.timeouts)))
}

fn caps(config: &AiConfig, context: u32, output: u32, tokens_per_counted: f64) -> Result<Caps, ConfigError> {
    let context = config.context_tokens.unwrap_or(context);
    let output = config.max_output_tokens.unwrap_or(output.min(context / 4));
    if output == 0 || context / 2 < output {
        return Err(ConfigError::NoRoom { context, output });
    }
    Ok(Caps { context_tokens: context, max_output_tokens: output, tokens_per_counted, enforces_schema: true })
}

/// An absolute URL that ends in a slash, so that paths can be added to it.
fn base_url(text: &str) -> Result<String, ConfigError> {
    let url = Url::parse(text).map_err(|_| ConfigError::BaseUrl)?;
    let plain = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    if !plain || !url.has_host() || !["http", "https"].contains(&url.scheme()) {
        return Err(ConfigError::BaseUrl);
    }
    Ok(format!("{}/", url.as_str().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Provider;

    fn config() -> AiConfig {
        AiConfig { provider: Provider::OpenAi, ..AiConfig::default() }
    }

    fn error(config: &AiConfig) -> String {
        engine(config).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_official_service_needs_a_key_and_has_a_model() {
        assert!(error(&config()).contains("OPENAI_API_KEY"));
        let empty = AiConfig { api_key: Some(" ".to_owned().into()), ..config() };
        assert!(error(&empty).contains("OPENAI_API_KEY"));
        let keyed = AiConfig { api_key: Some("sk-test".to_owned().into()), ..config() };
        let info = engine(&keyed).unwrap().info();
        assert_eq!((info.provider, info.model.as_str()), ("openai", OFFICIAL_MODEL));
    }

    #[test]
    fn a_compatible_server_needs_a_model_and_no_key() {
        let server = AiConfig { base_url: Some("http://127.0.0.1:11434/v1".into()), ..config() };
        assert!(error(&server).contains("AI_MODEL"));
        let server = AiConfig { model: Some("llama".into()), ..server };
        assert_eq!(engine(&server).unwrap().info().model, "llama");
    }

    #[test]
    fn only_plain_urls_are_taken() {
        for url in ["127.0.0.1:80/v1", "ftp://host/", "http://u:p@host/", "http://host/?a=b", "file:///etc"] {
            let server = AiConfig { base_url: Some(url.into()), model: Some("m".into()), ..config() };
            assert!(error(&server).contains("OPENAI_BASE_URL"), "{url}");
        }
        assert_eq!(base_url("http://host/v1").unwrap(), "http://host/v1/");
        assert_eq!(base_url("http://host/v1//").unwrap(), "http://host/v1/");
    }

    #[test]
    fn an_answer_must_leave_room_for_the_text() {
        let keyed = AiConfig { api_key: Some("sk-test".to_owned().into()), ..config() };
        let tight = AiConfig { context_tokens: Some(4_000), max_output_tokens: Some(3_000), ..keyed };
        assert!(error(&tight).contains("no room"));
    }
}
