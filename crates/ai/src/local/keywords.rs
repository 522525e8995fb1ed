//! Keywords after YAKE! (Campos et al., 2020): words that stand out by case, place, frequency and company,
//! in phrases of up to three words.
//!
//! Apart from the published method, words are counted by their stems, phrases hold no stop words, how
//! often a phrase occurs weighs more, and a phrase that occurs only within a better one is left out. Each
//! of these raised the agreement with keyphrases that people chose (docs/QUALITY.md).

use std::collections::{HashMap, HashSet};

use super::{
    round,
    sentences::Sentence,
    words::{Numbering, Words},
};
use crate::split;

/// A keyword with its weight: 1 for the best of a document, less for the others.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct Keyword {
    pub(crate) term: String,
    pub(crate) relevance: f64,
    /// Its stems, for comparing.
    #[serde(skip)]
    pub(crate) stems: Vec<String>,
}

/// Characters of the longest keyword.
pub(crate) const LONGEST_TERM: usize = 80;
/// Bytes of text looked at. Above, sentences are taken evenly from the whole text.
const TEXT_LIMIT: usize = 1_000_000;
/// Words of the longest keyword.
const MOST_WORDS: usize = 3;
/// Shorter words count as stop words.
const SHORTEST_WORD: usize = 3;
/// How much the frequency of a phrase weighs; 1 in the published method.
const FREQUENCY: f64 = 1.3;

/// The best keywords, best first; fewer than `count` when the text has no more. None are invented.
pub(crate) fn extract(sentences: &[Sentence], words: &Words, count: usize) -> Vec<Keyword> {
    let text = Text::read(sentences, words);
    let found = text.ranked();
    let mut kept: Vec<&Ranked<'_>> = Vec::with_capacity(count);
    for phrase in &found {
        if kept.len() == count {
            break;
        }
        if !kept.iter().any(|better| better.makes_needless(phrase)) {
            kept.push(phrase);
        }
    }
    let relevance = |phrase: &Ranked<'_>| 1.0 / (1.0 + phrase.score);
    let best = kept.first().map_or(1.0, |phrase| relevance(phrase));
    let keyword = |phrase: &Ranked<'_>| Keyword {
        term: phrase.term.to_owned(),
        relevance: round(relevance(phrase) / best, 3),
        stems: words.phrase(phrase.term),
    };
    kept.into_iter().map(keyword).collect()
}

/// The sentences looked at.
fn sample(sentences: &[Sentence]) -> Vec<&str> {
    let size: usize = sentences.iter().map(|sentence| sentence.text.len()).sum();
    let step = size.div_ceil(TEXT_LIMIT).max(1);
    sentences.iter().step_by(step).map(|sentence| sentence.text.as_str()).collect()
}

/// A word where it stands.
struct Token<'t> {
    text: &'t str,
    /// Where it begins in its sentence, in bytes.
    start: usize,
    /// The number of its stem.
    stem: u32,
    /// Whether a phrase may hold it: a word with letters that means something.
    is_content: bool,
}

/// The runs of words of a sentence with nothing but spaces between them.
fn clauses<'t>(sentence: &'t str, words: &Words, stems: &mut Numbering) -> Vec<Vec<Token<'t>>> {
    let mut clauses: Vec<Vec<Token<'t>>> = Vec::new();
    let mut end = 0;
    for text in split::words(sentence) {
        // The word is a part of the sentence, so the difference of their addresses is its place.
        let start = text.as_ptr().addr() - sentence.as_ptr().addr();
        let lowercase = text.to_lowercase();
        let is_content = text.chars().any(char::is_alphabetic)
            && text.chars().nth(SHORTEST_WORD - 1).is_some()
            && !words.is_stop_word(&lowercase);
        let token = Token { text, start, stem: stems.number(words.stem(&lowercase)), is_content };
        let follows = sentence[end..start].chars().all(char::is_whitespace);
        match clauses.last_mut() {
            Some(clause) if follows => clause.push(token),
            _ => clauses.push(vec![token]),
        }
        end = start + text.len();
    }
    clauses
}

/// What is counted of a stem.
#[derive(Default)]
struct Stem {
    count: usize,
    /// In capitals, and with a first capital that no sentence begins with.
    acronyms: usize,
    capitalised: usize,
    /// The sentences it occurs in, in order.
    sentences: Vec<usize>,
    /// Neighbours within clauses on either side: all, and different ones.
    neighbours: [usize; 2],
    different_neighbours: [usize; 2],
    is_content: bool,
}

impl Stem {
    fn add(&mut self, token: &Token<'_>, sentence: usize) {
        self.count += 1;
        self.is_content |= token.is_content;
        let (capital, small) = (char::is_uppercase, char::is_lowercase);
        if token.text.chars().nth(1).is_some() && token.text.contains(capital) && !token.text.contains(small)
        {
            self.acronyms += 1;
        } else if token.start > 0 && token.text.starts_with(capital) {
            self.capitalised += 1;
        }
        if self.sentences.last() != Some(&sentence) {
            self.sentences.push(sentence);
        }
    }

