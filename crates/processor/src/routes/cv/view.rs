//! Profiles as clients read them.

use chrono::{DateTime, Utc};
use quire_ai::Check;
use quire_store::cv::CvEdit;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::cv::{
    field::CvField,
    item::{Evidence, Item},
    profile::Profile,
};

/// What is known of a person from a curriculum vitae.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cv)]
pub(super) struct CvView {
    document_id: Uuid,
    /// When a task filled it last.
    extracted_at: DateTime<Utc>,
    /// When it was changed last, by whomever.
    updated_at: DateTime<Utc>,
    name: TextField,
    /// What the person is, in a line.
    headline: TextField,
    emails: ListField<TextItem>,
    phones: ListField<PhoneItem>,
    linkedin: TextField,
    github: TextField,
    /// Other pages of the person.
    urls: ListField<TextItem>,
    /// Street and number.
    address: TextField,
    city: TextField,
    postal_code: TextField,
    country: TextField,
    /// `YYYY-MM-DD`.
    birthday: TextField,
    nationality: TextField,
    work_experience: ListField<WorkItem>,
    education: ListField<EducationItem>,
    skills: ListField<TextItem>,
    languages: ListField<LanguageItem>,
}

/// A field that has one text, or none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvTextField)]
struct TextField {
    value: Option<String>,
    /// The passage of the document that shows it.
    quote: Option<String>,
    /// The page on which the passage begins; the first is 1.
    page: Option<u32>,
    /// `verified` if the passage was found in the document, `unverified` if it was not; `null` without a value.
    #[schema(value_type = Option<String>, example = "verified")]
    check: Option<Check>,
    /// How far the document bears it out, from 0 to 1; `null` for what a person wrote and the document does
    /// not say.
    confidence: Option<f64>,
    /// Whether a person said so. A task does not change it then.
    edited: bool,
    edited_at: Option<DateTime<Utc>>,
}

/// A field that has a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvListField)]
struct ListField<T: ToSchema> {
    items: Vec<T>,
    /// Whether a person said so. A task changes nothing of the list then.
    edited: bool,
    edited_at: Option<DateTime<Utc>>,
}

/// A text in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvTextItem)]
struct TextItem {
    value: String,
    #[serde(flatten)]
    evidence: Evidence,
}

/// A telephone number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvPhone)]
struct PhoneItem {
    /// As it stands in the document, or in the form of E.164 if a person said so.
    #[schema(example = "030 901820")]
    value: String,
    /// In the form of E.164, if its country is known.
    #[schema(example = "+4930901820")]
    e164: Option<String>,
    #[serde(flatten)]
    evidence: Evidence,
}

/// A language that the person speaks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvLanguage)]
struct LanguageItem {
    #[schema(example = "German")]
    value: String,
    #[schema(example = "C2")]
    level: Option<String>,
    #[serde(flatten)]
    evidence: Evidence,
}

/// A job. Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvJob)]
struct WorkItem {
    title: Option<String>,
    company: Option<String>,
    location: Option<String>,
    #[schema(example = "2019-04")]
    start: Option<String>,
    end: Option<String>,
    is_current: Option<bool>,
    description: Option<String>,
    #[serde(flatten)]
    evidence: Evidence,
}

/// A school, a degree. Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvSchool)]
struct EducationItem {
    degree: Option<String>,
    field: Option<String>,
    institution: Option<String>,
    location: Option<String>,
    start: Option<String>,
    end: Option<String>,
    #[serde(flatten)]
    evidence: Evidence,
}

