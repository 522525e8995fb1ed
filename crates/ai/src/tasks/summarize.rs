//! `summarize`: three to five sentences.

use quire_domain::FieldErrors;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clean::fold_whitespace,
    error::AiError,
    local::{sentences, summary, words::Words},
    params::Params,
    task::{Document, Draft, LocalJob, Part, Prompt, Reduction, TaskType, Warning, decode},
};

pub(crate) struct Summarize;

#[derive(Deserialize)]
struct Reply {
    sentences: Vec<String>,
}

/// Fewer sentences than this draw a warning.
const USUAL: usize = 3;

impl TaskType for Summarize {
    fn name(&self) -> &'static str {
        "summarize"
    }

    fn title(&self) -> &'static str {
        "Summary"
    }

    fn description(&self) -> &'static str {
        "Sums up the document in three to five sentences. The local provider picks the sentences of the document \
         that say the most; a model writes its own."
    }

    fn params_schema(&self) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": {}})
    }

    fn output_schema(&self) -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["sentences", "summary", "method"],
            "properties": {
                "sentences": {"type": "array", "minItems": 1, "maxItems": 5, "items": {"type": "string", "minLength": 1}},
                "summary": {"type": "string", "description": "The sentences as one paragraph."},
                "method": {"type": "string", "enum": ["abstractive", "extractive"]},
            },
        })
    }

    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors> {
        Params::new(params).finish(json!({}))
    }

    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError> {
        let sentences = sentences::of_document(job.document, job.context)?;
        let words = Words::of(job.document.language().working_code());
        let keep = summary::length(sentences.len());
        let mut best = summary::rank(&sentences, &words, keep, job.context)?;
        best.sort_unstable();
        let texts = best.into_iter().map(|place| sentences[place].text.clone()).collect();
        Ok(draft(texts, "extractive"))
    }

    fn prompt(&self) -> Prompt {
        Prompt { version: "summarize/2", text: include_str!("prompts/summarize.md") }
    }

    fn reply_schema(&self, _params: &Value) -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["sentences"],
            "properties": {"sentences": {"type": "array", "minItems": 1, "maxItems": 5, "items": {"type": "string"}}},
        })
    }

    fn streamed(&self) -> Option<&'static str> {
        Some("sentences")
    }

    fn wish(&self, _params: &Value) -> String {
        "summarise the text in 3 to 5 sentences, in its own language.".into()
    }

    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        let texts: Result<Vec<_>, AiError> =
            parts.into_iter().map(|part| Ok(decode::<Reply>(part.reply)?.sentences.join(" "))).collect();
        Ok(Reduction::Again(texts?.join("\n\n")))
    }

    fn finish(&self, reply: Value, _document: &Document, _params: &Value) -> Result<Draft, AiError> {
        let mut texts: Vec<_> =
            decode::<Reply>(reply)?.sentences.iter().map(|text| fold_whitespace(text)).collect();
        texts.retain(|text| !text.is_empty());
        if texts.is_empty() { Err(AiError::BadOutput) } else { Ok(draft(texts, "abstractive")) }
    }
}

fn draft(sentences: Vec<String>, method: &str) -> Draft {
    let summary = sentences.join(" ");
    let mut warnings = Vec::new();
    if sentences.len() < USUAL {
        warnings.push(Warning::new("short_text", "The text is too short for a summary of three sentences."));
    }
    Draft {
        data: json!({"sentences": sentences, "summary": summary, "method": method}),
        result: summary,
        warnings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        local::samples,
        tasks::testing::{document, finished, locally},
    };

    #[test]
    fn every_sample_is_summed_up_in_its_own_sentences() {
        for (code, text) in samples::ALL {
            let answer = locally("summarize", Value::Null, &[text]).unwrap();
            assert_eq!(answer.output["language"], *code);
            let sentences = answer.output["data"]["sentences"].as_array().unwrap();
            assert!((3..=5).contains(&sentences.len()), "{code}");
            assert!(sentences.iter().all(|sentence| text.contains(sentence.as_str().unwrap())), "{code}");
            assert!(answer.warnings.is_empty(), "{code}");
        }
    }

    #[test]
    fn a_summary_keeps_the_order_of_the_text() {
        insta::assert_snapshot!(locally("summarize", Value::Null, &[samples::ENGLISH]).unwrap().result);
        insta::assert_snapshot!(locally("summarize", Value::Null, &[samples::GERMAN]).unwrap().result);
    }

    #[test]
    fn a_short_text_is_not_padded() {
        let answer = locally("summarize", Value::Null, &["Only this."]).unwrap();
        assert_eq!(answer.result, "Only this.");
        assert_eq!(answer.warnings[0].code, "short_text");
    }

    #[test]
    fn a_text_without_letters_is_refused() {
        assert_eq!(locally("summarize", Value::Null, &["", " - "]).unwrap_err(), AiError::NoText);
    }

    #[test]
    fn a_reply_becomes_a_paragraph() {
        let reply = json!({"sentences": ["One.", " Two\nlines. ", "Three."]});
        let draft = finished("summarize", reply, Value::Null, &document(&["text"]));
        assert_eq!(draft.result, "One. Two lines. Three.");
    }
}
