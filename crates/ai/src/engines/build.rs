//! From the configuration to engines.

use std::{fs, num::NonZero, path::Path, sync::Arc};

use reqwest::{Url, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    answer::EngineInfo,
    client::{self, GenaiClient, Target},
    config::{AiConfig, ConfigError, ProviderSettings},
    engine::SharedEngine,
    local::{LOCAL_MODEL, LocalEngine},
    model::{Caps, ChatClient, Limits, ModelEngine, ModelParts},
    price::PriceTable,
    prompts::PromptSet,
    providers::{Abilities, Kind, Place, Provider, Remote, Service},
};

const MODELS_ALLOWED: &str = "AI_MODELS_ALLOWED";

/// The engine of the provider that the configuration names, with the model that it names.
///
/// # Errors
/// When the configuration does not suffice for the provider.
pub fn engine(config: &AiConfig) -> Result<SharedEngine, ConfigError> {
    Builder::new(config)?.engine(config.provider, None)
}

/// The client for the model that the configuration names, as the engine uses it; `None` for the built-in
/// methods.
///
/// # Errors
/// As [`engine`].
pub fn chat_client(config: &AiConfig) -> Result<Option<Box<dyn ChatClient>>, ConfigError> {
    let Kind::Remote(remote) = config.provider.kind() else { return Ok(None) };
    let (client, _) = Builder::new(config)?.client(config.provider, remote, None)?;
    Ok(Some(Box::new(client)))
}

/// Makes engines that share one HTTP client, prices and prompts.
pub(super) struct Builder<'a> {
    config: &'a AiConfig,
    http: reqwest::Client,
    prices: Arc<PriceTable>,
    prompts: Arc<PromptSet>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(config: &'a AiConfig) -> Result<Self, ConfigError> {
        let prompts = config.prompts_dir.as_deref().map(PromptSet::load).transpose();
        Ok(Self {
            config,
            http: client::http(config.timeouts)?,
            prices: Arc::new(prices(config.prices_file.as_deref())?),
            prompts: Arc::new(prompts.map_err(ConfigError::Prompts)?.unwrap_or_default()),
        })
    }

    /// The engine for a model of a provider; for the configured one unless another is wanted.
    pub(super) fn engine(
        &self,
        provider: Provider,
        model: Option<&str>,
    ) -> Result<SharedEngine, ConfigError> {
        match provider.kind() {
            Kind::BuiltIn if model.is_some_and(|model| model != LOCAL_MODEL) => Err(ConfigError::Wrong {
                variable: MODELS_ALLOWED,
                must: "name no model of `local`, which has but one",
            }),
            Kind::BuiltIn => Ok(Arc::new(LocalEngine)),
            Kind::Remote(remote) => {
                let (client, info) = self.client(provider, remote, model)?;
                Ok(self.over(client, info))
            }
        }
    }

    fn client(
        &self,
        provider: Provider,
        remote: &Remote,
        model: Option<&str>,
    ) -> Result<(GenaiClient, EngineInfo), ConfigError> {
        let none = ProviderSettings::default();
        let settings = self.config.settings.get(&provider).unwrap_or(&none);
        let missing = |what, variable| ConfigError::Missing { provider, what, variable };
        let base_url = set(settings.base_url.as_deref());
        let service = match (base_url, &remote.service) {
            (Some(_), _) => &remote.elsewhere,
            (None, Some(service)) => service,
            (None, None) => return Err(missing("an address", remote.variables.base_url)),
        };
        let key = key(settings, remote)?;
        if service.needs_key && key.is_none() {
            return Err(missing("a key", remote.variables.key));
        }
        let is_main = provider == self.config.provider;
        let is_another = model.is_some();
        let variable = if is_main { "AI_MODEL" } else { remote.variables.model };
        let model = model
            .or(set(self.config.model.as_deref()).filter(|_| is_main))
            .or(set(settings.model.as_deref()))
            .or(service.model)
            .ok_or_else(|| missing("the name of a model", variable))?;
        plain(model, "._-:/@+", if is_another { MODELS_ALLOWED } else { variable })?;
        let given = base_url.map(|url| checked_url(url, remote.variables.base_url)).transpose()?;
        let reach = (remote.reach)(Place {
            base_url: given.as_deref().unwrap_or(service.base_url),
            is_given: given.is_some(),
            wire: service.wire,
            wanted_wire: self.config.wire,
            model,
            own: own(settings, remote)?,
        });
        let target = Target { provider: provider.as_str(), reach, model: model.to_owned(), key };
        let caps = self.caps(provider, remote, settings, service)?;
        let client = GenaiClient::new(target, caps, self.config.timeouts, self.http.clone())?;
        Ok((client, EngineInfo { provider: provider.as_str(), model: model.to_owned() }))
    }

    /// The one place where a model engine is made.
    fn over(&self, client: GenaiClient, info: EngineInfo) -> SharedEngine {
        let usual = Limits::default();
        Arc::new(ModelEngine::new(ModelParts {
            client,
            info,
            retry: self.config.retry,
            timeouts: self.config.timeouts,
            prices: self.prices.clone(),
            prompts: self.prompts.clone(),
            limits: Limits {
                in_flight: self.config.parallel_calls.map_or(usual.in_flight, NonZero::get),
                most_pieces: self.config.max_pieces.map_or(usual.most_pieces, NonZero::get),
            },
        }))
    }

    fn caps(
        &self,
        provider: Provider,
        remote: &Remote,
        settings: &ProviderSettings,
        service: &Service,
    ) -> Result<Caps, ConfigError> {
        let is_main = provider == self.config.provider;
        let general = |tokens: Option<u32>| tokens.filter(|_| is_main);
        let Abilities { context_tokens, max_output_tokens, tokens_per_counted, enforces_schema } =
            service.abilities;
        let context =
            settings.context_tokens.or(general(self.config.context_tokens)).unwrap_or(context_tokens);
        let wanted = settings.max_output_tokens.or(general(self.config.max_output_tokens));
        let output = wanted.unwrap_or(max_output_tokens.min(context / 4));
        if output == 0 || context / 2 < output {
            let variable = remote.variables.context_tokens;
            return Err(ConfigError::NoRoom { provider, context, output, variable });
        }
        Ok(Caps { context_tokens: context, max_output_tokens: output, tokens_per_counted, enforces_schema })
    }
}

