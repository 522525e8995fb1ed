//! What people say about a document: its kind, folder, description and tags.

use crate::{document::DocumentKind, error::FieldErrors};

/// The longest folder, in characters.
pub const FOLDER_MAX: usize = 255;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: usize = 4_000;
/// The longest tag, in characters.
pub const TAG_MAX: usize = 64;
/// The most tags of one document.
pub const TAGS_MAX: usize = 50;

/// What people say about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentDetails {
    /// What it is about.
    pub kind: DocumentKind,
    /// Where it belongs, such as `Invoices/2026`; empty if it is in no folder. A name, never a path of files.
    pub folder: String,
    /// In the user's own words.
    pub description: String,
    /// Without duplicates, in the order they were given.
    pub tags: Vec<String>,
}

impl Default for DocumentDetails {
    fn default() -> Self {
        Self {
            kind: DocumentKind::Other,
            folder: String::new(),
            description: String::new(),
            tags: Vec::new(),
        }
    }
}

/// A kind by its name or an alias; what is wrong goes to the field `kind`.
pub fn check_kind(name: &str, errors: &mut FieldErrors) -> Option<DocumentKind> {
    let kind = DocumentKind::parse_alias(name.trim());
    if kind.is_none() {
        let known: Vec<_> = DocumentKind::ALL.iter().map(|kind| kind.as_str()).collect();
        errors.add("kind", format!("A kind is one of: {}.", known.join(", ")));
    }
    kind
}

/// A folder, without spaces and slashes around it; what is wrong goes to `field`.
pub fn check_folder(field: &str, folder: &str, errors: &mut FieldErrors) -> String {
    let folder = folder.trim().trim_matches('/').trim();
    check_line(field, folder, FOLDER_MAX, errors);
    folder.to_owned()
}

/// A description; what is wrong goes to the field `description`.
pub fn check_description(description: &str, errors: &mut FieldErrors) -> String {
    let description = description.trim();
    if description.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        errors.add("description", "This has characters that are not text.");
    }
    check_length("description", description, DESCRIPTION_MAX, errors);
    description.to_owned()
}

/// Tags, each without spaces around it, each once; what is wrong goes to the field `tags`.
pub fn check_tags<'a>(tags: impl IntoIterator<Item = &'a str>, errors: &mut FieldErrors) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim();
        if tag.is_empty() || kept.iter().any(|known| known == tag) {
            continue;
        }
        if kept.len() == TAGS_MAX {
            errors.add("tags", format!("A document has at most {TAGS_MAX} tags."));
            break;
        }
        check_line("tags", tag, TAG_MAX, errors);
        kept.push(tag.to_owned());
    }
    kept
}

/// Tags in one text: separated by commas, or a JSON array of texts.
pub fn parse_tags(text: &str, errors: &mut FieldErrors) -> Vec<String> {
    if !text.trim_start().starts_with('[') {
        return check_tags(text.split(','), errors);
    }
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(tags) => check_tags(tags.iter().map(String::as_str), errors),
        Err(_) => {
            errors.add("tags", "Separate tags by commas, or send a JSON array of texts.");
            Vec::new()
        }
    }
}

fn check_line(field: &str, text: &str, most: usize, errors: &mut FieldErrors) {
    if text.chars().any(char::is_control) {
        errors.add(field, "This has characters that are not text.");
    }
    check_length(field, text, most, errors);
}

fn check_length(field: &str, text: &str, most: usize, errors: &mut FieldErrors) {
    if text.chars().count() > most {
        errors.add(field, format!("This is longer than {most} characters."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_tidied() {
        let mut errors = FieldErrors::default();
        assert_eq!(check_folder("folder", " /Invoices/2026/ ", &mut errors), "Invoices/2026");
        assert_eq!(check_description(" two\nlines ", &mut errors), "two\nlines");
        assert_eq!(check_tags([" a", "b", "", "a"], &mut errors), ["a", "b"]);
        assert_eq!(parse_tags("a, b,,a", &mut errors), ["a", "b"]);
        assert_eq!(parse_tags(r#" ["a, b"]"#, &mut errors), ["a, b"]);
        assert_eq!(check_kind("rechnung", &mut errors), Some(DocumentKind::Invoice));
        assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn all_that_is_wrong_is_said_by_field() {
        let mut errors = FieldErrors::default();
        check_folder("folder_name", &"x".repeat(FOLDER_MAX + 1), &mut errors);
        check_description("a\0b", &mut errors);
        check_tags(["a\nb"], &mut errors);
        check_kind("poem", &mut errors);
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["description", "folder_name", "kind", "tags"]);

        let many: Vec<String> = (0..=TAGS_MAX).map(|number| number.to_string()).collect();
        let mut errors = FieldErrors::default();
        assert_eq!(check_tags(many.iter().map(String::as_str), &mut errors).len(), TAGS_MAX);
        assert!(!errors.is_empty());
    }
}
