//! What clients want to change in a profile.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::cv::{
    Changes,
    field::{CvField, Form},
    item::Parts,
};

/// A field that may be left out, and emptied by `null`.
type Given<T> = Option<Option<T>>;

/// What is to be changed; what is left out stays, and `null` empties. Lists come whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateCv)]
pub(super) struct UpdateCv {
    /// At most 200 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Ada Lovelace")]
    name: Given<String>,
    /// At most 300 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    headline: Given<String>,
    /// At most 20.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["ada@example.org"]))]
    emails: Given<Vec<String>>,
    /// At most 20. They are stored in the form of E.164; without `+` and code they are of `country`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["+49 30 901820"]))]
    phones: Given<Vec<String>>,
    /// A page at linkedin.com.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    linkedin: Given<String>,
    /// A page at github.com.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    github: Given<String>,
    /// Addresses of web pages, at most 50.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    urls: Given<Vec<String>>,
    /// Street and number; at most 300 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    address: Given<String>,
    /// At most 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    city: Given<String>,
    /// At most 20 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    postal_code: Given<String>,
    /// A name, or a code of ISO 3166-1 with two or three letters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "DE")]
    country: Given<String>,
    /// `YYYY-MM-DD`, in the past.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "1990-05-03")]
    birthday: Given<String>,
    /// At most 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    nationality: Given<String>,
    /// At most 100.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Job>>)]
    work_experience: Given<Vec<Job>>,
    /// At most 100.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<School>>)]
    education: Given<Vec<School>>,
    /// At most 200.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["Rust"]))]
    skills: Given<Vec<String>>,
    /// At most 50.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Language>>)]
    languages: Given<Vec<Language>>,
    /// Names of fields that go back to what was read out of the document.
    #[serde(default)]
    #[schema(example = json!(["headline"]))]
    revert: Vec<String>,
}

/// A job. Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateCvJob)]
struct Job {
    title: Option<String>,
    company: Option<String>,
    location: Option<String>,
    #[schema(example = "2019-04")]
    start: Option<String>,
    /// Not before the start.
    end: Option<String>,
    is_current: Option<bool>,
    /// At most 10,000 characters.
    description: Option<String>,
}

/// A school, a degree. Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateCvSchool)]
struct School {
    degree: Option<String>,
    field: Option<String>,
    institution: Option<String>,
    location: Option<String>,
    start: Option<String>,
    /// Not before the start.
    end: Option<String>,
}

/// A language: its name, or an object with a level.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a text, or an object with value and level")]
#[schema(as = UpdateCvLanguage)]
enum Language {
    Name(String),
    Spoken(SpokenLanguage),
}

/// A language with a level.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateCvSpokenLanguage)]
struct SpokenLanguage {
    #[schema(example = "German")]
    value: String,
    #[schema(example = "C2")]
    level: Option<String>,
}

/// A field that is there, `null` or not.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

impl From<UpdateCv> for Changes {
    fn from(body: UpdateCv) -> Self {
        let mut changes = Self { revert: body.revert, ..Self::default() };
        for (field, value) in [
            (CvField::Name, body.name),
            (CvField::Headline, body.headline),
            (CvField::Linkedin, body.linkedin),
            (CvField::Github, body.github),
            (CvField::Address, body.address),
            (CvField::City, body.city),
            (CvField::PostalCode, body.postal_code),
            (CvField::Country, body.country),
            (CvField::Birthday, body.birthday),
            (CvField::Nationality, body.nationality),
        ] {
            // An empty text empties the field, too.
            let value = value.map(|text| text.filter(|text| !text.trim().is_empty()));
            let items = value.map(|text| text.map(|text| vec![text]));
            add(&mut changes, field, items, |text| text_parts(Form::Text, text));
        }
        for (field, values) in [
            (CvField::Emails, body.emails),
            (CvField::Phones, body.phones),
            (CvField::Urls, body.urls),
            (CvField::Skills, body.skills),
        ] {
            add(&mut changes, field, values, |text| text_parts(field.form(), text));
        }
        add(&mut changes, CvField::WorkExperience, body.work_experience, job_parts);
        add(&mut changes, CvField::Education, body.education, school_parts);
        add(&mut changes, CvField::Languages, body.languages, language_parts);
        changes
    }
}

fn add<T>(changes: &mut Changes, field: CvField, given: Given<Vec<T>>, parts: impl Fn(T) -> Parts) {
    if let Some(items) = given {
        changes.fields.push((field, items.unwrap_or_default().into_iter().map(parts).collect()));
    }
}

fn text_parts(form: Form, text: String) -> Parts {
    Parts::new(form, |part| (part == "value").then(|| Value::from(text.as_str())))
}

fn job_parts(job: Job) -> Parts {
    let Job { title, company, location, start, end, is_current, description } = job;
    Parts::new(Form::Work, |part| match part {
        "title" => title.clone().map(Value::from),
        "company" => company.clone().map(Value::from),
        "location" => location.clone().map(Value::from),
        "start" => start.clone().map(Value::from),
        "end" => end.clone().map(Value::from),
        "description" => description.clone().map(Value::from),
        _ => is_current.map(Value::from),
    })
}

fn school_parts(school: School) -> Parts {
    let School { degree, field, institution, location, start, end } = school;
    Parts::new(Form::Education, |part| {
        let text = match part {
            "degree" => &degree,
            "field" => &field,
            "institution" => &institution,
            "location" => &location,
            "start" => &start,
            _ => &end,
        };
        text.clone().map(Value::from)
    })
}

fn language_parts(language: Language) -> Parts {
    let (value, level) = match language {
        Language::Name(value) => (value, None),
        Language::Spoken(SpokenLanguage { value, level }) => (value, level),
    };
    Parts::new(Form::Languages, |part| match part {
        "value" => Some(Value::from(value.as_str())),
        _ => level.clone().map(Value::from),
    })
}
