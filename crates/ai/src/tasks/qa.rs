//! `qa`: one question answered from the text, and three to go on with.

use std::collections::HashSet;

use quire_domain::FieldErrors;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clean::{clean, fold_whitespace, shorten},
    error::AiError,
    local::{
        keywords::{self, Keyword},
        questions::{Index, Phrasing},
        round, sentences, summary,
        words::Words,
    },
    params::Params,
    split,
    quote::{Check, confidence_of_answer},
    task::{Checked, Document, Draft, LocalJob, Overlap, Part, Prompt, Reduction, TaskType, Warning, decode},
};

pub(crate) struct Qa;

#[derive(Deserialize)]
struct Reply {
    question: String,
    answer: Option<String>,
    evidence: Option<String>,
    follow_ups: Vec<String>,
}

/// A question with its answer, as stored.
struct Item {
    question: String,
    answer: Option<String>,
    evidence: Option<Checked>,
    confidence: f64,
    given: bool,
}

impl Item {
    fn is_grounded(&self) -> bool {
        self.evidence.as_ref().is_some_and(|evidence| evidence.check == Check::Verified)
    }
}

const QUESTION_CHARS: usize = 500;
const FOLLOW_UPS: usize = 3;
/// Keywords among which the subjects of questions are looked for.
const CANDIDATES: usize = 15;
/// Claimed for the passage that the local method finds for a question of its own: that was not measured.
const OWN_CONFIDENCE: f64 = 0.5;

