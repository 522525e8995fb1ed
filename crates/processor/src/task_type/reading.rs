//! Parameters of every task, about reading its document.

use std::fmt;

use quire_domain::FieldErrors;
use quire_extract::options::{Password, ReadOptions};
use serde_json::{Map, Value, json};

const PASSWORD: &str = "password";
const OCR_LANGUAGES: &str = "ocr_languages";

/// The longest password, in bytes (ISO 32000-2 takes 127; office programs take more characters).
const PASSWORD_MAX: usize = 1024;
/// The longest list of languages, in bytes.
const LANGUAGES_MAX: usize = 200;

/// How the document of a task is to be read.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct ReadingParams {
    /// What opens it.
    pub(crate) password: Option<String>,
    /// In which languages its pictures are written.
    pub(crate) ocr_languages: Option<String>,
}

impl fmt::Debug for ReadingParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadingParams").field("ocr_languages", &self.ocr_languages).finish_non_exhaustive()
    }
}

impl ReadingParams {
    pub(crate) const NAMES: [&str; 2] = [PASSWORD, OCR_LANGUAGES];

    /// Their JSON schemas, by name.
    pub(super) fn properties() -> Map<String, Value> {
        let properties = json!({
            PASSWORD: {
                "type": "string", "maxLength": PASSWORD_MAX, "writeOnly": true,
                "description": "What opens the document, if it is locked. Forgotten when the task ends.",
            },
            OCR_LANGUAGES: {
                "type": "string", "maxLength": LANGUAGES_MAX, "examples": ["eng", "deu+eng"],
                "description": "The languages of text in pictures, by the names that tesseract uses.",
            },
        });
        if let Value::Object(properties) = properties { properties } else { Map::new() }
    }

    /// Takes them out of the parameters of a task.
    ///
    /// # Errors
    /// What is wrong, by field name.
    pub(crate) fn take_from(params: &mut Map<String, Value>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut take = |name: &str, max: usize| match params.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) if text.len() <= max => Some(text),
            Some(_) => {
                errors.add(&format!("params.{name}"), format!("Must be a text of at most {max} bytes."));
                None
            }
        };
        let taken = Self {
            password: take(PASSWORD, PASSWORD_MAX),
            ocr_languages: take(OCR_LANGUAGES, LANGUAGES_MAX),
        };
        if errors.is_empty() { Ok(taken) } else { Err(errors) }
    }

    /// Separates the parameters of a stored task: those about reading, and those of its type.
    pub(crate) fn separate(params: &Value, password: Option<&str>) -> (Self, Value) {
        let mut of_type = params.as_object().cloned().unwrap_or_default();
        let mut reading = Self::take_from(&mut of_type).unwrap_or_default();
        reading.password = password.map(str::to_owned);
        (reading, Value::Object(of_type))
    }

    /// Puts those back that may be seen.
    pub(crate) fn show_in(&self, params: &mut Value) {
        if let (Some(languages), Some(params)) = (&self.ocr_languages, params.as_object_mut()) {
            params.insert(OCR_LANGUAGES.to_owned(), Value::String(languages.clone()));
        }
    }

    /// All text of the document with this file name.
    pub(crate) fn options(&self, filename: &str) -> ReadOptions {
        ReadOptions { password: self.password.clone().map(Password::new), ..ReadOptions::of_file(filename) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(params: Value) -> (Result<ReadingParams, FieldErrors>, Value) {
        let Value::Object(mut params) = params else { panic!("an object") };
        (ReadingParams::take_from(&mut params), Value::Object(params))
    }

    #[test]
    fn they_are_taken_out_and_only_the_password_stays_out() {
        let (params, mut rest) =
            taken(json!({"password": "open", "ocr_languages": "deu", "length": "short"}));
        let params = params.unwrap();
        assert_eq!((params.password.as_deref(), &rest), (Some("open"), &json!({"length": "short"})));
        params.show_in(&mut rest);
        assert_eq!(rest, json!({"length": "short", "ocr_languages": "deu"}));
        assert!(!format!("{params:?}").contains("open"));
        assert_eq!(ReadingParams::separate(&rest, Some("open")), (params, json!({"length": "short"})));
    }

    #[test]
    fn empty_ones_are_none_and_strange_ones_are_named() {
        assert_eq!(
            taken(json!({"password": "", "ocr_languages": null})).0.unwrap(),
            ReadingParams::default()
        );
        let errors = taken(json!({"password": 7, "ocr_languages": "x".repeat(201)})).0.unwrap_err();
        assert_eq!(errors.0.into_keys().collect::<Vec<_>>(), ["params.ocr_languages", "params.password"]);
    }
}
