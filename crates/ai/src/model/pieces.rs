//! Cutting a text into pieces that fit a model, at the ends of pages and sentences.
//!
//! The text is first taken apart into sentences (pages, where those are short); each is counted once, so that the
//! work grows no faster than the text. Pieces are as many of them as fit, cut where a page ends if one ends near
//! the limit, else where a sentence does. A piece is a range of the text, so nothing within it is changed.

use std::{ops::Range, sync::Arc};

use crate::{clean::fold_whitespace, document::Document, error::AiError};

use super::{
    tokens::{blocking, count},
    units::{self, End, Unit, trim},
};

/// Bytes that are not worth loading the tokeniser for: taken as so many tokens.
const UNCOUNTED: usize = 4 * 1024;
/// Units in a full piece, at least: so finely a cut can be placed. More than the twentieth that neighbours may
/// share.
const UNITS: usize = 24;
/// Tokens of a unit in the smallest pieces.
const SMALLEST_UNIT: usize = 16;
/// Characters before a piece that are shown as context.
const CONTEXT_CHARS: usize = 300;
const PAGE_BREAK: &str = "\n\n";

/// A text that may have pages.
pub(super) struct Source {
    text: String,
    /// The code of its language, for the ends of sentences.
    language: &'static str,
    /// Where each page begins, and its number.
    pages: Vec<(usize, u32)>,
}

/// A piece of a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Tokens of `o200k` in it, rather more than fewer.
    pub(super) tokens: usize,
}

impl Source {
    /// A document's pages, a blank line between two.
    pub(super) fn of(document: &Document) -> Self {
        let mut source = Self::plain(String::new(), document.language().working_code());
        for (number, text) in document.pages().iter() {
            if !source.text.is_empty() {
                source.text.push_str(PAGE_BREAK);
            }
            source.pages.push((source.text.len(), number));
            source.text.push_str(text.trim());
        }
        source
    }

    /// A text without pages.
    pub(super) fn plain(text: String, language: &'static str) -> Self {
        Self { text, language, pages: Vec::new() }
    }

    /// The code of its language.
    pub(super) fn language(&self) -> &'static str {
        self.language
    }

    /// The text of a piece.
    pub(super) fn text(&self, piece: &Piece) -> &str {
        &self.text[piece.range.clone()]
    }

    /// The whole words before a piece, for context.
    pub(super) fn before(&self, piece: &Piece) -> Option<String> {
        let text = self.text[..piece.range.start].trim_end();
        let start = text.char_indices().rev().nth(CONTEXT_CHARS - 1).map_or(0, |(at, _)| at);
        let end = &text[start..];
        let words = end.split_once(char::is_whitespace).filter(|_| start > 0).map_or(end, |(_, rest)| rest);
        Some(fold_whitespace(words)).filter(|words| !words.is_empty())
    }

    /// The numbers of the first and last page of which a range has a part.
    pub(super) fn pages(&self, range: &Range<usize>) -> Option<(u32, u32)> {
        let number = |at: usize| {
            let after = self.pages.partition_point(|(start, _)| *start <= at);
            self.pages.get(after.checked_sub(1)?).map(|(_, number)| *number)
        };
        Some((number(range.start)?, number(range.end.saturating_sub(1))?))
    }

    /// All of it, as a range.
    pub(super) fn range(&self) -> Range<usize> {
        0..self.text.len()
    }

    /// The parts of a range between the beginnings of pages.
    fn by_page(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let inside = self.pages.iter().map(|(start, _)| *start).filter(|start| range.contains(start));
        let mut borders: Vec<_> = std::iter::once(range.start).chain(inside).chain([range.end]).collect();
        borders.dedup();
        borders.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }
}

/// Cuts a range of a text into pieces of at most `budget` tokens; neighbours share up to `overlap` tokens.
///
/// # Errors
/// [`AiError::Internal`] when the thread that computes was lost.
pub(super) async fn cut(
    source: &Arc<Source>,
    range: Range<usize>,
    budget: usize,
    overlap: usize,
) -> Result<Vec<Piece>, AiError> {
    let trimmed = trim(&source.text, range);
    if trimmed.len() <= budget.min(UNCOUNTED) {
        let piece = Piece { tokens: trimmed.len(), range: trimmed };
        return Ok(if piece.range.is_empty() { Vec::new() } else { vec![piece] });
    }
    let source = Arc::clone(source);
    blocking(move || Units::of(&source, trimmed, (budget / UNITS).max(SMALLEST_UNIT)).pack(budget, overlap))
        .await
}

/// What a text is made of.
struct Units {
    units: Vec<Unit>,
    /// Tokens before each unit and, at last, in all; the white space before a unit counts as its own.
    sums: Vec<usize>,
}

impl Units {
    fn of(source: &Source, range: Range<usize>, largest: usize) -> Self {
        let pages = source.by_page(&range).into_iter();
        let units: Vec<_> =
            pages.flat_map(|page| units::of_page(&source.text, page, source.language, largest)).collect();
        let (mut sums, mut sum, mut at) = (vec![0], 0, range.start);
        for unit in &units {
            sum += count(&source.text[at..unit.range.end]);
            sums.push(sum);
            at = unit.range.end;
        }
        Self { units, sums }
    }

    fn pack(&self, budget: usize, overlap: usize) -> Vec<Piece> {
        let (mut pieces, mut start) = (Vec::new(), 0);
        while start < self.units.len() {
            let end = self.border(start, self.fitting(start, budget), budget);
            let range = self.units[start].range.start..self.units[end - 1].range.end;
            pieces.push(Piece { range, tokens: self.tokens(start..end) });
            start = if end == self.units.len() { end } else { self.shared(start, end, budget, overlap) };
        }
        pieces
    }

