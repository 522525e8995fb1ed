//! `sentiment`: label, confidence, and what shows it.

use quire_domain::FieldErrors;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    clean::fold_whitespace,
    error::AiError,
    local::{needs_model, round, sentences, sentiment, words::Words},
    params::Params,
    quote::Check,
    task::{Checked, Document, Draft, LocalJob, Part, Prompt, Reduction, TaskType, Warning, decode},
};

pub(crate) struct Sentiment;

#[derive(Serialize, Deserialize)]
struct Reply {
    label: String,
    reason: Option<String>,
    indicators: Vec<String>,
    /// The part of a long text whose pieces say so.
    #[serde(default = "whole")]
    agreement: f64,
}

fn whole() -> f64 {
    1.0
}

const LABELS: [&str; 4] = ["positive", "neutral", "negative", "mixed"];
const INDICATORS: usize = 5;
/// A model's label without a passage that shows it; a neutral text has none to show.
const UNSHOWN: f64 = 0.5;
const UNSHOWN_NEUTRAL: f64 = 0.7;
/// Text too short to be recognised counts as English from this part of English stop words.
const ENGLISH_STOP_WORDS: f64 = 0.2;
/// Pieces of a text that are this far apart on average make it mixed (scores are -1 to 1).
const MIXED_SPREAD: f64 = 0.6;

impl TaskType for Sentiment {
    fn name(&self) -> &'static str {
        "sentiment"
    }

    fn title(&self) -> &'static str {
        "Sentiment"
    }

    fn description(&self) -> &'static str {
        "Judges whether the document sounds positive, neutral, negative or mixed, how sure that is, and which \
         passages show it. The local provider judges English text only."
    }

    fn params_schema(&self) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": {}})
    }

    fn output_schema(&self) -> Value {
        json!({
            "type": "object", "additionalProperties": false,
            "required": ["label", "confidence", "reason", "indicators"],
            "properties": {
                "label": {"type": "string", "enum": LABELS},
                "confidence": {"type": "number", "minimum": 0, "maximum": 1,
                    "description":
                    "Computed. Locally: a hit rate measured on rated texts. From a model: the part of the text whose \
                     pieces agree, times 0.5 to 1 by how many of the passages were found (0.7 for neutral without any)."},
                "reason": {"type": ["string", "null"]},
                "indicators": {"type": "array", "maxItems": INDICATORS, "items": {
                    "type": "object", "additionalProperties": false,
                    "required": ["quote", "page", "check", "confidence"],
                    "properties": Checked::evidence_properties(),
                }},
            },
        })
    }

    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors> {
        Params::new(params).finish(json!({}))
    }

    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError> {
        let sentences = sentences::of_document(job.document, job.context)?;
        let warnings = english(job.document)?;
        let verdict = sentiment::judge(&sentences, job.context)?;
        let indicators = verdict
            .indicators
            .iter()
            .map(|(place, _)| Checked::passage(job.document.pages(), &sentences[*place].text))
            .collect();
        let reason = format!(
            "The sentences score {:+.2} on average, from -1 (negative) to +1 (positive).",
            verdict.score
        );
        Ok(Draft { warnings, ..draft(verdict.label, verdict.confidence, Some(reason), indicators) })
    }

    fn prompt(&self) -> Prompt {
        Prompt { version: "sentiment/2", text: include_str!("prompts/sentiment.md") }
    }

    fn reply_schema(&self, _params: &Value) -> Value {
        json!({
            "type": "object", "additionalProperties": false,
            "required": ["label", "reason", "indicators"],
            "properties": {
                "label": {"type": "string", "enum": LABELS},
                "reason": {"type": ["string", "null"]},
                "indicators": {"type": "array", "maxItems": INDICATORS, "items": {"type": "string"}},
            },
        })
    }

    fn wish(&self, _params: &Value) -> String {
        "judge the sentiment that the text expresses.".into()
    }

    /// The mean of all pieces by length, as scores of -1, 0 and 1; mixed when they lie far apart.
    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        let all: f64 = parts.iter().map(weight).sum::<f64>().max(1.0);
        let replies: Vec<(f64, Reply)> = parts
            .into_iter()
            .map(|part| Ok((weight(&part) / all, decode::<Reply>(part.reply)?)))
            .collect::<Result<_, AiError>>()?;
        let mean: f64 = replies.iter().map(|(share, reply)| share * score(&reply.label)).sum();
        let spread: f64 =
            replies.iter().map(|(share, reply)| share * (score(&reply.label) - mean).powi(2)).sum();
        let mixed =
            replies.iter().filter(|(_, reply)| reply.label == "mixed").map(|(share, _)| share).sum::<f64>();
        let label = if mixed > 0.5 || spread.sqrt() > MIXED_SPREAD {
            "mixed"
        } else if mean.abs() < 1.0 / 3.0 {
            "neutral"
        } else if mean > 0.0 {
            "positive"
        } else {
            "negative"
        };
        let agreement = match label {
            "mixed" => 1.0,
            _ => replies.iter().filter(|(_, reply)| reply.label == label).map(|(share, _)| share).sum(),
        };
        let speaking = || replies.iter().filter(|(_, reply)| label == "mixed" || reply.label == label);
        let reason =
            speaking().max_by(|a, b| a.0.total_cmp(&b.0)).and_then(|(_, reply)| reply.reason.clone());
        let indicators =
            speaking().flat_map(|(_, reply)| reply.indicators.iter().take(2)).take(INDICATORS).cloned();
        let joined = Reply { label: label.into(), reason, indicators: indicators.collect(), agreement };
        Ok(Reduction::Done(serde_json::to_value(joined).map_err(|_| AiError::BadOutput)?))
    }

    /// Drops indicators that the document does not hold.
    fn finish(&self, reply: Value, document: &Document, _params: &Value) -> Result<Draft, AiError> {
        let reply: Reply = decode(reply)?;
        let given = reply.indicators.iter().filter(|quote| !quote.trim().is_empty());
        let indicators: Vec<_> = given
            .map(|quote| Checked::passage(document.pages(), quote))
            .filter(|indicator| indicator.check == Check::Verified)
            .collect();
        let confidence = reply.agreement.clamp(0.0, 1.0) * shown(&reply, indicators.len());
        let mut warnings = Vec::new();
        if indicators.len() < reply.indicators.len() {
            warnings.push(Warning::new(
                "quote_not_found",
                "Passages that the document does not hold were left out.",
            ));
        }
        let reason = reply.reason.as_deref().map(fold_whitespace).filter(|reason| !reason.is_empty());
        Ok(Draft { warnings, ..draft(&reply.label, confidence, reason, indicators) })
    }
}

