//! Quotes, looked up in the text of the pages: what a model or a rule gives as evidence counts only
//! when code finds it there.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clean::{clean, fold_whitespace, shorten};

/// Characters of a quote that are kept.
pub(crate) const QUOTE_CHARS: usize = 500;
/// Bytes of a page's letters in which a quote over a page break is looked for.
const BREAK_BYTES: usize = 4_000;

/// Whether a quote was found in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// It stands there, white space, hyphenation, case and the form of quotation marks aside.
    Verified,
    /// It does not, or there was none.
    Unverified,
}

/// A value with the passage that shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// The value.
    pub value: String,
    /// The passage: as it stands in the document if it was found, else as it was given.
    pub quote: Option<String>,
    /// The page on which the passage begins, if it was found.
    pub page: Option<u32>,
    /// Whether it was found.
    pub check: Check,
    /// How far the document bears the value out; see [`confidence`].
    pub confidence: f64,
}

impl Checked {
    /// Looks `quote` up; without one, the value itself.
    pub(crate) fn new(pages: &Pages, value: impl Into<String>, quote: Option<&str>) -> Self {
        let value = value.into();
        let given = quote.map(fold_whitespace).filter(|quote| !quote.is_empty());
        let found = pages.find(given.as_deref().unwrap_or(&value));
        let confidence = confidence(pages, &value, given.as_deref(), found.as_ref());
        match found {
            Some(Found { page, text }) => {
                Self { value, quote: Some(text), page: Some(page), check: Check::Verified, confidence }
            }
            None => Self {
                value,
                quote: given.map(|quote| shorten(&quote, QUOTE_CHARS)),
                page: None,
                check: Check::Unverified,
                confidence,
            },
        }
    }

    /// JSON schema of a checked value.
    pub(crate) fn schema(description: &str) -> Value {
        let mut properties = Self::evidence_properties();
        properties["value"] = json!({"type": "string", "description": description});
        json!({
            "type": "object", "additionalProperties": false,
            "required": ["value", "quote", "page", "check", "confidence"],
            "properties": properties,
        })
    }

    /// The properties beside the value, for schemas of records that have a quote as a whole.
    pub(crate) fn evidence_properties() -> Value {
        json!({
            "quote": {"type": ["string", "null"], "description": "The passage of the document that shows it."},
            "page": {"type": ["integer", "null"], "description": "The page on which the passage begins."},
            "check": {"type": "string", "enum": ["verified", "unverified"],
                "description": "Whether the passage was found in the document."},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1, "description":
                "Computed: 1 the value stands in a passage that was found; 0.7 the passage was found and says it in \
                 other words; 0.4 the passage was not found, the value alone was; 0 neither was found."},
        })
    }
}

/// How far the document bears a value out: 1 when the value stands in the passage that was found, 0.7 when
/// the passage was found and says it in other words, 0.4 when only the value itself is found, else 0.
fn confidence(pages: &Pages, value: &str, given: Option<&str>, found: Option<&Found>) -> f64 {
    match found {
        Some(found) if contains(&found.text, value) => 1.0,
        Some(_) => 0.7,
        None if given.is_some() && pages.find(value).is_some() => 0.4,
        None => 0.0,
    }
}

/// Whether `text` holds `part`, compared as quotes are.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    let part = Letters::of(part);
    !part.text.is_empty() && Letters::of(text).text.contains(&part.text)
}

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
    pages: Vec<SearchedPage>,
}

struct SearchedPage {
    number: u32,
    text: String,
    letters: OnceLock<Letters>,
}

impl SearchedPage {
    fn letters(&self) -> &Letters {
        self.letters.get_or_init(|| Letters::of(&self.text))
    }
}

impl Pages {
    /// Pages with their numbers, cleaned.
    pub(crate) fn new(pages: impl IntoIterator<Item = (u32, String)>) -> Self {
        let searched = |(number, text)| SearchedPage { number, text, letters: OnceLock::new() };
        Self { pages: pages.into_iter().map(searched).collect() }
    }

    /// Numbers and texts.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u32, &str)> {
        self.pages.iter().map(|page| (page.number, page.text.as_str()))
    }

    /// Where `quote` stands first: white space, hyphens, case and the form of quotation marks aside, and
    /// from the beginning of a word to the end of one. A quote over a page break is found on the page
    /// where it begins.
    pub(crate) fn find(&self, quote: &str) -> Option<Found> {
        let wanted = Letters::of(&clean(quote));
        if wanted.text.is_empty() {
            return None;
        }
        self.within(&wanted).or_else(|| self.over_a_break(&wanted))
    }

    fn within(&self, wanted: &Letters) -> Option<Found> {
        self.pages.iter().find_map(|page| {
            let range = page.letters().find(&page.text, &wanted.text)?;
            Some(Found { page: page.number, text: shown(&page.text[range]) })
        })
    }

    fn over_a_break(&self, wanted: &Letters) -> Option<Found> {
        self.pages.windows(2).find_map(|pair| {
            let (first, second) = (&pair[0], &pair[1]);
            let (end, start) = (first.letters().end(BREAK_BYTES), second.letters().start(BREAK_BYTES));
            let at = format!("{end}{start}").find(&wanted.text)?;
            let until = (at + wanted.text.len()).checked_sub(end.len()).filter(|until| *until > 0)?;
            let begin = first.letters().places.get(first.letters().text.len() - end.len() + at)?;
            let stop = second.letters().end_of(until, &second.text)?;
            let text = format!("{} {}", &first.text[*begin as usize..], &second.text[..stop]);
            Some(Found { page: first.number, text: shown(&text) })
        })
    }
}

