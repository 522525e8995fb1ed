//! Benchmarks of single functions: what happens once for each request or document.
//!
//! Reading documents is measured as the worker does it, in a child process: this program is
//! its own child. Where `pdftotext` (Poppler) is installed it reads the same PDFs beside it.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot run ends")]

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use criterion::{BenchmarkId, Criterion};
use quire_ai::{Engine, LocalEngine, PageText, Request, RunContext, registry};
use quire_domain::{UserId, ports::clock::SystemClock, user::Role};
use quire_extract::{child::ChildPool, limits::Limits, media_type, options::ReadOptions};
use quire_gateway::{PasswordCost, Passwords};
use quire_web::{
    config::{Environment, Reader, TokenConfig},
    token::Tokens,
};
use serde_json::json;
use tokio::runtime::Runtime;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/extract/tests/fixtures");
const DOCUMENTS: [&str; 5] = [
    "txt/de-utf8-bom.txt",
    "docx/ComplexNumberedLists.docx",
    "pdf/cv-sb2nov-resume.pdf",
    "pdf/pdflatex-4-pages.pdf",
    "pdf/multicolumn.pdf",
];

fn main() {
    quire_extract::child::run_if_child();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let runtime = Runtime::new().expect("a runtime");
    reading(&mut criterion, &runtime);
    answering(&mut criterion, &runtime);
    tokens(&mut criterion);
    passwords(&mut criterion, &runtime);
    media_types(&mut criterion);
    criterion.final_summary();
}

fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

fn reading(criterion: &mut Criterion, runtime: &Runtime) {
    let reader = ChildPool::of_this_program(Limits::default()).expect("the path of this program");
    let mut group = criterion.benchmark_group("read");
    for name in DOCUMENTS {
        let path = fixture(name);
        group.bench_function(BenchmarkId::new("quire", name), |bencher| {
            bencher.iter(|| runtime.block_on(reader.read(&path, &ReadOptions::of_file(name))).expect("text"));
        });
        if name.starts_with("pdf/") && pdftotext(&path) {
            group.bench_function(BenchmarkId::new("pdftotext", name), |bencher| {
                bencher.iter(|| assert!(pdftotext(&path)));
            });
        }
    }
    group.finish();
}

/// Whether `pdftotext` is there and can read this.
fn pdftotext(path: &Path) -> bool {
    let read =
        Command::new("pdftotext").arg(path).arg("-").stdout(Stdio::null()).stderr(Stdio::null()).status();
    read.is_ok_and(|status| status.success())
}

fn answering(criterion: &mut Criterion, runtime: &Runtime) {
    let (engine, context, pages) = (LocalEngine, RunContext::default(), ten_pages());
    let mut group = criterion.benchmark_group("answer 10 pages");
    for name in ["summarize", "extract_keywords", "sentiment", "qa"] {
        let task_type = registry::find(name).expect("a task type");
        let params = task_type.check_params(&json!({})).expect("parameters");
        let request = Request { task_type, params, filename: "a.txt".to_owned(), pages: pages.clone() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(engine.run(&request, &context)).expect("an answer"));
        });
    }
    group.finish();
}

/// Ten pages of some 3,000 characters, no sentence twice.
fn ten_pages() -> Vec<PageText> {
    const SUBJECTS: [&str; 8] = [
        "The harbour",
        "A merchant",
        "The old wharf",
        "Our committee",
        "The report",
        "Every ship",
        "The council",
        "A good teacher",
    ];
    const VERBS: [&str; 7] =
        ["improved", "described", "lost", "rebuilt", "carefully measured", "celebrated", "refused"];
    const OBJECTS: [&str; 9] = [
        "the price of grain",
        "a wonderful library",
        "the terrible fire",
        "several wooden houses",
        "its annual budget",
        "the new railway",
        "a difficult decision",
        "the quality of water",
        "a treaty with its neighbours",
    ];
    let sentence = |n: usize| {
        let (subject, verb) = (SUBJECTS[n % SUBJECTS.len()], VERBS[n % VERBS.len()]);
        format!("{subject} {verb} {} in {}, after {} days.", OBJECTS[n % OBJECTS.len()], 1200 + n, n % 97)
    };
    let page = |number: u32| {
        let first = number as usize * 45;
        let text = (first..first + 45).map(sentence).collect::<Vec<_>>().join(" ");
        PageText { number, text }
    };
    (1..=10).map(page).collect()
}

fn tokens(criterion: &mut Criterion) {
    let environment = Environment::from_pairs([("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef")]);
    let mut reader = Reader::new(&environment);
    let config = TokenConfig::read(&mut reader);
    reader.finish().expect("a configuration");
    let tokens = Tokens::new(&config, Arc::new(SystemClock)).expect("tokens");
    let mut group = criterion.benchmark_group("access token");
    group.bench_function("issue", |bencher| {
        bencher.iter(|| tokens.issue_access(black_box(UserId(7)), Role::User).expect("a token"));
    });
    let issued = tokens.issue_access(UserId(7), Role::User).expect("a token").token;
    group.bench_function("verify", |bencher| {
        bencher.iter(|| tokens.verify_access(black_box(&issued)).expect("claims"));
    });
    group.finish();
}

fn passwords(criterion: &mut Criterion, runtime: &Runtime) {
    let passwords = Passwords::new(PasswordCost::RECOMMENDED).expect("passwords");
    criterion.bench_function("password/hash", |bencher| {
        bencher.iter(|| runtime.block_on(passwords.hash("correct horse battery".into())).expect("a hash"));
    });
}

fn media_types(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("media type");
    for name in DOCUMENTS {
        let mut head = std::fs::read(fixture(name)).expect("a fixture");
        head.truncate(64 * 1024);
        group.bench_function(name, |bencher| {
            bencher.iter(|| media_type::detect(black_box(&head), name));
        });
    }
    group.finish();
}
