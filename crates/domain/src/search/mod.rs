//! Full-text search: what is a word, what is asked for, and what is shown of what was found.
//!
//! Words are folded without regard to language: compatibility forms, case, and the marks on Latin,
//! Greek, Cyrillic, Hebrew and Arabic letters make no difference. Scripts that are written without
//! spaces count by character, so that a search finds any part of a run of them.

mod highlight;
mod passage;
mod query;

pub use highlight::{Fragment, highlight};
pub use passage::{PASSAGE_OVERLAP, Passage, passages};
pub use query::{Alternative, Query, QueryError, TERMS_MAX, Term};

use std::{ops::Range, str::CharIndices};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words that agree in so many characters are the same to a search.
pub const WORD_MAX: usize = 64;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word as search compares it.
    pub word: String,
    /// Where it is, in bytes.
    pub range: Range<usize>,
}

/// The words of a text, in order.
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { rest: text.char_indices(), waiting: None }
}

/// The words of a text. Made by [`tokens`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    rest: CharIndices<'a>,
    /// A character that ended a word and is one of its own.
    waiting: Option<(usize, char)>,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let token = self.run()?;
            // A run of marks, or of what is folded away, is no word.
            if !token.word.is_empty() {
                return Some(token);
            }
        }
    }
}

impl Tokens<'_> {
    /// The next run of characters that belong together.
    fn run(&mut self) -> Option<Token> {
        let mut word = Folded::default();
        let mut range: Option<Range<usize>> = None;
        loop {
            let Some((at, c)) = self.waiting.take().or_else(|| self.rest.next()) else {
                return range.map(|range| word.into_token(range));
            };
            let end = at + c.len_utf8();
            if is_unspaced(c) {
                if let Some(range) = range {
                    self.waiting = Some((at, c));
                    return Some(word.into_token(range));
                }
                word.push(c);
                return Some(word.into_token(at..end));
            }
            if c.is_alphanumeric() || is_combining_mark(c) {
                word.push(c);
                range = Some(range.map_or(at, |range| range.start)..end);
            } else if let Some(range) = range {
                return Some(word.into_token(range));
            }
        }
    }
}

#[derive(Default)]
struct Folded {
    word: String,
    length: usize,
    has_more: bool,
}

impl Folded {
    fn push(&mut self, c: char) {
        if self.length >= WORD_MAX {
            return;
        }
        if c.is_ascii() {
            self.word.push(c.to_ascii_lowercase());
            self.length += 1;
            return;
        }
        self.has_more = true;
        for part in std::iter::once(c).nfkd().filter(|c| !is_dropped(*c)) {
            for lower in part.to_lowercase().filter(|c| !is_dropped(*c)) {
                match spelled_out(lower) {
                    Some(letters) => self.word.push_str(letters),
                    None => self.word.push(lower),
                }
                self.length += 1;
            }
        }
    }

    fn into_token(self, range: Range<usize>) -> Token {
        let word = if self.has_more { self.word.nfc().take(WORD_MAX).collect() } else { self.word };
        Token { word, range }
    }
}

/// Scripts without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e01}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}' // Hiragana, Katakana
        | '\u{3105}'..='\u{312f}' // Bopomofo
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{ff66}'..='\u{ff9f}' // Katakana, half as wide
        | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric() | is_combining_mark(c)
}

/// Marks that people leave out, and what a compatibility form has besides letters and digits.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' // on Latin, Greek, Cyrillic letters
        | '\u{0591}'..='\u{05c7}' // Hebrew points
        | '\u{0640}' | '\u{064b}'..='\u{065f}' | '\u{0670}') // Arabic vowels, lengthening
        || !(c.is_alphanumeric() || is_combining_mark(c))
}

/// Letters that have no decomposition, and are written in another way where a keyboard lacks them.
fn spelled_out(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).map(|token| token.word).collect()
    }

    #[test]
    fn words_are_folded_whatever_the_language() {
        for (text, wanted) in [
            ("The quick, brown fox!", &["the", "quick", "brown", "fox"][..]),
            ("Straße ÜBER Øre œuvre", &["strasse", "uber", "ore", "oeuvre"]),
            ("re\u{301}sume\u{301} résumé", &["resume", "resume"]),
            ("l'hôtel foo-bar a_b", &["l", "hotel", "foo", "bar", "a", "b"]),
            ("Rechnung_2026-03.pdf", &["rechnung", "2026", "03", "pdf"]),
            ("ΟΔΟΣ οδός МОСКВА Ёлка", &["οδοσ", "οδοσ", "москва", "елка"]),
            ("السَّلَام مـرحبا", &["السلام", "مرحبا"]),
            ("ﬁne ＡＢＣ１２ ½", &["fine", "abc12", "12"]),
            ("한국어 문서", &["한국어", "문서"]),
            ("東京タワーABC", &["東", "京", "タ", "ワ", "ー", "abc"]),
            ("が ｶ", &["が", "カ"]),
            ("हिन्दी", &["हिन्दी"]),
            ("\u{301} — … \0 \u{200b}", &[]),
        ] {
            assert_eq!(words(text), wanted, "{text}");
        }
    }

    #[test]
    fn words_know_their_places() {
        let text = "Ein Täßchen 茶, bitte";
        let found: Vec<_> = tokens(text).map(|token| &text[token.range]).collect();
        assert_eq!(found, ["Ein", "Täßchen", "茶", "bitte"]);
    }

    #[test]
    fn endless_words_are_cut() {
        for c in ["a", "ß", "\u{fdfa}", "ü", "한"] {
            let found = words(&c.repeat(100_000));
            assert_eq!(found.len(), 1);
            assert!(found[0].chars().count() <= WORD_MAX, "{c}");
        }
    }
}
