//! `extract_cv`: what a CV says about its person, field by field, each with its quote.

mod check;
mod merge;
mod profile;
mod schema;

use quire_domain::FieldErrors;
use serde_json::{Value, json};

use crate::{
    error::AiError,
    local::cv::{self, fields::Fields, phones},
    params::Params,
    task::{Document, Draft, LocalJob, Overlap, Part, Prompt, Reduction, TaskType, Warning, decode},
};

pub(crate) struct ExtractCv;

impl TaskType for ExtractCv {
    fn name(&self) -> &'static str {
        "extract_cv"
    }

    fn title(&self) -> &'static str {
        "CV"
    }

    fn description(&self) -> &'static str {
        "Finds name, contact data, address, work experience, education, skills and languages in a CV, each with the \
         passage that shows it. The local provider does so by rules for English, German, French, Spanish, Italian, \
         Portuguese and Dutch."
    }

    fn params_schema(&self) -> Value {
        json!({
            "type": "object", "additionalProperties": false,
            "properties": {"country": {
                "type": "string", "pattern": "^[A-Za-z]{2}$",
                "description": "The country (ISO 3166 alpha-2) whose telephone numbers are written without a country \
                                code; left out, it is taken from the address, else from the language.",
            }},
        })
    }

    fn output_schema(&self) -> Value {
        schema::output()
    }

    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors> {
        let mut read = Params::new(params);
        let country = read.text("country", 2).map(str::to_ascii_uppercase);
        let country = country.filter(|code| {
            let is_known = phones::is_country(code);
            if !is_known {
                read.reject("country", "Must be a country's code of two letters, such as `DE` (ISO 3166 alpha-2).");
            }
            is_known
        });
        read.finish(country.map_or_else(|| json!({}), |country| json!({"country": country})))
    }

    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError> {
        let fields = cv::read(job.document, country(job.params), job.context)?;
        let mut draft = check::draft(fields, job.document, country(job.params));
        if cv::is_too_long(job.document) {
            let message = "The document is longer than CVs are: only its first part was read.";
            draft.warnings.push(Warning::new("text_left_out", message));
        }
        Ok(draft)
    }

    fn prompt(&self) -> Prompt {
        Prompt { version: "extract_cv/1", text: include_str!("../prompts/extract_cv.md") }
    }

    fn reply_schema(&self, _params: &Value) -> Value {
        schema::reply()
    }

    fn wish(&self, _params: &Value) -> String {
        "find the fields of the CV, each with its quote.".into()
    }

    fn overlap(&self) -> Overlap {
        Overlap::Twentieth
    }

    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        let parts: Result<Vec<Fields>, AiError> = parts.into_iter().map(|part| decode(part.reply)).collect();
        let merged = merge::merge(parts?);
        serde_json::to_value(merged).map(Reduction::Done).map_err(|_| AiError::BadOutput)
    }

    fn finish(&self, reply: Value, document: &Document, params: &Value) -> Result<Draft, AiError> {
        Ok(check::draft(decode(reply)?, document, country(params)))
    }
}

fn country(params: &Value) -> Option<&str> {
    params.get("country").and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
