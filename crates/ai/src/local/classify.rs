//! The kind of a document by what is typical of it: titles, headings and phrases of a table
//! (`classify/features.txt`), and the shapes of its lines.

mod shapes;

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use crate::{clean::fold_whitespace, context::RunContext, document::Document, error::AiError};

use super::round;

/// The kinds, as published. The first three and the last are also kinds of the document itself.
pub(crate) const LABELS: [&str; 13] = [
    "cv",
    "cover_letter",
    "invoice",
    "receipt",
    "contract",
    "letter",
    "report",
    "article",
    "form",
    "presentation",
    "statement",
    "manual",
    "other",
];
pub(crate) const OTHER: &str = "other";

/// Lines that are looked at, from the beginning and from the end: they tell the kind of a book, too.
const FIRST_LINES: usize = 400;
const LAST_LINES: usize = 100;
/// Characters of a line that are looked at: prose may have no line breaks.
const LINE_CHARS: usize = 2_000;
/// Lines among which a title is looked for, and words of a line that may be one.
const TITLE_LINES: usize = 10;
const TITLE_WORDS: usize = 8;
const HEADING_WORDS: usize = 6;
/// Points that a kind needs to be named.
const ENOUGH: f64 = 2.5;
/// What stands against every kind: with few points, none is sure.
const DOUBT: f64 = 1.0;
/// How often the kind is right, from this part of the points on: below what was measured on the labelled samples
/// and on halves of them (170 of 170, 52 of 53, 7 of 7), because they are short and clear.
const HIT_RATES: [(f64, f64); 3] = [(0.8, 0.9), (0.6, 0.8), (0.0, 0.6)];
/// The same for `other`, which is said when nothing is known (14 of 36).
const OTHER_CONFIDENCE: f64 = 0.35;
/// Features that are named as reasons.
const REASONS: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Title,
    Heading,
    Phrase,
}

impl Place {
    fn points(self) -> f64 {
        match self {
            Self::Title => 4.0,
            Self::Heading => 1.5,
            Self::Phrase => 1.0,
        }
    }

    /// Different features of one kind that count: long documents hold something of everything.
    fn most(self) -> usize {
        match self {
            Self::Title => 1,
            Self::Heading => 5,
            Self::Phrase => 5,
        }
    }
}

struct Feature {
    label: &'static str,
    place: Place,
    words: Vec<String>,
}

/// The table, by the first word of each phrase.
static FEATURES: LazyLock<HashMap<String, Vec<Feature>>> = LazyLock::new(|| {
    let mut features: HashMap<String, Vec<Feature>> = HashMap::new();
    for feature in include_str!("classify/features.txt").lines().filter_map(read_line).flatten() {
        features.entry(feature.words[0].clone()).or_default().push(feature);
    }
    features
});

