//! A resource of Azure OpenAI. What others call a model is a deployment there.
//!
//! The v1 API below `/openai/v1/` takes requests as OpenAI's own service does. Older resources have only
//! URLs of their deployments, with a dated version, and want the key in the header `api-key`.

use super::{Abilities, Endpoint, Kind, Place, Reach, Remote, Service, Variables, Wire};

const V1: &str = "openai/v1/";

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "AZURE_OPENAI_API_KEY",
        base_url: "AZURE_OPENAI_ENDPOINT",
        model: "AZURE_OPENAI_DEPLOYMENT",
        own: Some("AZURE_OPENAI_API_VERSION"),
        context_tokens: "AZURE_OPENAI_CONTEXT_TOKENS",
        max_output_tokens: "AZURE_OPENAI_MAX_OUTPUT_TOKENS",
    },
    service: None,
    elsewhere: Service {
        base_url: "",
        wire: Wire::ChatCompletions,
        needs_key: true,
        model: None,
        abilities: Abilities {
            context_tokens: 128_000,
            max_output_tokens: 16_384,
            tokens_per_counted: 1.0,
            enforces_schema: true,
        },
    },
    reach,
});

fn reach(place: Place<'_>) -> Reach {
    let resource = place.base_url.strip_suffix(V1).unwrap_or(place.base_url);
    let endpoint = match place.own {
        None => Endpoint::Base(format!("{resource}{V1}")),
        Some(version) => Endpoint::Deployment(format!(
            "{resource}openai/deployments/{}/chat/completions?api-version={version}",
            place.model
        )),
    };
    Reach { wire: place.wire, endpoint }
}
