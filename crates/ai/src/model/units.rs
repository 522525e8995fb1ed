//! Taking a text apart into the small units of which pieces are made: sentences, or pages where those are short.

use std::ops::Range;

use super::tokens::count;

/// Bytes that the segmenter looks at together: it needs the context of a sentence, and more than linear time.
const BLOCK: usize = 4_000;

/// A part of a text, without the white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) range: Range<usize>,
    pub(super) end: End,
}

/// What ends with a unit, the best place for a cut last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Words,
    Sentence,
    Page,
}

/// Takes one page apart into units of at most `largest` tokens; it is one where it has no more.
pub(super) fn of_page(text: &str, page: Range<usize>, language: &str, largest: usize) -> Vec<Unit> {
    let page = trim(text, page);
    let mut units = Vec::new();
    if page.is_empty() {
        return units;
    }
    if page.len() <= largest || count(&text[page.clone()]) <= largest {
        return vec![Unit { range: page, end: End::Page }];
    }
    for block in spans(text, page, BLOCK) {
        let sentences = sentencex::get_sentence_boundaries(language, &text[block.range.clone()]);
        let mut start = block.range.start;
        for sentence in sentences {
            let end = (block.range.start + sentence.end_byte).min(block.range.end);
            if start < end && text.is_char_boundary(end) {
                of_sentence(text, start..end, End::Sentence, largest, &mut units);
                start = end;
            }
        }
        of_sentence(text, start..block.range.end, block.end, largest, &mut units);
        if let Some(last) = units.last_mut() {
            // A block may end within a sentence.
            last.end = block.end;
        }
    }
    if let Some(last) = units.last_mut() {
        last.end = End::Page;
    }
    units
}

/// Adds a sentence, or parts of one that is too long: no text has more tokens than bytes.
fn of_sentence(text: &str, sentence: Range<usize>, end: End, largest: usize, units: &mut Vec<Unit>) {
    let range = trim(text, sentence);
    if range.is_empty() {
        return;
    }
    if range.len() <= largest || count(&text[range.clone()]) <= largest {
        units.push(Unit { range, end });
        return;
    }
    units.extend(spans(text, range, largest));
    if let Some(last) = units.last_mut() {
        last.end = end;
    }
}

/// Cuts a range into spans of at most `most` bytes (or one character), at the ends of lines, else of words.
fn spans(text: &str, range: Range<usize>, most: usize) -> Vec<Unit> {
    let (mut spans, mut start) = (Vec::new(), range.start);
    while start < range.end {
        let is_last = range.end - start <= most;
        let end = if is_last { range.end } else { span_end(text, start, most) };
        let part = trim(text, start..end);
        let is_line = is_last || text[part.end..].trim_start_matches([' ', '\t']).starts_with('\n');
        if !part.is_empty() {
            spans.push(Unit { range: part, end: if is_line { End::Sentence } else { End::Words } });
        }
        start = end;
    }
    spans
}

fn span_end(text: &str, start: usize, most: usize) -> usize {
    let end = text.floor_char_boundary(start + most);
    let part = &text[start..end];
    let at = part.rfind('\n').or_else(|| part.rfind(char::is_whitespace)).filter(|at| *at > 0);
    match at {
        Some(at) => start + at,
        None if end > start => end,
        None => text.ceil_char_boundary(start + 1),
    }
}

/// A range without the white space around it.
pub(super) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let inside = &text[range.clone()];
    let start = range.start + (inside.len() - inside.trim_start().len());
    start..start + inside.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str, language: &str, largest: usize) -> Vec<(String, End)> {
        let units = of_page(text, 0..text.len(), language, largest);
        units.into_iter().map(|unit| (text[unit.range].to_owned(), unit.end)).collect()
    }

    #[test]
    fn a_short_page_is_one_unit_and_a_long_one_its_sentences() {
        let text = " Dr. Miller came at 5 p.m. on Monday.  He left. Then nobody came.\n\nNothing else. ";
        assert_eq!(units(text, "en", 100), [(text.trim().to_owned(), End::Page)]);
        let sentences = [
            ("Dr. Miller came at 5 p.m. on Monday.", End::Sentence),
            ("He left.", End::Sentence),
            ("Then nobody came.", End::Sentence),
            ("Nothing else.", End::Page),
        ];
        assert_eq!(units(text, "en", 15), sentences.map(|(text, end)| (text.to_owned(), end)));
        assert_eq!(units(" \n ", "en", 15), []);
    }

    #[test]
    fn what_has_no_sentences_is_cut_between_words_and_characters() {
        for text in ["word ".repeat(3_000), "日本".repeat(3_000), "x".repeat(9_000)] {
            let units = units(&text, "en", 50);
            assert!(units.len() > 5);
            assert!(units.iter().all(|(text, _)| count(text) <= 50 && !text.is_empty()));
            let letters: String = units.iter().map(|(text, _)| text.replace(' ', "")).collect();
            assert_eq!(letters, text.replace(' ', ""));
        }
    }
}
