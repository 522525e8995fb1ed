//! What a person wants to change in a profile, checked.

use chrono::NaiveDate;
use quire_domain::{FieldErrors, Result};
use serde_json::Value;

use super::{
    countries,
    field::{CvField, Form, IS_CURRENT},
    item::{Evidence, Item, Parts},
    profile::Profile,
    rules::{self, Refusal},
};

/// What a person wants to change: fields as they were written, and names of fields that go back to what
/// was read out of the document.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) fields: Vec<(CvField, Vec<Parts>)>,
    pub(crate) revert: Vec<String>,
}

/// A field as it is to be.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) field: CvField,
    pub(super) items: Vec<NewItem>,
}

/// An item as it is to be.
#[derive(Debug)]
pub(super) struct NewItem {
    pub(super) parts: Parts,
    /// What shows it, if that is known.
    pub(super) evidence: Option<Evidence>,
    /// What to look for in the text, if it is not.
    pub(super) wanted: Option<String>,
}

/// Checks all changes. What the profile says already, or what a task found, is taken as it is: a profile
/// that was read may be sent back.
///
/// # Errors
/// [`quire_domain::ErrorCode::ValidationFailed`], by field.
pub(super) fn check(
    profile: &Profile,
    changes: Changes,
    today: NaiveDate,
) -> Result<(Vec<Edit>, Vec<CvField>)> {
    let mut checker =
        Checker { profile, today, region: region(profile, &changes), errors: FieldErrors::default() };
    let reverted = checker.reverted(&changes);
    let edits = changes.fields.into_iter().map(|(field, given)| checker.field(field, given)).collect();
    checker.errors.into_result().map(|()| (edits, reverted))
}

/// The country whose telephone numbers need no code.
fn region(profile: &Profile, changes: &Changes) -> Option<&'static str> {
    let given = changes.fields.iter().find(|(field, _)| *field == CvField::Country);
    match given {
        Some((_, items)) => items.first().and_then(|parts| parts.text("value")).and_then(countries::alpha2),
        None => profile.text(CvField::Country).and_then(countries::alpha2),
    }
}

struct Checker<'a> {
    profile: &'a Profile,
    today: NaiveDate,
    region: Option<&'static str>,
    errors: FieldErrors,
}

