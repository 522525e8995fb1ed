//! Quotes, looked up in the text of the pages: what a model or a rule gives as evidence counts only
//! when code finds it there.

mod cover;
mod letters;
mod pages;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::{
    cover::{confidence_of_answer, says},
    pages::{Found, Pages},
};

use self::letters::Letters;
use crate::clean::{fold_whitespace, shorten};

/// Characters of a quote that are kept.
pub(crate) const QUOTE_CHARS: usize = 500;

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
    /// How far the document bears the value out: 1 when the value stands in the passage that was found, 0.7 when
    /// the passage says it in other words, 0.4 when only the value itself is found, else 0.
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
            Some(Found { page, text }) => Self {
                value,
                quote: Some(shorten(&text, QUOTE_CHARS)),
                page: Some(page),
                check: Check::Verified,
                confidence,
            },
            None => Self {
                value,
                quote: given.map(|quote| shorten(&quote, QUOTE_CHARS)),
                page: None,
                check: Check::Unverified,
                confidence,
            },
        }
    }

    /// A passage that stands for itself: 1 if it was found, else 0.
    pub(crate) fn passage(pages: &Pages, quote: &str) -> Self {
        let checked = Self::new(pages, shorten(quote, QUOTE_CHARS), Some(quote));
        let confidence = if checked.check == Check::Verified { 1.0 } else { 0.0 };
        Self { confidence, ..checked }
    }

    /// The same value without anything that shows it.
    pub(crate) fn unverified(self) -> Self {
        Self { quote: None, page: None, check: Check::Unverified, confidence: 0.0, ..self }
    }

    /// Quote, page, check and confidence, without the value: what
    /// [`evidence_properties`](Self::evidence_properties) describes.
    pub(crate) fn evidence(&self) -> Value {
        json!({"quote": self.quote, "page": self.page, "check": self.check, "confidence": self.confidence})
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
        Some(found) if says(&found.text, value) => 1.0,
        Some(_) => 0.7,
        None if given.is_some() && pages.find(value).is_some() => 0.4,
        None => 0.0,
    }
}

