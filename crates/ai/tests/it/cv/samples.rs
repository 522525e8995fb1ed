//! The labelled samples in `tests/cv/`.

use std::{fs, path::Path};

use quire_ai::PageText;
use serde_json::Value;

/// Which samples: those the rules were written with, or those held out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Set {
    Dev,
    HeldOut,
}

/// A CV with what a reader finds in it.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Value,
    pub(super) pages: Vec<PageText>,
}

/// All samples of a set, by name.
pub(super) fn all(set: Set) -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cv");
    let directory = root.join(match set {
        Set::Dev => "dev",
        Set::HeldOut => "held-out",
    });
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut labels: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    labels.sort();
    let sample = |path: &std::path::PathBuf| {
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let texts: Vec<String> =
            serde_json::from_str(&read(&root.join("pages").join(format!("{name}.json")))).unwrap();
        let pages = (1..).zip(texts).map(|(number, text)| PageText { number, text }).collect();
        Sample { labels: serde_json::from_str(&read(path)).unwrap(), name, pages }
    };
    labels.iter().map(sample).collect()
}
