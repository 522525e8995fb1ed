//! Sentiment of English text by VADER (Hutto and Gilbert, 2014), sentence by sentence: a whole
//! document at once saturates the method.

use crate::{context::RunContext, error::AiError};

use super::{round, sentences::Sentence, valence};
use crate::split;

/// The verdict on a text.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) label: &'static str,
    pub(crate) confidence: f64,
    /// The mean over all sentences by length, -1 to 1.
    pub(crate) score: f64,
    /// The strongest sentences, strongest first: place in the list given, and score.
    pub(crate) indicators: Vec<(usize, f64)>,
}

/// Below this strength a text is neutral.
const NEUTRAL: f64 = 0.05;
/// From here a sentence is strong.
const STRONG: f64 = 0.4;
/// A text with this part of strong sentences on either side is mixed.
const MIXED_SHARE: f64 = 0.2;
const INDICATORS: usize = 3;
/// Sentences scored between two looks at the cancellation.
const BATCH: usize = 500;

/// How often the method was right at a given strength, measured on editorials, reviews and
/// product remarks with human ratings: (strength below, hit rate).
const HIT_RATES: [(f64, f64); 5] = [(0.05, 0.35), (0.2, 0.45), (0.4, 0.52), (0.6, 0.63), (0.8, 0.72)];
const HIGHEST_HIT_RATE: f64 = 0.77;
/// Nothing was measured for mixed texts: the lowest rate is claimed.
const MIXED_HIT_RATE: f64 = 0.35;

/// Judges the sentences of an English text.
///
/// # Errors
/// [`AiError::Cancelled`].
pub(crate) fn judge(sentences: &[Sentence], context: &RunContext) -> Result<Verdict, AiError> {
    let mut scores = Vec::with_capacity(sentences.len());
    for batch in sentences.chunks(BATCH) {
        context.check()?;
        scores.extend(batch.iter().map(|sentence| score(&sentence.text)));
    }
    let score = mean_by_length(sentences, &scores);
    let mixed =
        share(&scores, |s| s >= STRONG) >= MIXED_SHARE && share(&scores, |s| s <= -STRONG) >= MIXED_SHARE;
    let (label, confidence) = match score {
        _ if mixed => ("mixed", MIXED_HIT_RATE),
        s if s >= NEUTRAL => ("positive", hit_rate(s)),
        s if s <= -NEUTRAL => ("negative", hit_rate(s)),
        s => ("neutral", hit_rate(s)),
    };
    Ok(Verdict { label, confidence, score, indicators: strongest(&scores, label) })
}

/// The valence of one remark, -1 to 1.
pub(crate) fn score(text: &str) -> f64 {
    round(valence::of(text), 4)
}

fn mean_by_length(sentences: &[Sentence], scores: &[f64]) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (sentence, score) in sentences.iter().zip(scores) {
        let weight = f64::from(u32::try_from(split::words(&sentence.text).count()).unwrap_or(u32::MAX));
        sum += score * weight;
        weights += weight;
    }
    if weights == 0.0 { 0.0 } else { round(sum / weights, 4) }
}

fn share(scores: &[f64], test: impl Fn(f64) -> bool) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let hits = scores.iter().filter(|score| test(**score)).count();
    if scores.is_empty() { 0.0 } else { count(hits) / count(scores.len()) }
}

fn hit_rate(score: f64) -> f64 {
    let strength = score.abs();
    HIT_RATES.iter().find(|(below, _)| strength < *below).map_or(HIGHEST_HIT_RATE, |(_, rate)| *rate)
}

/// The sentences that speak for the label, strongest first; of equals the earlier one.
fn strongest(scores: &[f64], label: &str) -> Vec<(usize, f64)> {
    let speaks = |score: f64| match label {
        "positive" => score >= NEUTRAL,
        "negative" => score <= -NEUTRAL,
        "mixed" => score.abs() >= STRONG,
        _ => false,
    };
    let mut found: Vec<_> = scores.iter().copied().enumerate().filter(|(_, score)| speaks(*score)).collect();
    found.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    found.truncate(INDICATORS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(texts: &[&str]) -> Verdict {
        let sentences: Vec<_> = texts.iter().map(|text| Sentence { text: (*text).into(), page: 1 }).collect();
        judge(&sentences, &RunContext::default()).unwrap()
    }

    #[test]
    fn clear_texts_get_their_label() {
        let cases = [
            ("positive", ["The staff was wonderful and helpful.", "I love this great hotel!"]),
            ("negative", ["The room was dirty and the food terrible.", "A horrible, disappointing stay."]),
            ("neutral", ["The meeting begins at nine.", "The report has forty pages."]),
            ("mixed", ["The view was wonderful and I loved it!", "The food was horrible and disgusting!"]),
        ];
        for (label, texts) in cases {
            assert_eq!(judged(&texts).label, label, "{texts:?}");
        }
    }

    #[test]
    fn a_negation_turns_the_verdict() {
        assert_eq!(judged(&["The service is good."]).label, "positive");
        assert_eq!(judged(&["The service is not good."]).label, "negative");
    }

    #[test]
    fn confidence_follows_the_measured_table() {
        let cases =
            [(0.0, 0.35), (0.1, 0.45), (-0.3, 0.52), (0.5, 0.63), (-0.7, 0.72), (0.8, 0.77), (1.0, 0.77)];
        for (score, rate) in cases {
            assert_eq!(hit_rate(score), rate, "{score}");
        }
    }

    #[test]
    fn indicators_speak_for_the_label() {
        let verdict = judged(&["It rained.", "I love it, it is great!", "It was a little noisy.", "Good."]);
        assert_eq!(verdict.label, "positive");
        assert_eq!(verdict.indicators[0].0, 1);
        assert!(verdict.indicators.iter().all(|(_, score)| *score > 0.0));
    }

    #[test]
    fn nothing_is_neutral() {
        assert_eq!(judged(&[]).label, "neutral");
    }
}
