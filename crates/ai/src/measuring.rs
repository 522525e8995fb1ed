//! The local methods one by one, for measuring them beside other programs (`make bench-quality`).
//!
//! Tasks go through [`LocalEngine`](crate::LocalEngine) and answer for people; comparisons want the bare
//! method: so many sentences, so many keywords, the score of one remark.

use serde_json::{Value, json};

use crate::{
    context::RunContext,
    document::{Document, PageText},
    error::AiError,
    local::{keywords, sentences, sentiment, summary, words::Words},
};

/// Does one method on a text, as one page.
///
/// | method | answer |
/// | --- | --- |
/// | `sentences/en` | the sentences of a paragraph in that language |
/// | `summary` | the `count` best sentences, in their order |
/// | `keywords` | the `count` best keywords, best first |
/// | `remark` | the score of the whole text as one remark, -1 to 1 |
/// | `sentiment` | `[label, confidence, score]` of the text, sentence by sentence |
/// | `language` | `[published code, likely code]` |
///
/// # Errors
/// [`AiError::NoText`] for a text without letters; [`AiError::Internal`] for a method that there is not.
pub fn measure(method: &str, text: &str, count: usize) -> Result<Value, AiError> {
    if let Some(code) = method.strip_prefix("sentences/") {
        return Ok(json!(sentences::segment(code, text)));
    }
    let document = Document::read(&[PageText { number: 1, text: text.to_owned() }])?;
    let (language, context) = (document.language(), RunContext::default());
    let words = Words::of(language.working_code());
    let sentences = || sentences::of_document(&document, &context);
    Ok(match method {
        "summary" => {
            let sentences = sentences()?;
            let mut best = summary::rank(&sentences, &words, count, &context)?;
            best.sort_unstable();
            json!(best.into_iter().map(|place| &sentences[place].text).collect::<Vec<_>>())
        }
        "keywords" => {
            let found = keywords::extract(&sentences()?, &words, count);
            json!(found.into_iter().map(|keyword| keyword.term).collect::<Vec<_>>())
        }
        "remark" => json!(sentiment::score(text)),
        "sentiment" => {
            let verdict = sentiment::judge(&sentences()?, &context)?;
            json!([verdict.label, verdict.confidence, verdict.score])
        }
        "language" => json!([language.code(), language.likely.map(|likely| likely.code)]),
        _ => return Err(AiError::Internal(format!("there is no method {method}"))),
    })
}
