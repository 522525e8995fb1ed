//! Values that several bodies have, as clients write them in JSON.

use quire_domain::{FieldErrors, details};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::order::TaskTypeNames;

/// The longest media type, in bytes.
const TYPE_MAX: usize = 255;

/// Tags: a list of texts, or one text with commas between.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a list of texts")]
#[schema(example = json!(["urgent", "2026"]))]
pub(super) enum Tags {
    List(Vec<String>),
    Text(String),
}

impl Default for Tags {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Tags {
    /// The tags, tidied; what is wrong goes to the field `tags`.
    pub(super) fn check(&self, errors: &mut FieldErrors) -> Vec<String> {
        match self {
            Self::List(tags) => details::check_tags(tags.iter().map(String::as_str), errors),
            Self::Text(text) => details::parse_tags(text, errors),
        }
    }
}

/// Task types: one name, several with commas between, or a list of names; at most 10.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged, expecting = "the name of a task type, or a list of names")]
#[schema(example = json!(["summarize", "extract_keywords"]))]
pub(super) enum TaskTypes {
    Text(String),
    List(Vec<String>),
}

impl TaskTypes {
    pub(super) fn into_names(self) -> TaskTypeNames {
        match self {
            Self::Text(text) => TaskTypeNames::parse(&text),
            Self::List(names) => TaskTypeNames::list(names),
        }
    }
}

/// `type/subtype`, with parameters perhaps: something that can be sent as a header as it is.
pub(super) fn is_media_type(text: &str) -> bool {
    let token = |c: u8| c.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&c);
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let named = |part: &str| !part.is_empty() && part.bytes().all(token);
    text.len() <= TYPE_MAX
        && essence.trim_end().split_once('/').is_some_and(|(kind, subtype)| named(kind) && named(subtype))
        && parameters.bytes().all(|c| c.is_ascii_graphic() || c == b' ')
}

#[cfg(test)]
mod tests {
    use super::is_media_type;

    #[test]
    fn media_types_can_be_sent_as_headers() {
        for text in ["application/pdf", "text/plain; charset=utf-8", "image/svg+xml", "application/vnd.a-b.c"]
        {
            assert!(is_media_type(text), "{text}");
        }
        for text in [
            "",
            "pdf",
            "/",
            "a/",
            "a/b/c",
            "a b/c",
            "a/b\r\nx: y",
            "a/b; \u{fc}",
            "ä/b",
            &format!("a/{}", "b".repeat(254)),
        ] {
            assert!(!is_media_type(text), "{text:?}");
        }
    }
}
