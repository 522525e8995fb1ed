//! The task type `read`: a document is read and nothing more.

use quire_domain::FieldErrors;
use serde_json::{Map, Value, json};

/// The task of a document for which nothing else is asked.
pub(crate) const NAME: &str = "read";
pub(super) const TITLE: &str = "Read";
pub(super) const DESCRIPTION: &str =
    "Reads the document: its text, page by page, and what it says about itself. No AI takes part.";

pub(super) fn params_schema() -> Value {
    json!({"type": "object", "properties": {}, "additionalProperties": false})
}

pub(super) fn output_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "pages": {"type": "integer", "description": "Pages with text."},
            "words": {"type": "integer", "description": "Words on all pages."},
            "language": {"type": ["string", "null"], "description": "ISO 639 code of the language, if it is known."},
            "media_type": {"type": "string", "description": "What the file is, by its content."},
        },
        "required": ["pages", "words", "language", "media_type"],
    })
}

pub(super) fn check_params(params: &Value) -> Result<Value, FieldErrors> {
    let mut errors = FieldErrors::default();
    for name in params.as_object().into_iter().flat_map(Map::keys) {
        errors.add(&format!("params.{name}"), "This task type does not have this parameter.");
    }
    if errors.is_empty() { Ok(params.clone()) } else { Err(errors) }
}
