//! Extractive summary: TextRank (Mihalcea and Tarau, 2004) over sentences that share stems.

use crate::{context::RunContext, error::AiError};

use super::{
    sentences::{Sentence, is_prose},
    words::{Numbering, Words, shared},
};

const DAMPING: f64 = 0.85;
const ITERATIONS: u32 = 60;
/// Two sentences that share this much of their stems (Jaccard) say the same.
const NEAR_DUPLICATE: f64 = 0.6;
/// Every pair of sentences is compared up to here. Above, sections send their best.
const COMPARED_AT_ONCE: usize = 600;
const SECTION: usize = 15;
const SENT_BY_SECTION: usize = 3;

/// The sentences that say the most, and what it took to find them.
struct Ranking {
    /// Places in the list given, best first, without near-duplicates.
    best: Vec<usize>,
    /// Pairs that were compared; stays linear in the number of sentences.
    comparisons: usize,
}

/// How many sentences a summary of so many sentences has: 3 to 5, fewer if there are fewer.
pub(crate) fn length(sentences: usize) -> usize {
    match sentences {
        0..10 => sentences.min(3),
        10..30 => 4,
        _ => 5,
    }
}

/// The places of the best `keep` sentences, best first, without near-duplicates.
///
/// # Errors
/// [`AiError::Cancelled`].
pub(crate) fn rank(
    sentences: &[Sentence],
    words: &Words,
    keep: usize,
    context: &RunContext,
) -> Result<Vec<usize>, AiError> {
    let Ranking { best, comparisons } = compare(sentences, words, keep, context)?;
    tracing::debug!(sentences = sentences.len(), comparisons, "sentences ranked");
    Ok(best)
}

fn compare(
    sentences: &[Sentence],
    words: &Words,
    keep: usize,
    context: &RunContext,
) -> Result<Ranking, AiError> {
    let mut numbering = Numbering::default();
    let stems: Vec<Vec<u32>> = sentences.iter().map(|s| numbering.set(words.stems(&s.text))).collect();
    let mut candidates: Vec<usize> = (0..sentences.len()).filter(|i| is_prose(&sentences[*i].text)).collect();
    if candidates.is_empty() {
        candidates = (0..sentences.len()).collect();
    }
    let mut comparisons = 0;
    while candidates.len() > COMPARED_AT_ONCE {
        let mut sent = Vec::with_capacity(candidates.len() / SECTION * SENT_BY_SECTION + SENT_BY_SECTION);
        for section in candidates.chunks(SECTION) {
            context.check()?;
            comparisons += section.len() * (section.len() - 1) / 2;
            let mut best = by_rank(section, &stems);
            best.truncate(SENT_BY_SECTION);
            best.sort_unstable();
            sent.extend(best);
        }
        candidates = sent;
    }
    context.check()?;
    comparisons += candidates.len() * candidates.len().saturating_sub(1) / 2;
    let best = without_near_duplicates(by_rank(&candidates, &stems), &stems, keep);
    Ok(Ranking { best, comparisons })
}

/// The candidates by rank, best first; of equals the earlier one.
fn by_rank(candidates: &[usize], stems: &[Vec<u32>]) -> Vec<usize> {
    let scores = text_rank(candidates, stems);
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    order.into_iter().map(|place| candidates[place]).collect()
}

/// Power iteration of the weighted PageRank.
fn text_rank(candidates: &[usize], stems: &[Vec<u32>]) -> Vec<f64> {
    let edges = edges(candidates, stems);
    let degrees: Vec<f64> = edges.iter().map(|row| row.iter().map(|(_, weight)| weight).sum()).collect();
    let mut scores = vec![1.0; candidates.len()];
    for _ in 0..ITERATIONS {
        scores = edges
            .iter()
            .map(|row| {
                let flow: f64 =
                    row.iter().map(|(from, weight)| weight / degrees[*from] * scores[*from]).sum();
                (1.0 - DAMPING) + DAMPING * flow
            })
            .collect();
    }
    scores
}

