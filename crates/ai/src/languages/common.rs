//! What the commonest words of a text say of its language. Letters alone, by which a text is recognised
//! elsewhere, are not enough for a sentence or two.

use std::{collections::HashMap, sync::LazyLock};

use super::{LANGUAGES, Language};
use crate::split;

/// In which languages a word is among the commonest.
static COMMON: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut common: HashMap<&'static str, Vec<usize>> = HashMap::new();
    for (place, language) in LANGUAGES.iter().enumerate() {
        for word in stop_words::lookup(language.code).unwrap_or_default() {
            common.entry(word).or_default().push(place);
        }
    }
    common
});

/// What the language that the letters look like counts: so much a word of the passage, within these limits.
const LETTERS_BY_WORD: f64 = 0.075;
const LETTERS: (f64, f64) = (0.5, 1.5);
/// From so many common words they say something by themselves.
const ENOUGH_WORDS: usize = 3;

/// A language by the common words of a passage and the look of its letters.
pub(super) struct Vote {
    pub(super) language: &'static Language,
    /// Whether many words speak for it.
    pub(super) is_broad: bool,
}

/// The language that scores highest. A common word counts the less, the more languages share it.
pub(super) fn vote(passage: &str, by_letters: Option<&'static Language>) -> Option<Vote> {
    let mut scores = vec![(0.0, 0_usize); LANGUAGES.len()];
    let mut words = 0;
    for word in split::words(passage) {
        words += 1;
        let places = COMMON.get(word.to_lowercase().as_str()).map_or(&[][..], Vec::as_slice);
        for place in places {
            scores[*place].0 += 1.0 / float(places.len());
            scores[*place].1 += 1;
        }
    }
    let letters = (float(words) * LETTERS_BY_WORD).clamp(LETTERS.0, LETTERS.1);
    if let Some(place) =
        by_letters.and_then(|by_letters| LANGUAGES.iter().position(|l| l.code == by_letters.code))
    {
        scores[place].0 += letters;
    }
    // Of equals the first in the table.
    let best = (0..scores.len()).rev().max_by(|a, b| scores[*a].0.total_cmp(&scores[*b].0))?;
    let (score, count) = scores[best];
    (score > 0.0).then(|| Vote { language: &LANGUAGES[best], is_broad: count >= ENOUGH_WORDS })
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_tell_close_languages_apart() {
        for (text, code) in [
            ("Ik weet niet of het morgen ook nog kan", "nl"),
            ("Was ist denn hier los gewesen", "de"),
            ("Non so se questa sera anche lui", "it"),
            ("Não sei se isso também é assim", "pt"),
        ] {
            let vote = vote(text, None).unwrap();
            assert_eq!((vote.language.code, vote.is_broad), (code, true), "{text}");
        }
    }

    #[test]
    fn letters_decide_where_words_say_little() {
        let italian = super::super::find("it");
        assert_eq!(vote("Xylophon Quarz 42", italian).unwrap().language.code, "it");
        assert_eq!(vote("Was ist denn hier los gewesen", italian).unwrap().language.code, "de");
    }

    #[test]
    fn words_that_nobody_knows_are_no_vote() {
        assert!(vote("Xylophon Quarz 42", None).is_none());
        assert!(vote("", None).is_none());
    }
}
