//! The names of kept replies.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{answer::EngineInfo, ports::ReplyKey, prompts::Instructions};

/// Raised when the messages change in a way that none of the fields shows.
const TAG: &str = "quire-reply/1";

/// Names the replies of one run: by all that shapes them, and so neither by the random markers nor by the room
/// for an answer.
pub(super) struct Keys(Sha256);

impl Keys {
    /// `system` is the whole system message, which holds the prompt, the rules and the schema.
    pub(super) fn new(
        info: &EngineInfo,
        instructions: Instructions<'_>,
        system: &str,
        wish: &str,
        params: &Value,
    ) -> Self {
        let mut hash = Sha256::new();
        let params = params.to_string();
        for field in [TAG, info.provider, &info.model, instructions.version, system, wish, &params] {
            add(&mut hash, field);
        }
        Self(hash)
    }

    /// The name of the reply to a piece, with what is shown before it.
    pub(super) fn of(&self, before: Option<&str>, piece: &str) -> ReplyKey {
        let mut hash = self.0.clone();
        add(&mut hash, before.unwrap_or_default());
        add(&mut hash, piece);
        ReplyKey(hash.finalize().into())
    }
}

/// With its length, so that no two lists of fields are the same bytes.
fn add(hash: &mut Sha256, field: &str) {
    hash.update((field.len() as u64).to_le_bytes());
    hash.update(field);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_counts() {
        let info = |model: &str| EngineInfo { provider: "openai", model: model.into() };
        let prompt = |version| Instructions { version, text: "text" };
        let keys = [
            Keys::new(&info("m"), prompt("v"), "system", "wish", &json!({})).of(None, "piece"),
            Keys::new(&info("m"), prompt("v"), "system", "wish", &json!({})).of(Some("before"), "piece"),
            Keys::new(&info("m"), prompt("v"), "system", "wish", &json!({})).of(None, "other piece"),
            Keys::new(&info("n"), prompt("v"), "system", "wish", &json!({})).of(None, "piece"),
            Keys::new(&info("m"), prompt("w"), "system", "wish", &json!({})).of(None, "piece"),
            Keys::new(&info("m"), prompt("v"), "systemw", "ish", &json!({})).of(None, "piece"),
            Keys::new(&info("m"), prompt("v"), "system", "wish", &json!({"a": 1})).of(None, "piece"),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        let again = Keys::new(&info("m"), prompt("v"), "system", "wish", &json!({})).of(None, "piece");
        assert_eq!(again, keys[0]);
    }
}
