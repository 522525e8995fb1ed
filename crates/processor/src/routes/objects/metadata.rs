//! The `metadata` of a file, as clients of older systems write it.

use std::mem;

use quire_domain::{
    Error, ErrorCode, FieldErrors, Result,
    details::{self, DocumentDetails},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::super::{form::field_error, values::Tags};
use crate::{order::TaskTypeNames, task_type::READ};

/// The task of a file that is to be split.
const SPLIT: &str = "split_pdf";

/// What is said of a file, as JSON in a field of its form.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = FileMetadata)]
pub(super) struct Metadata {
    /// The name that it is to have; without one, it keeps its own.
    #[schema(example = "report.pdf")]
    file_name: Option<String>,
    #[schema(example = "Reports/2026")]
    folder_name: Option<String>,
    /// In your own words.
    description: Option<String>,
    tags: Option<Tags>,
    /// `true` or `split` to have the file, a PDF document, split; or the name of a task type, or several
    /// with commas between, for what else is to be done with it.
    process: Option<Process>,
    /// How it is to be split: `split_params` with a `file_map` of page lists (the first page is 0), and
    /// `prefix` and `suffix` of the names. All parameters of the task type `split_pdf` are taken; for other
    /// task types, theirs.
    #[schema(value_type = Option<Object>, example = json!({"split_params": {"file_map": [{"pages": [0, 1]}, {"pages": [2]}]}, "prefix": "", "suffix": ""}))]
    process_params: Option<Map<String, Value>>,
}

/// Whether something is to be done with a file, and what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "true, false or the name of a process")]
enum Process {
    Wanted(bool),
    Named(String),
}

/// What is said of a file, checked; the parameters of the task are not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) file_name: Option<String>,
    pub(super) details: DocumentDetails,
    pub(super) task_types: TaskTypeNames,
    pub(super) params: Map<String, Value>,
}

impl Metadata {
    /// Reads the field of a form.
    ///
    /// # Errors
    /// What is wrong, by its place: `metadata`, or `metadata.tags[1]`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).map_err(|_| {
            field_error("metadata", "Send a JSON object, such as {\"file_name\": \"a.pdf\"}.")
        })?;
        if !value.is_object() {
            return Err(field_error("metadata", "This is JSON, but not an object."));
        }
        serde_path_to_error::deserialize(value).map_err(|error| {
            let (path, message) = (error.path().to_string(), error.inner().to_string());
            field_error(&format!("metadata.{path}"), &expected(&message))
        })
    }

    /// Checks what it says.
    ///
    /// # Errors
    /// All that is wrong, by its place.
    pub(super) fn check(self) -> Result<Said> {
        let mut errors = FieldErrors::default();
        let wanted = match &self.process {
            None | Some(Process::Wanted(false)) => TaskTypeNames::default(),
            Some(Process::Wanted(true)) => TaskTypeNames::one(SPLIT),
            Some(Process::Named(name)) if name == "split" => TaskTypeNames::one(SPLIT),
            Some(Process::Named(names)) => TaskTypeNames::parse(names),
        };
        if !wanted.is_empty()
            && let Err(error) = wanted.find()
        {
            errors.add("process", error.detail);
        }
        let folder = self.folder_name.as_deref().unwrap_or_default();
        let description = self.description.as_deref().unwrap_or_default();
        let details = DocumentDetails {
            folder: details::check_folder("folder_name", folder, &mut errors),
            description: details::check_description(description, &mut errors),
            tags: self.tags.unwrap_or_default().check(&mut errors),
            ..DocumentDetails::default()
        };
        errors.into_result().map_err(|error| within("metadata", error))?;
        let params = if wanted.is_empty() { Map::new() } else { self.process_params.unwrap_or_default() };
        let file_name = self.file_name.filter(|name| !name.trim().is_empty());
        Ok(Said { file_name, details, task_types: wanted.or(READ), params })
    }
}

/// An error in fields that stand within another.
fn within(place: &str, error: Error) -> Error {
    rename(error, |field| Some(format!("{place}.{field}")))
}

/// An error in the parameters of a task, by where clients of this door have written them.
pub(super) fn in_process_params(error: Error) -> Error {
    const PLACE: &str = "metadata.process_params";
    rename(error, |field| match field.strip_prefix("params") {
        Some(rest) if rest.is_empty() || rest.starts_with('.') => Some(format!("{PLACE}{rest}")),
        _ => None,
    })
}

