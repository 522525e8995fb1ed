//! Answers found in the text: the passage that fits a question best, quoted, by BM25
//! (Robertson and Zaragoza, 2009); and questions made of keywords by template.

use std::collections::{HashMap, HashSet};

use super::{round, sentences::Sentence, words::Words};

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// A passage must hold this part of the question's words, the rare ones weighing more.
const COVERED: f64 = 0.5;
/// The method was not measured: this much is claimed for a passage that holds all the words.
const HIGHEST_CONFIDENCE: f64 = 0.6;

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
        let mut terms: Vec<&String> = question.iter().collect();
        terms.sort_unstable();
        terms.dedup();
        let wanted: f64 = terms.iter().map(|term| self.rarity(term)).sum();
        let mut best: Option<(f64, usize)> = None;
        for place in 0..self.stems.len() {
            let score = self.bm25(place, &terms);
            if score > best.map_or(0.0, |(score, _)| score) {
                best = Some((score, place));
            }
        }
        let (_, place) = best?;
        let held: f64 =
            terms.iter().filter(|term| self.stems[place].contains(term)).map(|term| self.rarity(term)).sum();
        let covered = held / wanted;
        (covered >= COVERED).then(|| Found { place, confidence: round(covered * HIGHEST_CONFIDENCE, 2) })
    }

    fn bm25(&self, place: usize, terms: &[&String]) -> f64 {
        let stems = &self.stems[place];
        let length = 1.0 - B + B * float(stems.len()) / self.mean_length.max(1.0);
        let of_term = |term: &&String| {
            let frequency = float(stems.iter().filter(|stem| stem == term).count());
            self.rarity(term) * frequency * (K1 + 1.0) / (frequency + K1 * length)
        };
        terms.iter().map(of_term).sum()
    }

    /// Inverse document frequency, with each sentence a document; always above zero.
    fn rarity(&self, stem: &str) -> f64 {
        let (all, with) = (float(self.stems.len()), float(self.occurrences.get(stem).copied().unwrap_or(0)));
        ((all - with + 0.5) / (with + 0.5)).ln_1p()
    }
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

    #[test]
    fn confidence_never_claims_too_much() {
        let found = search("pets landlord").unwrap();
        assert!(found.confidence <= HIGHEST_CONFIDENCE && found.confidence > 0.0);
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