/// How far the passages that were found show the label of one reply.
fn shown(reply: &Reply, found: usize) -> f64 {
    let float = |count| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    match reply.indicators.len() {
        0 if reply.label == "neutral" => UNSHOWN_NEUTRAL,
        0 => UNSHOWN,
        given => UNSHOWN + (1.0 - UNSHOWN) * float(found) / float(given),
    }
}

/// Refuses text that is not English, because the method knows English words only; text too short
/// to be recognised is taken as English when its small words are.
fn english(document: &Document) -> Result<Vec<Warning>, AiError> {
    let language = document.language();
    match language.reliable {
        Some(language) if language.code == "en" => Ok(Vec::new()),
        Some(language) => Err(unsupported(format!("This text is in {}", language.name))),
        None if Words::of("en").stop_word_share(&document.text()) >= ENGLISH_STOP_WORDS => {
            Ok(vec![Warning::new(
                "language_uncertain",
                "The language could not be recognised; English was assumed.",
            )])
        }
        None => Err(unsupported("The language of this text could not be recognised".into())),
    }
}

fn unsupported(what: String) -> AiError {
    AiError::Unsupported(needs_model(&format!(
        "{what}, and the built-in method judges the sentiment of English text only. Judging others"
    )))
}

fn weight(part: &Part) -> f64 {
    f64::from(u32::try_from(part.chars).unwrap_or(u32::MAX))
}

fn score(label: &str) -> f64 {
    match label {
        "positive" => 1.0,
        "negative" => -1.0,
        _ => 0.0,
    }
}

