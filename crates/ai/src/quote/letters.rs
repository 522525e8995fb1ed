//! Texts in the form in which quotes are compared.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// A text in lower case and in compatibility form (NFKD: `ﬁ` is `fi`, `½` is `1/2`), with plain quotation
/// marks, without hyphens and white space. Kept are a space between two numbers, unless it groups
/// the digits of one, and a minus sign before a number.
pub(super) struct Letters {
    pub(super) text: String,
    /// For each byte of `text`, the byte of the original at which its character begins.
    places: Vec<u32>,
}

impl Letters {
    pub(super) fn of(original: &str) -> Self {
        let mut letters = Self { text: String::with_capacity(original.len()), places: Vec::new() };
        letters.places.reserve(original.len());
        let mut previous = None;
        for (at, c) in original.char_indices() {
            let rest = &original[at + c.len_utf8()..];
            match c {
                c if c.is_whitespace() => {
                    if previous.is_some_and(char::is_numeric) && parts_numbers(&original[..at], rest) {
                        letters.push(' ', at);
                    }
                }
                c if is_hyphen(c) => {
                    let opens = previous.is_none_or(|c: char| !c.is_alphanumeric() && !is_hyphen(c));
                    if opens && rest.starts_with(|c: char| c.is_ascii_digit()) {
                        letters.push('-', at);
                    }
                }
                c => letters.push_plain(c, at),
            }
            previous = Some(c);
        }
        letters
    }

    fn push_plain(&mut self, c: char, at: usize) {
        match c {
            c if c.is_ascii() && c != '`' => self.push(c.to_ascii_lowercase(), at),
            '\u{2018}'..='\u{201B}' | '\u{2032}' | '´' | '`' => self.push('\'', at),
            '\u{201C}'..='\u{201F}' | '\u{2033}' | '«' | '»' => self.push('"', at),
            c => {
                for part in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
                    match part {
                        c if c.is_whitespace() || is_hyphen(c) => {}
                        'ς' => self.push('σ', at),
                        '\u{2044}' => self.push('/', at),
                        c => self.push(c, at),
                    }
                }
            }
        }
    }

    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        self.places.resize(self.text.len(), u32::try_from(at).unwrap_or(u32::MAX));
    }

    /// Where in `text` the character at this byte of the original is, or the next one that is kept.
    pub(super) fn at(&self, original: usize) -> usize {
        self.places.partition_point(|place| (*place as usize) < original)
    }

    /// All places of `wanted`, in order, as ranges of `text`: each begins with a word and ends with one,
    /// unless the end is `open`. Takes time linear in both lengths.
    pub(super) fn occurrences<'a>(
        &'a self,
        original: &'a str,
        wanted: &'a str,
        open: bool,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        let unspaced = is_unspaced(wanted);
        overlapping(&self.text, wanted).filter(move |range| {
            self.is_border(range.start, original, unspaced)
                && (open || self.is_border(range.end, original, unspaced))
        })
    }

    /// Whether a word may begin or end before this byte of `text`. What becomes several letters (`ﬁ`) is
    /// never cut.
    fn is_border(&self, at: usize, original: &str, unspaced: bool) -> bool {
        let (Some(before), Some(after)) =
            (at.checked_sub(1).and_then(|last| self.places.get(last)), self.places.get(at))
        else {
            return true;
        };
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let (before, after) = (*before as usize, *after as usize);
        // Between the two, white space and hyphens may have been left out.
        let left = original[..after].chars().next_back();
        before != after && (unspaced || !word(left) || !word(original[after..].chars().next()))
    }

    /// The range of the original for a range of `text`.
    pub(super) fn original(&self, range: Range<usize>, original: &str) -> Range<usize> {
        let place = |at: usize| self.places.get(at).map_or(original.len(), |place| *place as usize);
        let last = place(range.end.saturating_sub(1));
        let end = original[last..].chars().next().map_or(last, |c| last + c.len_utf8());
        place(range.start)..end
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Whether white space stands between two numbers: `12 34` are two, `1 234` is one.
fn parts_numbers(before: &str, after: &str) -> bool {
    let after = after.trim_start();
    let digits = |c: &char| c.is_ascii_digit();
    let follow = after.chars().take(4).take_while(digits).count();
    let lead = before.chars().rev().take(4).take_while(digits).count();
    follow > 0 && !(follow == 3 && (1..=3).contains(&lead))
}

/// Whether a text is of a script that puts no spaces between words.
fn is_unspaced(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
    })
}

/// All places of `wanted` in `text`, those that overlap too (Knuth, Morris and Pratt, 1977).
fn overlapping<'a>(text: &'a str, wanted: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    // Most texts that are looked for are not there, or once: the library's search is quicker at that.
    let first = if wanted.is_empty() { None } else { text.find(wanted) };
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let borders = if first.is_some() { borders(wanted) } else { Vec::new() };
    let mut matched = 0;
    (first.unwrap_or(text.len())..text.len()).filter_map(move |at| {
        while matched > 0 && (matched == wanted.len() || wanted[matched] != text[at]) {
            matched = borders[matched - 1];
        }
        matched += usize::from(wanted[matched] == text[at]);
        (matched == wanted.len()).then(|| at + 1 - matched..at + 1)
    })
}

/// For each prefix, the length of the longest shorter prefix that is also its suffix.
fn borders(wanted: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; wanted.len()];
    let mut length = 0;
    for at in 1..wanted.len() {
        while length > 0 && wanted[length] != wanted[at] {
            length = borders[length - 1];
        }
        length += usize::from(wanted[length] == wanted[at]);
        borders[at] = length;
    }
    borders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> String {
        Letters::of(text).text
    }

    #[test]
    fn forms_of_one_character_are_one() {
        assert_eq!(letters("ﬁnal Oﬀer ½ ℃ ΟΔΟΣ ‘a’ “b”…"), "finaloffer1/2°cοδοσ'a'\"b\"...");
        assert_eq!(letters("infor-\nmation e‑mail"), "informationemail");
    }

    #[test]
    fn spaces_group_digits_or_part_numbers() {
        for grouped in ["1 000", "1\u{A0}000", "1\u{202F}000", "1000"] {
            assert_eq!(letters(grouped), "1000");
        }
        assert_eq!(letters("12 345 678"), "12345678");
        assert_eq!(letters("12 34"), "12 34");
        assert_eq!(letters("1234 567"), "1234 567");
        assert_eq!(letters("2020 – 2024"), "20202024");
    }

    #[test]
    fn a_minus_sign_is_no_hyphen() {
        assert_eq!(letters("−5 (-6) a-7, 2020-21 - x"), "-5(-6)a7,202021x");
    }

    #[test]
    fn overlapping_places_are_all_found_in_linear_time() {
        let places = |text, wanted| overlapping(text, wanted).map(|range| range.start).collect::<Vec<_>>();
        assert_eq!(places("xaaaa", "aaa"), [1, 2]);
        assert_eq!(places("ababab", "abab"), [0, 2]);
        assert_eq!(places("abc", "abd"), [] as [usize; 0]);
        assert_eq!(places("abc", ""), [] as [usize; 0]);
        assert_eq!(overlapping(&"a".repeat(1_000_000), &"a".repeat(10_000)).count(), 990_001);
    }
}
