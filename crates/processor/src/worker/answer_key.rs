//! Which questions are the same.

use quire_ai::{PageText, task::TaskType};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Whoever changes what goes into a key changes this: old answers are not found any more then.
const FORM: &[u8] = b"quire answer 1";

/// All that shapes an answer, but for who gives it: task type, parameters, and the text of the pages.
#[derive(Clone)]
pub(super) struct Question(Sha256);

impl Question {
    pub(super) fn new(task_type: &dyn TaskType, params: &Value, pages: &[PageText]) -> Self {
        let mut hash = Sha256::new_with_prefix(FORM);
        add(&mut hash, task_type.name().as_bytes());
        // Objects come from the database, which keeps their names in an order of its own.
        add(&mut hash, params.to_string().as_bytes());
        for page in pages {
            hash.update(page.number.to_be_bytes());
            add(&mut hash, page.text.as_bytes());
        }
        Self(hash)
    }

    /// Names the answer of this model to this prompt.
    pub(super) fn answered_by(&self, provider: &str, model: &str, prompt_version: &str) -> [u8; 32] {
        let mut hash = self.0.clone();
        for text in [provider, model, prompt_version] {
            add(&mut hash, text.as_bytes());
        }
        hash.finalize().into()
    }
}

/// With its length before it: no two lists of texts look the same.
fn add(hash: &mut Sha256, text: &[u8]) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use quire_ai::registry;
    use serde_json::json;

    use super::*;

    fn page(number: u32, text: &str) -> PageText {
        PageText { number, text: text.to_owned() }
    }

    #[test]
    fn whatever_shapes_an_answer_shapes_its_key() {
        let (summarize, translate) =
            (registry::find("summarize").unwrap(), registry::find("translate").unwrap());
        let (none, german) = (json!({}), json!({"target_language": "de"}));
        let key = |task_type, params, pages: &[PageText], by: [&str; 3]| {
            Question::new(task_type, params, pages).answered_by(by[0], by[1], by[2])
        };
        let (pages, by) = ([page(1, "a"), page(2, "b")], ["openai", "gpt", "summarize/1"]);
        let keys = [
            key(summarize, &none, &pages, by),
            key(translate, &none, &pages, by),
            key(summarize, &german, &pages, by),
            key(summarize, &none, &[page(1, "ab")], by),
            key(summarize, &none, &[page(1, "a"), page(3, "b")], by),
            key(summarize, &none, &[page(1, "a"), page(2, "b"), page(3, "")], by),
            key(summarize, &none, &[page(2, "b"), page(1, "a")], by),
            key(summarize, &none, &pages, ["azure", "gpt", "summarize/1"]),
            key(summarize, &none, &pages, ["openai", "gpt2", "summarize/1"]),
            key(summarize, &none, &pages, ["openai", "gpt", "summarize/2"]),
            key(summarize, &none, &pages, ["openaigpt", "", "summarize/1"]),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(key(summarize, &none, &pages, by), keys[0]);
    }
}
