//! Google, by the Gemini API: `generateContent`, whose keys differ from the newer Interactions API.

use super::{Abilities, Kind, Remote, Service, Variables, Wire, facts};

const SERVICE: Service = Service {
    base_url: "https://generativelanguage.googleapis.com/v1beta/",
    wire: Wire::GenerateContent,
    needs_key: true,
    model: Some("gemini-3.8-flash"),
    abilities: Abilities {
        context_tokens: 400_000,
        max_output_tokens: 16_384,
        tokens_per_counted: facts::OTHER_TOKENS,
        enforces_schema: true,
    },
};

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "GEMINI_API_KEY",
        base_url: "GEMINI_BASE_URL",
        model: "GEMINI_MODEL",
        own: None,
        context_tokens: "GEMINI_CONTEXT_TOKENS",
        max_output_tokens: "GEMINI_MAX_OUTPUT_TOKENS",
    },
    service: Some(SERVICE),
    elsewhere: SERVICE,
    reach: |place| facts::below("v1beta/", place),
});
