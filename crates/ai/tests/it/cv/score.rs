//! Counts of what was found, missed and wrong, by field.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use super::samples::Sample;

/// The fields that are measured.
pub(super) const FIELDS: [&str; 20] = [
    "name",
    "headline",
    "emails",
    "phones",
    "linkedin",
    "github",
    "urls",
    "address",
    "city",
    "postal_code",
    "country",
    "birthday",
    "nationality",
    "work",
    "work with dates",
    "education",
    "education with dates",
    "skills",
    "languages",
    "languages with level",
];

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Count {
    fn precision(self) -> f64 {
        ratio(self.right, self.right + self.wrong)
    }

    fn recall(self) -> f64 {
        ratio(self.right, self.right + self.missed)
    }

    fn f1(self) -> f64 {
        ratio(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

/// Where nothing was to be found and nothing was found, all is right.
fn ratio(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

/// The counts over a set of samples.
#[derive(Default)]
pub(super) struct Scores {
    counts: BTreeMap<&'static str, Count>,
    misses: String,
    samples: u32,
    took: Duration,
    verified: u32,
    quotes: u32,
}

impl Scores {
    /// Compares what was found in a sample with its labels.
    pub(super) fn add(&mut self, sample: &Sample, data: &Value, took: Duration) {
        for field in FIELDS {
            let wanted = values(field, &sample.labels, true);
            let mut found = values(field, data, false);
            let count = self.counts.entry(field).or_default();
            for value in wanted {
                match found.iter().position(|found| *found == value) {
                    Some(at) => {
                        found.remove(at);
                        count.right += 1;
                    }
                    None => {
                        count.missed += 1;
                        let _ = writeln!(self.misses, "{}: {field} - {value}", sample.name);
                    }
                }
            }
            for value in found {
                count.wrong += 1;
                let _ = writeln!(self.misses, "{}: {field} + {value}", sample.name);
            }
        }
        let checks = checks(data);
        self.quotes += u32::try_from(checks.len()).unwrap();
        self.verified += u32::try_from(checks.iter().filter(|check| *check == "verified").count()).unwrap();
        self.samples += 1;
        self.took += took;
    }

    pub(super) fn f1(&self, field: &str) -> f64 {
        self.counts.get(field).copied().unwrap_or_default().f1()
    }

    pub(super) fn misses(&self) -> &str {
        &self.misses
    }

    /// All counts together.
    fn total(&self) -> Count {
        self.counts.values().fold(Count::default(), |sum, count| Count {
            right: sum.right + count.right,
            wrong: sum.wrong + count.wrong,
            missed: sum.missed + count.missed,
        })
    }

    /// The figures for programs.
    pub(super) fn to_json(&self) -> Value {
        let fields = self.counts.iter().map(|(field, count)| {
            let figures = json!({"precision": count.precision(), "recall": count.recall(), "f1": count.f1(),
                "labels": count.right + count.missed});
            ((*field).to_owned(), figures)
        });
        json!({
            "samples": self.samples,
            "ms_per_cv": self.took.as_secs_f64() * 1000.0 / f64::from(self.samples.max(1)),
            "verified": ratio(self.verified, self.quotes),
            "fields": fields.collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// The figures as a Markdown table.
pub(super) fn table(dev: &Scores, held_out: &Scores) -> String {
    let mut table = String::from(
        "| field | labels | precision | recall | F1 | labels, held out | precision | recall | F1 |\n",
    );
    table.push_str("|---|---|---|---|---|---|---|---|---|\n");
    let cells = |count: Count| {
        let labels = count.right + count.missed;
        format!("{labels} | {:.2} | {:.2} | {:.2}", count.precision(), count.recall(), count.f1())
    };
    let row = |name: &str, dev: Count, held_out: Count| {
        format!("| {name} | {} | {} |\n", cells(dev), cells(held_out))
    };
    for field in FIELDS {
        table.push_str(&row(field, dev.counts[field], held_out.counts[field]));
    }
    table.push_str(&row("**all**", dev.total(), held_out.total()));
    for (name, scores) in [("samples", dev), ("held out", held_out)] {
        let ms = scores.took.as_secs_f64() * 1000.0 / f64::from(scores.samples.max(1));
        let _ = writeln!(
            table,
            "\n{name}: {} CVs, {ms:.1} ms each, {} of {} quotes verified",
            scores.samples, scores.verified, scores.quotes
        );
    }
    table
}

/// The checks of all quotes in an answer's data.
pub(super) fn checks(data: &Value) -> Vec<String> {
    match data {
        Value::Object(object) => {
            let own = object.get("check").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(checks)).collect()
        }
        Value::Array(items) => items.iter().flat_map(checks).collect(),
        _ => Vec::new(),
    }
}

/// The values of a field, in the form in which they are compared.
fn values(field: &str, data: &Value, is_labels: bool) -> Vec<String> {
    let part = |record: &Value, name: &str| plain(record[name].as_str().unwrap_or_default());
    let value = |item: &Value| item["value"].as_str().or(item.as_str()).unwrap_or_default().to_owned();
    let join = |records: &str, names: &[&str]| -> Vec<String> {
        let records = data[records].as_array().into_iter().flatten();
        records
            .map(|record| names.iter().map(|name| part(record, name)).collect::<Vec<_>>().join(" | "))
            .collect()
    };
    let current = |records: Vec<String>| -> Vec<String> {
        let flags = data["work_experience"].as_array().into_iter().flatten();
        records
            .into_iter()
            .zip(flags)
            .map(|(text, job)| format!("{text} {}", job["is_current"] == true))
            .collect()
    };
    match field {
        "work" => join("work_experience", &["title", "company"]),
        "work with dates" => current(join("work_experience", &["title", "company", "start", "end"])),
        "education" => join("education", &["degree", "institution"]),
        "education with dates" => join("education", &["degree", "institution", "start", "end"]),
        "languages with level" => join("languages", &["value", "level"]),
        "phones" if !is_labels => {
            let phones = data["phones"].as_array().into_iter().flatten();
            phones.map(|phone| plain(phone["e164"].as_str().unwrap_or("none"))).collect()
        }
        _ => match &data[field] {
            Value::Null => Vec::new(),
            Value::Array(items) => items.iter().map(|item| plain(&value(item))).collect(),
            one => vec![plain(&value(one))],
        },
    }
}

/// A value as it is compared: letters and digits in lower case; links without scheme and `www.`.
fn plain(text: &str) -> String {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.strip_prefix("www.").unwrap_or(text).trim_end_matches('/').to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '+' | '#' | '@')).collect()
}