fn draft(label: &str, confidence: f64, reason: Option<String>, indicators: Vec<Checked>) -> Draft {
    let confidence = round(confidence, 2);
    let mut result = format!("{}{} (confidence {confidence:.2})", label[..1].to_uppercase(), &label[1..]);
    if let Some(reason) = &reason {
        result = format!("{result}: {reason}");
    }
    for indicator in &indicators {
        result.push_str(&format!("\n- “{}”", indicator.quote.as_deref().unwrap_or(&indicator.value)));
    }
    let indicators: Vec<_> = indicators.iter().map(Checked::evidence).collect();
    Draft {
        data: json!({"label": label, "confidence": confidence, "reason": reason, "indicators": indicators}),
        result,
        warnings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        local::samples,
        tasks::testing::{document, finished, locally},
    };

    const REVIEW: &str = "The hotel was wonderful and the staff was very friendly. We loved the quiet garden behind \
        the house. Breakfast was excellent every morning, and the rooms were clean. We will happily come back next year.";

    #[test]
    fn an_english_review_is_judged_with_its_passages() {
        let answer = locally("sentiment", Value::Null, &["Front page of the review.", REVIEW]).unwrap();
        assert_eq!(answer.output["data"]["label"], "positive");
        assert_eq!(answer.output["data"]["indicators"][0]["page"], 2);
        insta::assert_snapshot!(answer.result);
    }

    #[test]
    fn other_languages_are_refused_and_not_called_neutral() {
        for (code, text) in samples::ALL.iter().filter(|(code, _)| *code != "en") {
            let failure = locally("sentiment", Value::Null, &[text]).unwrap_err().failure();
            assert_eq!(failure.code.as_str(), "task_unsupported", "{code}");
            assert!(failure.message.contains("Judging others needs a language model"), "{code}");
        }
    }

    #[test]
    fn a_few_english_words_are_judged_with_a_warning() {
        let answer = locally("sentiment", Value::Null, &["It is not good."]).unwrap();
        assert_eq!(answer.output["data"]["label"], "negative");
        assert_eq!(answer.warnings[0].code, "language_uncertain");
        assert!(locally("sentiment", Value::Null, &["Xyzzy plugh 42"]).is_err());
    }

    #[test]
    fn quotes_that_are_not_there_are_dropped() {
        let reply = json!({"label": "positive", "reason": null,
            "indicators": ["the staff was VERY friendly", "free champagne"]});
        let draft = finished("sentiment", reply, Value::Null, &document(&[REVIEW]));
        assert_eq!(draft.data["indicators"].as_array().unwrap().len(), 1);
        assert_eq!(draft.data["confidence"], 0.75, "one of two passages was found");
        assert_eq!(draft.warnings[0].code, "quote_not_found");
    }

    #[test]
    fn confidence_is_computed_from_agreement_and_passages() {
        let confidence =
            |reply| finished("sentiment", reply, Value::Null, &document(&[REVIEW])).data["confidence"].take();
        assert_eq!(confidence(json!({"label": "neutral", "reason": null, "indicators": []})), 0.7);
        assert_eq!(confidence(json!({"label": "negative", "reason": null, "indicators": []})), 0.5);
        let part = |label: &str, chars| Part {
            reply: json!({"label": label, "reason": null, "indicators": []}),
            chars,
        };
        let parts = vec![part("positive", 800), part("neutral", 200)];
        let Reduction::Done(reply) = Sentiment.reduce(parts, &Value::Null).unwrap() else { panic!() };
        assert_eq!(reply["agreement"], 0.8);
    }

    #[test]
    fn pieces_are_weighed_by_their_length() {
        let part = |label: &str, chars| Part {
            reply: json!({"label": label, "reason": label, "indicators": []}),
            chars,
        };
        let joined = |parts| {
            let Reduction::Done(reply) = Sentiment.reduce(parts, &Value::Null).unwrap() else { panic!() };
            reply["label"].as_str().unwrap().to_owned()
        };
        assert_eq!(joined(vec![part("positive", 900), part("negative", 50)]), "positive");
        assert_eq!(joined(vec![part("positive", 500), part("negative", 500)]), "mixed");
        assert_eq!(joined(vec![part("neutral", 900), part("negative", 100)]), "neutral");
        assert_eq!(joined(vec![part("negative", 600), part("neutral", 300)]), "negative");
        assert_eq!(joined(vec![part("mixed", 600), part("neutral", 300)]), "mixed");
    }
}
