//! Fields become data: looked up in the document, brought into their forms, and left out when they are invented.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    clean::{fold_whitespace, shorten},
    document::Document,
    local::{
        cv::{
            self,
            contact::{self, Site},
            dates,
            fields::{Fields, Job, Quoted, Spoken, Study},
            partial::PartialDate,
            phones, tongues,
        },
        round,
    },
    quote::{self, Check, Checked, Pages},
    task::{Draft, Warning},
};

use super::profile;

/// Characters of a value, of a description, and of a level in words of its own.
const VALUE_CHARS: usize = 300;
const DESCRIPTION_CHARS: usize = 2_000;
const LEVEL_CHARS: usize = 40;

/// Data, result and warnings of what was found.
pub(super) fn draft(fields: Fields, document: &Document, country: Option<&str>) -> Draft {
    let mut checker = Checker { pages: document.pages(), sums: Vec::new(), invented: BTreeSet::new(), misdated: false };
    let fields = if fields.is_cv { fields } else { Fields::default() };
    let countries = cv::likely_countries(country, cv::home(document), &fields.emails, document);
    let mut data = checker.data(fields, &countries);
    data["confidence"] = json!(checker.confidence());
    Draft { result: profile::text(&data), warnings: checker.warnings(&data), data }
}

struct Checker<'a> {
    pages: &'a Pages,
    /// The confidence of each field.
    sums: Vec<f64>,
    /// The kinds of values that were left out because the document does not have them.
    invented: BTreeSet<&'static str>,
    /// Whether a date was left out that is none.
    misdated: bool,
}

