//! The labelled sample invoices (`tests/invoices`): how many of their fields the rules find, and how many
//! of those are right. With `--no-capture` the table is printed; docs/QUALITY.md has it.
#![expect(clippy::print_stdout, reason = "the table is for people")]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use quire_ai::{Engine, LocalEngine, RunContext};
use serde::Deserialize;
use serde_json::Value;

use crate::request;

#[derive(Deserialize)]
struct Sample {
    held_out: bool,
    labels: Value,
}

/// What was labelled, what was found, and what of that is right.
#[derive(Default, Clone, Copy)]
struct Score {
    labelled: u32,
    found: u32,
    right: u32,
}

impl Score {
    fn add(&mut self, labelled: &[String], found: &[String]) {
        let mut left = found.to_vec();
        let matches =
            |label: &String| left.iter().position(|value| value == label).map(|at| left.swap_remove(at));
        self.right += count(labelled.iter().filter_map(matches).collect::<Vec<_>>().len());
        self.labelled += count(labelled.len());
        self.found += count(found.len());
    }

    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.found.max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from(self.labelled.max(1))
    }
}

const FIELDS: [&str; 11] = [
    "number",
    "invoice_date",
    "due_date",
    "seller",
    "buyer",
    "seller_vat_id",
    "iban",
    "currency",
    "net_total",
    "tax_total",
    "gross_total",
];

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invoices").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(value: &Value, keys: &[&str]) -> Vec<String> {
    let row = |row: &Value| {
        keys.iter().map(|key| row[*key].as_str().unwrap_or_default()).collect::<Vec<_>>().join("|")
    };
    value.as_array().unwrap().iter().map(row).collect()
}

async fn scores(held_out: bool) -> BTreeMap<&'static str, Score> {
    let samples: BTreeMap<String, Sample> = read("labels.json");
    let pages: BTreeMap<String, Vec<String>> = read("pages.json");
    let mut scores: BTreeMap<&'static str, Score> = BTreeMap::new();
    for (name, sample) in samples.iter().filter(|(_, sample)| sample.held_out == held_out) {
        let texts_of_pages: Vec<_> = pages[name].iter().map(String::as_str).collect();
        let request = request("extract_invoice", Value::Null, &texts_of_pages);
        let answer = LocalEngine.run(&request, &RunContext::default()).await.unwrap();
        let data = &answer.output["data"];
        for field in FIELDS {
            let text = |value: &Value| value.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>();
            let (label, found) = (text(&sample.labels[field]), text(&data[field]["value"]));
            if label != found {
                println!("{name}: {field}: {label:?} was read as {found:?}");
            }
            scores.entry(field).or_default().add(&label, &found);
        }
        for (field, keys) in [
            ("taxes", vec!["rate", "amount"]),
            ("positions", vec!["description", "quantity", "unit_price", "amount"]),
        ] {
            let (label, found) = (texts(&sample.labels[field], &keys), texts(&data[field], &keys));
            if label != found {
                println!("{name}: {field}: {label:?} were read as {found:?}");
            }
            scores.entry(field).or_default().add(&label, &found);
        }
    }
    scores
}

fn table(scores: &BTreeMap<&'static str, Score>) -> String {
    let mut table = String::from("| field | labelled | precision | recall |\n|---|---|---|---|\n");
    for (field, score) in scores {
        writeln!(
            table,
            "| {field} | {} | {:.2} | {:.2} |",
            score.labelled,
            score.precision(),
            score.recall()
        )
        .unwrap();
    }
    table
}

fn mean(scores: &BTreeMap<&'static str, Score>, of: impl Fn(Score) -> f64) -> f64 {
    scores.values().map(|score| of(*score)).sum::<f64>() / f64::from(count(scores.len()))
}

#[tokio::test]
async fn the_samples_are_read_as_they_were() {
    for (held_out, precision, recall) in [(false, 0.97, 0.95), (true, 0.97, 0.97)] {
        let scores = scores(held_out).await;
        let (p, r) = (mean(&scores, Score::precision), mean(&scores, Score::recall));
        println!("held out: {held_out}, precision {p:.3}, recall {r:.3}\n{}", table(&scores));
        assert!(p >= precision && r >= recall, "precision {p:.3}, recall {r:.3}\n{}", table(&scores));
    }
}
