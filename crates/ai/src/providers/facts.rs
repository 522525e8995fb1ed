//! What there is to know about a provider.

/// What a provider is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Methods of our own.
    BuiltIn,
    /// A server with a model.
    Remote(&'static Remote),
}

/// A server with a model, as its operators describe it.
pub(crate) struct Remote {
    /// What configures it.
    pub(crate) variables: Variables,
    /// The one service of that name; `None` where every customer has an address of their own.
    pub(crate) service: Option<Service>,
    /// The same at an address that the configuration names.
    pub(crate) elsewhere: Service,
    /// How it is reached.
    pub(crate) reach: fn(Place<'_>) -> Reach,
}

/// The variables that configure a provider.
#[derive(Debug, Clone, Copy)]
pub struct Variables {
    /// The key.
    pub key: &'static str,
    /// The address.
    pub base_url: &'static str,
    /// The model.
    pub model: &'static str,
    /// A setting that no other provider has.
    pub own: Option<&'static str>,
    /// Tokens that the model takes.
    pub context_tokens: &'static str,
    /// Tokens that the model may write.
    pub max_output_tokens: &'static str,
}

/// What can be said of a provider's models before one of them is asked.
#[derive(Clone, Copy)]
pub(crate) struct Service {
    /// The address, ending in a slash; empty where there is none to be known.
    pub(crate) base_url: &'static str,
    /// The dialect.
    pub(crate) wire: Wire,
    /// Whether it answers nobody without a key.
    pub(crate) needs_key: bool,
    /// The model that is asked unless another is configured.
    pub(crate) model: Option<&'static str>,
    /// What its models can do.
    pub(crate) abilities: Abilities,
}

/// What models can do: careful assumptions, unless configured otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Abilities {
    /// Tokens they take, input and output together.
    pub(crate) context_tokens: u32,
    /// Tokens they may write in one answer, thoughts included.
    pub(crate) max_output_tokens: u32,
    /// Their tokens for one token of `o200k`.
    pub(crate) tokens_per_counted: f64,
    /// Whether the service holds them to a schema by a means of its own.
    pub(crate) enforces_schema: bool,
}

impl Abilities {
    /// A server of which nothing is known: small ones cut longer prompts without a word, so better plan
    /// for little.
    pub(crate) const UNKNOWN: Self = Self {
        context_tokens: 8_192,
        max_output_tokens: 2_048,
        tokens_per_counted: OTHER_TOKENS,
        enforces_schema: true,
    };
}

/// Other tokenisers than OpenAI's need up to a third more tokens for the same text.
pub(crate) const OTHER_TOKENS: f64 = 1.35;

/// The dialects in which models are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// `POST /responses`: OpenAI's own service.
    Responses,
    /// `POST /chat/completions`: what most servers speak.
    ChatCompletions,
    /// `POST /messages`: Anthropic.
    Messages,
    /// `POST /models/MODEL:streamGenerateContent`: Gemini.
    GenerateContent,
    /// `POST /model/MODEL/converse-stream`: Bedrock.
    Converse,
}

/// What the configuration says of where a provider is.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The address, configured or known, ending in a slash.
    pub(crate) base_url: &'a str,
    /// Whether it was configured.
    pub(crate) is_given: bool,
    /// The dialect that such a place speaks.
    pub(crate) wire: Wire,
    /// The dialect that was asked for.
    pub(crate) wanted_wire: Option<Wire>,
    /// The model.
    pub(crate) model: &'a str,
    /// The setting that no other provider has.
    pub(crate) own: Option<&'a str>,
}

/// How a model is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) wire: Wire,
    pub(crate) endpoint: Endpoint,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Below this address, with the key where the dialect wants it.
    Base(String),
    /// To this very URL, with the key in the header `api-key`.
    Deployment(String),
}

/// Where the address says, in the dialect of the place.
pub(super) fn plainly(place: Place<'_>) -> Reach {
    Reach { wire: place.wire, endpoint: Endpoint::Base(place.base_url.to_owned()) }
}

/// As [`plainly`], with `path` below an address that is a host alone: people leave it out, because the
/// provider's own programs add it.
pub(super) fn below(path: &str, place: Place<'_>) -> Reach {
    let host = place.base_url.split_once("://").map_or(place.base_url, |(_, rest)| rest);
    let is_host_alone = host.find('/').is_none_or(|at| at + 1 == host.len());
    let path = if place.is_given && is_host_alone { path } else { "" };
    Reach { wire: place.wire, endpoint: Endpoint::Base(format!("{}{path}", place.base_url)) }
}

#[cfg(test)]
mod tests {
    use super::{super::Provider, *};

    fn reached(provider: Provider, given: Option<&str>, own: Option<&str>) -> Endpoint {
        let Kind::Remote(remote) = provider.kind() else { panic!("{provider}") };
        let service = remote.service.as_ref().filter(|_| given.is_none()).unwrap_or(&remote.elsewhere);
        let place = Place {
            base_url: given.unwrap_or(service.base_url),
            is_given: given.is_some(),
            wire: service.wire,
            wanted_wire: None,
            model: "gpt",
            own,
        };
        (remote.reach)(place).endpoint
    }

    #[test]
    fn addresses_are_completed_as_people_write_them() {
        for (provider, given, url) in [
            (Provider::Anthropic, "https://proxy/", "https://proxy/v1/"),
            (Provider::Anthropic, "https://proxy/v1/", "https://proxy/v1/"),
            (Provider::Anthropic, "https://proxy/claude/", "https://proxy/claude/"),
            (Provider::Gemini, "https://proxy/", "https://proxy/v1beta/"),
            (Provider::Ollama, "http://gpu:11434/", "http://gpu:11434/v1/"),
            (Provider::Azure, "https://r.openai.azure.com/", "https://r.openai.azure.com/openai/v1/"),
            (
                Provider::Azure,
                "https://r.openai.azure.com/openai/v1/",
                "https://r.openai.azure.com/openai/v1/",
            ),
            (Provider::OpenAi, "http://host/", "http://host/"),
            (Provider::Compatible, "http://host/", "http://host/"),
        ] {
            assert_eq!(
                reached(provider, Some(given), None),
                Endpoint::Base(url.into()),
                "{provider} {given}"
            );
        }
    }

    #[test]
    fn a_dated_version_leads_to_a_deployment_and_a_region_to_its_host() {
        let version = Some("2024-10-21");
        let url = "https://r/openai/deployments/gpt/chat/completions?api-version=2024-10-21";
        for given in ["https://r/", "https://r/openai/v1/"] {
            let endpoint = reached(Provider::Azure, Some(given), version);
            assert_eq!(endpoint, Endpoint::Deployment(url.into()));
        }
        let region = Some("eu-central-1");
        let host = "https://bedrock-runtime.eu-central-1.amazonaws.com/";
        assert_eq!(reached(Provider::Bedrock, None, region), Endpoint::Base(host.into()));
        let given = reached(Provider::Bedrock, Some("http://host/"), region);
        assert_eq!(given, Endpoint::Base("http://host/".into()));
    }

    #[test]
    fn known_addresses_end_in_a_slash_and_need_encryption_outside() {
        for provider in Provider::ALL {
            let Kind::Remote(Remote { service: Some(service), .. }) = provider.kind() else { continue };
            let url = service.base_url;
            assert!(url.ends_with('/'), "{url}");
            assert!(url.starts_with("https://") || url.starts_with("http://127.0.0.1:"), "{url}");
        }
    }
}
