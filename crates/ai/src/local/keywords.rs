//! Keywords by YAKE! (Campos et al., 2020): words that stand out by case, place, frequency and
//! company, in phrases of up to three words.

use std::panic::{AssertUnwindSafe, catch_unwind};

use yake_rust::{Config, ResultItem, StopWords};

use crate::{error::AiError, languages::Detected};

use super::{
    round,
    sentences::Sentence,
    words::{self, Words},
};

/// A keyword with its weight: 1 for the best of a document, less for the others.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct Keyword {
    pub(crate) term: String,
    pub(crate) relevance: f64,
    /// Its stems, for comparing.
    #[serde(skip)]
    pub(crate) stems: Vec<String>,
}

/// Characters of the longest keyword.
pub(crate) const LONGEST_TERM: usize = 80;
/// Bytes of text looked at. Above, sentences are taken evenly from the whole text.
const TEXT_LIMIT: usize = 600_000;

/// The best keywords, best first; fewer than `count` when the text has no more. None are invented.
///
/// # Errors
/// [`AiError::Internal`] when the method gives up on the text.
pub(crate) fn extract(
    sentences: &[Sentence],
    language: Detected,
    words: &Words,
    count: usize,
) -> Result<Vec<Keyword>, AiError> {
    let code = language.working_code();
    let stop_words = StopWords::predefined(code).unwrap_or_else(|| stop_words(code));
    let found = candidates(sentences, &stop_words)?;
    let mut kept: Vec<Keyword> = Vec::with_capacity(count);
    let mut best_score = None;
    for item in found {
        if kept.len() == count {
            break;
        }
        let stems = words.phrase(&item.raw);
        if is_noise(&item.raw)
            || stems.is_empty()
            || kept.iter().any(|better| contains(&better.stems, &stems))
        {
            continue;
        }
        let relevance = 1.0 / (1.0 + item.score.max(0.0));
        let best = *best_score.get_or_insert(relevance);
        kept.push(Keyword { term: item.raw, relevance: round(relevance / best, 3), stems });
    }
    Ok(kept)
}

/// All candidates by score, lower is better; of equal ones the alphabet decides, because the
/// method's own order depends on hash seeds.
fn candidates(sentences: &[Sentence], stop_words: &StopWords) -> Result<Vec<ResultItem>, AiError> {
    // Punctuation tells phrases apart, but strange heaps of it can overtax the tokeniser: then
    // the words alone have to do.
    let found = yake(&sample(sentences, as_written), stop_words)
        .or_else(|| yake(&sample(sentences, words_alone), stop_words));
    let mut found = found.ok_or_else(|| AiError::Internal("the keyword method gave up on a text".into()))?;
    found.iter_mut().for_each(|item| item.score = round(item.score, 9));
    found.sort_by(|a, b| a.score.total_cmp(&b.score).then_with(|| a.raw.cmp(&b.raw)));
    Ok(found)
}

/// None when the tokeniser gives up: it unwraps the error of a regular expression that meets its
/// backtracking limit.
fn yake(text: &str, stop_words: &StopWords) -> Option<Vec<ResultItem>> {
    let config = Config { remove_duplicates: false, ..Config::default() };
    catch_unwind(AssertUnwindSafe(|| yake_rust::get_n_best(usize::MAX, text, stop_words, &config))).ok()
}

fn stop_words(code: &str) -> StopWords {
    let list = stop_words::lookup(code).unwrap_or_default();
    StopWords::custom(
        list.iter().map(|word| (*word).to_owned()).collect::<std::collections::HashSet<String>>(),
    )
}

/// The sentences as one text of bounded size, in a form that its tokeniser takes apart again at
/// the same places.
fn sample(sentences: &[Sentence], form: fn(&str) -> String) -> String {
    let size: usize = sentences.iter().map(|sentence| sentence.text.len()).sum();
    let step = size.div_ceil(TEXT_LIMIT).max(1);
    let texts: Vec<_> = sentences.iter().step_by(step).map(|s| fenced(&form(&s.text))).collect();
    texts.join("\n\n")
}

