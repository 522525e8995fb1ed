//! `Upload-Metadata`: what a client says of a file before it sends it.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use quire_domain::{
    Error, ErrorCode, FieldErrors, Result,
    details::{self, DocumentDetails},
    document::DocumentKind,
};
use serde_json::{Map, Value};

use crate::intake::checksum::{Sha256Digest, parse_hex};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest metadata, in bytes.
const LENGTH_MAX: usize = 16 * 1024;

/// What a client says of a file: names with values, in the order they were sent. Names that mean
/// nothing here are kept with the upload and otherwise left alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UploadMetadata(Vec<(String, String)>);

impl UploadMetadata {
    /// Names and values as the header has them: `name base64,name base64`, a value may be missing.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedRequest`].
    pub(crate) fn parse(header: &str) -> Result<Self> {
        if header.len() > LENGTH_MAX {
            return Err(malformed("`Upload-Metadata` is too long."));
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in header.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, encoded) = pair.split_once(' ').unwrap_or((pair, ""));
            if !name.bytes().all(|c| c.is_ascii_graphic()) {
                return Err(malformed("A name in `Upload-Metadata` is not of visible ASCII characters."));
            }
            if pairs.iter().any(|(known, _)| known == name) {
                return Err(malformed("A name is twice in `Upload-Metadata`."));
            }
            let value = BASE64.decode(encoded.trim()).ok().and_then(|value| String::from_utf8(value).ok());
            let value = value.ok_or_else(|| {
                malformed(
                    "A value in `Upload-Metadata` is not Base64 of UTF-8 text, as in `filename YS5wZGY=`.",
                )
            })?;
            pairs.push((name.to_owned(), value));
        }
        Ok(Self(pairs))
    }

    /// The value of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The name of the file, as the client wrote it; empty when it did not.
    pub(crate) fn filename(&self) -> &str {
        self.get("filename").or_else(|| self.get("name")).unwrap_or_default()
    }

    /// What the client says the file is.
    pub(crate) fn declared_type(&self) -> Option<&str> {
        self.get("filetype").or_else(|| self.get("type")).filter(|name| !name.is_empty())
    }

    /// What the client says the checksum of the whole file is.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`].
    pub(crate) fn sha256(&self) -> Result<Option<Sha256Digest>> {
        self.get("sha256").filter(|text| !text.is_empty()).map(|text| parse_hex("sha256", text)).transpose()
    }

    /// Parameters of the task.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`].
    pub(crate) fn params(&self) -> Result<Map<String, Value>> {
        match self.get("params").map(str::trim) {
            None | Some("") => Ok(Map::new()),
            Some(text) => match serde_json::from_str(text) {
                Ok(Value::Object(params)) => Ok(params),
                _ => {
                    let message = "Send a JSON object, such as {\"target_language\": \"de\"}.";
                    Err(Error::new(ErrorCode::ValidationFailed, message).with_field("params", message))
                }
            },
        }
    }

    /// What is said about the document.
    ///
    /// # Errors
    /// [`ErrorCode::ValidationFailed`].
    pub(crate) fn details(&self) -> Result<DocumentDetails> {
        let mut errors = FieldErrors::default();
        let text = |name| self.get(name).unwrap_or_default();
        let details = DocumentDetails {
            kind: match text("kind") {
                "" => DocumentKind::Other,
                kind => details::check_kind(kind, &mut errors).unwrap_or(DocumentKind::Other),
            },
            folder: details::check_folder("folder", text("folder"), &mut errors),
            description: details::check_description(text("description"), &mut errors),
            tags: details::parse_tags(text("tags"), &mut errors),
        };
        errors.into_result()?;
        Ok(details)
    }
}

/// The header without the parameters, which may hold what opens the document.
pub(super) fn without_params(header: &str) -> String {
    let kept = header.split(',').filter(|pair| pair.trim().split(' ').next() != Some("params"));
    kept.collect::<Vec<_>>().join(",")
}

fn malformed(message: &'static str) -> Error {
    Error::new(ErrorCode::MalformedRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_read() {
        let said =
            UploadMetadata::parse("filename w6QucGRm, filetype YXBwbGljYXRpb24vcGRm,private,tags YSxi")
                .unwrap();
        assert_eq!(said.filename(), "ä.pdf");
        assert_eq!(said.declared_type(), Some("application/pdf"));
        assert_eq!(said.get("private"), Some(""));
        assert_eq!(said.details().unwrap().tags, ["a", "b"]);
        assert_eq!(said.get("other"), None);
    }

    #[test]
    fn the_names_of_other_clients_and_missing_padding_are_understood() {
        let said = UploadMetadata::parse("name YS50eHQ,type dGV4dC9wbGFpbg").unwrap();
        assert_eq!((said.filename(), said.declared_type()), ("a.txt", Some("text/plain")));
        for empty in ["", " ", ",", " , "] {
            assert_eq!(UploadMetadata::parse(empty).unwrap(), UploadMetadata::default());
        }
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        let long = format!("filename {}", "YWFh".repeat(4_096));
        for header in ["filename a", "filename ???", "filename /w==", "a YQ==,a YQ==", "ä YQ==", &long] {
            assert_eq!(
                UploadMetadata::parse(header).unwrap_err().code,
                ErrorCode::MalformedRequest,
                "{header}"
            );
        }
    }

    #[test]
    fn fields_with_a_meaning_are_checked() {
        let said = |name: &str, value: &str| UploadMetadata(vec![(name.to_owned(), value.to_owned())]);
        assert!(said("params", "[]").params().unwrap_err().fields.0.contains_key("params"));
        assert!(said("kind", "poem").details().unwrap_err().fields.0.contains_key("kind"));
        assert!(said("sha256", "abc").sha256().unwrap_err().fields.0.contains_key("sha256"));
        assert_eq!(said("params", "{\"pages\": 1}").params().unwrap().len(), 1);
    }

    #[test]
    fn parameters_can_be_left_out() {
        assert_eq!(without_params("filename YQ==, params e30=,private"), "filename YQ==,private");
        assert_eq!(without_params("params e30="), "");
        assert_eq!(without_params("params2 e30="), "params2 e30=");
    }
}