impl Checker<'_> {
    fn data(&mut self, fields: Fields, countries: &[&str]) -> Value {
        json!({
            "is_cv": fields.is_cv,
            "name": self.found("name", fields.name),
            "headline": self.found("headline", fields.headline),
            "emails": self.each(fields.emails, |checker, mail| checker.literal("e-mail address", mail)),
            "phones": self.each(fields.phones, |checker, phone| checker.phone(&phone, countries)),
            "linkedin": fields.linkedin.and_then(|link| self.link(&link, Some(Site::LinkedIn))),
            "github": fields.github.and_then(|link| self.link(&link, Some(Site::GitHub))),
            "urls": self.each(fields.urls, |checker, link| checker.link(&link, None)),
            "address": fields.address.and_then(|value| self.literal("address", value)),
            "city": fields.city.and_then(|value| self.literal("town", value)),
            "postal_code": fields.postal_code.and_then(|value| self.literal("postal code", value)),
            "country": self.found("country", fields.country),
            "birthday": fields.birthday.and_then(|date| self.birthday(&date)),
            "nationality": self.found("nationality", fields.nationality),
            "work_experience": self.each(fields.work_experience, Self::job),
            "education": self.each(fields.education, Self::study),
            "skills": self.each(fields.skills, |checker, skill| checker.found("skill", Some(skill))),
            "languages": self.each(fields.languages, Self::language),
            "confidence": 0.0,
        })
    }

    fn each<T>(&mut self, items: Vec<T>, mut read: impl FnMut(&mut Self, T) -> Option<Value>) -> Vec<Value> {
        items.into_iter().filter_map(|item| read(self, item)).collect()
    }

    /// A value that stands in the document or in other words in a passage of it.
    fn found(&mut self, kind: &'static str, field: Option<Quoted>) -> Option<Value> {
        let field = field?;
        let value = shorten(&fold_whitespace(&field.value), VALUE_CHARS);
        if value.is_empty() {
            return None;
        }
        let checked = Checked::new(self.pages, value, field.quote.as_deref());
        if checked.confidence > 0.0 { Some(self.publish(&checked)) } else { self.leave_out(kind) }
    }

    /// A value that must stand in the document word for word.
    fn literal(&mut self, kind: &'static str, field: Quoted) -> Option<Value> {
        let is_there = self.pages.find(&field.value).is_some();
        if is_there { self.found(kind, Some(field)) } else { self.leave_out(kind) }
    }

    fn phone(&mut self, field: &Quoted, countries: &[&str]) -> Option<Value> {
        let checked = Checked::new(self.pages, fold_whitespace(&field.value), field.quote.as_deref());
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let passage = checked.quote.as_deref().filter(|_| checked.check == Check::Verified).map(digits);
        // The last digits are the same however the number is written.
        let number = digits(&field.value);
        let end = &number[number.len().saturating_sub(7)..];
        if end.len() < 5 || !passage.is_some_and(|passage| passage.contains(end)) {
            return self.leave_out("telephone number");
        }
        let mut value = self.publish(&Checked { confidence: 1.0, ..checked });
        value["e164"] = json!(phones::e164(&field.value, countries));
        Some(value)
    }

    fn link(&mut self, field: &Quoted, site: Option<Site>) -> Option<Value> {
        let raw = field.value.trim();
        let bare = raw.split_once("://").map_or(raw, |(_, rest)| rest).trim_end_matches('/');
        let actual = Site::of(raw);
        let fits = actual.is_some() && site.is_none_or(|site| actual == Some(site)) && !raw.contains(char::is_whitespace);
        if !fits || self.pages.find(bare).is_none() {
            return self.leave_out("link");
        }
        let checked = Checked::new(self.pages, bare, field.quote.as_deref());
        Some(self.publish(&Checked { value: contact::url(raw), ..checked }))
    }

    fn birthday(&mut self, field: &Quoted) -> Option<Value> {
        let date = PartialDate::parse(&field.value).filter(|date| date.is_whole());
        self.misdated |= date.is_none();
        let checked = Checked::new(self.pages, date?.to_string(), field.quote.as_deref());
        let says_so = checked.quote.as_deref().is_some_and(|quote| dates::all(quote).contains(&date.unwrap_or_default()));
        if checked.check == Check::Unverified || !says_so {
            return self.leave_out("date of birth");
        }
        Some(self.publish(&Checked { confidence: 1.0, ..checked }))
    }

    fn job(&mut self, job: Job) -> Option<Value> {
        let mut evidence = Evidence::of(self.pages, job.quote.as_deref(), [&job.company, &job.title]);
        let title = self.part(&mut evidence, "job title", job.title);
        let company = self.part(&mut evidence, "employer", job.company);
        if title.is_none() && company.is_none() {
            return None;
        }
        let location = self.part(&mut evidence, "place of work", job.location);
        let (start, end) = self.times(&mut evidence, job.start, job.end);
        let mut record = json!({
            "title": title, "company": company, "location": location, "start": start, "end": end,
            "is_current": job.is_current && end.is_none(), "description": text(job.description, DESCRIPTION_CHARS),
        });
        self.close(&evidence, &mut record);
        Some(record)
    }

    fn study(&mut self, study: Study) -> Option<Value> {
        let mut evidence = Evidence::of(self.pages, study.quote.as_deref(), [&study.institution, &study.degree]);
        let degree = self.part(&mut evidence, "degree", study.degree);
        let institution = self.part(&mut evidence, "school", study.institution);
        if degree.is_none() && institution.is_none() {
            return None;
        }
        let field = self.part(&mut evidence, "subject", study.field);
        let location = self.part(&mut evidence, "place of study", study.location);
        let (start, end) = self.times(&mut evidence, study.start, study.end);
        let mut record = json!({
            "degree": degree, "field": field, "institution": institution, "location": location, "start": start, "end": end,
        });
        self.close(&evidence, &mut record);
        Some(record)
    }

    /// A part of a record: in its passage, or at least in the document.
    fn part(&mut self, evidence: &mut Evidence, kind: &'static str, value: Option<String>) -> Option<String> {
        let value = text(value, VALUE_CHARS)?;
        let known = evidence.bears(&value).then_some(1.0).or_else(|| self.pages.find(&value).map(|_| 0.4));
        let Some(confidence) = known else {
            self.invented.insert(kind);
            return None;
        };
        evidence.parts.push(confidence);
        Some(value)
    }

    /// The dates of a record, valid and in order; their years must stand in the document.
    fn times(&mut self, evidence: &mut Evidence, start: Option<String>, end: Option<String>) -> (Option<String>, Option<String>) {
        let mut read = |date: Option<String>| {
            let date = date.filter(|date| !date.trim().is_empty())?;
            let date = PartialDate::parse(&date);
            self.misdated |= date.is_none();
            let confidence = evidence.dates.contains(&date?).then_some(1.0).or_else(|| {
                let year = date.map(PartialDate::year)?.to_string();
                evidence.bears(&year).then_some(0.7).or_else(|| self.pages.find(&year).map(|_| 0.4))
            });
            if confidence.is_none() {
                self.invented.insert("date");
            }
            evidence.parts.push(confidence?);
            date
        };
        let (start, end) = (read(start), read(end));
        let in_order = start.zip(end).is_none_or(|(start, end)| start.year() <= end.year());
        self.misdated |= !in_order;
        let end = end.filter(|_| in_order);
        (start.map(|date| date.to_string()), end.map(|date| date.to_string()))
    }

    fn close(&mut self, evidence: &Evidence, record: &mut Value) {
        let confidence = round(mean(&evidence.parts), 2);
        self.sums.push(confidence);
        record["quote"] = json!(evidence.checked.quote);
        record["page"] = json!(evidence.checked.page);
        record["check"] = json!(evidence.checked.check);
        record["confidence"] = json!(confidence);
    }

    fn language(&mut self, spoken: Spoken) -> Option<Value> {
        let field = Quoted { value: spoken.value, quote: spoken.quote };
        let mut value = self.found("language", Some(field))?;
        let level = text(spoken.level, LEVEL_CHARS);
        value["level"] = json!(level.map(|level| tongues::level(&level).map_or(level, str::to_owned)));
        Some(value)
    }

    fn publish(&mut self, checked: &Checked) -> Value {
        self.sums.push(checked.confidence);
        json!(checked)
    }

    fn leave_out<T>(&mut self, kind: &'static str) -> Option<T> {
        self.invented.insert(kind);
        None
    }

    fn confidence(&self) -> f64 {
        round(mean(&self.sums), 2)
    }

    fn warnings(&self, data: &Value) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if data["is_cv"] == false {
            warnings.push(Warning::new("not_a_cv", "The document does not look like a CV; its fields are empty."));
        }
        if !self.invented.is_empty() {
            let kinds: Vec<_> = self.invented.iter().copied().collect();
            let message = format!("Left out, because the document does not have it: {}.", kinds.join(", "));
            warnings.push(Warning::new("value_not_found", message));
        }
        if self.misdated {
            warnings.push(Warning::new("invalid_date", "A date that is none, or that ends before it begins, was left out."));
        }
        warnings
    }
}

/// The passage of a record, and how far it bears out the record's parts.
struct Evidence {
    checked: Checked,
    dates: Vec<PartialDate>,
    parts: Vec<f64>,
}

impl Evidence {
    fn of(pages: &Pages, quote: Option<&str>, names: [&Option<String>; 2]) -> Self {
        let name = names.into_iter().flatten().next().cloned().unwrap_or_default();
        let checked = Checked::new(pages, name, quote);
        let dates = checked.quote.as_deref().map(dates::all).unwrap_or_default();
        Self { checked, dates, parts: Vec::new() }
    }

    fn bears(&self, value: &str) -> bool {
        self.checked.check == Check::Verified
            && self.checked.quote.as_deref().is_some_and(|passage| quote::contains(passage, value))
    }
}

fn text(value: Option<String>, most: usize) -> Option<String> {
    value.map(|value| shorten(&fold_whitespace(&value), most)).filter(|value| !value.is_empty())
}

fn mean(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    values.iter().sum::<f64>() / count
}
