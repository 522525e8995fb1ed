//! The task that only reads: what was read is told.

use quire_store::queue::{Claim, Completion};
use serde_json::{Value, json};

use super::ingest::Ingested;

/// Says what is known of a document that has been read.
pub(super) fn report(claim: &Claim, ingested: Ingested) -> Completion {
    let Ingested { document, pages, warnings, .. } = ingested;
    let metadata = &document.metadata;
    let words = metadata["words"].as_u64().unwrap_or_default();
    let data = json!({
        "pages": pages.len(), "words": words, "language": metadata["language"],
        "media_type": document.media_type,
    });
    Completion {
        result: format!("Read {} with {}.", counted(pages.len() as u64, "page"), counted(words, "word")),
        output: json!({"schema_version": 1, "task": claim.task_type, "warnings": warnings, "data": data}),
        warnings: Value::Array(warnings),
        provider: "local".to_owned(),
        model: "read".to_owned(),
        input_tokens: None,
        output_tokens: None,
        cost: None,
        answer_key: None,
    }
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