/// The prices of a file, or those that are built in.
fn prices(file: Option<&Path>) -> Result<PriceTable, ConfigError> {
    let Some(path) = file else { return Ok(PriceTable::default()) };
    let json = fs::read_to_string(path)
        .map_err(|cause| ConfigError::PricesUnreadable { path: path.to_owned(), cause })?;
    PriceTable::parse(&json).map_err(ConfigError::Prices)
}

/// What is not empty.
fn set(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn key(settings: &ProviderSettings, remote: &Remote) -> Result<Option<SecretString>, ConfigError> {
    let Some(key) = set(settings.api_key.as_ref().map(SecretString::expose_secret)) else {
        return Ok(None);
    };
    if HeaderValue::from_str(key).is_err() || !key.is_ascii() {
        let must = "be a key: letters, digits and signs without spaces or line ends";
        return Err(ConfigError::Wrong { variable: remote.variables.key, must });
    }
    Ok(Some(key.to_owned().into()))
}

/// The provider's own setting; it becomes part of a URL.
fn own<'s>(settings: &'s ProviderSettings, remote: &Remote) -> Result<Option<&'s str>, ConfigError> {
    match (remote.variables.own, set(settings.own.as_deref())) {
        (Some(variable), Some(text)) => plain(text, "._-", variable).map(Some),
        _ => Ok(None),
    }
}

/// Letters, digits and these signs: names of models and the like, which may become part of a URL.
fn plain<'t>(text: &'t str, signs: &str, variable: &'static str) -> Result<&'t str, ConfigError> {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c)) {
        return Ok(text);
    }
    Err(ConfigError::Wrong { variable, must: "be a name: letters, digits and `.`, `-`, `_`, `:`, `/`" })
}

