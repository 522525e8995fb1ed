//! Words and marks of a line, and the plain form in which tables are looked up.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

pub(super) use crate::clean::key;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits.
    Number,
    /// Letters.
    Word,
    /// One other character.
    Mark,
}

/// A word, a number or a mark, with its place in the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Its first byte.
    pub(super) start: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is(&self, mark: &str) -> bool {
        self.text == mark
    }
}

fn kind(c: char) -> Kind {
    match c {
        '0'..='9' => Kind::Number,
        c if c.is_alphabetic() || is_combining_mark(c) => Kind::Word,
        _ => Kind::Mark,
    }
}

/// The tokens of a line, without white space but for tabs.
pub(super) fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::new();
    for (at, c) in line.char_indices() {
        if c.is_whitespace() && c != '\t' {
            continue;
        }
        let kind = kind(c);
        match found.last_mut() {
            Some(last) if last.kind == kind && kind != Kind::Mark && last.end() == at => {
                last.text = &line[last.start..at + c.len_utf8()];
            }
            _ => found.push(Token { kind, text: &line[at..at + c.len_utf8()], start: at }),
        }
    }
    found
}

/// `line` without the bytes of `range`.
pub(super) fn without(line: &str, range: &Range<usize>) -> [String; 2] {
    [line[..range.start].to_owned(), line[range.end..].to_owned()]
}

/// Marks that stand between two parts of a line and say nothing themselves.
pub(super) fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, ',' | ';' | ':' | '|' | '·' | '•' | '–' | '—' | '-' | '/' | '∙' | '⋅' | '*' | '=')
}

/// A text without separators at its ends and without brackets around all of it.
pub(super) fn trimmed(text: &str) -> &str {
    let text = text.trim_matches(is_separator);
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let inner = inner.filter(|inner| !inner.contains(['(', ')']));
    inner.unwrap_or(text).trim_matches(is_separator)
}

/// A text in capitals alone.
pub(super) fn is_shouted(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && letters.all(|c| !c.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_no_accents_case_or_marks() {
        assert_eq!(key("  EXPÉRIENCE – Professionnelle: "), "experience professionnelle");
        assert_eq!(key("Straße Øst"), "strasse ost");
        assert_eq!(key("—"), "");
    }

    #[test]
    fn tokens_are_words_numbers_and_marks() {
        let texts: Vec<_> = tokens("03/2019 – févr.\tX1").iter().map(|token| token.text.to_owned()).collect();
        assert_eq!(texts, ["03", "/", "2019", "–", "févr", ".", "\t", "X", "1"]);
    }

    #[test]
    fn ends_are_trimmed() {
        assert_eq!(trimmed(" – (Vollzeit) |"), "Vollzeit");
        assert_eq!(trimmed("BSc (Hons)"), "BSc (Hons)");
    }
}
