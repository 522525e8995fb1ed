//! Anthropic, by its Messages API.

use super::{Abilities, Kind, Remote, Service, Variables, Wire, facts};

const SERVICE: Service = Service {
    base_url: "https://api.anthropic.com/v1/",
    wire: Wire::Messages,
    needs_key: true,
    // The vendor's small current model.
    model: Some("claude-haiku-5-5"),
    abilities: Abilities {
        context_tokens: 200_000,
        max_output_tokens: 16_384,
        tokens_per_counted: facts::OTHER_TOKENS,
        enforces_schema: true,
    },
};

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "ANTHROPIC_API_KEY",
        base_url: "ANTHROPIC_BASE_URL",
        model: "ANTHROPIC_MODEL",
        own: None,
        context_tokens: "ANTHROPIC_CONTEXT_TOKENS",
        max_output_tokens: "ANTHROPIC_MAX_OUTPUT_TOKENS",
    },
    service: Some(SERVICE),
    elsewhere: SERVICE,
    reach: |place| facts::below("v1/", place),
});
