//! Amazon Bedrock by its Converse API, with a Bedrock API key. Converse has no schema of its own: the
//! shape is described in the prompt, and the answer checked.

use super::{Abilities, Endpoint, Kind, Place, Reach, Remote, Service, Variables, Wire, facts};

const SERVICE: Service = Service {
    base_url: "https://bedrock-runtime.us-east-1.amazonaws.com/",
    wire: Wire::Converse,
    needs_key: true,
    model: Some("anthropic.claude-haiku-5-5"),
    abilities: Abilities {
        context_tokens: 200_000,
        max_output_tokens: 8_192,
        tokens_per_counted: facts::OTHER_TOKENS,
        enforces_schema: false,
    },
};

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "AWS_BEARER_TOKEN_BEDROCK",
        base_url: "BEDROCK_BASE_URL",
        model: "BEDROCK_MODEL",
        own: Some("BEDROCK_REGION"),
        context_tokens: "BEDROCK_CONTEXT_TOKENS",
        max_output_tokens: "BEDROCK_MAX_OUTPUT_TOKENS",
    },
    service: Some(SERVICE),
    elsewhere: SERVICE,
    reach,
});

fn reach(place: Place<'_>) -> Reach {
    let base = match place.own {
        Some(region) if !place.is_given => format!("https://bedrock-runtime.{region}.amazonaws.com/"),
        _ => place.base_url.to_owned(),
    };
    Reach { wire: place.wire, endpoint: Endpoint::Base(base) }
}