/// An absolute URL that ends in a slash, so that paths can be added to it.
fn checked_url(text: &str, variable: &'static str) -> Result<String, ConfigError> {
    let must = "be an absolute http or https URL without user name, query or fragment";
    let wrong = ConfigError::Wrong { variable, must };
    let Ok(url) = Url::parse(text) else { return Err(wrong) };
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain || !url.has_host() || !["http", "https"].contains(&url.scheme()) {
        return Err(wrong);
    }
    Ok(format!("{}/", url.as_str().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str, base_url: &str, model: &str) -> ProviderSettings {
        let set = |text: &str| Some(text.to_owned());
        ProviderSettings {
            api_key: set(key).map(Into::into),
            base_url: set(base_url),
            model: set(model),
            ..ProviderSettings::default()
        }
    }

    fn config(provider: Provider, settings: ProviderSettings) -> AiConfig {
        AiConfig { provider, ..AiConfig::default() }.with_settings(provider, settings)
    }

    fn made(provider: Provider, settings: ProviderSettings) -> Result<EngineInfo, String> {
        engine(&config(provider, settings)).map(|engine| engine.info()).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_means_the_built_in_methods() {
        assert_eq!(engine(&AiConfig::default()).unwrap().info().provider, "local");
    }

    #[test]
    fn what_a_provider_lacks_is_named_by_its_variable() {
        let nothing = ProviderSettings::default();
        for (provider, variable) in [
            (Provider::OpenAi, "OPENAI_API_KEY"),
            (Provider::Anthropic, "ANTHROPIC_API_KEY"),
            (Provider::Gemini, "GEMINI_API_KEY"),
            (Provider::Azure, "AZURE_OPENAI_ENDPOINT"),
            (Provider::Ollama, "AI_MODEL"),
            (Provider::HuggingFace, "HF_TOKEN"),
            (Provider::Bedrock, "AWS_BEARER_TOKEN_BEDROCK"),
            (Provider::Compatible, "COMPATIBLE_BASE_URL"),
        ] {
            let error = made(provider, nothing.clone()).unwrap_err();
            assert!(error.ends_with(&format!("set {variable}")), "{error}");
            assert!(error.contains(&format!("`{provider}`")), "{error}");
        }
        let blank = settings(" ", "", "");
        assert!(made(Provider::OpenAi, blank).unwrap_err().contains("OPENAI_API_KEY"));
        let second = AiConfig::default().with_settings(Provider::Ollama, ProviderSettings::default());
        let error = Builder::new(&second).unwrap().engine(Provider::Ollama, None).err().unwrap();
        assert!(error.to_string().ends_with("set OLLAMA_MODEL"), "{error}");
    }

    #[test]
    fn hosted_services_need_a_key_alone() {
        for (provider, model) in [
            (Provider::OpenAi, "gpt-6-luna"),
            (Provider::Anthropic, "claude-haiku-5-5"),
            (Provider::Gemini, "gemini-3.8-flash"),
            (Provider::HuggingFace, "openai/gpt-oss-120b"),
            (Provider::Bedrock, "anthropic.claude-haiku-5-5"),
        ] {
            let info = made(provider, settings("sk-test", "", "")).unwrap();
            assert_eq!((info.provider, info.model.as_str()), (provider.as_str(), model));
        }
    }

    #[test]
    fn servers_of_ones_own_need_a_model_and_no_key() {
        for provider in [Provider::OpenAi, Provider::Ollama, Provider::Compatible] {
            let url = "http://127.0.0.1:11434/v1";
            assert!(made(provider, settings("", url, "")).unwrap_err().ends_with("set AI_MODEL"));
            assert_eq!(made(provider, settings("", url, "llama3.2:3b")).unwrap().model, "llama3.2:3b");
        }
    }

    #[test]
    fn the_model_of_the_first_provider_is_ai_model() {
        let config = AiConfig {
            model: Some("general".into()),
            ..config(Provider::Anthropic, settings("sk-test", "", "special"))
        };
        assert_eq!(engine(&config).unwrap().info().model, "general");
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for url in
            ["127.0.0.1:80/v1", "ftp://host/", "http://u:p@host/", "http://:p@host/", "http://host/?a=b"]
        {
            let error = made(Provider::OpenAi, settings("", url, "m")).unwrap_err();
            assert!(error.starts_with("OPENAI_BASE_URL must be"), "{url}: {error}");
        }
        assert_eq!(checked_url("http://host/v1//", "X").unwrap(), "http://host/v1/");
        let error = made(Provider::OpenAi, settings("two\nlines", "", "")).unwrap_err();
        assert!(error.starts_with("OPENAI_API_KEY must be") && !error.contains("two"), "{error}");
        let error = made(Provider::Gemini, settings("k", "", "m?key=x")).unwrap_err();
        assert!(error.starts_with("AI_MODEL must be a name"), "{error}");
        let own = ProviderSettings { own: Some("eu/../x".into()), ..settings("k", "", "") };
        let error = made(Provider::Bedrock, own).unwrap_err();
        assert!(error.starts_with("BEDROCK_REGION must be a name"), "{error}");
    }

    #[test]
    fn an_answer_must_leave_room_for_the_text() {
        let tight = AiConfig {
            context_tokens: Some(4_000),
            max_output_tokens: Some(3_000),
            ..config(Provider::OpenAi, settings("sk-test", "", ""))
        };
        let error = engine(&tight).err().unwrap().to_string();
        assert!(error.contains("no room") && error.contains("OPENAI_CONTEXT_TOKENS"), "{error}");
    }
}