    /// The weight of a word, lower is better: the formulas of the method's section 3.2.
    fn score(&self, text: &Text<'_>) -> f64 {
        let count = float(self.count);
        let case = float(self.acronyms.max(self.capitalised)) / (1.0 + count.ln());
        let position = (3.0 + median(&self.sentences)).ln().ln();
        let frequency = count / text.usual_count;
        let dispersion =
            |side: usize| float(self.different_neighbours[side]) / float(self.neighbours[side].max(1));
        let relatedness = 1.0 + (dispersion(0) + dispersion(1)) * count / text.highest_count;
        let spread = float(self.sentences.len()) / text.sentence_count;
        relatedness * position / (case + frequency / relatedness + spread / relatedness)
    }
}

/// The stems of a phrase; one of fewer words ends in [`NO_STEM`]s.
type Key = [u32; MOST_WORDS];
const NO_STEM: u32 = u32::MAX;

struct Phrase<'t> {
    /// As it stands where it occurs first.
    term: &'t str,
    count: usize,
}

/// A phrase with its weight, lower is better.
struct Ranked<'t> {
    key: Key,
    term: &'t str,
    count: usize,
    score: f64,
}

impl Ranked<'_> {
    fn stems(&self) -> &[u32] {
        let length = self.key.iter().position(|stem| *stem == NO_STEM).unwrap_or(MOST_WORDS);
        &self.key[..length]
    }

    /// Whether `other` occurs hardly anywhere but within this one.
    fn makes_needless(&self, other: &Ranked<'_>) -> bool {
        contains(self.stems(), other.stems()) && other.count <= self.count
    }
}

/// What is counted of a text.
#[derive(Default)]
struct Text<'t> {
    stems: Vec<Stem>,
    phrases: HashMap<Key, Phrase<'t>>,
    sentence_count: f64,
    highest_count: f64,
    /// Mean and standard deviation of the counts of content words, added up.
    usual_count: f64,
}

impl<'t> Text<'t> {
    fn read(sentences: &'t [Sentence], words: &Words) -> Self {
        let (mut text, mut numbering, mut pairs) = (Self::default(), Numbering::default(), HashSet::new());
        let sentences = sample(sentences);
        for (place, sentence) in sentences.iter().enumerate() {
            for clause in clauses(sentence, words, &mut numbering) {
                text.stems.resize_with(numbering.len(), Stem::default);
                clause.iter().for_each(|token| text.stems[token.stem as usize].add(token, place));
                text.add_neighbours(&clause, &mut pairs);
                text.add_phrases(sentence, &clause);
            }
        }
        text.sentence_count = float(sentences.len());
        text.highest_count = float(text.stems.iter().map(|stem| stem.count).max().unwrap_or(0));
        text.usual_count =
            usual(text.stems.iter().filter(|stem| stem.is_content).map(|stem| float(stem.count)));
        text
    }

    fn add_neighbours(&mut self, clause: &[Token<'t>], pairs: &mut HashSet<(u32, u32)>) {
        for pair in clause.windows(2) {
            let (left, right) = (pair[0].stem, pair[1].stem);
            let is_new = usize::from(pairs.insert((left, right)));
            for (stem, side) in [(left, 1), (right, 0)] {
                let stem = &mut self.stems[stem as usize];
                stem.neighbours[side] += 1;
                stem.different_neighbours[side] += is_new;
            }
        }
    }

    fn add_phrases(&mut self, sentence: &'t str, clause: &[Token<'t>]) {
        for first in 0..clause.len() {
            let mut key = [NO_STEM; MOST_WORDS];
            for (length, token) in clause[first..].iter().take(MOST_WORDS).enumerate() {
                if !token.is_content {
                    break;
                }
                key[length] = token.stem;
                let term = &sentence[clause[first].start..token.start + token.text.len()];
                if is_keyword(term) {
                    self.phrases.entry(key).or_insert(Phrase { term, count: 0 }).count += 1;
                }
            }
        }
    }

    /// All phrases, best first. Of equal ones the alphabet decides: the order of a hash map is none.
    fn ranked(&self) -> Vec<Ranked<'t>> {
        let scores: Vec<f64> = self.stems.iter().map(|stem| stem.score(self)).collect();
        let ranked = |(key, phrase): (&Key, &Phrase<'t>)| {
            let of_words =
                || key.iter().take_while(|stem| **stem != NO_STEM).map(|stem| scores[*stem as usize]);
            let weight = float(phrase.count).powf(FREQUENCY) * (1.0 + of_words().sum::<f64>());
            let score = round(of_words().product::<f64>() / weight, 12);
            Ranked { key: *key, term: phrase.term, count: phrase.count, score }
        };
        let mut found: Vec<_> = self.phrases.iter().map(ranked).collect();
        found.sort_unstable_by(|a, b| a.score.total_cmp(&b.score).then_with(|| a.term.cmp(b.term)));
        found
    }
}

