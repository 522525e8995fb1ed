//! How well the rules read CVs: precision and recall for each field over the labelled samples in `tests/cv/`.
//!
//! The table of figures, and what was missed in the samples the rules were written with:
//! `cargo nextest run -p quire-ai --run-ignored all --no-capture cv::the_figures`.

mod samples;
mod score;

use std::time::{Duration, Instant};

use quire_ai::{Engine, LocalEngine, Request, RunContext, registry};
use serde_json::{Value, json};

use self::{
    samples::{Sample, Set},
    score::{FIELDS, Scores},
};

/// The least F1 of a field over all its samples, by set: a little below what was measured. A change of the rules that falls
/// below has made something worse.
const FLOORS: [(&str, f64, f64); FIELDS.len()] = [
    ("name", 0.98, 0.89),
    ("headline", 0.98, 0.78),
    ("emails", 0.98, 0.98),
    ("phones", 0.98, 0.98),
    ("linkedin", 0.98, 0.98),
    ("github", 0.98, 0.98),
    ("urls", 0.98, 0.98),
    ("address", 0.98, 0.98),
    ("city", 0.98, 0.98),
    ("postal_code", 0.98, 0.98),
    ("country", 0.98, 0.98),
    ("birthday", 0.98, 0.98),
    ("nationality", 0.98, 0.98),
    ("work", 0.94, 0.81),
    ("work with dates", 0.94, 0.81),
    ("education", 0.93, 0.93),
    ("education with dates", 0.93, 0.93),
    ("skills", 0.92, 0.98),
    ("languages", 0.98, 0.98),
    ("languages with level", 0.98, 0.94),
];

/// What the rules find in a sample, and how long they take.
fn read(sample: &Sample) -> (Value, Duration) {
    let task_type = registry::find("extract_cv").unwrap();
    let params = task_type.check_params(&Value::Null).unwrap();
    let request = Request { task_type, params, filename: sample.name.clone(), pages: sample.pages.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let started = Instant::now();
    let answer = runtime.block_on(LocalEngine.run(&request, &RunContext::default())).unwrap();
    (answer.output["data"].clone(), started.elapsed())
}

fn scores(set: Set) -> Scores {
    let mut scores = Scores::default();
    for sample in samples::all(set) {
        let (data, took) = read(&sample);
        scores.add(&sample, &data, took);
    }
    scores
}

#[test]
fn no_field_is_read_worse_than_it_was() {
    let (dev, held_out) = (scores(Set::Dev), scores(Set::HeldOut));
    for (field, dev_floor, held_out_floor) in FLOORS {
        let figures = (dev.f1(field), held_out.f1(field));
        assert!(figures.0 >= dev_floor && figures.1 >= held_out_floor, "{field}: {figures:?}");
    }
}

#[test]
fn every_sample_is_a_cv_and_every_value_has_its_passage() {
    for sample in samples::all(Set::Dev).into_iter().chain(samples::all(Set::HeldOut)) {
        let (data, _) = read(&sample);
        assert_eq!(data["is_cv"], true, "{}", sample.name);
        let unverified = score::checks(&data).into_iter().filter(|check| check != "verified").count();
        assert_eq!(unverified, 0, "{}", sample.name);
    }
}

#[test]
fn the_samples_are_as_many_as_they_should_be() {
    let (dev, held_out) = (samples::all(Set::Dev), samples::all(Set::HeldOut));
    assert!(held_out.len() * 2 >= dev.len() && dev.len() + held_out.len() >= 24);
    let count = |wanted: &[&str], key: &str| {
        dev.iter()
            .chain(&held_out)
            .filter(|sample| wanted.contains(&sample.labels[key].as_str().unwrap()))
            .count()
    };
    assert!(count(&["en", "de"], "language") >= 20 && count(&["scan"], "kind") >= 3);
}

#[test]
#[ignore = "prints figures, checks nothing"]
fn the_figures() {
    let (dev, held_out) = (scores(Set::Dev), scores(Set::HeldOut));
    println!("{}", score::table(&dev, &held_out));
    println!("{}", json!({"dev": dev.to_json(), "held_out": held_out.to_json()}));
    println!("\nMissed (-) and wrong (+) in the samples the rules were written with:\n{}", dev.misses());
}
