//! How much of an answer the passages bear out that were found for it.

use super::{Check, Checked, Pages, contains};
use crate::{local::words::Words, split};

/// A number of an answer weighs as much as so many words: it is what readers act on.
const NUMBER_WEIGHT: u32 = 3;

/// How far a document bears out an answer in words of its own: half for a passage that was found, the rest
/// for the part of the answer's content words and numbers that the passages found hold. Without any such
/// passage 0.4 when the answer itself stands in the document, else 0; 0 for no answer.
pub(crate) fn confidence_of_answer(
    pages: &Pages,
    answer: Option<&str>,
    quotes: &[Checked],
    words: &Words,
) -> f64 {
    let Some(answer) = answer else {
        return 0.0;
    };
    let verified = quotes.iter().filter(|quote| quote.check == Check::Verified);
    let passages: Vec<_> = verified.filter_map(|quote| quote.quote.as_deref()).collect();
    match passages.is_empty() {
        false => 0.5 + 0.5 * covered(answer, &passages, words),
        true if pages.find(answer).is_some() => 0.4,
        true => 0.0,
    }
}

/// The part of the content words and numbers of `answer` that stand in `passages`, 0 to 1; 1 for an answer
/// without any. Words count as the same when their stems are.
fn covered(answer: &str, passages: &[&str], words: &Words) -> f64 {
    let held: std::collections::HashSet<_> =
        passages.iter().flat_map(|passage| words.stems(passage)).collect();
    let (mut all, mut covered) = (0, 0);
    for number in numbers(answer) {
        all += NUMBER_WEIGHT;
        covered += if passages.iter().any(|text| says(text, number)) { NUMBER_WEIGHT } else { 0 };
    }
    let content = split::words(answer).filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    for stem in content.flat_map(|word| words.stems(word)) {
        all += 1;
        covered += u32::from(held.contains(&stem));
    }
    if all == 0 { 1.0 } else { f64::from(covered) / f64::from(all) }
}

/// Whether a passage holds a value as it is, or a number in another notation (`1234.5`, `1.234,50`).
pub(crate) fn says(passage: &str, value: &str) -> bool {
    contains(passage, value)
        || value.parse().is_ok_and(|value: f64| {
            numbers(passage).flat_map(readings).any(|read| (read - value).abs() < 1e-9 * value.abs().max(1.0))
        })
}

/// Runs of digits with the marks that group and part them.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let is_mark = |c: char| matches!(c, '.' | ',' | '\'' | '’');
    text.split(move |c: char| !(c.is_ascii_digit() || is_mark(c)))
        .map(move |run| run.trim_matches(is_mark))
        .filter(|run| !run.is_empty())
}

/// What a number may mean: with a point before the decimals, or with a comma.
fn readings(number: &str) -> impl Iterator<Item = f64> {
    let read = |group: char, point: char| {
        let plain: String = number.chars().filter(|c| c.is_ascii_digit() || *c == point).collect();
        let is_sound = group != point && plain.matches(point).count() <= 1;
        is_sound.then(|| plain.replace(point, ".").parse().ok()).flatten()
    };
    [read(',', '.'), read('.', ',')].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_notations() {
        for passage in ["Total: 1.234,50 EUR", "Total 1,234.50", "1234.5 in all", "1'234.50 CHF"] {
            assert!(says(passage, "1234.5"), "{passage}");
        }
        assert!(!says("Total: 1.234,51 EUR", "1234.5"));
        assert!(!says("no number", "1234.5"));
    }

    #[test]
    fn answers_are_covered_by_their_words_and_numbers() {
        let words = Words::of("en");
        let share = |answer| covered(answer, &["The monthly rent amounts to 850 euros."], &words);
        assert!((share("The rent amounts to 850 euros.") - 1.0).abs() < 1e-9);
        assert!(share("The rent amounts to 900 euros.") < 0.6);
        assert!(share("Pets need a licence.") < 0.1);
        assert!((share("It is.") - 1.0).abs() < 1e-9, "nothing to cover");
    }
}
