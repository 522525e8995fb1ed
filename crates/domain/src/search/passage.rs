//! Texts in passages of bounded length.

use std::collections::{BTreeMap, VecDeque};

use super::{Token, tokens};

/// Words that two passages that follow each other have in common: phrases of so many words are found
/// wherever they are.
pub const PASSAGE_OVERLAP: usize = 64;

/// Words of a passage. Most pages are one.
const WORDS: usize = 3_000;

/// Places of one word that are kept, the first ones.
const PLACES_MAX: usize = 255;

/// A part of a text, with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Where it begins in the text, in characters.
    pub start: usize,
    /// How long it is, in characters.
    pub length: usize,
    /// Its words, with their places among the words of the passage, from 1.
    pub words: BTreeMap<String, Vec<u16>>,
}

/// Cuts a text into passages. Nothing for a text without words.
pub fn passages(text: &str) -> impl Iterator<Item = Passage> {
    Passages { text, tokens: tokens(text), kept: VecDeque::new(), counted: (0, 0) }
}

struct Passages<'a, T> {
    text: &'a str,
    tokens: T,
    /// The last words of the passage before.
    kept: VecDeque<Token>,
    /// Up to where characters were counted: bytes, and characters.
    counted: (usize, usize),
}

impl<T: Iterator<Item = Token>> Iterator for Passages<'_, T> {
    type Item = Passage;

    fn next(&mut self) -> Option<Passage> {
        let mut fresh: Vec<Token> = self.tokens.by_ref().take(WORDS - self.kept.len()).collect();
        if fresh.is_empty() {
            return None;
        }
        let mut all: Vec<Token> = self.kept.drain(..).collect();
        all.append(&mut fresh);
        let (first, last) = (all.first()?.range.start, all.last()?.range.end);
        let mut words = BTreeMap::<String, Vec<u16>>::new();
        for (place, token) in (1_u16..).zip(&all) {
            let places = words.entry(token.word.clone()).or_default();
            if places.len() < PLACES_MAX {
                places.push(place);
            }
        }
        let start = self.characters_before(first);
        let length = self.text.get(first..last)?.chars().count();
        let overlap = all.len().saturating_sub(PASSAGE_OVERLAP);
        self.kept.extend(all.drain(overlap..));
        Some(Passage { start, length, words })
    }
}

impl<T> Passages<'_, T> {
    fn characters_before(&mut self, place: usize) -> usize {
        let (bytes, characters) = self.counted;
        let more = self.text.get(bytes..place).map_or(0, |text| text.chars().count());
        self.counted = (place, characters + more);
        characters + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_texts_are_one_passage() {
        let found: Vec<_> = passages("— Über den Fluß, über das Meer.").collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].start, found[0].length), (2, 28));
        assert_eq!(found[0].words["uber"], [1, 4]);
        assert_eq!(passages(" … ").count(), 0);
    }

    #[test]
    fn long_texts_are_cut_with_an_overlap() {
        let text: String = (0..7_000).map(|number| format!("wört{number} ")).collect();
        let found: Vec<_> = passages(&text).collect();
        assert_eq!(found.len(), 3);
        for pair in found.windows(2) {
            let both = pair[0].words.keys().filter(|word| pair[1].words.contains_key(*word)).count();
            assert_eq!(both, PASSAGE_OVERLAP);
        }
        for passage in &found {
            let part: String = text.chars().skip(passage.start).take(passage.length).collect();
            let words: Vec<_> = tokens(&part).map(|token| token.word).collect();
            assert_eq!(words.len(), passage.words.len());
            assert!(words.iter().all(|word| passage.words.contains_key(word)));
        }
        let last = format!("wort{}", 6_999);
        assert!(found[2].words.contains_key(&last));
    }

    #[test]
    fn the_places_of_a_word_have_an_end() {
        let found: Vec<_> = passages(&"a ".repeat(10_000)).collect();
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|passage| passage.words["a"].len() == PLACES_MAX));
    }
}