/// For each candidate, those it shares stems with, and how much: the number of shared stems
/// over the sum of the logarithms of both lengths.
fn edges(candidates: &[usize], stems: &[Vec<u32>]) -> Vec<Vec<(usize, f64)>> {
    let mut edges = vec![Vec::new(); candidates.len()];
    for (i, first) in candidates.iter().enumerate() {
        for (j, second) in candidates.iter().enumerate().skip(i + 1) {
            let (a, b) = (&stems[*first], &stems[*second]);
            let common = shared(a, b);
            if common == 0 || a.len() < 2 || b.len() < 2 {
                continue;
            }
            let weight = f64::from(common) / (float(a.len()).ln() + float(b.len()).ln());
            edges[i].push((j, weight));
            edges[j].push((i, weight));
        }
    }
    edges
}

fn without_near_duplicates(ranked: Vec<usize>, stems: &[Vec<u32>], keep: usize) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(keep);
    for candidate in ranked {
        if kept.len() == keep {
            break;
        }
        if kept.iter().all(|other| jaccard(&stems[candidate], &stems[*other]) < NEAR_DUPLICATE) {
            kept.push(candidate);
        }
    }
    kept
}

fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let common = shared(a, b) as usize;
    let all = a.len() + b.len() - common;
    if all == 0 { 1.0 } else { float(common) / float(all) }
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Document,
        document::PageText,
        local::{samples, sentences},
    };

    fn read(text: &str) -> (Vec<Sentence>, Words) {
        let document = Document::read(&[PageText { number: 1, text: text.into() }]).unwrap();
        (
            sentences::of_document(&document, &RunContext::default()).unwrap(),
            Words::of(document.language().working_code()),
        )
    }

    #[test]
    fn what_many_sentences_share_ranks_first() {
        let (sentences, words) = read(
            "The river flooded the town after days of rain. I like tea. The mayor of the town said the river \
             would rise again after more rain. Cats sleep a lot during the afternoon. Rain is expected to fill \
             the river beyond the town on Friday.",
        );
        let mut best = rank(&sentences, &words, 3, &RunContext::default()).unwrap();
        best.sort_unstable();
        assert_eq!(best, [0, 2, 4]);
    }

    #[test]
    fn a_sentence_that_says_the_same_is_left_out() {
        let (sentences, words) = read(
            "The board approved the new budget for schools. The board has approved the new budget for schools. \
             Teachers welcomed the budget for their schools. Parents asked the board about buses.",
        );
        let best = rank(&sentences, &words, 4, &RunContext::default()).unwrap();
        assert!(!(best.contains(&0) && best.contains(&1)), "{best:?}");
    }

    #[test]
    fn work_grows_no_faster_than_the_text() {
        let words = Words::of("en");
        for count in [1_000_usize, 6_000] {
            let sentences: Vec<_> = (0..count)
                .map(|i| Sentence {
                    text: format!("Report number{} tells of the harvest in region{} with care.", i, i % 97),
                    page: 1,
                })
                .collect();
            let ranking = compare(&sentences, &words, 5, &RunContext::default()).unwrap();
            assert!(ranking.comparisons <= count * 10 + 180_000, "{count}: {}", ranking.comparisons);
            assert!(!ranking.best.is_empty());
        }
    }

    #[test]
    fn a_cancelled_run_stops() {
        let (sentences, words) = read(samples::ENGLISH);
        let context = RunContext::default();
        context.cancel.cancel();
        assert!(matches!(rank(&sentences, &words, 3, &context), Err(AiError::Cancelled)));
    }

    #[test]
    fn summaries_have_three_to_five_sentences_or_all_there_are() {
        assert_eq!([0, 1, 2, 3, 9, 10, 29, 30, 5_000].map(length), [0, 1, 2, 3, 3, 4, 4, 5, 5]);
    }
}
