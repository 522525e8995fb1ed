//! CVs by rules: what people write about themselves has known places, labels and forms.

mod address;
mod birth;
pub(crate) mod contact;
mod countries;
pub(crate) mod dates;
mod dates_words;
mod entries;
pub(crate) mod fields;
mod headings;
mod labels;
mod lines;
mod lists;
pub(crate) mod partial;
mod person;
pub(crate) mod phones;
mod pieces;
mod positions;
mod table;
mod text;
pub(crate) mod tongues;
mod words;

use crate::{context::RunContext, document::Document, error::AiError};

pub(crate) use self::lines::is_too_long;
use self::{
    fields::{Fields, Quoted},
    headings::Section,
    lines::Layout,
};

/// Points of evidence from which a document counts as a CV; see [`evidence`].
const ENOUGH: usize = 4;

/// What the document says about a person, if it is a CV. Time and memory are linear in the length of the text.
///
/// # Errors
/// [`AiError::Cancelled`].
pub(crate) fn read(
    document: &Document,
    country: Option<&str>,
    context: &RunContext,
) -> Result<Fields, AiError> {
    context.check()?;
    let layout = Layout::of(document);
    let mut fields = Fields::default();
    let form = address::find(&layout, &mut fields);
    contact::find_links(&layout, &mut fields);
    let countries = likely_countries(country, form, &fields.emails, document);
    contact::find_phones(&layout, &countries, &mut fields);
    context.check()?;
    person::find_name(&layout, &mut fields);
    birth::find(&layout, &mut fields);
    positions::find(&layout, &mut fields);
    lists::find(&layout, &mut fields);
    fields.is_cv = evidence(&layout, &fields) >= ENOUGH;
    Ok(if fields.is_cv { fields } else { Fields::default() })
}

/// The country (ISO 3166 alpha-2) of the address in a document, named there or shown by its form.
pub(crate) fn home(document: &Document) -> Option<&'static str> {
    address::find(&Layout::of(document), &mut Fields::default())
}

/// The countries (ISO 3166 alpha-2) whose forms of telephone numbers are tried, likeliest first: as wished, as the
/// address says, as the mail addresses end, as the language suggests.
pub(crate) fn likely_countries<'a>(
    wished: Option<&'a str>,
    address: Option<&'a str>,
    emails: &[Quoted],
    document: &Document,
) -> Vec<&'a str> {
    let ends = emails
        .iter()
        .filter_map(|mail| countries::of_mark(&mail.value.rsplit('.').next()?.to_ascii_uppercase()));
    let language = document.language().working_code();
    let spoken = countries::of_language(language);
    // English is written in countries whose numbers look different enough to be told apart.
    let english = (language == "en").then_some(["GB", "US", "IE"]).into_iter().flatten();
    let mut all: Vec<&str> = Vec::new();
    for code in wished.into_iter().chain(address).chain(ends).chain(spoken).chain(english) {
        if !all.contains(&code) {
            all.push(code);
        }
    }
    all
}

/// How much speaks for a CV: its title counts twice, each of the usual sections, contact data, and entries once.
fn evidence(layout: &Layout, fields: &Fields) -> usize {
    let sections = [Section::Work, Section::Education, Section::Skills, Section::Languages];
    let facts = [
        !fields.emails.is_empty() || !fields.phones.is_empty(),
        fields.name.is_some(),
        fields.birthday.is_some(),
        !fields.work_experience.is_empty(),
        !fields.education.is_empty(),
        fields.work_experience.len() + fields.education.len() > 1,
    ];
    let sections = sections.iter().filter(|section| layout.has(**section)).count();
    usize::from(layout.has_title) * 2 + sections + facts.iter().filter(|fact| **fact).count()
}
