//! The schemas of the answer and of a model's reply.

use serde_json::{Map, Value, json};

use crate::quote::Checked;

/// Fields with one value, and what they are.
pub(super) const SCALARS: [(&str, &str); 10] = [
    ("name", "The full name, with academic titles."),
    ("headline", "What stands under the name: an occupation, a motto."),
    ("linkedin", "The LinkedIn profile, as a URL."),
    ("github", "The GitHub profile, as a URL."),
    ("address", "Street and number."),
    ("city", "The town."),
    ("postal_code", "The postal code, without the mark of a country."),
    ("country", "The country, as written."),
    ("birthday", "The date of birth, YYYY-MM-DD."),
    ("nationality", "The nationality, as written."),
];

/// Properties of a position and of a course, beside its quote.
const JOB: [&str; 6] = ["title", "company", "location", "start", "end", "description"];
const STUDY: [&str; 6] = ["degree", "field", "institution", "location", "start", "end"];

/// JSON schema of `data` in the answer.
pub(super) fn output() -> Value {
    let mut properties = Map::new();
    properties.insert("is_cv".into(), json!({"type": "boolean", "description": "Whether the document is a CV; else all is empty."}));
    for (name, description) in SCALARS {
        properties.insert(name.into(), nullable(Checked::schema(description)));
    }
    let list = |item: Value| json!({"type": "array", "items": item});
    let with = |mut schema: Value, name: &str, property: Value| {
        schema["properties"][name] = property;
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(name.into());
        }
        schema
    };
    let e164 = json!({"type": ["string", "null"], "description": "The number as E.164, if its country is known."});
    let level = json!({"type": ["string", "null"], "description":
        "`A1` to `C2`, `native`, `fluent`, `advanced`, `intermediate` or `basic`; else as written."});
    properties.insert("emails".into(), list(Checked::schema("An e-mail address.")));
    properties.insert("phones".into(), list(with(Checked::schema("A telephone number, as written."), "e164", e164)));
    properties.insert("urls".into(), list(Checked::schema("Another page of the person, as a URL.")));
    properties.insert("work_experience".into(), list(record(&JOB, true)));
    properties.insert("education".into(), list(record(&STUDY, false)));
    properties.insert("skills".into(), list(Checked::schema("A skill.")));
    properties.insert("languages".into(), list(with(Checked::schema("A language."), "level", level)));
    properties.insert("confidence".into(), json!({"type": "number", "minimum": 0, "maximum": 1,
        "description": "The mean confidence of the fields; 0 without any."}));
    object(properties)
}

fn record(names: &[&str], is_job: bool) -> Value {
    let mut properties = texts(names);
    if is_job {
        properties.insert("is_current".into(), json!({"type": "boolean", "description": "Whether it lasts."}));
    }
    if let Value::Object(evidence) = Checked::evidence_properties() {
        properties.extend(evidence);
    }
    object(properties)
}

fn texts(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!({"type": ["string", "null"]}))).collect()
}

/// JSON schema of a model's reply.
pub(super) fn reply() -> Value {
    let quoted = || {
        let properties = json!({"value": {"type": "string"}, "quote": {"type": ["string", "null"]}});
        json!({"type": "object", "additionalProperties": false, "required": ["value", "quote"], "properties": properties})
    };
    let list = |item: Value| json!({"type": "array", "items": item});
    let mut properties = Map::new();
    properties.insert("is_cv".into(), json!({"type": "boolean"}));
    for (name, _) in SCALARS {
        properties.insert(name.into(), nullable(quoted()));
    }
    for name in ["emails", "phones", "urls", "skills"] {
        properties.insert(name.into(), list(quoted()));
    }
    let mut job = texts(&JOB);
    job.insert("is_current".into(), json!({"type": "boolean"}));
    job.extend(texts(&["quote"]));
    let mut study = texts(&STUDY);
    study.extend(texts(&["quote"]));
    let mut spoken = texts(&["level", "quote"]);
    spoken.insert("value".into(), json!({"type": "string"}));
    for (name, item) in [("work_experience", job), ("education", study), ("languages", spoken)] {
        properties.insert(name.into(), list(object(item)));
    }
    object(properties)
}

/// An object that has all of these properties and no others.
fn object(properties: Map<String, Value>) -> Value {
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

fn nullable(mut schema: Value) -> Value {
    schema["type"] = json!(["object", "null"]);
    schema
}
