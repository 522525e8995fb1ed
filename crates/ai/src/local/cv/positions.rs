//! Who employed whom as what: entries as positions and courses.

use super::{
    entries::{self, Entry},
    fields::{Fields, Job, Study},
    headings::Section,
    lines::Layout,
    pieces::{commas, ends_with_town, is_place, without_known_place},
    words,
};

/// Positions and courses at most, each.
const MOST: usize = 60;

/// The two names of an entry and where it was.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Names {
    /// The title or degree.
    what: Option<String>,
    /// The employer or school.
    with: Option<String>,
    location: Option<String>,
}

/// Finds positions and courses.
pub(super) fn find(layout: &Layout, fields: &mut Fields) {
    let has_headings = layout.has(Section::Work) || layout.has(Section::Education);
    for stretch in &layout.stretches {
        let section = match stretch.section {
            section @ (Section::Work | Section::Education) => section,
            Section::Header if !has_headings => Section::Header,
            _ => continue,
        };
        let mut employer = Names::default();
        for entry in entries::find(&layout.lines[stretch.lines.clone()]) {
            let is_study = match section {
                Section::Education => true,
                _ => {
                    entry.head.iter().flatten().any(|part| words::degree(part) >= 2 && words::title(part) < 2)
                }
            };
            let mut names = names(&entry, if is_study { words::degree } else { words::title });
            if entry.continues && names.with.is_none() {
                names.with.clone_from(&employer.with);
                names.location = names.location.or_else(|| employer.location.clone());
            }
            employer.clone_from(&names);
            if is_study { study(names, entry, fields) } else { job(names, entry, fields) }
        }
    }
    fields.work_experience.truncate(MOST);
    fields.education.truncate(MOST);
}

fn job(names: Names, entry: Entry, fields: &mut Fields) {
    if names.what.is_none() && names.with.is_none() {
        return;
    }
    fields.work_experience.push(Job {
        title: names.what,
        company: names.with,
        location: names.location,
        start: entry.span.start.map(|date| date.to_string()),
        end: entry.span.end.map(|date| date.to_string()),
        is_current: entry.span.is_current,
        description: Some(entry.description).filter(|text| !text.is_empty()),
        quote: Some(entry.quote),
    });
}

fn study(names: Names, entry: Entry, fields: &mut Fields) {
    if names.what.is_none() && names.with.is_none() {
        return;
    }
    let subject =
        names.what.as_deref().and_then(|degree| degree.split_once(" in ").map(|(_, field)| field.to_owned()));
    fields.education.push(Study {
        degree: names.what,
        field: subject,
        institution: names.with,
        location: names.location,
        start: entry.span.start.map(|date| date.to_string()),
        end: entry.span.end.map(|date| date.to_string()),
        quote: Some(entry.quote),
    });
}

/// Tells the two names of an entry apart; `what` says how much a text looks like the first.
fn names(entry: &Entry, what: fn(&str) -> u32) -> Names {
    let mut location = None;
    let mut parts: Vec<(String, bool)> = Vec::new();
    for part in entry.head.iter().flatten() {
        if is_place(part) {
            location = location.or_else(|| Some(part.clone()));
            continue;
        }
        let (name, place) = without_known_place(part);
        let is_placed = place.is_some() || ends_with_town(&name);
        location = location.or(place);
        parts.push((name, is_placed));
    }
    let (first, second) = match parts.as_slice() {
        [] => return Names { location, ..Names::default() },
        [(only, _)] => {
            let pieces = commas(only);
            let [first, second, rest @ ..] = pieces.as_slice() else {
                return alone(only, location, what);
            };
            let is_town = what(second) + words::organisation(second) == 0;
            if rest.is_empty() && is_town && words::organisation(first) > 0 && what(first) == 0 {
                return alone(only, location, what);
            }
            location = location.or_else(|| (!rest.is_empty()).then(|| rest.join(", ")));
            (((*first).to_owned(), false), ((*second).to_owned(), false))
        }
        [first, second, rest @ ..] => {
            let place = rest.first().map(|(part, _)| part).filter(|part| part.split(' ').count() <= 3);
            location = location.or_else(|| place.cloned());
            (first.clone(), second.clone())
        }
    };
    // Words tell more than a place beside a name.
    let as_with = |(name, is_placed): &(String, bool)| 2 * words::organisation(name) + u32::from(*is_placed);
    let swapped = 2 * what(&second.0) + as_with(&first) > 2 * what(&first.0) + as_with(&second);
    let (what, with) = if swapped { (second.0, first.0) } else { (first.0, second.0) };
    let (with, place) = without_place(&with);
    Names { what: Some(what), with: Some(with), location: location.or(place) }
}

