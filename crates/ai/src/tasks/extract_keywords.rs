//! `extract_keywords`: ten to fifteen keywords.

use std::collections::HashMap;

use quire_domain::FieldErrors;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    clean::{fold_whitespace, shorten},
    error::AiError,
    local::{keywords, round, sentences, words::Words},
    params::Params,
    task::{Document, Draft, LocalJob, Part, Prompt, Reduction, TaskType, Warning, decode},
};

pub(crate) struct ExtractKeywords;

#[derive(Serialize, Deserialize)]
struct Reply {
    keywords: Vec<Keyword>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Keyword {
    term: String,
    relevance: f64,
}

const FEWEST: usize = 10;
const MOST: usize = 15;
/// Scripts without spaces: their words cannot be told apart without a dictionary.
const UNSPACED: [&str; 5] = ["zh", "ja", "th", "km", "my"];

impl TaskType for ExtractKeywords {
    fn name(&self) -> &'static str {
        "extract_keywords"
    }

    fn title(&self) -> &'static str {
        "Keywords"
    }

    fn description(&self) -> &'static str {
        "Finds the ten to fifteen keywords or short phrases that tell most about the document, the best first."
    }

    fn params_schema(&self) -> Value {
        json!({"type": "object", "additionalProperties": false, "properties": {}})
    }

    fn output_schema(&self) -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["keywords"],
            "properties": {"keywords": {"type": "array", "maxItems": MOST, "items": {
                "type": "object", "additionalProperties": false, "required": ["term", "relevance"],
                "properties": {
                    "term": {"type": "string", "minLength": 1, "maxLength": keywords::LONGEST_TERM},
                    "relevance": {"type": "number", "minimum": 0, "maximum": 1,
                        "description": "1 for the best of this document."},
                },
            }}},
        })
    }

    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors> {
        Params::new(params).finish(json!({}))
    }

    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError> {
        let language = job.document.language();
        let sentences = sentences::of_document(job.document, job.context)?;
        job.context.check()?;
        let words = Words::of(language.working_code());
        let found = keywords::extract(&sentences, &words, MOST);
        let found = found.into_iter().map(|k| Keyword { term: k.term, relevance: k.relevance });
        let mut draft = draft(found.collect());
        if UNSPACED.contains(&language.working_code()) {
            draft.warnings.push(Warning::new(
                "language_limited",
                "The built-in method is made for languages with spaces between words; these are phrases of the text.",
            ));
        }
        Ok(draft)
    }

    fn prompt(&self) -> Prompt {
        Prompt { version: "extract_keywords/1", text: include_str!("prompts/extract_keywords.md") }
    }

    fn reply_schema(&self, _params: &Value) -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["keywords"],
            "properties": {"keywords": {"type": "array", "minItems": 1, "maxItems": MOST, "items": {
                "type": "object", "additionalProperties": false, "required": ["term", "relevance"],
                "properties": {"term": {"type": "string"}, "relevance": {"type": "number"}},
            }}},
        })
    }

    fn wish(&self, _params: &Value) -> String {
        "give the 10 to 15 keywords that tell most about the text, the best first.".into()
    }

    /// Adds up the relevance of the same keyword in all pieces, weighted by their length.
    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        let all: f64 = parts.iter().map(weight).sum();
        let mut sums: Vec<Keyword> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for part in parts {
            let share = weight(&part) / all.max(1.0);
            for keyword in decode::<Reply>(part.reply)?.keywords {
                let place = *places.entry(fold_whitespace(&keyword.term).to_lowercase()).or_insert(sums.len());
                match sums.get_mut(place) {
                    Some(known) => known.relevance += keyword.relevance * share,
                    None => sums.push(Keyword { relevance: keyword.relevance * share, ..keyword }),
                }
            }
        }
        sums.sort_by(|a, b| b.relevance.total_cmp(&a.relevance).then_with(|| a.term.cmp(&b.term)));
        sums.truncate(MOST);
        Ok(Reduction::Done(serde_json::to_value(Reply { keywords: sums }).map_err(|_| AiError::BadOutput)?))
    }

    /// Rescales the relevance to the best one; of two spellings of a keyword the better stays.
    fn finish(&self, reply: Value, document: &Document, _params: &Value) -> Result<Draft, AiError> {
        let words = Words::of(document.language().working_code());
        let mut given = decode::<Reply>(reply)?.keywords;
        given.sort_by(|a, b| b.relevance.total_cmp(&a.relevance));
        let best = given.first().map_or(1.0, |keyword| keyword.relevance).max(f64::MIN_POSITIVE);
        let mut seen = std::collections::HashSet::new();
        let kept: Vec<_> = given
            .into_iter()
            .map(|keyword| Keyword {
                term: shorten(&fold_whitespace(&keyword.term), keywords::LONGEST_TERM),
                relevance: round((keyword.relevance / best).clamp(0.0, 1.0), 3),
            })
            .filter(|keyword| !keyword.term.is_empty() && seen.insert(words.phrase(&keyword.term)))
            .collect();
        if kept.is_empty() { Err(AiError::BadOutput) } else { Ok(draft(kept)) }
    }
}

