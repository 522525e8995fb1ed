//! The fields found in the pieces of a long CV, as one.

use crate::local::cv::{
    fields::{Fields, Job, Quoted, Spoken, Study},
    partial::PartialDate,
};

/// Joins the fields of all pieces: what one piece has and no earlier one had. Positions of one company, and
/// courses of one institution, whose times overlap are one.
pub(super) fn merge(parts: impl IntoIterator<Item = Fields>) -> Fields {
    parts.into_iter().fold(Fields::default(), both)
}

fn both(mut all: Fields, next: Fields) -> Fields {
    all.is_cv |= next.is_cv;
    for (known, new) in [
        (&mut all.name, next.name),
        (&mut all.headline, next.headline),
        (&mut all.linkedin, next.linkedin),
        (&mut all.github, next.github),
        (&mut all.address, next.address),
        (&mut all.city, next.city),
        (&mut all.postal_code, next.postal_code),
        (&mut all.country, next.country),
        (&mut all.birthday, next.birthday),
        (&mut all.nationality, next.nationality),
    ] {
        *known = known.take().or(new);
    }
    let quoted = |a: &Quoted, b: &Quoted| same(&a.value, &b.value);
    add(&mut all.emails, next.emails, quoted);
    add(&mut all.phones, next.phones, |a, b| digits(&a.value) == digits(&b.value));
    add(&mut all.urls, next.urls, quoted);
    add(&mut all.skills, next.skills, quoted);
    join(&mut all.languages, next.languages, |a, b| same(&a.value, &b.value), |known: &mut Spoken, new| {
        known.level = known.level.take().or(new.level);
    });
    join(&mut all.work_experience, next.work_experience, is_same_job, fill_job);
    join(&mut all.education, next.education, is_same_study, fill_study);
    all
}

fn add<T>(known: &mut Vec<T>, new: Vec<T>, is_same: impl Fn(&T, &T) -> bool) {
    join(known, new, is_same, |_, _| {});
}

fn join<T>(known: &mut Vec<T>, new: Vec<T>, is_same: impl Fn(&T, &T) -> bool, fill: impl Fn(&mut T, T)) {
    for item in new {
        match known.iter_mut().find(|known| is_same(known, &item)) {
            Some(known) => fill(known, item),
            None => known.push(item),
        }
    }
}

fn is_same_job(a: &Job, b: &Job) -> bool {
    alike(a.company.as_deref(), b.company.as_deref())
        && (alike(a.title.as_deref(), b.title.as_deref()) || a.title.is_none() || b.title.is_none())
        && overlap((a.start.as_deref(), a.end.as_deref()), (b.start.as_deref(), b.end.as_deref()))
}

fn fill_job(known: &mut Job, new: Job) {
    known.is_current |= new.is_current;
    fill(&mut known.title, new.title);
    fill(&mut known.location, new.location);
    fill(&mut known.start, new.start);
    fill(&mut known.end, new.end);
    fill(&mut known.quote, new.quote);
    longer(&mut known.description, new.description);
}

fn is_same_study(a: &Study, b: &Study) -> bool {
    alike(a.institution.as_deref(), b.institution.as_deref())
        && (alike(a.degree.as_deref(), b.degree.as_deref()) || a.degree.is_none() || b.degree.is_none())
        && overlap((a.start.as_deref(), a.end.as_deref()), (b.start.as_deref(), b.end.as_deref()))
}

fn fill_study(known: &mut Study, new: Study) {
    fill(&mut known.degree, new.degree);
    fill(&mut known.field, new.field);
    fill(&mut known.location, new.location);
    fill(&mut known.start, new.start);
    fill(&mut known.end, new.end);
    fill(&mut known.quote, new.quote);
}

fn fill(known: &mut Option<String>, new: Option<String>) {
    *known = known.take().or(new);
}

/// A description that a border cut is whole in one of the two pieces.
fn longer(known: &mut Option<String>, new: Option<String>) {
    let length = |text: &Option<String>| text.as_deref().map_or(0, str::len);
    if length(&new) > length(known) {
        *known = new;
    }
}

fn alike(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether two times have a day in common, as far as they are known. Dates that overlap in what is known of both
/// (2019 and 2019-03) count as one.
fn overlap(a: (Option<&str>, Option<&str>), b: (Option<&str>, Option<&str>)) -> bool {
    let before = |end: Option<&str>, start: Option<&str>| {
        let (Some(end), Some(start)) = (end, start) else { return false };
        let known = end.len().min(start.len());
        PartialDate::parse(end).is_some() && PartialDate::parse(start).is_some() && end[..known] < start[..known]
    };
    !before(a.1, b.0) && !before(b.1, a.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(company: &str, title: Option<&str>, start: &str, end: Option<&str>) -> Job {
        Job { company: Some(company.into()), title: title.map(str::to_owned), start: Some(start.into()), end: end.map(str::to_owned), ..Job::default() }
    }

    #[test]
    fn positions_of_one_company_are_one_while_their_times_overlap() {
        let part = |jobs: Vec<Job>| Fields { work_experience: jobs, ..Fields::default() };
        let merged = merge([
            part(vec![job("Fox Ltd", Some("Cook"), "2019", None), job("Hare", Some("Boy"), "2010", Some("2012"))]),
            part(vec![job("FOX Ltd", None, "2019-03", Some("2020-01")), job("Hare", Some("Boy"), "2013", None)]),
        ]);
        let found: Vec<_> = merged.work_experience.iter().map(|job| (job.company.as_deref().unwrap(), job.end.as_deref())).collect();
        assert_eq!(found, [("Fox Ltd", Some("2020-01")), ("Hare", Some("2012")), ("Hare", None)]);
    }

    #[test]
    fn the_first_piece_names_the_person_and_lists_are_joined() {
        let quoted = |value: &str| Quoted { value: value.into(), quote: None };
        let part = |name: &str, skills: &[&str]| Fields {
            is_cv: true,
            name: Some(quoted(name)),
            skills: skills.iter().map(|skill| quoted(skill)).collect(),
            ..Fields::default()
        };
        let merged = merge([part("Ada", &["Rust", "C"]), part("Bob", &["rust", "Go"])]);
        assert_eq!(merged.name.unwrap().value, "Ada");
        assert_eq!(merged.skills.iter().map(|skill| skill.value.as_str()).collect::<Vec<_>>(), ["Rust", "C", "Go"]);
    }
}