    fn tokens(&self, units: Range<usize>) -> usize {
        self.sums[units.end] - self.sums[units.start]
    }

    /// The end of as many units from `start` as fit, one at least.
    fn fitting(&self, start: usize, budget: usize) -> usize {
        self.sums.partition_point(|sum| sum - self.sums[start].min(*sum) <= budget).max(start + 2) - 1
    }

    /// The best end of a piece: where a page ends in its last quarter, else a sentence in its second half.
    fn border(&self, start: usize, end: usize, budget: usize) -> usize {
        if end == self.units.len() {
            return end;
        }
        let ends = |wanted: End, least: usize| {
            let far = move |border: &usize| self.tokens(start..*border) >= least;
            (start + 1..=end).rev().take_while(far).find(|border| self.units[border - 1].end >= wanted)
        };
        ends(End::Page, budget / 4 * 3).or_else(|| ends(End::Sentence, budget / 2)).unwrap_or(end)
    }

    /// Where the next piece begins, so that it shares up to `overlap` tokens and still gets further.
    fn shared(&self, start: usize, end: usize, budget: usize, overlap: usize) -> usize {
        let next = (start + 1..=end).find(|next| self.tokens(*next..end) <= overlap).unwrap_or(end);
        if self.fitting(next, budget) > end { next } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::PageText;

    fn source(pages: &[String]) -> Arc<Source> {
        let page = |(number, text): (u32, &String)| PageText { number, text: text.clone() };
        let pages: Vec<_> = (1..).zip(pages).map(page).collect();
        Arc::new(Source::of(&Document::read(&pages).unwrap()))
    }

    fn page(number: usize, sentences: usize) -> String {
        (1..=sentences).map(|i| format!("This is sentence {i} on page {number} of the report. ")).collect()
    }

    async fn pieces(source: &Arc<Source>, budget: usize, overlap: usize) -> Vec<Piece> {
        cut(source, source.range(), budget, overlap).await.unwrap()
    }

    #[tokio::test]
    async fn pieces_fit_end_sentences_and_lose_nothing() {
        let source = Arc::new(Source::plain(page(1, 400), "en"));
        let pieces = pieces(&source, 100, 0).await;
        assert!(pieces.len() > 40, "{}", pieces.len());
        for piece in &pieces {
            let text = source.text(piece);
            assert!(count(text) <= piece.tokens && piece.tokens <= 100, "{} {text}", piece.tokens);
            assert!(text.starts_with("This") && text.ends_with("report."), "{text}");
        }
        let joined: Vec<_> = pieces.iter().map(|piece| source.text(piece)).collect();
        assert_eq!(joined.join(" "), page(1, 400).trim());
        assert_eq!(source.pages(&pieces[0].range), None);
    }

    #[tokio::test]
    async fn pieces_end_with_a_page_where_one_is_near() {
        let source = source(&(1..=30).map(|number| page(number, 12)).collect::<Vec<_>>());
        let pieces = pieces(&source, 600, 0).await;
        for piece in &pieces {
            let (first, last) = source.pages(&piece.range).unwrap();
            assert_eq!(last - first, 2, "{piece:?}");
            assert!(source.text(piece).starts_with(&format!("This is sentence 1 on page {first} ")));
        }
        assert_eq!(source.pages(&pieces[0].range), Some((1, 3)));
    }

    #[tokio::test]
    async fn neighbours_share_what_was_asked_for() {
        let source = source(&[page(1, 400)]);
        let pieces = pieces(&source, 1_000, 50).await;
        assert!(pieces.len() > 2);
        for pair in pieces.windows(2) {
            let shared = &source.text[pair[1].range.start..pair[0].range.end];
            assert!((20..=50).contains(&count(shared)), "{shared:?}");
            assert!(pair[1].range.end > pair[0].range.end);
        }
    }

    #[tokio::test]
    async fn what_stands_before_a_piece_is_whole_words() {
        let source = source(&[page(1, 400)]);
        let pieces = pieces(&source, 1_000, 0).await;
        assert_eq!(source.before(&pieces[0]), None);
        let before = source.before(&pieces[1]).unwrap();
        assert!(before.chars().count() <= CONTEXT_CHARS && before.ends_with("report."), "{before}");
        assert!(source.text(&pieces[0]).contains(&before));
    }

    #[tokio::test]
    async fn texts_without_sentences_are_cut_all_the_same() {
        for unit in ["word ", "a", "日本", "\u{1F600}", "a. ", "\n\nx"] {
            let source = Arc::new(Source::plain(unit.repeat(6_000), "en"));
            let pieces = pieces(&source, 1_000, 50).await;
            let (mut reached, mut characters) = (0, 0);
            for piece in &pieces {
                assert!(count(source.text(piece)) <= 1_000, "{unit}");
                assert!(source.text[reached..piece.range.start.max(reached)].trim().is_empty(), "{unit}");
                reached = piece.range.end;
                characters += source.text(piece).chars().count();
            }
            assert!(source.text[reached..].trim().is_empty(), "{unit}");
            assert!(characters <= source.text.chars().count() * 11 / 10, "{unit}");
        }
        let empty = Arc::new(Source::plain(" \n ".repeat(2_000), "en"));
        assert_eq!(pieces(&empty, 1_000, 0).await, []);
    }

    #[tokio::test]
    async fn short_texts_are_one_piece_that_nobody_counts() {
        let source = source(&["Only this.".into()]);
        assert_eq!(pieces(&source, 100, 5).await, [Piece { range: 0..10, tokens: 10 }]);
    }
}