impl Checker<'_> {
    fn reverted(&mut self, changes: &Changes) -> Vec<CvField> {
        let mut fields = Vec::new();
        for (number, name) in changes.revert.iter().enumerate() {
            let place = format!("revert[{number}]");
            match CvField::parse(name) {
                None => self.errors.add(&place, "There is no such field."),
                Some(field) if changes.fields.iter().any(|(changed, _)| *changed == field) => {
                    self.errors.add(&place, "A field is either changed or reverted.");
                }
                Some(field) => fields.push(field),
            }
        }
        fields
    }

    fn field(&mut self, field: CvField, given: Vec<Parts>) -> Edit {
        let max = max_items(field);
        if given.len() > max {
            self.errors.add(field.as_str(), format!("There are {max} at most."));
            return Edit { field, items: Vec::new() };
        }
        let mut items: Vec<NewItem> = Vec::new();
        for (number, parts) in given.into_iter().enumerate() {
            let place = match field.form() {
                Form::Text => field.as_str().to_owned(),
                _ => format!("{}[{number}]", field.as_str()),
            };
            let item = self.item(field, &place, parts);
            // What is said twice is said once.
            items.extend(item.filter(|item| items.iter().all(|other| other.parts != item.parts)));
        }
        Edit { field, items }
    }

    fn item(&mut self, field: CvField, place: &str, parts: Parts) -> Option<NewItem> {
        if let Some(known) = self.known(field, &parts) {
            let Item { parts, evidence } = known.clone();
            return Some(NewItem { parts, evidence: Some(evidence), wanted: None });
        }
        if parts.is_empty() {
            self.errors.add(place, "This says nothing.");
            return None;
        }
        let checked = match field.form() {
            Form::Text | Form::Texts => self.text(field, parts),
            Form::Phones => self.phone(parts),
            Form::Languages => self.language(place, parts),
            Form::Work => {
                Ok(self.record(place, parts, &[("title", 300), ("company", 300), ("location", 200)]))
            }
            Form::Education => {
                let lines = [("degree", 300), ("field", 300), ("institution", 300), ("location", 200)];
                Ok(self.record(place, parts, &lines))
            }
        };
        checked.inspect_err(|refusal| self.errors.add(place, refusal.as_str())).ok()
    }

    /// What the profile or a task says in the same words.
    fn known(&self, field: CvField, given: &Parts) -> Option<&Item> {
        let state = self.profile.field(field);
        let mut items = state.items().iter().chain(&state.extracted);
        let value = given.text("value");
        items.find(|item| match field.form() {
            Form::Phones => value.is_some_and(|value| {
                item.parts.text("value") == Some(value) || item.parts.text("e164") == Some(value)
            }),
            _ => item.parts == *given,
        })
    }

    fn text(&self, field: CvField, parts: Parts) -> Result<NewItem, Refusal> {
        let given = parts.text("value").unwrap_or_default();
        let (value, wanted) = match field {
            CvField::Linkedin => page(given, &["linkedin.com"])?,
            CvField::Github => page(given, &["github.com"])?,
            CvField::Urls => page(given, &[])?,
            CvField::Country => (rules::country(given)?, given.to_owned()),
            _ => {
                self.line(field, given)?;
                (given.to_owned(), given.to_owned())
            }
        };
        Ok(NewItem { parts: of_value(field.form(), &value), evidence: None, wanted: Some(wanted) })
    }

    fn line(&self, field: CvField, text: &str) -> Result<(), Refusal> {
        match field {
            CvField::Emails => rules::email(text),
            CvField::Birthday => rules::birthday(text, self.today),
            CvField::Name => rules::name(text, 200),
            CvField::City | CvField::Nationality => rules::name(text, 100),
            CvField::PostalCode => rules::line(text, 20),
            CvField::Skills => rules::line(text, 200),
            _ => rules::line(text, 300),
        }
    }

    fn phone(&self, parts: Parts) -> Result<NewItem, Refusal> {
        let given = parts.text("value").unwrap_or_default();
        let e164 = rules::phone(given, self.region)?;
        let in_full = of_value(Form::Phones, &e164);
        if let Some(Item { parts, evidence }) = self.known(CvField::Phones, &in_full).cloned() {
            return Ok(NewItem { parts, evidence: Some(evidence), wanted: None });
        }
        let parts = Parts::new(Form::Phones, |_| Some(e164.as_str().into()));
        Ok(NewItem { parts, evidence: None, wanted: Some(given.to_owned()) })
    }

    fn language(&mut self, place: &str, parts: Parts) -> Result<NewItem, Refusal> {
        let Some(value) = parts.text("value") else {
            self.errors.add(&format!("{place}.value"), "This field is required.");
            return Ok(NewItem { parts, evidence: None, wanted: None });
        };
        rules::name(value, 100)?;
        if let Err(refusal) = rules::line(parts.text("level").unwrap_or_default(), 50) {
            self.errors.add(&format!("{place}.level"), refusal);
        }
        let wanted = Some(value.to_owned());
        Ok(NewItem { parts, evidence: None, wanted })
    }

    /// A record that was changed has no quote: it would have to show all of it.
    fn record(&mut self, place: &str, parts: Parts, lines: &[(&str, usize)]) -> NewItem {
        let mut check = |part: &str, refused: Result<(), Refusal>| {
            if let Err(refusal) = refused {
                self.errors.add(&format!("{place}.{part}"), refusal);
            }
        };
        for (part, max) in lines {
            check(part, rules::line(parts.text(part).unwrap_or_default(), *max));
        }
        check("description", rules::lines(parts.text("description").unwrap_or_default()));
        let dates = ["start", "end"].map(|part| {
            let text = parts.text(part)?;
            let checked = rules::date(text);
            let is_date = checked.is_ok();
            check(part, checked);
            is_date.then_some(text)
        });
        if let [Some(start), Some(end)] = dates
            && rules::is_before(end, start)
        {
            check("end", Err("The end is before the start.".to_owned()));
        }
        if parts.is_current() == Some(true) && parts.text("end").is_some() {
            check(IS_CURRENT, Err("What goes on has no end yet.".to_owned()));
        }
        NewItem { parts, evidence: None, wanted: None }
    }
}

/// The address, and how it may be printed in the document.
fn page(given: &str, hosts: &[&str]) -> Result<(String, String), Refusal> {
    let url = rules::url(given, hosts)?;
    let printed = rules::printed(&url).to_owned();
    Ok((url, printed))
}

fn of_value(form: Form, value: &str) -> Parts {
    Parts::new(form, |_| Some(Value::from(value)))
}

/// How many items a field may have.
const fn max_items(field: CvField) -> usize {
    match field.form() {
        Form::Text => 1,
        Form::Phones => 20,
        Form::Languages => 50,
        Form::Work | Form::Education => 100,
        Form::Texts => match field {
            CvField::Skills => 200,
            CvField::Urls => 50,
            _ => 20,
        },
    }
}
