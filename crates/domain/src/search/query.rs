//! What people ask for, as in a search engine of the web: words, "phrases", -not, OR.

use std::fmt;

use super::tokens;

/// The longest query, in characters.
const LENGTH_MAX: usize = 1_000;

/// The most words and phrases of a query.
pub const TERMS_MAX: usize = 16;

/// The most words of a query, those of phrases included. Not more than passages overlap.
const WORDS_MAX: usize = super::PASSAGE_OVERLAP;

/// From so many characters on a word also finds longer ones.
const PREFIX_MIN: usize = 3;

/// A word or phrase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// Its words, one after the other; never none.
    pub words: Vec<String>,
    /// Whether the last word may go on: `invoice` finds `invoices`.
    pub is_prefix: bool,
}

/// One way to answer a query: documents that have all of these terms and none of those. Terms are
/// named by their places in [`Query::terms`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alternative {
    /// What a document must have.
    pub wanted: Vec<usize>,
    /// What it must not have.
    pub unwanted: Vec<usize>,
}

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Each once.
    pub terms: Vec<Term>,
    /// Any of them will do. None when there was no word in the query: nothing is found.
    pub alternatives: Vec<Alternative>,
}

/// Why a query is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryError {
    /// It has too many characters.
    TooLong,
    /// It has too many words or phrases.
    TooManyWords,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "A search has at most {LENGTH_MAX} characters."),
            Self::TooManyWords => {
                write!(f, "A search has at most {TERMS_MAX} words or phrases, and {WORDS_MAX} words in all.")
            }
        }
    }
}

impl Query {
    /// Reads a query. Whatever is in it means something: a quotation mark that is not closed ends with
    /// the query, and signs that mean nothing are left out.
    ///
    /// # Errors
    /// When it is too long.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.chars().nth(LENGTH_MAX).is_some() {
            return Err(QueryError::TooLong);
        }
        let mut query = Self::default();
        let mut alternative = Alternative::default();
        let (mut pieces, mut words) = (0, 0);
        for piece in split(text) {
            let Piece::Term { text, is_unwanted, is_quoted } = piece else {
                query.end_alternative(&mut alternative);
                continue;
            };
            let Some(term) = Term::read(text, is_quoted) else { continue };
            pieces += 1;
            words += term.words.len();
            if pieces > TERMS_MAX || words > WORDS_MAX {
                return Err(QueryError::TooManyWords);
            }
            let place = query.place_of(term);
            let list = if is_unwanted { &mut alternative.unwanted } else { &mut alternative.wanted };
            if !list.contains(&place) {
                list.push(place);
            }
        }
        query.end_alternative(&mut alternative);
        Ok(query)
    }

    /// The terms that a document may be found by.
    pub fn wanted(&self) -> Vec<&Term> {
        let is_wanted =
            |place: &usize| self.alternatives.iter().any(|alternative| alternative.wanted.contains(place));
        let terms = self.terms.iter().enumerate();
        terms.filter(|(place, _)| is_wanted(place)).map(|(_, term)| term).collect()
    }

    fn place_of(&mut self, term: Term) -> usize {
        if let Some(place) = self.terms.iter().position(|known| *known == term) {
            return place;
        }
        self.terms.push(term);
        self.terms.len() - 1
    }

    fn end_alternative(&mut self, alternative: &mut Alternative) {
        let ended = std::mem::take(alternative);
        if ended != Alternative::default() && !self.alternatives.contains(&ended) {
            self.alternatives.push(ended);
        }
    }
}

impl Term {
    fn read(text: &str, is_quoted: bool) -> Option<Self> {
        let words: Vec<_> = tokens(text).map(|token| token.word).collect();
        let is_long = words.last()?.chars().count() >= PREFIX_MIN;
        Some(Self { words, is_prefix: is_long && !is_quoted })
    }
}

enum Piece<'a> {
    Or,
    Term { text: &'a str, is_unwanted: bool, is_quoted: bool },
}

/// Cuts a query at spaces and quotation marks.
fn split(text: &str) -> Vec<Piece<'_>> {
    let is_mark = |c: char| matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '«' | '»');
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let unsigned = rest.strip_prefix('-');
        let (body, is_unwanted) = (unsigned.unwrap_or(rest), unsigned.is_some());
        if let Some(quoted) = body.strip_prefix(is_mark) {
            let end = quoted.find(is_mark).unwrap_or(quoted.len());
            pieces.push(Piece::Term { text: &quoted[..end], is_unwanted, is_quoted: true });
            rest = quoted[end..].trim_start_matches(is_mark);
        } else {
            let end = body.find(|c: char| c.is_whitespace() || is_mark(c)).unwrap_or(body.len());
            pieces.push(match &body[..end] {
                "OR" if !is_unwanted => Piece::Or,
                text => Piece::Term { text, is_unwanted, is_quoted: false },
            });
            rest = &body[end..];
        }
        rest = rest.trim_start();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let query = Query::parse(text).unwrap();
        let term = |place: &usize| {
            let term = &query.terms[*place];
            format!("{}{}", term.words.join("+"), if term.is_prefix { "*" } else { "" })
        };
        let alternative = |alternative: &Alternative| {
            let wanted = alternative.wanted.iter().map(term);
            let unwanted = alternative.unwanted.iter().map(|place| format!("-{}", term(place)));
            wanted.chain(unwanted).collect::<Vec<_>>().join(" ")
        };
        query.alternatives.iter().map(alternative).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn queries_read_as_people_write_them() {
        for (text, wanted) in [
            ("invoice Bergen", "invoice* bergen*"),
            ("\"old wharf\" -fire", "old+wharf -fire*"),
            ("cat OR dog food", "cat* | dog* food*"),
            ("cat or dog", "cat* or dog*"),
            ("-\"not this\" word", "word* -not+this"),
            ("„alte Brücke“ «vieux pont»", "alte+brucke vieux+pont"),
            ("report.pdf foo-bar", "report+pdf* foo+bar*"),
            ("a ab abc", "a ab abc*"),
            ("東京都", "東+京+都"),
            ("東京abc", "東+京+abc*"),
            ("word word WORD", "word*"),
            ("say \"hello", "say* hello"),
            ("x\"y z\"w", "x y+z w"),
            ("-only", "-only*"),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_has_no_word_asks_for_nothing() {
        for text in ["", " ", "\"\"", "OR OR", "- -- ---", "\0", "&|!():*<->", "\"", "-\"", "\u{301}"] {
            assert_eq!(Query::parse(text), Ok(Query::default()), "{text}");
        }
    }

    #[test]
    fn queries_have_an_end() {
        assert_eq!(Query::parse(&"a".repeat(10_000)), Err(QueryError::TooLong));
        assert_eq!(Query::parse(&"a ".repeat(17)), Err(QueryError::TooManyWords));
        assert_eq!(Query::parse(&"語".repeat(65)), Err(QueryError::TooManyWords));
        assert!(Query::parse(&"語".repeat(64)).is_ok());
        assert!(Query::parse(&"(".repeat(1_000)).is_ok());
    }
}
