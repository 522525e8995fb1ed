//! Any server that speaks Chat Completions: vLLM, llama.cpp, LM Studio, LiteLLM, OpenRouter and others.

use super::{Abilities, Kind, Remote, Service, Variables, Wire, facts};

/// Such a server.
pub(super) const SERVER: Service = Service {
    base_url: "",
    wire: Wire::ChatCompletions,
    needs_key: false,
    model: None,
    abilities: Abilities::UNKNOWN,
};

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "COMPATIBLE_API_KEY",
        base_url: "COMPATIBLE_BASE_URL",
        model: "COMPATIBLE_MODEL",
        own: None,
        context_tokens: "COMPATIBLE_CONTEXT_TOKENS",
        max_output_tokens: "COMPATIBLE_MAX_OUTPUT_TOKENS",
    },
    service: None,
    elsewhere: SERVER,
    reach: facts::plainly,
});
