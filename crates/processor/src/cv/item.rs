//! Items of fields: what they say, and what in the document shows it.

use quire_ai::{Check, Checked};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::field::{Form, IS_CURRENT};

/// Characters of the longest text.
pub(super) const PART_CHARS: usize = 10_000;
/// Items of a field that are kept of what a task found.
const MAX_ITEMS: usize = 500;

/// What in the document shows a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Evidence {
    /// The passage of the document that shows it.
    #[serde(default)]
    pub(crate) quote: Option<String>,
    /// The page on which the passage begins; the first is 1.
    #[serde(default)]
    pub(crate) page: Option<u32>,
    /// `verified` if the passage was found in the document, else `unverified`.
    #[serde(default = "unverified")]
    #[schema(value_type = String, example = "verified")]
    pub(crate) check: Check,
    /// How far the document bears it out, from 0 to 1; `null` for what a person wrote and the document does
    /// not say.
    #[serde(default)]
    pub(crate) confidence: Option<f64>,
}

const fn unverified() -> Check {
    Check::Unverified
}

impl Evidence {
    /// Of what a person says and the document does not.
    pub(crate) const NONE: Self =
        Self { quote: None, page: None, check: Check::Unverified, confidence: None };
}

impl From<Checked> for Evidence {
    fn from(checked: Checked) -> Self {
        match checked.check {
            Check::Unverified => Self::NONE,
            Check::Verified => Self {
                quote: checked.quote,
                page: checked.page,
                check: checked.check,
                confidence: Some(checked.confidence),
            },
        }
    }
}

/// What an item says, by the names of [`Form::parts`]; all of them are there, unknown ones are `null`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parts(Map<String, Value>);

impl Parts {
    /// Takes what the form knows; texts are trimmed, and empty ones are unknown.
    pub(crate) fn new(form: Form, mut given: impl FnMut(&str) -> Option<Value>) -> Self {
        let part = |name: &&str| ((*name).to_owned(), given(name).and_then(tidy).unwrap_or(Value::Null));
        Self(form.parts().iter().map(part).collect())
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whether a job goes on.
    pub(crate) fn is_current(&self) -> Option<bool> {
        self.0.get(IS_CURRENT).and_then(Value::as_bool)
    }

    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.values().all(|value| !value.is_string())
    }

    /// As clients write them.
    pub(crate) fn plain(&self, form: Form) -> Value {
        match form {
            Form::Text | Form::Texts | Form::Phones => self.0.get("value").cloned().unwrap_or_default(),
            Form::Languages | Form::Work | Form::Education => Value::Object(self.0.clone()),
        }
    }
}

/// Texts that say something, and what is true or false.
fn tidy(value: Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(Value::from),
        Value::Bool(flag) => Some(Value::Bool(flag)),
        _ => None,
    }
}

/// Texts of a task, without what databases refuse, and not longer than any that a person may write.
fn kept(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            text.chars().filter(|c| *c != '\0').take(PART_CHARS).collect::<String>().into()
        }
        value => value.clone(),
    }
}

/// A value of a field, with what shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) parts: Parts,
    pub(crate) evidence: Evidence,
}

impl Item {
    /// Reads what a task or this module wrote; `None` if it says nothing.
    fn read(form: Form, value: &Value) -> Option<Self> {
        let parts = Parts::new(form, |name| value.get(name).map(kept));
        let is_named = if form.has_value() { parts.text("value").is_some() } else { !parts.is_empty() };
        let evidence = Evidence::deserialize(value).unwrap_or(Evidence::NONE);
        is_named.then_some(Self { parts, evidence })
    }

    fn to_json(&self) -> Value {
        let Evidence { quote, page, check, confidence } = &self.evidence;
        let mut item = self.parts.0.clone();
        for (name, value) in [
            ("quote", json!(quote)),
            ("page", json!(page)),
            ("check", json!(check)),
            ("confidence", json!(confidence)),
        ] {
            item.insert(name.to_owned(), value);
        }
        Value::Object(item)
    }
}

/// Reads the items of a field: a single object, a list of them, or nothing. What has another shape is
/// passed over.
pub(super) fn read_items(form: Form, value: &Value) -> Vec<Item> {
    let items: Vec<Item> = match value {
        Value::Array(items) => {
            items.iter().filter_map(|item| Item::read(form, item)).take(MAX_ITEMS).collect()
        }
        value => Item::read(form, value).into_iter().collect(),
    };
    if form.is_single() { items.into_iter().take(1).collect() } else { items }
}

/// The items as they are stored.
pub(super) fn items_to_json(items: &[Item]) -> Value {
    items.iter().map(Item::to_json).collect()
}

/// The items as clients write them: a text or `null` for a single one, else a list.
pub(super) fn plain(form: Form, items: &[Item]) -> Value {
    let mut values = items.iter().map(|item| item.parts.plain(form));
    if form.is_single() { values.next().unwrap_or_default() } else { values.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_found_is_read_whatever_its_shape() {
        let found =
            json!({"value": " Ada\u{0} ", "quote": "Ada", "page": 1, "check": "verified", "confidence": 1.0});
        let items = read_items(Form::Text, &found);
        assert_eq!(items[0].parts.text("value"), Some("Ada"));
        assert_eq!(items[0].evidence.page, Some(1));
        assert_eq!(read_items(Form::Text, &items_to_json(&items)), items);
        for nothing in
            [json!(null), json!("Ada"), json!({"value": " "}), json!({"value": 7}), json!([1, [], {}])]
        {
            assert_eq!(read_items(Form::Text, &nothing), [], "{nothing}");
        }
        let odd =
            read_items(Form::Texts, &json!([{"value": "a", "page": "one", "check": "sure"}, {"value": "b"}]));
        assert_eq!(odd.iter().map(|item| &item.evidence).collect::<Vec<_>>(), [&Evidence::NONE; 2]);
        assert_eq!(read_items(Form::Texts, &json!(vec![json!({"value": "x"}); 2_000])).len(), MAX_ITEMS);
    }

    #[test]
    fn records_are_kept_by_their_parts() {
        let found = json!([{"title": "Engineer", "is_current": true, "salary": "1"}, {"is_current": true}]);
        let items = read_items(Form::Work, &found);
        assert_eq!(
            plain(Form::Work, &items),
            json!([{"title": "Engineer", "company": null, "location": null, "start": null, "end": null,
                "is_current": true, "description": null}])
        );
    }
}