/// An entry with one name.
fn alone(name: &str, location: Option<String>, what: fn(&str) -> u32) -> Names {
    let is_with = words::organisation(name) > what(name);
    let (name, place) = if is_with { without_place(name) } else { (name.to_owned(), None) };
    let location = location.or(place);
    if is_with {
        Names { what: None, with: Some(name), location }
    } else {
        Names { what: Some(name), with: None, location }
    }
}

/// An organisation's name apart from the place after it: "Elbtal AG, Dresden".
fn without_place(name: &str) -> (String, Option<String>) {
    let pieces = commas(name);
    let organisation = pieces.iter().rposition(|piece| words::organisation(piece) > 0).unwrap_or(0);
    match pieces.split_at_checked(organisation + 1) {
        Some((kept, place)) if !place.is_empty() => (kept.join(", "), Some(place.join(", "))),
        _ => (name.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PageText, document::Document};

    fn found(text: &str) -> Vec<String> {
        let layout = Layout::of(&Document::read(&[PageText { number: 1, text: text.into() }]).unwrap());
        let mut fields = Fields::default();
        find(&layout, &mut fields);
        let text = |text: &Option<String>| text.clone().unwrap_or("-".into());
        let jobs = fields.work_experience.iter().map(|job| {
            format!(
                "{} @ {} in {} {}..{}",
                text(&job.title),
                text(&job.company),
                text(&job.location),
                text(&job.start),
                text(&job.end)
            )
        });
        let studies = fields.education.iter().map(|study| {
            format!(
                "{} @ {} in {} {}..{}",
                text(&study.degree),
                text(&study.institution),
                text(&study.location),
                text(&study.start),
                text(&study.end)
            )
        });
        jobs.chain(studies).collect()
    }

    #[test]
    fn titles_and_employers_are_told_apart_in_both_orders() {
        assert_eq!(
            found("Experience\nFox Ltd, London\nBrand Manager\t2020 – 2022"),
            ["Brand Manager @ Fox Ltd in London 2020..2022"]
        );
        assert_eq!(
            found("Experience\n2020 – 2022\tBrand Manager, Fox Ltd, London"),
            ["Brand Manager @ Fox Ltd in London 2020..2022"]
        );
        assert_eq!(
            found("Experience\nBrand Manager | Fox Labs\nJun 2020 – May 2022 | Boise, ID"),
            ["Brand Manager @ Fox Labs in Boise, ID 2020-06..2022-05"]
        );
        assert_eq!(
            found("Ausbildung\n2003: Habilitation, Universität Passau"),
            ["Habilitation @ Universität Passau in - -..2003"]
        );
    }

    #[test]
    fn without_headings_degrees_tell_courses_from_positions() {
        let text = "Ada\n\n2017 to 2019\nDriver\nTyne Ltd\n\n2009 to 2011\nBSc Zoology\nUniversity of Hull";
        assert_eq!(
            found(text),
            ["Driver @ Tyne Ltd in - 2017..2019", "BSc Zoology @ University of Hull in - 2009..2011"]
        );
    }
}