fn rename(mut error: Error, new_name: impl Fn(&str) -> Option<String>) -> Error {
    if error.code != ErrorCode::ValidationFailed {
        return error;
    }
    let fields = mem::take(&mut error.fields.0).into_iter();
    error.fields.0 = fields.map(|(field, why)| (new_name(&field).unwrap_or(field), why)).collect();
    if error.detail.starts_with("Please check: ") {
        let names: Vec<_> = error.fields.0.keys().map(String::as_str).collect();
        error.detail = format!("Please check: {}.", names.join(", ")).into();
    }
    error
}

/// What serde had expected, as a sentence.
fn expected(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((_, kind)) => format!("Expected {kind}."),
        None => "The value is not valid.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(metadata: Value) -> Result<Said> {
        Metadata::parse(&metadata.to_string())?.check()
    }

    fn fields(metadata: &str) -> Vec<String> {
        let error = Metadata::parse(metadata).and_then(Metadata::check).unwrap_err();
        assert_eq!(error.code, ErrorCode::ValidationFailed, "{metadata}");
        error.fields.0.into_keys().collect()
    }

    #[test]
    fn what_older_clients_write_is_understood() {
        let params = json!({"split_params": {"file_map": [{"pages": [0]}]}, "prefix": "a", "suffix": "b"});
        let all = said(json!({
            "file_name": "r.pdf", "folder_name": "/R/", "description": " d ", "tags": ["x", "y"],
            "process": true, "process_params": params, "something": 1,
        }))
        .unwrap();
        assert_eq!(all.file_name.as_deref(), Some("r.pdf"));
        assert_eq!((all.details.folder.as_str(), all.details.description.as_str()), ("R", "d"));
        assert_eq!(all.details.tags, ["x", "y"]);
        assert_eq!(all.task_types, TaskTypeNames::one(SPLIT));
        assert_eq!(Value::Object(all.params), params);
        let none = said(json!({"file_name": null, "tags": "a,b", "process_params": params})).unwrap();
        assert_eq!((none.file_name, none.task_types), (None, TaskTypeNames::one(READ)));
        assert_eq!((none.params, none.details.tags.len()), (Map::new(), 2));
    }

    #[test]
    fn a_process_is_asked_for_in_several_ways() {
        for (process, names) in [
            (json!(null), READ),
            (json!(false), READ),
            (json!(""), READ),
            (json!(true), SPLIT),
            (json!("split"), SPLIT),
            (json!("split_pdf"), SPLIT),
            (json!("summarize, split_pdf"), "summarize,split_pdf"),
        ] {
            let said = said(json!({"process": process})).unwrap();
            assert_eq!(said.task_types, TaskTypeNames::parse(names), "{process}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        for (metadata, field) in [
            ("", "metadata"),
            ("{", "metadata"),
            ("[]", "metadata"),
            ("\"text\"", "metadata"),
            ("null", "metadata"),
            (r#"{"tags": 5}"#, "metadata.tags"),
            (r#"{"tags": [1]}"#, "metadata.tags"),
            (r#"{"file_name": []}"#, "metadata.file_name"),
            (r#"{"process": 1}"#, "metadata.process"),
            (r#"{"process": "paint"}"#, "metadata.process"),
            (r#"{"process": "qa,qa"}"#, "metadata.process"),
            (r#"{"process_params": []}"#, "metadata.process_params"),
            (r#"{"folder_name": "a\u0000b"}"#, "metadata.folder_name"),
            (r#"{"description": "\u0000"}"#, "metadata.description"),
        ] {
            assert_eq!(fields(metadata), [field], "{metadata}");
        }
        assert_eq!(
            fields(r#"{"process": "x", "tags": ["\n.\n.\u0000"]}"#),
            ["metadata.process", "metadata.tags"]
        );
    }

    #[test]
    fn parameters_are_named_by_their_place() {
        let mut errors = FieldErrors::default();
        errors.add("params", "why");
        errors.add("params.every", "why");
        errors.add("paramset", "why");
        let error = in_process_params(errors.into_result().unwrap_err());
        let fields: Vec<_> = error.fields.0.into_keys().collect();
        assert_eq!(fields, ["metadata.process_params", "metadata.process_params.every", "paramset"]);
        assert!(error.detail.contains("metadata.process_params.every"));
    }
}
