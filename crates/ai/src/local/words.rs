//! Words of a language: their stems, and which of them carry no meaning.

use std::collections::{HashMap, HashSet};

use rust_stemmers::Stemmer;

use crate::{
    languages,
    split::{is_unspaced, words},
};

/// Finds the meaningful words of one language.
pub(crate) struct Words {
    stemmer: Option<Stemmer>,
    stop_words: HashSet<&'static str>,
}

impl Words {
    /// For a language by its code; unknown codes get no stemmer and no stop words.
    pub(crate) fn of(code: &str) -> Self {
        let algorithm = languages::find(code).and_then(|language| language.stemmer);
        let stop_words = stop_words::lookup(code).unwrap_or_default().iter().copied().collect();
        Self { stemmer: algorithm.map(Stemmer::create), stop_words }
    }

    pub(crate) fn is_stop_word(&self, lowercase: &str) -> bool {
        self.stop_words.contains(lowercase)
    }

    /// The stem of a word in lower case.
    pub(crate) fn stem(&self, lowercase: &str) -> String {
        match &self.stemmer {
            Some(stemmer) => stemmer.stem(lowercase).into_owned(),
            None => lowercase.to_owned(),
        }
    }

    /// The stems of the meaningful words of a text, in order. Scripts without spaces give pairs
    /// of neighbouring characters, as search engines index them.
    pub(crate) fn stems(&self, text: &str) -> Vec<String> {
        let mut stems = Vec::new();
        for word in words(text).map(str::to_lowercase) {
            if word.chars().any(is_unspaced) {
                let characters: Vec<char> = word.chars().collect();
                stems.extend(characters.windows(2).map(String::from_iter));
            } else if word.chars().nth(1).is_some() && !self.is_stop_word(&word) {
                stems.push(self.stem(&word));
            }
        }
        stems
    }

    /// The stems of all words of a phrase, in order.
    pub(crate) fn phrase(&self, text: &str) -> Vec<String> {
        words(text).map(|word| self.stem(&word.to_lowercase())).collect()
    }

    /// The part of the words of a text that are stop words, 0 to 1.
    pub(crate) fn stop_word_share(&self, text: &str) -> f64 {
        let (mut all, mut stop) = (0_u32, 0_u32);
        for word in words(text) {
            all += 1;
            stop += u32::from(self.is_stop_word(&word.to_lowercase()));
        }
        if all == 0 { 0.0 } else { f64::from(stop) / f64::from(all) }
    }
}

/// Numbers for stems, so that sets of them compare quickly.
#[derive(Default)]
pub(crate) struct Numbering(HashMap<String, u32>);

impl Numbering {
    /// The number of a stem.
    pub(crate) fn number(&mut self, stem: String) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(stem).or_insert(next)
    }

    /// How many stems there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The distinct stems as sorted numbers.
    pub(crate) fn set(&mut self, stems: Vec<String>) -> Vec<u32> {
        let mut numbers: Vec<u32> = stems.into_iter().map(|stem| self.number(stem)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// How many numbers two sorted sets share.
pub(crate) fn shared(a: &[u32], b: &[u32]) -> u32 {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                i += 1;
                j += 1;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_leave_out_stop_words_and_endings() {
        assert_eq!(
            Words::of("en").stems("The runners were running to the State-of-the-art houses."),
            ["runner", "run", "state-of-the-art", "hous"]
        );
        assert_eq!(Words::of("de").stems("Die Häuser der Städte"), ["haus", "stadt"]);
    }

    #[test]
    fn scripts_without_spaces_give_pairs() {
        assert_eq!(Words::of("zh").stems("城市公园。"), ["城市", "市公", "公园"]);
    }

    #[test]
    fn encoded_data_is_no_word() {
        let data = "x".repeat(60);
        assert_eq!(words(&format!("a {data} b")).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn sets_share_what_both_hold() {
        assert_eq!(shared(&[1, 3, 5, 9], &[2, 3, 9, 10]), 2);
        assert_eq!(shared(&[], &[1]), 0);
    }
}
