//! Hugging Face: one address and one token for the models of many hosts. Whether a schema is enforced
//! depends on the host.

use super::{Abilities, Kind, Remote, Service, Variables, Wire, facts};

const SERVICE: Service = Service {
    base_url: "https://router.huggingface.co/v1/",
    wire: Wire::ChatCompletions,
    needs_key: true,
    model: Some("openai/gpt-oss-120b"),
    abilities: Abilities {
        context_tokens: 64_000,
        max_output_tokens: 8_192,
        tokens_per_counted: facts::OTHER_TOKENS,
        enforces_schema: true,
    },
};

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "HF_TOKEN",
        base_url: "HUGGINGFACE_BASE_URL",
        model: "HUGGINGFACE_MODEL",
        own: None,
        context_tokens: "HUGGINGFACE_CONTEXT_TOKENS",
        max_output_tokens: "HUGGINGFACE_MAX_OUTPUT_TOKENS",
    },
    service: Some(SERVICE),
    elsewhere: SERVICE,
    reach: |place| facts::below("v1/", place),
});
