//! Headings of sections in English, German, French, Spanish, Italian, Portuguese and Dutch.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use super::{table::phrases, text::key};

const FILE: &str = include_str!("data/headings.txt");

/// What a section of a CV is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// What stands before the first heading.
    Header,
    /// Name, address, birthday and the like.
    Personal,
    Work,
    Education,
    Skills,
    Languages,
    /// What is read by nobody: interests, publications, references.
    Other,
}

static SECTIONS: LazyLock<HashMap<&str, Section>> = LazyLock::new(|| {
    let named = |name, section| phrases(FILE, name).map(move |phrase| (phrase, section));
    named("personal", Section::Personal)
        .chain(named("work", Section::Work))
        .chain(named("education", Section::Education))
        .chain(named("skills", Section::Skills))
        .chain(named("languages", Section::Languages))
        .chain(named("other", Section::Other))
        .collect()
});

/// What the document as a whole is called.
static TITLES: LazyLock<HashSet<&str>> = LazyLock::new(|| phrases(FILE, "titles").collect());

/// Words of a heading at most.
const LONGEST: usize = 6;

/// The section that a line opens, if it is a heading.
pub(super) fn heading(line: &str) -> Option<Section> {
    if line.chars().count() > 60 || line.contains('\t') {
        return None;
    }
    let key = key(&closed_up(line).replace('&', " and "));
    section(&key).or_else(|| both(&key))
}

/// The section named by a key.
pub(super) fn section(key: &str) -> Option<Section> {
    SECTIONS.get(key).copied()
}

/// Headings of two parts: "Skills & Interests" is about the first.
fn both(key: &str) -> Option<Section> {
    let words: Vec<_> = key.split(' ').collect();
    let joint = words.iter().position(|word| matches!(*word, "and" | "und" | "et" | "y" | "e" | "en"))?;
    if words.len() > LONGEST || joint == 0 || joint + 1 == words.len() {
        return None;
    }
    section(&words[joint + 1..].join(" ")).and_then(|_| section(&words[..joint].join(" ")))
}

/// A heading in spaced letters ("S K I L L S"), closed up.
fn closed_up(line: &str) -> String {
    let mut words = line.split(' ').filter(|word| !word.is_empty()).peekable();
    let spaced = words.peek().is_some() && words.all(|word| word.chars().count() == 1);
    if spaced && line.chars().count() > 4 { line.replace(' ', "") } else { line.to_owned() }
}

/// A line that names the kind of document, without that name: what is left, perhaps nothing.
pub(super) fn without_title(line: &str) -> Option<&str> {
    if TITLES.contains(key(&closed_up(line)).as_str()) {
        return Some("");
    }
    let cuts = line.match_indices([' ', ':', '–', '-', '|', '\t']).take(6).map(|(at, _)| at);
    let rest = cuts.filter(|at| TITLES.contains(key(&line[..*at]).as_str())).last()?;
    let rest = line[rest..].trim_start_matches(|c: char| c.is_whitespace() || ":–-|".contains(c));
    let of = ["of ", "von ", "de ", "di ", "van "].iter().find_map(|word| rest.strip_prefix(word));
    Some(of.unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_seven_languages() {
        for (line, section) in [
            ("WORK EXPERIENCE", Section::Work),
            ("Beruflicher Werdegang:", Section::Work),
            ("Diplômes et formations", Section::Education),
            ("Formación académica", Section::Education),
            ("Competenze", Section::Skills),
            ("Línguas", Section::Languages),
            ("Vaardigheden", Section::Skills),
            ("S K I L L S", Section::Skills),
            ("Skills & Interests", Section::Skills),
        ] {
            assert_eq!(heading(line), Some(section), "{line}");
        }
        assert_eq!(heading("Customer experience manager"), None);
    }

    #[test]
    fn every_heading_is_in_its_plain_form_and_has_one_meaning() {
        let names = ["personal", "work", "education", "skills", "languages", "other"];
        let all: Vec<_> = names.iter().flat_map(|name| phrases(FILE, name)).collect();
        assert_eq!(all.len(), SECTIONS.len());
        assert!(all.iter().chain(TITLES.iter()).all(|phrase| key(phrase) == *phrase));
    }

    #[test]
    fn the_title_of_the_document_is_taken_off() {
        assert_eq!(without_title("Curriculum Vitae"), Some(""));
        assert_eq!(without_title("L E B E N S L A U F"), Some(""));
        assert_eq!(without_title("Lebenslauf – Ada Beispiel"), Some("Ada Beispiel"));
        assert_eq!(without_title("Curriculum Vitae of Ada Beispiel"), Some("Ada Beispiel"));
        assert_eq!(without_title("Ada Beispiel"), None);
    }
}
