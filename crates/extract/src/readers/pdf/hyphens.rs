//! Words that are broken by a hyphen at the end of a line.
//!
//! Nothing tells a hyphen that breaks a word from one that belongs to it. So the hyphen stays if the
//! document has the word with it elsewhere and never without it (`well-known`), or if it is the second
//! one of the word (`state-of-the-art`). Every other one goes. The parts of the word come together on
//! one line either way.

use std::{borrow::Cow, collections::HashMap};

use crate::document::Page;

/// How often a document has a word in one piece, in both ways of writing it.
#[derive(Default)]
struct Seen {
    joined: bool,
    hyphenated: bool,
}

/// Words that are looked for.
struct Wanted {
    /// In small letters.
    words: HashMap<String, Seen>,
    /// One bit for each shape that a word in ASCII has: few others have one of these.
    shapes: [u64; SHAPES / 64],
}

/// The shapes that are told apart.
const SHAPES: usize = 1 << 14;

/// The shape of a word: how long it is, with which letter it begins and with which it ends. Letters
/// count without their case, which is one of the upper three bits in ASCII.
fn shape(first: u8, last: u8, len: usize) -> usize {
    const LETTER: u8 = 31;
    (len % 16) << 10 | usize::from(first & LETTER) << 5 | usize::from(last & LETTER)
}

/// Joins the broken words of all pages.
pub(super) fn join(pages: &mut [Page]) {
    let mut wanted = Wanted { words: HashMap::new(), shapes: [0; SHAPES / 64] };
    for page in pages.iter() {
        breaks(&page.text).for_each(|broken| wanted.add(broken.joined()));
    }
    if wanted.words.is_empty() {
        return;
    }
    for page in pages.iter() {
        wanted.look_for(&page.text);
    }
    let words = wanted.words;
    for page in pages {
        if let Cow::Owned(text) = joined(&page.text, &words) {
            page.text = text;
        }
    }
}

/// A word that is broken.
struct Broken<'t> {
    /// Where the hyphen is, and where the rest of the word begins, in bytes.
    hyphen: usize,
    rest: usize,
    /// The letters before and after.
    left: &'t str,
    right: &'t str,
    /// Whether there is another hyphen before the letters on the left.
    is_compound: bool,
}

impl Broken<'_> {
    fn joined(&self) -> String {
        format!("{}{}", self.left, self.right).to_lowercase()
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}')
}

/// The words of a text that are broken: a small letter, a hyphen, the end of the line, a small letter.
fn breaks(text: &str) -> impl Iterator<Item = Broken<'_>> {
    text.match_indices('\n').filter_map(|(end, _)| {
        let hyphen = text[..end].char_indices().next_back().filter(|(_, c)| is_hyphen(*c))?.0;
        let (before, after) = (&text[..hyphen], &text[end + 1..]);
        let is_broken = before.ends_with(char::is_lowercase) && after.starts_with(char::is_lowercase);
        if !is_broken {
            return None;
        }
        let left = &before[before.trim_end_matches(char::is_alphabetic).len()..];
        let right = &after[..after.len() - after.trim_start_matches(char::is_alphabetic).len()];
        let is_compound = before[..before.len() - left.len()].ends_with(is_hyphen);
        Some(Broken { hyphen, rest: end + 1, left, right, is_compound })
    })
}

impl Wanted {
    /// Looks for one more word, in small letters.
    fn add(&mut self, word: String) {
        if word.is_ascii()
            && let [first, .., last] = word.as_bytes()
        {
            let shape = shape(*first, *last, word.len());
            self.shapes[shape / 64] |= 1 << (shape % 64);
        }
        self.words.entry(word).or_default();
    }

    /// Notes which of the words a text has in one piece.
    fn look_for(&mut self, text: &str) {
        // Nearly all of it are words in ASCII: those are found without a look at each character.
        let is_between = |byte: &u8| byte.is_ascii() && !byte.is_ascii_alphabetic() && *byte != b'-';
        let stretches = text.as_bytes().split(is_between);
        for stretch in stretches.filter_map(|stretch| str::from_utf8(stretch).ok()) {
            if stretch.is_ascii() {
                self.note(stretch);
            } else {
                let tokens = stretch.split(|c: char| !c.is_alphabetic() && !is_hyphen(c));
                tokens.for_each(|token| self.note(token));
            }
        }
    }

    /// Notes a word, or several with hyphens between them.
    fn note(&mut self, token: &str) {
        let mut last: Option<&str> = None;
        for part in token.split(is_hyphen) {
            if let Some(seen) = self.get("", part) {
                seen.joined = true;
            }
            if let Some(last) = last.filter(|last| !last.is_empty() && !part.is_empty())
                && let Some(seen) = self.get(last, part)
            {
                seen.hyphenated = true;
            }
            last = Some(part);
        }
    }

    /// What is known of a word in two parts, in whatever case, if it is looked for.
    fn get(&mut self, left: &str, right: &str) -> Option<&mut Seen> {
        let first = *left.as_bytes().first().or(right.as_bytes().first())?;
        let last = *right.as_bytes().last()?;
        let shape = shape(first, last, left.len() + right.len());
        let may_be_wanted = self.shapes[shape / 64] & 1 << (shape % 64) != 0;
        if !may_be_wanted && left.is_ascii() && right.is_ascii() {
            return None;
        }
        if left.is_empty() && !right.chars().any(char::is_uppercase) {
            return self.words.get_mut(right);
        }
        self.words.get_mut(&format!("{left}{right}").to_lowercase())
    }
}

/// A text with its broken words in one piece.
fn joined<'t>(text: &'t str, words: &HashMap<String, Seen>) -> Cow<'t, str> {
    let mut joined = String::new();
    let mut done = 0;
    for broken in breaks(text) {
        let keeps_hyphen = broken.is_compound
            || words.get(&broken.joined()).is_some_and(|seen| seen.hyphenated && !seen.joined);
        joined.push_str(&text[done..broken.hyphen]);
        if keeps_hyphen {
            joined.push('-');
        }
        done = broken.rest;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    joined.push_str(&text[done..]);
    Cow::Owned(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Vec<String> {
        let mut pages: Vec<Page> =
            texts.iter().zip(1..).map(|(text, number)| Page::text(number, (*text).into())).collect();
        join(&mut pages);
        pages.into_iter().map(|page| page.text).collect()
    }

    #[test]
    fn a_broken_word_is_joined() {
        assert_eq!(read(&["the Consti-\ntution of"]), ["the Constitution of"]);
        assert_eq!(read(&["one sen\u{2010}\ntence and an\u{2010}\nother"]), ["one sentence and another"]);
    }

    #[test]
    fn a_hyphen_that_the_word_has_elsewhere_stays() {
        assert_eq!(read(&["a well-\nknown man", "is Well-known"])[0], "a well-known man");
        assert_eq!(read(&["is in-\ndeed", "in-deed or indeed"])[0], "is indeed");
    }

    #[test]
    fn a_second_hyphen_stays() {
        assert_eq!(read(&["state-of-the-\nart"]), ["state-of-the-art"]);
    }

    #[test]
    fn names_numbers_lists_and_other_blocks_are_left_alone() {
        for text in ["Jean-\nPaul", "1914-\n1918", "either -\nor", "the end-\n\nof a block", "COM-\nmand"] {
            assert_eq!(read(&[text]), [text]);
        }
    }
}