/// Whether `text` holds `part` as whole words, compared as quotes are.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    let part = Letters::of(part).text;
    Letters::of(text).occurrences(text, &part, false).next().is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clean::clean;

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
    fn what_stands_at_a_page_break_may_come_between() {
        let text = [
            "Some words. The rent of the flat is\nSample Ltd. page 1",
            "Lease of 2024\n850 euros a month. Two.",
        ];
        let (page, text) = found(&text, "The rent of the flat is 850 euros a month.").unwrap();
        assert_eq!((page, text.as_str()), (1, "The rent of the flat is … 850 euros a month"));
        let far = [format!("The rent of the flat is {}", "x ".repeat(400)), "850 euros a month.".to_owned()];
        assert_eq!(found(&[&far[0], &far[1]], "The rent of the flat is 850 euros a month."), None);
    }

    #[test]
    fn parts_between_ellipses_stand_in_order_on_a_page_and_the_next() {
        let text =
            ["The rent is due on the first. It is 850 euros.", "Pets need consent.", "Keys are handed over."];
        for quote in
            ["The rent is … 850 euros", "The rent is [...] 850 euros.", "“The rent is due ... It is 850”"]
        {
            assert_eq!(found(&text, quote).map(|found| found.0), Some(1), "{quote}");
        }
        assert_eq!(found(&text, "850 euros … Pets need consent").map(|found| found.0), Some(1));
        assert_eq!(found(&text, "850 euros … The rent is"), None, "in another order");
        assert_eq!(found(&text, "850 euros … Keys are handed"), None, "on the page after the next");
        assert_eq!(found(&text, "The rent is … 900 euros"), None);
        assert_eq!(found(&text, "a … s"), None, "too little to tell from chance");
    }

    #[test]
    fn quotes_that_were_cut_or_dressed_are_found() {
        let text = ["The rent is due on the first day of each month, in advance."];
        for quote in
            ["The rent is due on the first d…", "\"The rent is due on the first day.\"", "…due on the first…"]
        {
            assert!(found(&text, quote).is_some(), "{quote}");
        }
        assert_eq!(found(&text, "The rent is due on the first d"), None);
    }

    #[test]
    fn ligatures_numbers_and_signs_are_told_apart_or_not() {
        let text = ["The oﬃce paid 12\u{202F}500 euros at −5 °C in room 12 34."];
        for quote in ["The office paid", "12 500 euros", "12500 euros", "at -5 °C", "room 12 34"] {
            assert!(found(&text, quote).is_some(), "{quote}");
        }
        for quote in ["1234", "2500 euros", "oﬃ", "125 00 euros"] {
            assert_eq!(found(&text, quote), None, "{quote}");
        }
        assert_eq!(found(&["The café."], "cafe"), None, "no part of a character");
    }

    #[test]
    fn long_documents_and_quotes_take_linear_time() {
        let word = "a ".repeat(300_000);
        let texts = vec![word.as_str(); 4];
        let pages = pages(&texts);
        let quote = format!("{}b", "a ".repeat(20_000));
        assert_eq!(pages.find(&quote), None);
        assert_eq!(pages.find(&format!("{} … {}", &quote[..20_000], quote)), None);
        assert!(pages.find(&quote[..20_000]).is_some());
    }

    fn page() -> impl Strategy<Value = String> {
        prop::collection::vec("(\\PC{1,8}|[a-zäß]{1,6}|[0-9]{1,4}|-|–|ﬁ|\\.|…)( |\n|-|\u{A0}){0,2}", 1..30)
            .prop_map(|words| clean(&words.concat()))
    }

    /// A part of `text` from the beginning of a word to the end of one.
    fn part(text: &str, from: usize, until: usize) -> Option<&str> {
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let border = |at: usize| {
            text.is_char_boundary(at)
                && is_word(text[..at].chars().next_back()) != is_word(text[at..].chars().next())
        };
        let borders: Vec<_> = (0..=text.len()).filter(|at| border(*at)).collect();
        let at = |place: usize| borders.get(place % borders.len().max(1)).copied();
        let (from, until) = (at(from)?, at(until)?);
        let part = text.get(from..until)?;
        (part.starts_with(char::is_alphanumeric) && part.ends_with(char::is_alphanumeric)).then_some(part)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_part_of_a_page_is_found(texts in prop::collection::vec(page(), 1..4), at in any::<[usize; 3]>()) {
            let text = &texts[at[0] % texts.len()];
            if let Some(part) = part(text, at[1], at[2]) {
                let all: Vec<_> = texts.iter().map(String::as_str).collect();
                prop_assert!(found(&all, part).is_some(), "{part:?} in {texts:?}");
            }
        }

        #[test]
        fn what_is_not_there_is_not_found(texts in prop::collection::vec(page(), 1..4), quote in page()) {
            let all: Vec<_> = texts.iter().map(String::as_str).collect();
            let foreign = format!("{quote} Xylophonq");
            prop_assert_eq!(found(&all, &foreign), None);
        }
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
    fn passages_stand_for_themselves() {
        let pages = pages(&["Born on 3 May 1990 in Bonn, as we know."]);
        let confidence = |quote| Checked::passage(&pages, quote).confidence;
        assert_eq!(["“in Bonn.”", "Born on … in Bonn", "in Köln"].map(confidence), [1.0, 1.0, 0.0]);
        assert_eq!(Checked::passage(&pages, "in Köln").quote.as_deref(), Some("in Köln"));
    }

    #[test]
    fn characters_that_change_their_length_in_lower_case_are_no_stumbling_block() {
        assert_eq!(found(&["İSTANBUL İL"], "istanbul"), None);
        assert_eq!(found(&["x İSTANBUL İL"], "İstanbul"), Some((1, "İSTANBUL".into())));
    }
}