/// Neither mostly digits and marks nor too long.
fn is_keyword(term: &str) -> bool {
    let (letters, all) = (term.chars().filter(|c| c.is_alphabetic()).count(), term.chars().count());
    letters >= SHORTEST_WORD && letters * 2 >= all && all <= LONGEST_TERM
}

/// Whether `inner` stands in `outer`, side by side and in order.
pub(crate) fn contains<T: PartialEq>(outer: &[T], inner: &[T]) -> bool {
    !inner.is_empty() && outer.windows(inner.len()).any(|window| window == inner)
}

/// Mean and standard deviation, added up; 1 of no values.
fn usual(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = float(values.clone().count());
    if count == 0.0 {
        return 1.0;
    }
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    mean + variance.sqrt()
}

/// Of sorted values.
fn median(values: &[usize]) -> f64 {
    let at = |place: usize| values.get(place).map_or(0.0, |value| float(*value));
    let half = values.len() / 2;
    if values.len() % 2 == 1 { at(half) } else { f64::midpoint(at(half.saturating_sub(1)), at(half)) }
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        context::RunContext,
        document::Document,
        document::PageText,
        local::{samples, sentences},
    };

    fn keywords(text: &str, count: usize) -> Vec<Keyword> {
        let document = Document::read(&[PageText { number: 1, text: text.into() }]).unwrap();
        let language = document.language();
        let sentences = sentences::of_document(&document, &RunContext::default()).unwrap();
        extract(&sentences, &Words::of(language.working_code()), count)
    }

    #[test]
    fn every_sample_has_at_least_ten() {
        for (code, text) in samples::ALL {
            let found = keywords(text, 15);
            assert!((10..=15).contains(&found.len()), "{code}: {}", found.len());
            assert!(found.iter().all(|keyword| (0.0..=1.0).contains(&keyword.relevance)), "{code}");
            assert!(found.is_sorted_by(|a, b| a.relevance >= b.relevance), "{code}");
        }
    }

    #[test]
    fn the_subject_of_the_text_is_among_the_first() {
        let terms: Vec<_> =
            keywords(samples::ENGLISH, 10).into_iter().map(|k| k.term.to_lowercase()).collect();
        assert!(terms.iter().any(|term| term.contains("vaccine")), "{terms:?}");
    }

    #[test]
    fn none_are_invented() {
        assert!(keywords("12 34 56", 15).is_empty());
        assert_eq!(keywords("Photosynthesis", 15).len(), 1);
    }

    #[test]
    fn what_occurs_only_within_a_better_one_is_left_out() {
        let text = "The north bridge opened. Critics liked the north bridge. A second bridge is planned. \
                    No bridge is cheap.";
        let terms: Vec<_> = keywords(text, 15).into_iter().map(|keyword| keyword.term).collect();
        assert!(terms.iter().any(|term| term == "north bridge"), "{terms:?}");
        assert!(terms.iter().any(|term| term == "bridge"), "{terms:?}");
        assert!(!terms.iter().any(|term| term == "north"), "{terms:?}");
    }

    #[test]
    fn a_phrase_stays_within_its_clause_and_holds_no_stop_words() {
        let (words, mut stems) = (Words::of("en"), Numbering::default());
        let clauses = clauses("The cost of the new tram, see Table 12, is high.", &words, &mut stems);
        let texts: Vec<Vec<_>> =
            clauses.iter().map(|clause| clause.iter().map(|word| word.text).collect()).collect();
        assert_eq!(
            texts,
            [vec!["The", "cost", "of", "the", "new", "tram"], vec!["see", "Table", "12"], vec!["is", "high"]]
        );
        let found = keywords("The cost of the new tram, see Table 12, is high. The cost of the tram.", 15);
        assert!(found.iter().all(|keyword| !keyword.term.contains(" of ") && !keyword.term.contains(',')));
    }

    #[test]
    fn lists_and_heaps_of_punctuation_have_keywords() {
        let list = "apples and pears\n".repeat(2_000);
        let dots = ". . . a.b.c apples and pears ".repeat(800);
        let quotes = "\"( ' « [ apples and pears ".repeat(800);
        for text in [list, dots, quotes] {
            let found = keywords(&text, 15);
            assert!(found.iter().any(|keyword| keyword.term.contains("apples")), "{found:?}");
        }
    }

    #[test]
    fn the_order_is_always_the_same() {
        let first = keywords(samples::FRENCH, 15);
        assert!((0..5).all(|_| keywords(samples::FRENCH, 15) == first));
    }
}
