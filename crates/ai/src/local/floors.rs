//! Floors under the quality of the local methods, on texts of our own. docs/QUALITY.md measures them on
//! many more.

use super::{
    keywords, samples,
    sentences::{self, Sentence},
    summary, valence,
    words::Words,
};
use crate::{
    context::RunContext,
    document::{Document, PageText},
    languages,
};

/// What a person would say each sample is about, as stems are compared.
const SUBJECTS: &[(&str, [&str; 4])] = &[
    ("en", ["vaccine", "programme", "health office", "residents"]),
    ("de", ["Stadtwerke", "Wasserwerk", "Kosten", "Anwohner"]),
    ("fr", ["bibliothèque", "dimanche", "étudiants", "ville"]),
    ("es", ["puerto", "barcos", "cruceros", "ciudad"]),
    ("it", ["fabbrica", "ceramica", "centro", "regione"]),
    ("pt", ["autocarros", "companhia", "baterias", "cidade"]),
    ("nl", ["fietspad", "ziekenhuis", "gemeente", "bomen"]),
];

const REMARKS: &[(&str, i8)] = &[
    ("The staff was friendly and the room was spotless.", 1),
    ("I love this little museum.", 1),
    ("A clear, useful and well written report.", 1),
    ("The new version is much better and saves us hours.", 1),
    ("No problems so far, and great support!", 1),
    ("The results are promising.", 1),
    ("I can't complain, it is not bad at all.", 1),
    ("Thank you for the generous help.", 1),
    ("The delivery was late and the box was damaged.", -1),
    ("A terrible film, boring from the first minute.", -1),
    ("The food was not good.", -1),
    ("I was disappointed by the rude answer.", -1),
    ("The company lost its best customers and fears a crisis.", -1),
    ("It broke after two days, what a waste of money.", -1),
    ("The view is nice, but the noise is unbearable and awful.", -1),
    ("The attack killed two people.", -1),
    ("The meeting begins at nine in room four.", 0),
    ("The report has forty pages and two tables.", 0),
    ("Water boils at a hundred degrees.", 0),
    ("She moved from Lisbon to Porto in 2019.", 0),
];

fn read(text: &str) -> (Document, Vec<Sentence>) {
    let document = Document::read(&[PageText { number: 1, text: text.into() }]).unwrap();
    let sentences = sentences::of_document(&document, &RunContext::default()).unwrap();
    (document, sentences)
}

#[test]
fn keywords_name_the_subjects() {
    let mut found = 0;
    for ((code, subjects), (_, text)) in SUBJECTS.iter().zip(samples::ALL) {
        let words = Words::of(code);
        let keywords = keywords::extract(&read(text).1, &words, 15);
        let named = |subject: &&&str| {
            keywords.iter().any(|keyword| keywords::contains(&keyword.stems, &words.phrase(subject)))
        };
        let count = subjects.iter().filter(named).count();
        assert!(count >= 2, "{code}: {keywords:?}");
        found += count;
    }
    assert!(found >= 23, "{found} of 28");
}

#[test]
fn summaries_keep_the_subjects() {
    for ((code, subjects), (_, text)) in SUBJECTS.iter().zip(samples::ALL) {
        let (words, sentences) = (Words::of(code), read(text).1);
        let best = summary::rank(&sentences, &words, 3, &RunContext::default()).unwrap();
        let said: Vec<String> = best.iter().flat_map(|place| words.phrase(&sentences[*place].text)).collect();
        let kept =
            subjects.iter().filter(|subject| keywords::contains(&said, &words.phrase(subject))).count();
        assert!(kept >= 2, "{code}: {best:?}");
    }
}

#[test]
fn sentences_of_the_samples_are_recognised() {
    let mut right = 0;
    for (code, text) in samples::ALL {
        for sentence in read(text).1 {
            let detected = languages::detect([sentence.text.as_str()].into_iter());
            right += usize::from(detected.working_code() == *code);
            assert!(detected.reliable.is_none_or(|language| language.code == *code), "{}", sentence.text);
        }
    }
    assert!(right >= 54, "{right} of 56");
}

#[test]
fn remarks_get_the_sign_that_people_give_them() {
    let sign = |score: f64| i8::from(score >= 0.05) - i8::from(score <= -0.05);
    let wrong: Vec<_> = REMARKS.iter().filter(|(text, label)| sign(valence::of(text)) != *label).collect();
    assert!(wrong.len() <= 2, "{wrong:?}");
}
