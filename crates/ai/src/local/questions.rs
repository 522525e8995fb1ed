//! Answers found in the text: the passage that fits a question best, quoted, by BM25
//! (Robertson and Zaragoza, 2009); and questions made of keywords by template.

use std::collections::{HashMap, HashSet};

use super::{sentences::Sentence, words::Words};

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// A passage must hold this part of the question's words, the rare ones weighing more. Measured on
/// `questions/measured.txt`: 1 of 17 passages below it answers the question, 35 of 38 above it do.
const COVERED: f64 = 0.5;
/// How often such a passage answers, from this part of the question's words on: below what was measured (32 of
/// 35, 3 of 3), because people ask in other words than those of the text more often than these questions do.
const HIT_RATES: [(f64, f64); 2] = [(0.9, 0.85), (COVERED, 0.6)];

/// A passage that may answer a question.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    /// Its place in the list of sentences.
    pub(crate) place: usize,
    /// 0 to 1.
    pub(crate) confidence: f64,
}

/// The sentences of a document, ready to be searched.
pub(crate) struct Index {
    stems: Vec<Vec<String>>,
    /// In how many sentences a stem occurs.
    occurrences: HashMap<String, usize>,
    mean_length: f64,
}

impl Index {
    pub(crate) fn new(sentences: &[Sentence], words: &Words) -> Self {
        let stems: Vec<_> = sentences.iter().map(|sentence| words.stems(&sentence.text)).collect();
        let mut occurrences = HashMap::new();
        for stem in stems.iter().flat_map(|stems| stems.iter().collect::<HashSet<_>>()) {
            *occurrences.entry(stem.clone()).or_insert(0) += 1;
        }
        let all: usize = stems.iter().map(Vec::len).sum();
        Self { mean_length: float(all) / float(stems.len().max(1)), stems, occurrences }
    }

    /// The sentence that fits the question's stems best, or none that holds enough of them.
    pub(crate) fn search(&self, question: &[String]) -> Option<Found> {
        self.passages(question, 1).into_iter().next()
    }

    /// Up to `keep` sentences that hold enough of the question's stems, the best first.
    pub(crate) fn passages(&self, question: &[String], keep: usize) -> Vec<Found> {
        let mut terms: Vec<&str> = question.iter().map(String::as_str).collect();
        terms.sort_unstable();
        terms.dedup();
        let terms: Vec<(&str, f64)> = terms.into_iter().map(|term| (term, self.rarity(term))).collect();
        let wanted: f64 = terms.iter().map(|(_, rarity)| rarity).sum();
        let numbers: HashMap<&str, usize> =
            terms.iter().enumerate().map(|(n, (term, _))| (*term, n)).collect();
        let mut found: Vec<(f64, Found)> = Vec::new();
        for (place, stems) in self.stems.iter().enumerate() {
            let mut counts = vec![0; terms.len()];
            stems
                .iter()
                .filter_map(|stem| numbers.get(stem.as_str()))
                .for_each(|number| counts[*number] += 1);
            let counted =
                || terms.iter().map(|(_, rarity)| *rarity).zip(&counts).filter(|(_, count)| **count > 0);
            let covered = counted().map(|(rarity, _)| rarity).sum::<f64>() / wanted;
            if covered >= COVERED {
                let score = counted().map(|(rarity, count)| rarity * self.weight(*count, stems.len())).sum();
                found.push((score, Found { place, confidence: confidence(covered) }));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.place.cmp(&b.1.place)));
        found.into_iter().take(keep).map(|(_, found)| found).collect()
    }

    /// The part of BM25 that depends on the passage.
    fn weight(&self, count: usize, stems: usize) -> f64 {
        let length = 1.0 - B + B * float(stems) / self.mean_length.max(1.0);
        float(count) * (K1 + 1.0) / (float(count) + K1 * length)
    }

    /// Inverse document frequency, with each sentence a document; always above zero.
    fn rarity(&self, stem: &str) -> f64 {
        let (all, with) = (float(self.stems.len()), float(self.occurrences.get(stem).copied().unwrap_or(0)));
        ((all - with + 0.5) / (with + 0.5)).ln_1p()
    }
}

