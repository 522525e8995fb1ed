//! The place in a text where it answers a query.

use std::ops::Range;

use super::{Term, Token, tokens};

/// About how many bytes of text are shown before the first word that was found.
const BEFORE: usize = 60;

/// About how many bytes of text are shown in all.
const LENGTH: usize = 240;

/// A piece of a text that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// As it stands in the text, its white space made one space each.
    pub text: String,
    /// Whether this is what was found.
    pub is_match: bool,
}

/// The place of `text` with the most of `terms`, in its pieces; `None` if it has none of them.
pub fn highlight(text: &str, terms: &[&Term]) -> Option<Vec<Fragment>> {
    let tokens: Vec<Token> = tokens(text).collect();
    let matches = find(&tokens, terms);
    let first = best(&matches)?;
    let window = window(text, &tokens, &matches[first].range);
    let mut shown = Shown::default();
    if window.start > tokens.first()?.range.start {
        shown.add("… ", false);
    }
    let mut place = window.start;
    for found in matches[first..].iter().take_while(|found| found.range.start < window.end) {
        let end = found.range.end.min(window.end);
        shown.add(text.get(place..found.range.start)?, false);
        shown.add(text.get(found.range.start..end)?, true);
        place = end;
    }
    shown.add(text.get(place..window.end)?, false);
    if window.end < tokens.last()?.range.end {
        shown.add(" …", false);
    }
    Some(shown.fragments)
}

struct Match {
    term: usize,
    range: Range<usize>,
}

/// What was found, in order, no two over each other.
fn find(tokens: &[Token], terms: &[&Term]) -> Vec<Match> {
    let mut matches = Vec::new();
    let mut place = 0;
    while let Some(rest) = tokens.get(place..).filter(|rest| !rest.is_empty()) {
        let longest = terms
            .iter()
            .enumerate()
            .filter(|(_, term)| begins_with(rest, term))
            .max_by_key(|(_, term)| term.words.len());
        match longest {
            Some((number, term)) => {
                let last = &rest[term.words.len() - 1];
                matches.push(Match { term: number, range: rest[0].range.start..last.range.end });
                place += term.words.len();
            }
            None => place += 1,
        }
    }
    matches
}

fn begins_with(tokens: &[Token], term: &Term) -> bool {
    let last = term.words.len() - 1;
    tokens.len() > last
        && term.words.iter().zip(tokens).enumerate().all(|(place, (word, token))| {
            token.word == *word || (place == last && term.is_prefix && token.word.starts_with(word.as_str()))
        })
}

/// The match from which on the most different terms are near.
fn best(matches: &[Match]) -> Option<usize> {
    let different = |first: &usize| {
        let end = matches[*first].range.start + LENGTH - BEFORE;
        let near = matches[*first..].iter().take_while(|found| found.range.end <= end);
        let terms: std::collections::BTreeSet<_> = near.map(|found| found.term).collect();
        terms.len()
    };
    // Of equals the first.
    (0..matches.len()).rev().max_by_key(different)
}

/// From a word before the match to a word after it.
fn window(text: &str, tokens: &[Token], found: &Range<usize>) -> Range<usize> {
    let from = found.start.saturating_sub(BEFORE);
    let start = tokens.iter().map(|token| token.range.start).find(|start| *start >= from);
    let start = start.unwrap_or(found.start).min(found.start);
    let to = start + LENGTH;
    let ends = tokens.iter().map(|token| token.range.end).take_while(|end| *end <= to);
    let mut end = ends.last().unwrap_or(start).max(found.end.min(to));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}

#[derive(Default)]
struct Shown {
    fragments: Vec<Fragment>,
}

impl Shown {
    fn add(&mut self, text: &str, is_match: bool) {
        let mut tidy = String::with_capacity(text.len());
        for c in text.chars() {
            let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
            let before = tidy.chars().next_back().or_else(|| {
                self.fragments.last().and_then(|fragment: &Fragment| fragment.text.chars().next_back())
            });
            if c != ' ' || before != Some(' ') {
                tidy.push(c);
            }
        }
        match self.fragments.last_mut() {
            Some(last) if last.is_match == is_match => last.text.push_str(&tidy),
            _ if tidy.is_empty() => {}
            _ => self.fragments.push(Fragment { text: tidy, is_match }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Query, *};

    fn shown(text: &str, query: &str) -> Option<String> {
        let query = Query::parse(query).unwrap();
        let fragments = highlight(text, &query.wanted())?;
        let mark = |fragment: Fragment| {
            if fragment.is_match { format!("[{}]", fragment.text) } else { fragment.text }
        };
        Some(fragments.into_iter().map(mark).collect())
    }

    #[test]
    fn what_was_found_is_marked() {
        for (text, query, wanted) in [
            ("Two invoices\n\n  from Bergen.", "invoice bergen", "Two [invoices] from [Bergen]"),
            ("An old wharf, an old house", "\"old house\"", "An old wharf, an [old house]"),
            ("Die Straße im Süden", "STRASSE suden", "Die [Straße] im [Süden]"),
            ("私は東京都に住む", "東京", "私は[東京]都に住む"),
            ("caféine", "cafe", "[caféine]"),
            ("<b>bold</b> & \u{0}more", "bold", "b>[bold]</b> & more"),
        ] {
            assert_eq!(shown(text, query).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(shown("nothing here", "else"), None);
        assert_eq!(shown("", "else"), None);
        assert_eq!(shown("here it is", "-here"), None);
    }

    #[test]
    fn the_place_with_the_most_words_is_shown() {
        let text = format!("bergen {} a grain ship in bergen {}", "x ".repeat(300), "y ".repeat(300));
        let found = shown(&text, "bergen ship grain").unwrap();
        assert!(found.starts_with("… ") && found.ends_with(" …"), "{found}");
        assert!(found.contains("a [grain] [ship] in [bergen]"), "{found}");
        assert!(found.len() < 2 * LENGTH, "{found}");
    }

    #[test]
    fn endless_words_are_cut_in_a_snippet() {
        for c in ["a", "ü", "語", "😀"] {
            let text = c.repeat(10_000);
            if let Some(found) = shown(&text, &c.repeat(20)) {
                assert!(found.len() < 2 * LENGTH, "{}", found.len());
            }
        }
    }
}