/// Without encoded data and lone punctuation; brackets become commas, which part phrases as well.
fn as_written(sentence: &str) -> String {
    let words: Vec<_> = sentence.split(' ').filter(|word| words::split(word).next().is_some()).collect();
    words.join(" ").replace(['(', ')', '[', ']'], ",")
}

fn words_alone(sentence: &str) -> String {
    words::split(sentence).collect::<Vec<_>>().join(" ")
}

/// The tokeniser joins sentences again at small letters, open brackets, dates and abbreviations,
/// and gets slow, or gives up, on what it has joined. So a sentence begins with a capital (which
/// the method does not count there) and ends in a colon.
fn fenced(sentence: &str) -> String {
    let sentence = sentence.trim_matches(|c: char| !c.is_alphanumeric());
    let mut characters = sentence.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}:", characters.as_str())
}

/// Numbers, phrases that are mostly no letters, and what is too long to be a keyword.
fn is_noise(term: &str) -> bool {
    let (letters, all) = (term.chars().filter(|c| c.is_alphabetic()).count(), term.chars().count());
    letters < 3 || letters * 2 < all || all > LONGEST_TERM
}

/// Whether the words of `inner` stand in `outer`, side by side and in order.
pub(crate) fn contains(outer: &[String], inner: &[String]) -> bool {
    !inner.is_empty() && outer.windows(inner.len()).any(|window| window == inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        context::RunContext,
        document::Document,
        document::PageText,
        local::{samples, sentences},
    };

    fn keywords(text: &str, count: usize) -> Vec<Keyword> {
        let document = Document::read(&[PageText { number: 1, text: text.into() }]).unwrap();
        let language = document.language();
        let sentences = sentences::of_document(&document, &RunContext::default()).unwrap();
        extract(&sentences, language, &Words::of(language.working_code()), count).unwrap()
    }

    #[test]
    fn every_sample_has_at_least_ten() {
        for (code, text) in samples::ALL {
            let found = keywords(text, 15);
            assert!((10..=15).contains(&found.len()), "{code}: {}", found.len());
            assert!(found.iter().all(|keyword| (0.0..=1.0).contains(&keyword.relevance)), "{code}");
            assert!(found.is_sorted_by(|a, b| a.relevance >= b.relevance), "{code}");
        }
    }

    #[test]
    fn the_subject_of_the_text_is_among_the_first() {
        let terms: Vec<_> =
            keywords(samples::ENGLISH, 10).into_iter().map(|k| k.term.to_lowercase()).collect();
        assert!(terms.iter().any(|term| term.contains("vaccine")), "{terms:?}");
    }

    #[test]
    fn none_are_invented() {
        assert!(keywords("12 34 56", 15).is_empty());
        assert_eq!(keywords("Photosynthesis", 15).len(), 1);
    }

    #[test]
    fn what_a_better_one_contains_is_left_out() {
        let found = keywords(samples::GERMAN, 15);
        for (place, keyword) in found.iter().enumerate() {
            assert!(
                !found[..place].iter().any(|better| contains(&better.stems, &keyword.stems)),
                "{keyword:?}"
            );
        }
    }

    #[test]
    fn texts_that_overtax_the_tokeniser_still_have_keywords() {
        let list = "apples and pears\n".repeat(2_000);
        let dots = ". . . a.b.c apples and pears ".repeat(800);
        let quotes = "\"( ' « [ apples and pears ".repeat(800);
        for text in [list, dots, quotes] {
            let found = keywords(&text, 15);
            assert!(found.iter().any(|keyword| keyword.term.contains("apples")), "{found:?}");
        }
    }

    #[test]
    fn the_order_is_always_the_same() {
        let first = keywords(samples::FRENCH, 15);
        assert!((0..5).all(|_| keywords(samples::FRENCH, 15) == first));
    }
}
