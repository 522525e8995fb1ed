//! Profiles as files: JSON Resume for programs, documents for people.

use quire_domain::{Error, Result};
use quire_export::{Report, json_resume};
use quire_store::documents::Document;
use serde_json::{Map, Value, json};

use super::{countries, field::CvField, profile::Profile};
use crate::exports::{DocumentFormat, Exports};

/// As what a profile can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CvFormat {
    /// JSON Resume 1.0.0.
    JsonResume,
    /// A document.
    Document(DocumentFormat),
}

impl CvFormat {
    /// Every format.
    pub(crate) const ALL: &[Self] = &[
        Self::JsonResume,
        Self::Document(DocumentFormat::Docx),
        Self::Document(DocumentFormat::Pdf),
        Self::Document(DocumentFormat::Markdown),
    ];

    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::JsonResume => "json-resume",
            Self::Document(format) => format.as_str(),
        }
    }

    /// What the names of its files end in.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::JsonResume => "json",
            Self::Document(format) => format.as_str(),
        }
    }

    /// The format with that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name)
    }

    /// The media type of its files.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::JsonResume => "application/json",
            Self::Document(format) => format.media_type(),
        }
    }
}

/// A profile as a file.
#[derive(Debug)]
pub(crate) struct ExportedCv {
    /// The document whose profile it is.
    pub(crate) document: Document,
    /// The profile.
    pub(crate) profile: Profile,
    /// All of the file.
    pub(crate) bytes: Vec<u8>,
}

pub(super) async fn export(
    exports: &Exports,
    document: Document,
    profile: Profile,
    format: CvFormat,
) -> Result<ExportedCv> {
    let plain: Map<_, _> =
        CvField::ALL.iter().map(|field| (field.as_str().to_owned(), profile.plain(*field))).collect();
    let bytes = match format {
        CvFormat::JsonResume => {
            let country = profile.text(CvField::Country).and_then(countries::alpha2);
            let mut plain = Value::Object(plain);
            plain[CvField::Phones.as_str()] = international_phones(&profile);
            let resume = json_resume(&plain, country, profile.updated_at);
            serde_json::to_vec_pretty(&resume)
                .map_err(|error| Error::internal("writing a profile").with_source(error))?
        }
        CvFormat::Document(format) => exports.write_report(report(plain), format).await?,
    };
    Ok(ExportedCv { document, profile, bytes })
}

/// Telephone numbers as programs dial them, where that is known.
fn international_phones(profile: &Profile) -> Value {
    let phones = profile.field(CvField::Phones).items().iter();
    phones.map(|phone| json!(phone.parts.text("e164").or_else(|| phone.parts.text("value")))).collect()
}

/// The name and the headline stand above everything else.
fn report(mut plain: Map<String, Value>) -> Report {
    let mut take = |field: CvField| match plain.shift_remove(field.as_str()) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let name = take(CvField::Name).unwrap_or_else(|| "Curriculum vitae".to_owned());
    let subtitle: Vec<String> = take(CvField::Headline).into_iter().collect();
    if let Some(Value::Array(languages)) = plain.get_mut(CvField::Languages.as_str()) {
        languages.iter_mut().for_each(|language| *language = json!(with_level(language)));
    }
    if let Some(Value::Array(jobs)) = plain.get_mut(CvField::WorkExperience.as_str()) {
        jobs.iter_mut().for_each(without_what_is_over);
    }
    Report::from_result(&name, &subtitle, None, &Value::Object(plain))
}

fn with_level(language: &Value) -> String {
    let text = |part: &str| language[part].as_str().unwrap_or_default();
    match text("level") {
        "" => text("value").to_owned(),
        level => format!("{} ({level})", text("value")),
    }
}

/// That a job is over shows in its dates.
fn without_what_is_over(job: &mut Value) {
    if let Value::Object(job) = job
        && job.get("is_current") == Some(&Value::Bool(false))
    {
        job.shift_remove("is_current");
    }
}