fn shown(text: &str) -> String {
    shorten(&fold_whitespace(text), QUOTE_CHARS)
}

/// A text without white space and hyphens, in lower case, with plain quotation marks.
struct Letters {
    text: String,
    /// For each byte of `text`, the byte of the original at which its character begins.
    places: Vec<u32>,
}

impl Letters {
    fn of(original: &str) -> Self {
        let mut letters = Self { text: String::with_capacity(original.len()), places: Vec::new() };
        for (at, c) in original.char_indices() {
            let plain = match c {
                c if c.is_whitespace() => continue,
                '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}' => continue,
                '\u{2018}'..='\u{201B}' | '\u{2032}' | '´' | '`' => '\'',
                '\u{201C}'..='\u{201F}' | '\u{2033}' | '«' | '»' => '"',
                c => c,
            };
            letters.text.extend(plain.to_lowercase());
            letters.places.resize(letters.text.len(), u32::try_from(at).unwrap_or(u32::MAX));
        }
        letters
    }

    /// The range of the original that holds `wanted` as whole words.
    fn find(&self, original: &str, wanted: &str) -> Option<std::ops::Range<usize>> {
        self.text.match_indices(wanted).find_map(|(at, _)| {
            let begin = *self.places.get(at)? as usize;
            let stop = self.end_of(at + wanted.len(), original)?;
            let joined = |a: Option<char>, b: Option<char>| {
                a.zip(b).is_some_and(|(a, b)| a.is_alphanumeric() && b.is_alphanumeric())
            };
            let cut = joined(original[..begin].chars().next_back(), original[begin..].chars().next())
                || joined(original[..stop].chars().next_back(), original[stop..].chars().next());
            (!cut || is_unspaced(wanted)).then_some(begin..stop)
        })
    }

    /// Where in the original the letter before `until` ends.
    fn end_of(&self, until: usize, original: &str) -> Option<usize> {
        let last = *self.places.get(until.checked_sub(1)?)? as usize;
        original[last..].chars().next().map(|c| last + c.len_utf8())
    }

    fn end(&self, bytes: usize) -> &str {
        let from = self.text.len().saturating_sub(bytes);
        let from = (from..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(from);
        &self.text[from..]
    }

    fn start(&self, bytes: usize) -> &str {
        let until = bytes.min(self.text.len());
        let until = (0..=until).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        &self.text[..until]
    }
}

/// Whether a text is of a script that puts no spaces between words.
fn is_unspaced(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(texts: &[&str]) -> Pages {
        Pages::new((1..).zip(texts.iter().map(|text| (*text).to_owned())))
    }

    fn found(texts: &[&str], quote: &str) -> Option<(u32, String)> {
        pages(texts).find(quote).map(|found| (found.page, found.text))
    }

    #[test]
    fn quotes_are_found_whatever_the_spaces_hyphens_case_and_marks() {
        let text = ["First page.", "The infor-\nmation is  “free” and\n – mostly – right."];
        for (quote, literal) in [
            ("the information is \"free\"", "The infor- mation is “free”"),
            ("infor mation IS", "infor- mation is"),
            ("and mostly right", "and – mostly – right"),
        ] {
            assert_eq!(found(&text, quote), Some((2, literal.to_owned())), "{quote}");
        }
        assert_eq!(found(&text, "the information is not free"), None);
        assert_eq!(found(&text, " – "), None);
    }

    #[test]
    fn parts_of_words_are_no_quotes() {
        assert_eq!(found(&["The total is 1425 euros."], "42"), None);
        assert_eq!(found(&["They understand. He stands under it."], "stand under"), None);
        assert_eq!(found(&["会议在柏林举行。"], "柏林"), Some((1, "柏林".into())));
    }

    #[test]
    fn quotes_run_over_page_breaks() {
        let text = ["One. The rent is", "850 euros a month. Two.", "850 euros"];
        assert_eq!(found(&text, "rent is 850 euros"), Some((1, "rent is 850 euros".into())));
        assert_eq!(found(&["ä", "ö ü"], "äö"), Some((1, "ä ö".into())));
    }

    #[test]
    fn confidence_follows_from_what_is_found() {
        let pages = pages(&["Born on 3 May 1990 in Bonn."]);
        let checked = |value: &str, quote| {
            let checked = Checked::new(&pages, value, quote);
            (checked.check, checked.confidence, checked.page)
        };
        assert_eq!(checked("Bonn", Some("in Bonn")), (Check::Verified, 1.0, Some(1)));
        assert_eq!(checked("1990-05-03", Some("3 May 1990")), (Check::Verified, 0.7, Some(1)));
        assert_eq!(checked("Bonn", Some("Bonn, Germany")), (Check::Unverified, 0.4, None));
        assert_eq!(checked("Köln", Some("in Köln")), (Check::Unverified, 0.0, None));
        assert_eq!(checked("Bonn", None), (Check::Verified, 1.0, Some(1)));
        assert_eq!(checked("Köln", None), (Check::Unverified, 0.0, None));
    }

    #[test]
    fn characters_that_change_their_length_in_lower_case_are_no_stumbling_block() {
        assert_eq!(found(&["İSTANBUL İL"], "istanbul"), None);
        assert_eq!(found(&["x İSTANBUL İL"], "İstanbul"), Some((1, "İSTANBUL".into())));
    }
}