impl TaskType for Qa {
    fn name(&self) -> &'static str {
        "qa"
    }

    fn title(&self) -> &'static str {
        "Question and answer"
    }

    fn description(&self) -> &'static str {
        "Answers `question` from the document, or else the main question the document answers, with the passage \
         that shows it, and suggests three follow-up questions. The local provider quotes the passage that fits best."
    }

    fn params_schema(&self) -> Value {
        json!({
            "type": "object", "additionalProperties": false,
            "properties": {"question": {
                "type": "string", "maxLength": QUESTION_CHARS,
                "description": "What you want to know; left out, the main question of the document is found.",
            }},
        })
    }

    fn output_schema(&self) -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["items", "follow_ups"],
            "properties": {
                "items": {"type": "array", "minItems": 1, "maxItems": 1, "items": {
                    "type": "object", "additionalProperties": false,
                    "required": [
                        "question", "answer", "evidence", "page", "check", "confidence", "origin", "grounded"
                    ],
                    "properties": {
                        "question": {"type": "string", "minLength": 1},
                        "answer": {"type": ["string", "null"], "description": "null: the document does not say."},
                        "evidence": {"type": ["string", "null"], "description":
                            "The passage that shows the answer; `check` says whether the document holds it."},
                        "page": {"type": ["integer", "null"], "description": "Where the evidence stands."},
                        "check": {"type": "string", "enum": ["verified", "unverified"]},
                        "confidence": {"type": "number", "minimum": 0, "maximum": 1, "description":
                            "Computed: half for evidence that was found, half for the part of the answer's words and \
                             numbers that it holds. Locally: a measured hit rate."},
                        "origin": {"type": "string", "enum": ["user", "generated"]},
                        "grounded": {"type": "boolean", "description": "Whether the evidence was found in the document."},
                    },
                }},
                "follow_ups": {"type": "array", "maxItems": FOLLOW_UPS, "items": {"type": "string"}},
            },
        })
    }

    fn check_params(&self, params: &Value) -> Result<Value, FieldErrors> {
        let mut read = Params::new(params);
        let question = read.text("question", QUESTION_CHARS).map(|text| fold_whitespace(&clean(text)));
        let question = question.filter(|text| !text.is_empty());
        read.finish(question.map_or_else(|| json!({}), |question| json!({"question": question})))
    }

    fn answer_locally(&self, job: &LocalJob<'_>) -> Result<Draft, AiError> {
        let language = job.document.language();
        let sentences = sentences::of_document(job.document, job.context)?;
        let words = Words::of(language.working_code());
        let index = Index::new(&sentences, &words);
        job.context.check()?;
        let subjects = subjects(keywords::extract(&sentences, &words, CANDIDATES), &words);
        job.context.check()?;
        let phrasing = Phrasing::of(language.working_code());
        let given = given(job.params);
        let main = subjects.first();
        let (question, found) = match given {
            Some(question) => {
                (question.to_owned(), index.search(&words.stems(question)).map(|f| (f.place, f.confidence)))
            }
            None => {
                let place = match main.and_then(|subject| index.search(&subject.stems)) {
                    Some(found) => Some(found.place),
                    None => summary::rank(&sentences, &words, 1, job.context)?.first().copied(),
                };
                (
                    phrasing.main(main.map(|subject| subject.term.as_str())),
                    place.map(|place| (place, OWN_CONFIDENCE)),
                )
            }
        };
        let passage = found.map(|(place, confidence)| (&sentences[place], confidence));
        let asked = words.stems(&question);
        let others = subjects.iter().filter(|subject| !keywords::contains(&asked, &subject.stems));
        let others: Vec<_> = others.map(|subject| subject.term.as_str()).take(FOLLOW_UPS).collect();
        let item = Item {
            question,
            answer: passage.map(|(sentence, _)| sentence.text.clone()),
            evidence: passage.map(|(sentence, _)| Checked::passage(job.document.pages(), &sentence.text)),
            confidence: passage.map_or(0.0, |(_, confidence)| confidence),
            given: given.is_some(),
        };
        Ok(draft(item, phrasing.follow_ups(&others)))
    }

    fn prompt(&self) -> Prompt {
        Prompt { version: "qa/2", text: include_str!("prompts/qa.md") }
    }

    fn reply_schema(&self, _params: &Value) -> Value {
        json!({
            "type": "object", "additionalProperties": false,
            "required": ["question", "answer", "evidence", "follow_ups"],
            "properties": {
                "question": {"type": "string"},
                "answer": {"type": ["string", "null"]},
                "evidence": {"type": ["string", "null"]},
                "follow_ups": {"type": "array", "maxItems": FOLLOW_UPS, "items": {"type": "string"}},
            },
        })
    }

    fn streamed(&self) -> Option<&'static str> {
        Some("answer")
    }

    fn wish(&self, params: &Value) -> String {
        match given(params) {
            // As a JSON string, so that its end cannot be forged.
            Some(question) => format!(
                "answer this question from the text, and suggest three follow-up questions. The question: {}",
                Value::from(question)
            ),
            None => {
                "find and answer the main question of the text, and suggest three follow-up questions.".into()
            }
        }
    }

    fn overlap(&self) -> Overlap {
        Overlap::Twentieth
    }

    /// The answers of the pieces, with their evidence, become the text that is asked again.
    fn reduce(&self, parts: Vec<Part>, _params: &Value) -> Result<Reduction, AiError> {
        let replies: Vec<(Value, Reply)> = parts
            .into_iter()
            .map(|part| Ok((part.reply.clone(), decode(part.reply)?)))
            .collect::<Result<_, AiError>>()?;
        let extracts: Vec<_> = replies
            .iter()
            .filter_map(|(_, reply)| {
                let answer = reply.answer.as_deref().filter(|answer| !answer.trim().is_empty())?;
                Some(format!(
                    "{}\n{answer}\n{}",
                    reply.question,
                    reply.evidence.as_deref().unwrap_or_default()
                ))
            })
            .collect();
        let nothing_found = replies.into_iter().next().map(|(value, _)| value).ok_or(AiError::BadOutput)?;
        Ok(if extracts.is_empty() {
            Reduction::Done(nothing_found)
        } else {
            Reduction::Again(extracts.join("\n\n"))
        })
    }

    /// Looks the evidence up in the document; what is not there stays, marked as such.
    fn finish(&self, reply: Value, document: &Document, params: &Value) -> Result<Draft, AiError> {
        let reply: Reply = decode(reply)?;
        let given = given(params);
        let text = |text: String| Some(fold_whitespace(&text)).filter(|text| !text.is_empty());
        let question = given.map(str::to_owned).or_else(|| text(shorten(&reply.question, QUESTION_CHARS)));
        let answer = reply.answer.and_then(text);
        let quoted = reply.evidence.and_then(text);
        let evidence = answer
            .as_ref()
            .zip(quoted)
            .map(|(answer, quote)| Checked::new(document.pages(), answer, Some(&quote)));
        let words = Words::of(document.language().working_code());
        let confidence =
            confidence_of_answer(document.pages(), answer.as_deref(), evidence.as_slice(), &words);
        let item = Item {
            question: question.ok_or(AiError::BadOutput)?,
            answer,
            evidence,
            confidence,
            given: given.is_some(),
        };
        let mut warnings = Vec::new();
        if item.evidence.is_some() && !item.is_grounded() {
            warnings.push(Warning::new(
                "quote_not_found",
                "The passage given as evidence is not in the document.",
            ));
        }
        let mut seen = HashSet::from([item.question.to_lowercase()]);
        let follow_ups = reply.follow_ups.into_iter().filter_map(text);
        let follow_ups = follow_ups.filter(|question| seen.insert(question.to_lowercase())).collect();
        let draft = draft(item, follow_ups);
        Ok(Draft { warnings: [warnings, draft.warnings].concat(), ..draft })
    }
}

