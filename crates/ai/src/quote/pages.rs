//! The pages of a document, to be searched for quotes.

use std::{ops::Range, sync::OnceLock};

use crate::clean::{clean, fold_whitespace};

use super::letters::Letters;

/// Bytes of letters at the end and at the beginning of a page that a quote over a page break may skip: page
/// numbers, headers, footnotes.
const FURNITURE: usize = 300;
/// A quote over such a break must have this many bytes of letters on either page.
const ANCHOR: usize = 12;
/// Parts into which a quote may be broken by ellipses.
const MOST_PARTS: usize = 8;
/// Bytes of letters that each such part must have: fewer are found anywhere.
const SHORTEST_PART: usize = 4;
/// Places of one part that are looked at.
const MOST_PLACES: usize = 500;

/// A quote that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The number of the page on which it begins.
    pub(crate) page: u32,
    /// The passage as it stands there, with single spaces.
    pub(crate) text: String,
}

/// The pages of a document, to be searched for quotes.
pub(crate) struct Pages {
    /// All pages, a line break between two.
    text: String,
    /// Number, and where in `text` it stands.
    pages: Vec<(u32, Range<usize>)>,
    letters: OnceLock<Letters>,
}

impl Pages {
    /// Pages with their numbers, cleaned.
    pub(crate) fn new(given: impl IntoIterator<Item = (u32, String)>) -> Self {
        let (mut text, mut pages) = (String::new(), Vec::new());
        for (number, page) in given {
            if !pages.is_empty() {
                text.push('\n');
            }
            let start = text.len();
            text.push_str(&page);
            pages.push((number, start..text.len()));
        }
        Self { text, pages, letters: OnceLock::new() }
    }

    /// Numbers and texts.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u32, &str)> {
        self.pages.iter().map(|(number, range)| (*number, &self.text[range.clone()]))
    }

    /// Where `quote` stands first: white space, hyphens, case, ligatures and the form of quotation marks
    /// aside, and from the beginning of a word to the end of one. A quote over a page break is found on the
    /// page where it begins, also when a footer or a header stands between; one with an ellipsis when its
    /// parts stand in order on a page and the next. Takes time linear in the length of the document.
    pub(crate) fn find(&self, quote: &str) -> Option<Found> {
        let quote = clean(quote);
        let whole = Letters::of(&quote).text;
        if !whole.chars().any(char::is_alphanumeric) {
            return None;
        }
        let bare = Letters::of(quote.trim_matches(is_dressing)).text;
        self.whole(&whole)
            .or_else(|| (bare != whole).then(|| self.whole(&bare)).flatten())
            .or_else(|| self.in_parts(&quote))
            .or_else(|| self.over_a_break(&bare))
    }

    fn whole(&self, wanted: &str) -> Option<Found> {
        let range = self.letters().occurrences(&self.text, wanted, false).next()?;
        Some(self.found(&[range]))
    }

    /// Quotes with an ellipsis: each part after the one before, all on one page and the next.
    fn in_parts(&self, quote: &str) -> Option<Found> {
        let parts = parts(quote)?;
        let letters = self.letters();
        let places: Vec<Vec<_>> = parts
            .iter()
            .map(|(part, open)| letters.occurrences(&self.text, part, *open).take(MOST_PLACES).collect())
            .collect();
        let (first, others) = places.split_first()?;
        first.iter().find_map(|start| {
            let mut ranges = vec![start.clone()];
            for places in others {
                let end = ranges.last()?.end;
                let next = places.get(places.partition_point(|range| range.start < end))?;
                ranges.push(next.clone());
            }
            let pages = self.page_of(ranges.last()?).checked_sub(self.page_of(start))?;
            (pages <= 1).then(|| self.found(&ranges))
        })
    }

    /// Quotes over a page break with more than the quote between its two halves.
    fn over_a_break(&self, wanted: &str) -> Option<Found> {
        let letters = self.letters();
        let anchor = wanted.get(..wanted.ceil_char_boundary(ANCHOR))?;
        if wanted.len() < 2 * ANCHOR {
            return None;
        }
        letters.occurrences(&self.text, anchor, true).take(MOST_PLACES).find_map(|range| {
            let page = self.page_of(&range);
            let (_, this) = &self.pages[page];
            let (_, next) = self.pages.get(page + 1)?;
            let (end, start) = (letters.at(this.end), letters.at(next.start));
            let shared = shared_prefix(&letters.text[range.start..end], wanted);
            let rest = &wanted[shared..];
            if end - range.start - shared > FURNITURE || rest.len() < ANCHOR {
                return None;
            }
            let window = letters.text.floor_char_boundary(start + FURNITURE + rest.len());
            let at = start + letters.text[start..window].find(rest)?;
            Some(self.found(&[range.start..range.start + shared, at..at + rest.len()]))
        })
    }

    fn found(&self, ranges: &[Range<usize>]) -> Found {
        let letters = self.letters();
        let texts: Vec<_> = ranges
            .iter()
            .map(|range| fold_whitespace(&self.text[letters.original(range.clone(), &self.text)]))
            .collect();
        let page = ranges.first().map_or(0, |range| self.page_of(range));
        Found { page: self.pages.get(page).map_or(0, |(number, _)| *number), text: texts.join(" … ") }
    }

    /// The place in the list of the page on which a range of letters begins.
    fn page_of(&self, range: &Range<usize>) -> usize {
        let start = self.letters().original(range.clone(), &self.text).start;
        self.pages.partition_point(|(_, page)| page.start <= start).saturating_sub(1)
    }

    fn letters(&self) -> &Letters {
        self.letters.get_or_init(|| Letters::of(&self.text))
    }
}

/// What stands around a quote rather than in it.
fn is_dressing(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '"' | '\'' | '`' | '.' | ',' | ';' | ':' | '…' | '«' | '»' | '\u{2018}'..='\u{201F}')
}

/// The parts of a quote between ellipses, as letters, with whether a word may have been cut at their ends;
/// `None` when there is no ellipsis, or nothing that could be told from chance.
fn parts(quote: &str) -> Option<Vec<(String, bool)>> {
    let marked = ["[...]", "(...)", "[…]", "(…)", "...", ". . ."]
        .iter()
        .fold(quote.to_owned(), |quote, mark| quote.replace(mark, "…"));
    if !marked.contains('…') {
        return None;
    }
    let mut parts = Vec::new();
    let mut pieces = marked.split('…').peekable();
    while let Some(piece) = pieces.next() {
        let cut = pieces.peek().is_some() && piece.ends_with(char::is_alphanumeric);
        let letters = Letters::of(piece.trim_matches(is_dressing)).text;
        if letters.chars().any(char::is_alphanumeric) {
            parts.push((letters, cut));
        }
    }
    let sound = parts.iter().all(|(part, cut)| part.len() >= if *cut { ANCHOR } else { SHORTEST_PART });
    (sound && (1..=MOST_PARTS).contains(&parts.len())).then_some(parts)
}

/// Bytes of whole characters that two texts share at their beginning.
fn shared_prefix(a: &str, b: &str) -> usize {
    let same = a.char_indices().zip(b.chars()).take_while(|((_, a), b)| a == b);
    same.last().map_or(0, |((at, c), _)| at + c.len_utf8())
}
