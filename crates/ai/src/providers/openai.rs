//! OpenAI by its Responses API; with an address of one's own, any server that speaks Chat Completions.

use super::{Abilities, Endpoint, Kind, Place, Reach, Remote, Service, Variables, Wire, compatible};

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "OPENAI_API_KEY",
        base_url: "OPENAI_BASE_URL",
        model: "OPENAI_MODEL",
        own: None,
        context_tokens: "OPENAI_CONTEXT_TOKENS",
        max_output_tokens: "OPENAI_MAX_OUTPUT_TOKENS",
    },
    service: Some(Service {
        base_url: "https://api.openai.com/v1/",
        wire: Wire::Responses,
        needs_key: true,
        // The vendor's small current model.
        model: Some("gpt-6-luna"),
        abilities: Abilities {
            // A part of what the model takes; texts are cut into smaller pieces anyway.
            context_tokens: 400_000,
            max_output_tokens: 16_384,
            tokens_per_counted: 1.0,
            enforces_schema: true,
        },
    }),
    elsewhere: compatible::SERVER,
    reach,
});

fn reach(place: Place<'_>) -> Reach {
    Reach {
        wire: place.wanted_wire.unwrap_or(place.wire),
        endpoint: Endpoint::Base(place.base_url.to_owned()),
    }
}