impl From<&Profile> for CvView {
    fn from(profile: &Profile) -> Self {
        let text = |field| TextField::of(profile, field);
        let texts = |field| ListField::of(profile, field, TextItem::of);
        Self {
            document_id: profile.document_id.0,
            extracted_at: profile.extracted_at,
            updated_at: profile.updated_at,
            name: text(CvField::Name),
            headline: text(CvField::Headline),
            emails: texts(CvField::Emails),
            phones: ListField::of(profile, CvField::Phones, PhoneItem::of),
            linkedin: text(CvField::Linkedin),
            github: text(CvField::Github),
            urls: texts(CvField::Urls),
            address: text(CvField::Address),
            city: text(CvField::City),
            postal_code: text(CvField::PostalCode),
            country: text(CvField::Country),
            birthday: text(CvField::Birthday),
            nationality: text(CvField::Nationality),
            work_experience: ListField::of(profile, CvField::WorkExperience, WorkItem::of),
            education: ListField::of(profile, CvField::Education, EducationItem::of),
            skills: texts(CvField::Skills),
            languages: ListField::of(profile, CvField::Languages, LanguageItem::of),
        }
    }
}

impl TextField {
    fn of(profile: &Profile, field: CvField) -> Self {
        let evidence = profile.field(field).items().first().map(|item| &item.evidence);
        Self {
            value: profile.text(field).map(str::to_owned),
            quote: evidence.and_then(|evidence| evidence.quote.clone()),
            page: evidence.and_then(|evidence| evidence.page),
            check: evidence.map(|evidence| evidence.check),
            confidence: evidence.and_then(|evidence| evidence.confidence),
            edited: profile.is_edited(field),
            edited_at: profile.edited_at(field),
        }
    }
}

impl<T: ToSchema> ListField<T> {
    fn of(profile: &Profile, field: CvField, item: impl Fn(&Item) -> T) -> Self {
        Self {
            items: profile.field(field).items().iter().map(item).collect(),
            edited: profile.is_edited(field),
            edited_at: profile.edited_at(field),
        }
    }
}

/// A part of an item.
fn text(item: &Item, name: &str) -> Option<String> {
    item.parts.text(name).map(str::to_owned)
}

impl TextItem {
    fn of(item: &Item) -> Self {
        Self { value: text(item, "value").unwrap_or_default(), evidence: item.evidence.clone() }
    }
}

impl PhoneItem {
    fn of(item: &Item) -> Self {
        let TextItem { value, evidence } = TextItem::of(item);
        Self { value, e164: text(item, "e164"), evidence }
    }
}

impl LanguageItem {
    fn of(item: &Item) -> Self {
        let TextItem { value, evidence } = TextItem::of(item);
        Self { value, level: text(item, "level"), evidence }
    }
}

impl WorkItem {
    fn of(item: &Item) -> Self {
        Self {
            title: text(item, "title"),
            company: text(item, "company"),
            location: text(item, "location"),
            start: text(item, "start"),
            end: text(item, "end"),
            is_current: item.parts.is_current(),
            description: text(item, "description"),
            evidence: item.evidence.clone(),
        }
    }
}

impl EducationItem {
    fn of(item: &Item) -> Self {
        Self {
            degree: text(item, "degree"),
            field: text(item, "field"),
            institution: text(item, "institution"),
            location: text(item, "location"),
            start: text(item, "start"),
            end: text(item, "end"),
            evidence: item.evidence.clone(),
        }
    }
}

/// A change of one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CvEdit)]
pub(super) struct EditView {
    #[schema(example = 17)]
    id: i64,
    #[schema(example = "name")]
    field: String,
    /// What it held, as `PUT` takes it.
    before: Value,
    /// What it held then.
    after: Value,
    /// Whether it went back to what was read out of the document.
    reverted: bool,
    /// Who did it; `null` when that account is gone.
    user_id: Option<i64>,
    at: DateTime<Utc>,
}

impl From<CvEdit> for EditView {
    fn from(edit: CvEdit) -> Self {
        let user_id = edit.user_id().map(|user| user.0);
        let CvEdit { id, field, before, after, is_revert, created_at, .. } = edit;
        Self { id, field, before, after, reverted: is_revert, user_id, at: created_at }
    }
}