fn weight(part: &Part) -> f64 {
    f64::from(u32::try_from(part.chars).unwrap_or(u32::MAX))
}

fn draft(keywords: Vec<Keyword>) -> Draft {
    let terms: Vec<_> = keywords.iter().map(|keyword| keyword.term.as_str()).collect();
    let mut warnings = Vec::new();
    if keywords.len() < FEWEST {
        warnings.push(Warning::new("few_keywords", "The text is too short for ten keywords."));
    }
    Draft { result: terms.join(", "), data: json!({"keywords": keywords}), warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{local::samples, tasks::testing::{document, finished, locally}};

    #[test]
    fn every_sample_has_ten_to_fifteen() {
        for (code, text) in samples::ALL {
            let answer = locally("extract_keywords", Value::Null, &[text]).unwrap();
            let count = answer.output["data"]["keywords"].as_array().unwrap().len();
            assert!((10..=15).contains(&count), "{code}: {count}");
            assert_eq!(answer.result.split(", ").count(), count, "{code}");
        }
        insta::assert_snapshot!(locally("extract_keywords", Value::Null, &[samples::ENGLISH]).unwrap().result);
    }

    #[test]
    fn few_words_give_few_keywords_and_a_warning() {
        let answer = locally("extract_keywords", Value::Null, &["Photosynthesis in plants."]).unwrap();
        assert!(!answer.result.is_empty());
        assert_eq!(answer.warnings[0].code, "few_keywords");
    }

    #[test]
    fn scripts_without_spaces_are_served_with_a_warning() {
        let text = "市议会星期一通过了新的计划。居民们希望在河边建一个公园。公园的费用由城市承担。孩子们可以在公园里玩。";
        let answer = locally("extract_keywords", Value::Null, &[text]).unwrap();
        assert!(answer.warnings.iter().any(|warning| warning.code == "language_limited"));
    }

    #[test]
    fn pieces_add_up_by_their_length() {
        let part = |term: &str, relevance: f64, chars| Part {
            reply: json!({"keywords": [{"term": term, "relevance": relevance}, {"term": "Rent", "relevance": 0.5}]}),
            chars,
        };
        let parts = vec![part("Lease", 1.0, 300), part("Garden", 1.0, 100)];
        let Reduction::Done(reply) = ExtractKeywords.reduce(parts, &Value::Null).unwrap() else { panic!() };
        let draft = finished("extract_keywords", reply, Value::Null, &document(&["text"]));
        assert_eq!(draft.result, "Lease, Rent, Garden");
        assert_eq!(draft.data["keywords"][1]["relevance"], 0.667);
    }

    #[test]
    fn spellings_of_one_keyword_become_one() {
        let reply = json!({"keywords": [
            {"term": "houses", "relevance": 3.0}, {"term": "House", "relevance": 2.0}, {"term": " ", "relevance": 1.0}
        ]});
        let draft = finished("extract_keywords", reply, Value::Null, &document(&[samples::ENGLISH]));
        assert_eq!(draft.result, "houses");
    }
}
