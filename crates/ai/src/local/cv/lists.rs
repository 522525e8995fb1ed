//! Skills and languages: lists of short things.

use super::{
    dates,
    fields::{Fields, Quoted, Spoken},
    headings::Section,
    lines::{Layout, Line},
    text::{key, trimmed},
    tongues,
};

/// Skills and languages at most.
const MOST_SKILLS: usize = 100;
const MOST_LANGUAGES: usize = 20;
/// Words and characters of a skill; what is longer is prose.
const SKILL_WORDS: usize = 5;
const SKILL_CHARS: usize = 60;
/// Bytes of a list that goes over lines.
const LONGEST_LIST: usize = 2_000;

/// Finds skills and languages.
pub(super) fn find(layout: &Layout, fields: &mut Fields) {
    for lines in layout.of_section(Section::Languages) {
        for (line, item) in items(lines) {
            language(&item, &line, fields);
        }
    }
    for lines in layout.of_section(Section::Skills) {
        for (line, item) in items(lines) {
            skill(&item, &line, fields);
        }
    }
}

/// The items of a list, each with the line it stands in. Lines that a list was broken over are joined.
fn items(lines: &[Line]) -> impl Iterator<Item = (String, String)> {
    let mut joined: Vec<String> = Vec::new();
    for line in
        lines.iter().filter(|line| dates::find_date(&line.text).is_none_or(|(date, _)| !date.is_whole()))
    {
        match joined.last_mut() {
            Some(last)
                if !line.has_bullet && !line.after_gap && last.len() < LONGEST_LIST && goes_on(last) =>
            {
                last.push(' ');
                last.push_str(&line.text);
            }
            _ => joined.push(line.text.clone()),
        }
    }
    joined.into_iter().flat_map(|line| split(&line).into_iter().map(move |item| (line.clone(), item)))
}

/// Whether a line is the first part of a list that goes on in the next.
fn goes_on(line: &str) -> bool {
    let commas = line.matches([',', ';', '|', '•']).count();
    line.ends_with([',', ';', '|', '•', '·', '&']) || (commas >= 2 && line.chars().count() >= 60)
}

/// The items of a line: between commas and other marks that stand outside brackets.
fn split(line: &str) -> Vec<String> {
    let (mut depth, mut items) = (0_u32, vec![String::new()]);
    for c in line.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(c, ',' | ';' | '|' | '•' | '·' | '◦' | '●' | '▪' | '■') {
            items.push(String::new());
        } else if let Some(item) = items.last_mut() {
            item.push(c);
        }
    }
    items
}

fn skill(item: &str, line: &str, fields: &mut Fields) {
    // Beside a list in a cell stands what it is a list of.
    let from = if line.contains([',', ';']) { item.rfind('\t').unwrap_or(0) } else { 0 };
    for part in item[from..].split('\t') {
        let part = part.rsplit_once(": ").map_or(part, |(_, part)| part);
        let part = part.trim_end_matches(['.', ':']);
        let rated = part
            .find(" (")
            .filter(|at| tongues::level(&part[*at..]).is_some() || key(&part[*at..]).contains("year"));
        let part = trimmed(rated.map_or(part, |at| &part[..at]));
        let part = part.trim_end_matches(['★', '☆', '●', '○', '■', '□', '█', '░']).trim();
        let words = part.split_whitespace().count();
        let fits = (1..=SKILL_WORDS).contains(&words) && part.chars().count() <= SKILL_CHARS;
        let rating = part.chars().all(|c| !c.is_alphabetic()) || tongues::level(part).is_some() && words <= 2;
        let known = fields.skills.iter().any(|skill| key(&skill.value) == key(part));
        if fits && !rating && !known && fields.skills.len() < MOST_SKILLS {
            fields.skills.push(Quoted::new(part, line));
        }
    }
}

fn language(item: &str, line: &str, fields: &mut Fields) {
    for part in item.split(" und ").flat_map(|part| part.split(" and ")) {
        let Some((name, rest)) = tongues::name(trimmed(part)) else {
            continue;
        };
        let known = fields.languages.iter().any(|spoken| key(&spoken.value) == key(name));
        if !known && fields.languages.len() < MOST_LANGUAGES {
            let level = tongues::level(rest).map(str::to_owned);
            fields.languages.push(Spoken { value: name.to_owned(), level, quote: Some(line.to_owned()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PageText, document::Document};

    fn found(text: &str) -> Fields {
        let layout = Layout::of(&Document::read(&[PageText { number: 1, text: text.into() }]).unwrap());
        let mut fields = Fields::default();
        find(&layout, &mut fields);
        fields
    }

    fn skills(text: &str) -> Vec<String> {
        found(text).skills.into_iter().map(|skill| skill.value).collect()
    }

    #[test]
    fn skills_are_split_and_prose_is_left_out() {
        assert_eq!(skills("Skills\nRust, Go (5 years), CI/CD"), ["Rust", "Go", "CI/CD"]);
        assert_eq!(skills("Skills\n• C++\n• Risk registers, rust"), ["C++", "Risk registers", "rust"]);
        assert_eq!(skills("Kenntnisse\nMS Excel (sehr gut); SAP\nBonn, 4. Mai 2024"), ["MS Excel", "SAP"]);
        assert_eq!(
            skills("Skills\nI enjoy working with people from all over the world.\nDatabases: Oracle"),
            ["Oracle"]
        );
        assert_eq!(
            skills("Skills\nRisk, Planning, Budgets,\nReporting"),
            ["Risk", "Planning", "Budgets", "Reporting"]
        );
    }

    #[test]
    fn languages_have_levels() {
        let languages = found("Sprachen\nDeutsch\tMuttersprache\nEnglisch (C1), Latein").languages;
        let found: Vec<_> =
            languages.iter().map(|spoken| (spoken.value.as_str(), spoken.level.as_deref())).collect();
        assert_eq!(found, [("Deutsch", Some("native")), ("Englisch", Some("C1")), ("Latein", None)]);
    }
}