/// How often a passage with that part of the question's words answered it: see the test of the same name.
fn confidence(covered: f64) -> f64 {
    HIT_RATES.iter().find(|(from, _)| covered >= *from).map_or(0.0, |(_, rate)| *rate)
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How a question about a subject is put in a language.
struct Template {
    language: &'static str,
    /// `{}` stands for the subject.
    about: [&'static str; 4],
    /// When no subject was found.
    general: &'static str,
}

const TEMPLATES: &[Template] = &[
    Template {
        language: "en",
        about: [
            "What does the document say about “{}”?",
            "Why does “{}” matter here?",
            "Which details are given on “{}”?",
            "How is “{}” connected with the rest?",
        ],
        general: "What is the document about?",
    },
    Template {
        language: "de",
        about: [
            "Was sagt das Dokument über „{}“?",
            "Warum ist „{}“ hier wichtig?",
            "Welche Einzelheiten nennt es zu „{}“?",
            "Wie hängt „{}“ mit dem Übrigen zusammen?",
        ],
        general: "Worum geht es in dem Dokument?",
    },
    Template {
        language: "fr",
        about: [
            "Que dit le document au sujet de « {} » ?",
            "Pourquoi « {} » est-il important ici ?",
            "Quels détails sont donnés sur « {} » ?",
            "Quel est le lien entre « {} » et le reste ?",
        ],
        general: "De quoi parle le document ?",
    },
    Template {
        language: "es",
        about: [
            "¿Qué dice el documento sobre «{}»?",
            "¿Por qué es importante «{}» aquí?",
            "¿Qué detalles se dan sobre «{}»?",
            "¿Cómo se relaciona «{}» con el resto?",
        ],
        general: "¿De qué trata el documento?",
    },
    Template {
        language: "it",
        about: [
            "Che cosa dice il documento su «{}»?",
            "Perché «{}» è importante qui?",
            "Quali dettagli sono dati su «{}»?",
            "Che rapporto c'è tra «{}» e il resto?",
        ],
        general: "Di che cosa parla il documento?",
    },
    Template {
        language: "pt",
        about: [
            "O que diz o documento sobre «{}»?",
            "Porque é que «{}» é importante aqui?",
            "Que detalhes são dados sobre «{}»?",
            "Como se relaciona «{}» com o resto?",
        ],
        general: "De que trata o documento?",
    },
    Template {
        language: "nl",
        about: [
            "Wat zegt het document over ‘{}’?",
            "Waarom is ‘{}’ hier van belang?",
            "Welke details worden gegeven over ‘{}’?",
            "Hoe hangt ‘{}’ samen met de rest?",
        ],
        general: "Waar gaat het document over?",
    },
];

/// Puts questions in the language of the document, or in English.
pub(crate) struct Phrasing(&'static Template);

impl Phrasing {
    pub(crate) fn of(code: &str) -> Self {
        Self(TEMPLATES.iter().find(|template| template.language == code).unwrap_or(&TEMPLATES[0]))
    }

    /// The main question.
    pub(crate) fn main(&self, subject: Option<&str>) -> String {
        subject.map_or_else(|| self.0.general.to_owned(), |subject| self.0.about[0].replace("{}", subject))
    }

    /// Three questions that go on from there, on other subjects where there are some.
    pub(crate) fn follow_ups(&self, subjects: &[&str]) -> Vec<String> {
        if subjects.is_empty() {
            return Vec::new();
        }
        let others = subjects.iter().cycle();
        self.0.about[1..].iter().zip(others).map(|(form, subject)| form.replace("{}", subject)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::samples;

    const TEXTS: [&str; 5] = [
        "The contract was signed in March by both companies.",
        "Rent is due on the first day of each month.",
        "The monthly rent amounts to 850 euros without heating.",
        "Pets need the written consent of the landlord.",
        "Notice must be given three months in advance.",
    ];

    fn search(question: &str) -> Option<Found> {
        let sentences: Vec<_> = TEXTS.iter().map(|text| Sentence { text: (*text).into(), page: 1 }).collect();
        let words = Words::of("en");
        Index::new(&sentences, &words).search(&words.stems(question))
    }

    #[test]
    fn the_passage_with_the_words_of_the_question_is_found() {
        assert_eq!(search("Does the landlord have to consent to pets?").map(|found| found.place), Some(3));
        assert_eq!(search("How many euros is the rent without heating?").map(|found| found.place), Some(2));
    }

    #[test]
    fn what_the_text_does_not_say_has_no_answer() {
        assert_eq!(search("Who won the football championship?"), None);
        assert_eq!(search("the of and"), None);
        assert_eq!(search(""), None);
    }

    /// For each question: whether the text answers it, and of the passage found, whether it is the answer, and
    /// the confidence claimed.
    fn measured() -> Vec<(bool, Option<(bool, f64)>)> {
        let measure = |line: &str| {
            let [code, question, answer] = line.splitn(3, " | ").collect::<Vec<_>>().try_into().unwrap();
            let (_, text) = samples::ALL.iter().find(|(known, _)| *known == code).unwrap();
            let segments = sentencex::segment(code, text).into_iter();
            let sentences: Vec<_> = segments.map(|text| Sentence { text: text.into(), page: 1 }).collect();
            let words = Words::of(code);
            let found = Index::new(&sentences, &words).search(&words.stems(question));
            let hit = |found: Found| (sentences[found.place].text.contains(answer), found.confidence);
            (answer != "-", found.map(hit))
        };
        include_str!("questions/measured.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(measure)
            .collect()
    }

    #[test]
    fn confidence_is_no_higher_than_the_hit_rate() {
        let measured = measured();
        for (_, rate) in HIT_RATES {
            let of_rate =
                measured.iter().filter_map(|(_, found)| *found).filter(|(_, claimed)| *claimed == rate);
            let hits: Vec<_> = of_rate.map(|(hit, _)| hit).collect();
            let right = float(hits.iter().filter(|hit| **hit).count()) / float(hits.len());
            assert!(right >= rate, "{rate}: {right} of {}", hits.len());
        }
    }

    #[test]
    fn most_questions_are_answered_or_told_to_be_unanswered() {
        let measured = measured();
        let share = |answered: bool, good: fn(&Option<(bool, f64)>) -> bool| {
            let outcomes: Vec<_> = measured.iter().filter(|(known, _)| *known == answered).collect();
            float(outcomes.iter().filter(|(_, found)| good(found)).count()) / float(outcomes.len())
        };
        let (answered, told) =
            (share(true, |found| found.is_some_and(|(hit, _)| hit)), share(false, Option::is_none));
        assert!(answered >= 0.95 && told >= 0.85, "{answered} {told}");
    }

    #[test]
    fn confidence_never_claims_too_much() {
        let found = search("pets landlord").unwrap();
        assert!(found.confidence > 0.0 && found.confidence <= HIT_RATES[0].1);
    }

    #[test]
    fn questions_are_put_in_the_language_of_the_text() {
        assert_eq!(Phrasing::of("de").main(Some("Miete")), "Was sagt das Dokument über „Miete“?");
        assert_eq!(Phrasing::of("sv").main(None), "What is the document about?");
        let follow_ups = Phrasing::of("en").follow_ups(&["rent"]);
        assert_eq!(follow_ups.len(), 3);
        assert!(follow_ups.iter().all(|question| question.contains("rent")));
    }
}
