//! A profile: what was read out of a document, with what a person made of it laid over it, field by field.

use chrono::{DateTime, Utc};
use quire_domain::{DocumentId, UserId};
use quire_store::cv::CvProfile;
use serde_json::{Map, Value, json};

use super::{
    field::CvField,
    item::{Item, items_to_json, plain, read_items},
};

/// What the answer of a task fills a profile with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extracted {
    /// Whether the document is a curriculum vitae.
    pub(crate) is_cv: bool,
    /// Lists of items by field, tidied.
    pub(crate) fields: Value,
}

/// What the data of a task of the type `extract_cv` says of a profile. Of a field that it does not have, or
/// that has another shape, nothing is known.
pub(crate) fn profile_of(data: &Value) -> Extracted {
    let fields = CvField::ALL.iter().filter_map(|field| {
        let items = read_items(field.form(), data.get(field.as_str())?);
        (!items.is_empty()).then(|| (field.as_str().to_owned(), items_to_json(&items)))
    });
    Extracted {
        is_cv: data.get("is_cv").and_then(Value::as_bool).unwrap_or(false),
        fields: Value::Object(fields.collect()),
    }
}

/// A field that a person edited: as a whole, also where it is a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edited {
    pub(crate) items: Vec<Item>,
    pub(crate) at: Option<DateTime<Utc>>,
}

/// What is known of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldState {
    pub(crate) extracted: Vec<Item>,
    pub(crate) edited: Option<Edited>,
}

impl FieldState {
    /// What counts.
    pub(crate) fn items(&self) -> &[Item] {
        self.edited.as_ref().map_or(&self.extracted, |edited| &edited.items)
    }
}

/// The profile of a document.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) document_id: DocumentId,
    pub(crate) version: i64,
    pub(crate) extracted_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    /// In the order of [`CvField::ALL`].
    fields: Vec<FieldState>,
}

impl Profile {
    pub(crate) fn read(stored: &CvProfile) -> Self {
        let state = |field: &CvField| {
            let (name, form) = (field.as_str(), field.form());
            FieldState {
                extracted: read_items(form, &stored.extracted[name]),
                edited: stored.edited.get(name).map(|edited| Edited {
                    items: read_items(form, &edited["items"]),
                    at: edited["at"].as_str().and_then(|at| at.parse().ok()),
                }),
            }
        };
        Self {
            document_id: stored.document_id(),
            version: stored.version,
            extracted_at: stored.extracted_at,
            updated_at: stored.updated_at,
            fields: CvField::ALL.iter().map(state).collect(),
        }
    }

    /// What is known of a field.
    pub(crate) fn field(&self, field: CvField) -> &FieldState {
        // The variants are numbered in the order of `ALL`.
        &self.fields[field as usize]
    }

    /// The text of a field that has one.
    pub(crate) fn text(&self, field: CvField) -> Option<&str> {
        self.field(field).items().first().and_then(|item| item.parts.text("value"))
    }

    /// A field as clients write it.
    pub(crate) fn plain(&self, field: CvField) -> Value {
        plain(field.form(), self.field(field).items())
    }

    /// When a person said what a field holds.
    pub(crate) fn edited_at(&self, field: CvField) -> Option<DateTime<Utc>> {
        self.field(field).edited.as_ref().and_then(|edited| edited.at)
    }

    /// Whether a person said what a field holds.
    pub(crate) fn is_edited(&self, field: CvField) -> bool {
        self.field(field).edited.is_some()
    }
}

/// A field of a profile as a person leaves it, as it is stored.
pub(super) fn edited_to_json(items: &[Item], by: UserId, at: DateTime<Utc>) -> Value {
    json!({"items": items_to_json(items), "at": at, "by": by.0})
}

/// The edited fields of a stored profile, to be changed.
pub(super) fn edited_fields(stored: &CvProfile) -> Map<String, Value> {
    stored.edited.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_at_their_place() {
        for (place, field) in CvField::ALL.iter().enumerate() {
            assert_eq!(*field as usize, place);
            assert_eq!(CvField::parse(field.as_str()), Some(*field));
        }
        assert_eq!(CvField::parse("salary"), None);
    }

    #[test]
    fn data_of_any_shape_makes_a_profile() {
        for data in [json!(null), json!([]), json!({"name": 7, "emails": {"a": []}, "is_cv": "yes"})] {
            assert_eq!(profile_of(&data), Extracted { is_cv: false, fields: json!({}) }, "{data}");
        }
        let data = json!({
            "is_cv": true, "confidence": 0.9, "headline": null, "emails": [], "shoe_size": {"value": "42"},
            "name": {"value": "Ada", "quote": "Ada", "page": 1, "check": "verified", "confidence": 1.0},
        });
        let extracted = profile_of(&data);
        assert!(extracted.is_cv);
        assert_eq!(
            extracted.fields,
            json!({"name": [{"value": "Ada", "quote": "Ada", "page": 1, "check": "verified", "confidence": 1.0}]})
        );
    }
}