/// The keywords that read well in a question: those of meaningful words alone, if there are any.
fn subjects(found: Vec<Keyword>, words: &Words) -> Vec<Keyword> {
    let meaningful =
        |keyword: &Keyword| split::words(&keyword.term).all(|word| !words.is_stop_word(&word.to_lowercase()));
    let (best, others): (Vec<_>, Vec<_>) = found.into_iter().partition(meaningful);
    best.into_iter().chain(others).take(FOLLOW_UPS + 1).collect()
}

fn given(params: &Value) -> Option<&str> {
    params.get("question").and_then(Value::as_str)
}

fn draft(item: Item, follow_ups: Vec<String>) -> Draft {
    let mut lines = vec![item.question.clone(), String::new()];
    let mut warnings = Vec::new();
    let page = item.evidence.as_ref().and_then(|evidence| evidence.page);
    match (&item.answer, page) {
        (Some(answer), Some(page)) => lines.push(format!("{answer} (page {page})")),
        (Some(answer), None) => lines.push(answer.clone()),
        (None, _) => {
            lines.push("The document does not answer this question.".into());
            warnings.push(Warning::new("no_answer", "The document does not answer this question."));
        }
    }
    if !follow_ups.is_empty() {
        lines.push(String::new());
        lines.extend(follow_ups.iter().map(|question| format!("- {question}")));
    }
    let data = json!({
        "items": [{
            "question": item.question, "answer": item.answer,
            "evidence": item.evidence.as_ref().and_then(|evidence| evidence.quote.as_deref()), "page": page,
            "check": item.evidence.as_ref().map_or(Check::Unverified, |evidence| evidence.check),
            "confidence": round(item.confidence, 2), "origin": if item.given { "user" } else { "generated" },
            "grounded": item.is_grounded(),
        }],
        "follow_ups": follow_ups,
    });
    Draft { data, result: lines.join("\n"), warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        local::samples,
        tasks::testing::{document, finished, locally},
    };

    const LEASE: [&str; 2] = [
        "This lease is made between the landlord and the tenant. The monthly rent amounts to 850 euros without heating.",
        "Pets need the written consent of the landlord. Notice must be given three months in advance by letter.",
    ];

    #[test]
    fn a_given_question_is_answered_with_a_quote_and_its_page() {
        let params = json!({"question": "Is the consent of the landlord needed for pets?"});
        let answer = locally("qa", params, &LEASE).unwrap();
        let item = &answer.output["data"]["items"][0];
        assert_eq!(item["answer"], "Pets need the written consent of the landlord.");
        assert_eq!(
            (&item["page"], &item["origin"], &item["grounded"]),
            (&json!(2), &json!("user"), &json!(true))
        );
        insta::assert_snapshot!(answer.result);
    }

    #[test]
    fn what_the_document_does_not_say_has_no_answer() {
        let answer =
            locally("qa", json!({"question": "Who won the football world championship?"}), &LEASE).unwrap();
        assert_eq!(answer.output["data"]["items"][0]["answer"], Value::Null);
        assert_eq!(answer.warnings[0].code, "no_answer");
    }

    #[test]
    fn without_a_question_the_text_gets_its_own_and_three_follow_ups() {
        for (code, text) in samples::ALL {
            let data = locally("qa", Value::Null, &[text]).unwrap().output["data"].take();
            assert_eq!(data["follow_ups"].as_array().unwrap().len(), 3, "{code}");
            assert_eq!(data["items"][0]["origin"], "generated", "{code}");
            let answer = data["items"][0]["answer"].as_str().unwrap();
            assert!(text.contains(answer), "{code}: {answer}");
        }
    }

    #[test]
    fn the_smallest_text_has_an_answer() {
        let answer = locally("qa", Value::Null, &["Hi."]).unwrap();
        assert_eq!(answer.output["data"]["items"][0]["answer"], "Hi.");
    }

    #[test]
    fn evidence_is_checked_against_the_document() {
        let reply = |evidence: &str| {
            json!({"question": "What is the rent?", "answer": "850 euros.", "evidence": evidence,
                "follow_ups": ["When is it due?", "what is the rent?", "Are pets allowed?"]})
        };
        let found =
            finished("qa", reply("monthly rent amounts to  850 euros"), Value::Null, &document(&LEASE));
        assert_eq!((&found.data["items"][0]["page"], found.warnings.len()), (&json!(1), 0));
        assert_eq!(found.data["items"][0]["confidence"], 1.0);
        assert_eq!(found.data["follow_ups"], json!(["When is it due?", "Are pets allowed?"]));
        let invented = finished("qa", reply("rent amounts to 900 euros"), Value::Null, &document(&LEASE));
        let item = &invented.data["items"][0];
        assert_eq!(
            (&item["check"], &item["grounded"], &item["page"]),
            (&json!("unverified"), &json!(false), &Value::Null)
        );
        assert_eq!(item["confidence"], 0.4, "the answer alone is there");
        assert_eq!(invented.warnings[0].code, "quote_not_found");
    }

    #[test]
    fn pieces_without_an_answer_are_left_out() {
        let part = |answer: Value| Part {
            reply: json!({"question": "Q?", "answer": answer, "evidence": "e", "follow_ups": []}),
            chars: 10,
        };
        let reduced = Qa.reduce(vec![part(Value::Null), part(json!("Yes."))], &Value::Null).unwrap();
        assert_eq!(reduced, Reduction::Again("Q?\nYes.\ne".into()));
        let reduced = Qa.reduce(vec![part(Value::Null), part(Value::Null)], &Value::Null).unwrap();
        assert!(matches!(reduced, Reduction::Done(_)));
    }

    #[test]
    fn a_question_is_trimmed_cleaned_and_cannot_break_out() {
        let params = Qa.check_params(&json!({"question": "  Who\u{200B}\n is \"it\"? "})).unwrap();
        assert_eq!(params, json!({"question": "Who is \"it\"?"}));
        assert!(Qa.wish(&params).ends_with(r#"The question: "Who is \"it\"?""#));
        assert!(Qa.check_params(&json!({"question": "x".repeat(501)})).is_err());
    }
}