/// One line of the table; `None` for comments, empty lines and what cannot be read.
fn read_line(line: &'static str) -> Option<Vec<Feature>> {
    let (head, phrases) = line.split_once(':').filter(|_| !line.starts_with('#'))?;
    let mut head = head.split_whitespace();
    let label = head.next().filter(|label| LABELS.contains(label))?;
    let place = match head.next()? {
        "title" => Place::Title,
        "heading" => Place::Heading,
        "phrase" => Place::Phrase,
        _ => return None,
    };
    let features = phrases.split('|').map(|phrase| Feature { label, place, words: words(phrase) });
    Some(features.filter(|feature| !feature.words.is_empty()).collect())
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A line of the document, with its words.
struct Line {
    text: String,
    words: Vec<String>,
}

/// What was found out.
pub(crate) struct Verdict {
    pub(crate) label: &'static str,
    pub(crate) confidence: f64,
    /// Kinds with their parts of the points, the best first; never empty.
    pub(crate) candidates: Vec<(&'static str, f64)>,
    /// What was recognised, and the line it stands in.
    pub(crate) reasons: Vec<(String, String)>,
}

/// Finds the kind of a document. Looks at a bounded number of lines.
///
/// # Errors
/// [`AiError::Cancelled`].
pub(crate) fn classify(document: &Document, context: &RunContext) -> Result<Verdict, AiError> {
    let lines = lines(document);
    context.check()?;
    let hits = hits(&lines);
    let mut points: Vec<(&'static str, f64)> = LABELS
        .iter()
        .map(|label| {
            let of_place = |place: Place| {
                let found =
                    hits.iter().filter(|hit| hit.feature.label == *label && hit.feature.place == place);
                place.points() * float(found.count().min(place.most()))
            };
            let phrases: f64 = [Place::Title, Place::Heading, Place::Phrase].into_iter().map(of_place).sum();
            (*label, phrases + shapes::points(label, &lines, document.pages().iter().len()))
        })
        .filter(|(_, points)| *points > 0.0)
        .collect();
    points.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(verdict(&points, &hits, &lines))
}

fn verdict(points: &[(&'static str, f64)], hits: &[Hit<'_>], lines: &[Line]) -> Verdict {
    let all: f64 = DOUBT + points.iter().map(|(_, points)| points).sum::<f64>();
    let share = |points: f64| round(points / all, 2);
    let mut candidates: Vec<_> = points.iter().map(|(label, points)| (*label, share(*points))).collect();
    let Some((label, best)) = points.first().copied().filter(|(_, points)| *points >= ENOUGH) else {
        candidates.insert(0, (OTHER, share(DOUBT)));
        return Verdict { label: OTHER, confidence: OTHER_CONFIDENCE, candidates, reasons: Vec::new() };
    };
    let confidence = HIT_RATES.iter().find(|(from, _)| best / all >= *from).map_or(0.0, |(_, rate)| *rate);
    let mut own: Vec<_> = hits.iter().filter(|hit| hit.feature.label == label).collect();
    own.sort_by(|a, b| b.feature.place.points().total_cmp(&a.feature.place.points()));
    let reason = |hit: &&Hit<'_>| (hit.feature.words.join(" "), lines[hit.line].text.clone());
    Verdict { label, confidence, candidates, reasons: own.iter().take(REASONS).map(reason).collect() }
}

fn lines(document: &Document) -> Vec<Line> {
    let texts: Vec<&str> = document
        .pages()
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter(|line| line.chars().any(char::is_alphanumeric))
        .collect();
    let first = texts.len().min(FIRST_LINES);
    let last = texts.len().saturating_sub(LAST_LINES).max(first);
    let line = |text: &&str| {
        let text: String = text.chars().take(LINE_CHARS).collect();
        Line { words: words(&text), text: fold_whitespace(&text) }
    };
    texts[..first].iter().chain(&texts[last..]).map(line).collect()
}

/// A feature that was found, once.
struct Hit<'a> {
    feature: &'a Feature,
    line: usize,
}

fn hits(lines: &[Line]) -> Vec<Hit<'static>> {
    let stream: Vec<(usize, usize, &str)> = (0..)
        .zip(lines)
        .flat_map(|(line, words)| (0..).zip(&words.words).map(move |(at, word)| (line, at, word.as_str())))
        .collect();
    let mut seen = HashSet::new();
    let mut hits = Vec::new();
    for (start, (line, at, word)) in stream.iter().enumerate() {
        for feature in FEATURES.get(*word).into_iter().flatten() {
            let follows = stream[start..].iter().map(|(_, _, word)| *word).take(feature.words.len());
            let length = lines[*line].words.len();
            let placed = match feature.place {
                Place::Title => *line < TITLE_LINES && length <= TITLE_WORDS,
                Place::Heading => *at == 0 && length <= HEADING_WORDS,
                Place::Phrase => true,
            };
            if placed
                && follows.eq(feature.words.iter().map(String::as_str))
                && seen.insert(std::ptr::from_ref(feature))
            {
                hits.push(Hit { feature, line: *line });
            }
        }
    }
    hits
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::PageText;

    const SAMPLES: &str = include_str!("classify/samples.txt");

    fn judged(text: &str) -> Verdict {
        let pages =
            (1..).zip(text.split("--- page\n")).map(|(number, text)| PageText { number, text: text.into() });
        classify(&Document::read(&pages.collect::<Vec<_>>()).unwrap(), &RunContext::default()).unwrap()
    }

    /// Label, language and verdict of each sample.
    fn samples() -> Vec<(&'static str, &'static str, Verdict)> {
        let samples = SAMPLES.split("=== ").filter_map(|sample| sample.split_once('\n'));
        samples
            .map(|(head, text)| {
                let (label, language) = head.split_once(' ').unwrap();
                (label, language, judged(text))
            })
            .collect()
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("classify/features.txt").lines();
        let unread: Vec<_> = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .filter(|line| read_line(line).is_none_or(|features| features.is_empty()))
            .collect();
        assert!(unread.is_empty(), "{unread:?}");
        assert!(FEATURES.values().map(Vec::len).sum::<usize>() > 700);
    }

    #[test]
    fn samples_of_every_kind_and_language_are_recognised() {
        let samples = samples();
        for label in LABELS {
            assert_eq!(samples.iter().filter(|(kind, ..)| *kind == label).count(), 7, "{label}");
        }
        let wrong: Vec<_> = samples
            .iter()
            .filter(|(label, _, verdict)| verdict.label != *label)
            .map(|(label, language, verdict)| (label, language, &verdict.candidates))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Samples of which every other line is lost: what is left tells less.
    fn halves() -> Vec<(&'static str, &'static str, Verdict)> {
        let samples = SAMPLES.split("=== ").filter_map(|sample| sample.split_once('\n'));
        let half = |(head, text): (&'static str, &'static str), odd: usize| {
            let (label, language) = head.split_once(' ').unwrap();
            let lines =
                text.lines().enumerate().filter(|(at, line)| at % 2 == odd || line.starts_with("---"));
            let text = lines.map(|(_, line)| format!("{line}\n")).collect::<String>();
            text.chars().any(char::is_alphanumeric).then(|| (label, language, judged(&text)))
        };
        samples.flat_map(|sample| [half(sample, 0), half(sample, 1)]).flatten().collect()
    }

    #[test]
    fn confidence_is_no_higher_than_the_hit_rate() {
        let all: Vec<_> = samples().into_iter().chain(halves()).collect();
        for rate in HIT_RATES.map(|(_, rate)| rate).into_iter().chain([OTHER_CONFIDENCE]) {
            let of_rate = all.iter().filter(|(.., verdict)| (verdict.confidence - rate).abs() < 1e-9);
            let hits: Vec<_> = of_rate.map(|(label, _, verdict)| verdict.label == *label).collect();
            let right = float(hits.iter().filter(|hit| **hit).count()) / float(hits.len());
            assert!(right >= rate, "{rate}: {right} of {}", hits.len());
        }
    }

    #[test]
    fn halves_of_samples_are_mostly_recognised() {
        let halves = halves();
        let right = halves.iter().filter(|(label, _, verdict)| verdict.label == *label).count();
        assert!(float(right) / float(halves.len()) >= 0.85, "{right} of {}", halves.len());
    }

    #[test]
    fn words_in_passing_do_not_make_a_kind() {
        for text in [
            "We spoke about the contract and the invoice at lunch, and about her CV.",
            "The report was late, as the letter had said, but nobody minded much.",
        ] {
            assert_eq!(judged(text).label, OTHER, "{text}");
        }
    }
}
