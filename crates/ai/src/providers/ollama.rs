//! An Ollama server, by its OpenAI-shaped API: the native one takes a schema, but the client library
//! does not send it there.

use super::{Abilities, Kind, Remote, Service, Variables, Wire, facts};

const SERVICE: Service = Service {
    base_url: "http://127.0.0.1:11434/v1/",
    wire: Wire::ChatCompletions,
    needs_key: false,
    model: None,
    // Its default context is small, and longer prompts are cut without a word.
    abilities: Abilities::UNKNOWN,
};

pub(super) const KIND: Kind = Kind::Remote(&Remote {
    variables: Variables {
        key: "OLLAMA_API_KEY",
        base_url: "OLLAMA_BASE_URL",
        model: "OLLAMA_MODEL",
        own: None,
        context_tokens: "OLLAMA_CONTEXT_TOKENS",
        max_output_tokens: "OLLAMA_MAX_OUTPUT_TOKENS",
    },
    service: Some(SERVICE),
    elsewhere: SERVICE,
    reach: |place| facts::below("v1/", place),
});
