//! The sentences of a document.

use crate::{clean::fold_whitespace, context::RunContext, document::Document, error::AiError};

use crate::split;

/// A sentence with the page it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sentence {
    /// With single spaces.
    pub(crate) text: String,
    pub(crate) page: u32,
}

/// The segmenter looks at a whole paragraph at once; one without blank lines may be a whole book.
const LONGEST_BLOCK: usize = 4_000;
/// More than this is a table or a list that ran together, not a sentence.
const LONGEST_SENTENCE: usize = 1_000;

/// All sentences of a document, in order. A sentence does not run over a page break.
///
/// # Errors
/// [`AiError::Cancelled`].
pub(crate) fn of_document(document: &Document, context: &RunContext) -> Result<Vec<Sentence>, AiError> {
    let code = document.language().working_code();
    let mut found = Vec::new();
    for (page, text) in document.pages().iter() {
        for block in text.split("\n\n").flat_map(blocks) {
            context.check()?;
            let texts = segment(code, block);
            let texts = texts.iter().flat_map(|text| pieces(text, LONGEST_SENTENCE));
            found.extend(texts.map(|text| Sentence { text: text.to_owned(), page }));
        }
    }
    Ok(found)
}

/// The sentences of a paragraph in a language.
pub(crate) fn segment(code: &str, paragraph: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // What is no sentence by itself but belongs to the next: "1.", "…".
    let mut opening = String::new();
    for text in sentencex::segment(code, paragraph) {
        let text = fold_whitespace(text);
        let text = if opening.is_empty() { text } else { format!("{opening} {text}").trim().to_owned() };
        opening.clear();
        if is_ordinal(&text) || !text.chars().any(char::is_alphanumeric) {
            opening = text;
        } else {
            found.push(text);
        }
    }
    // At the end there is no next.
    match found.last_mut() {
        Some(last) if !opening.is_empty() => *last = format!("{last} {opening}"),
        None if opening.chars().any(char::is_alphanumeric) => found.push(opening),
        _ => {}
    }
    found
}

/// The number or letter of an item of a list: "12.", "a)".
fn is_ordinal(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
    let is_letter = bare.chars().nth(1).is_none() && bare.chars().all(char::is_alphabetic);
    let is_number = bare.len() <= 3 && bare.bytes().all(|byte| byte.is_ascii_digit());
    !bare.is_empty() && text.ends_with(['.', ')']) && (is_letter || is_number)
}

fn blocks(paragraph: &str) -> impl Iterator<Item = &str> {
    pieces(paragraph, LONGEST_BLOCK)
}

/// Cuts a text into pieces of at most `limit` bytes, at whitespace where there is some.
fn pieces(mut text: &str, limit: usize) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        text = text.trim();
        if text.is_empty() {
            return None;
        }
        let cut = if text.len() <= limit { text.len() } else { border(text, limit) };
        let (head, tail) = text.split_at(cut);
        text = tail;
        Some(head)
    })
}

fn border(text: &str, limit: usize) -> usize {
    let end = text.floor_char_boundary(limit);
    let head = &text[..end];
    head.rfind('\n').or_else(|| head.rfind(char::is_whitespace)).filter(|cut| *cut > 0).unwrap_or(end)
}

/// Whether a sentence can stand in a summary: some words, mostly letters, not endless.
pub(crate) fn is_prose(text: &str) -> bool {
    let (mut letters, mut others) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if c.is_alphabetic() { letters += 1 } else { others += 1 }
    }
    let said =
        split::words(text).nth(3).is_some() || text.chars().filter(|c| split::is_unspaced(*c)).count() >= 8;
    letters > others * 2 && letters <= 600 && said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::PageText;

    fn sentences(pages: &[&str]) -> Vec<Sentence> {
        let pages: Vec<_> =
            (1..).zip(pages).map(|(number, text)| PageText { number, text: (*text).into() }).collect();
        of_document(&Document::read(&pages).unwrap(), &RunContext::default()).unwrap()
    }

    #[test]
    fn sentences_carry_their_page_and_single_spaces() {
        let found = sentences(&["Dr. Smith paid 3.5 million\nto the bank. It was late.", "Page two begins."]);
        let texts: Vec<_> = found.iter().map(|s| (s.page, s.text.as_str())).collect();
        assert_eq!(
            texts,
            [(1, "Dr. Smith paid 3.5 million to the bank."), (1, "It was late."), (2, "Page two begins."),]
        );
    }

    #[test]
    fn the_number_of_an_item_is_no_sentence() {
        let texts = |text| segment("en", text);
        assert_eq!(
            texts("1. The first item. 2. The second item."),
            ["1. The first item.", "2. The second item."]
        );
        assert_eq!(texts("He paid. ... Then he left."), ["He paid.", "... Then he left."]);
        assert_eq!(texts("It was 1995."), ["It was 1995."]);
        assert_eq!(texts("7."), ["7."]);
        assert!(texts(" -- * -- ").is_empty());
    }

    #[test]
    fn endless_text_is_cut_and_nothing_is_lost() {
        let text = "word ".repeat(10_000);
        let found = sentences(&[&text]);
        assert!(found.iter().all(|sentence| sentence.text.len() <= LONGEST_SENTENCE));
        let words: usize = found.iter().map(|sentence| sentence.text.split(' ').count()).sum();
        assert_eq!(words, 10_000);
        assert!(sentences(&["ü".repeat(20_000).as_str()]).len() > 10);
    }

    #[test]
    fn tables_are_no_prose() {
        assert!(is_prose("The company grew by twelve percent in 2024."));
        assert!(!is_prose("12 34 56 78 | 90 12 33.4 Total"));
        assert!(!is_prose("Annual report"));
    }
}
