//! A long document on a model that takes its time, and workers that are killed in the middle of it.
//!
//! `QUIRE_LONG_DOCUMENT_PAGES` makes it longer and the model slower, and prints figures for docs/QUALITY.md.
#![expect(clippy::print_stdout, reason = "the figures are for people")]

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use quire_testkit::wait_until;
use tokio::process::Child;
use wiremock::MockServer;

use crate::{
    slow_model::{OUTPUT_TOKENS, SlowModel},
    support::{Quire, Setup},
};

/// Calls under way at once.
const PARALLEL: usize = 4;

/// How long the document is, and how slow and small the model.
struct Scale {
    pages: usize,
    latency: Duration,
    context_tokens: usize,
    /// Calls that are answered before the worker is killed.
    answered_before: usize,
}

impl Scale {
    fn of_environment() -> (Self, bool) {
        let pages = std::env::var("QUIRE_LONG_DOCUMENT_PAGES").ok().map(|pages| pages.parse().unwrap());
        let scale = |pages, latency, context_tokens, answered_before| Self {
            pages,
            latency: Duration::from_millis(latency),
            context_tokens,
            answered_before,
        };
        (pages.map_or(scale(24, 50, 3_000, 6), |pages| scale(pages, 200, 8_192, 20)), pages.is_some())
    }
}

fn start_worker(quire: &Quire, server: &MockServer, scale: &Scale) -> Child {
    quire
        .program()
        .arg("worker")
        .env("WORKER_LEASE", "2")
        .env("AI_PROVIDER", "openai")
        .env("AI_MODEL", "slow-model")
        .env("OPENAI_BASE_URL", format!("{}/v1", server.uri()))
        .env("AI_CONTEXT_TOKENS", scale.context_tokens.to_string())
        .env("AI_MAX_OUTPUT_TOKENS", "500")
        .env("AI_PARALLEL_CALLS", PARALLEL.to_string())
        .spawn()
        .unwrap()
}

/// Pages of some 500 words, each with words of its own.
fn text(pages: usize) -> String {
    let page = |page: usize| {
        let sentence = |n: usize| {
            format!("On page {page} the report says in sentence {n} what the town has built and paid for.")
        };
        (0..30).map(sentence).collect::<Vec<_>>().join(" ")
    };
    (1..=pages).map(page).collect::<Vec<_>>().join("\u{0C}")
}

#[tokio::test]
async fn a_killed_worker_pays_for_no_piece_twice() {
    let (scale, is_measured) = Scale::of_environment();
    let (model, server) = SlowModel::start(scale.latency).await;

    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_file("report.txt", text(scale.pages).into()).await;
    let answered = i64::try_from(scale.answered_before).unwrap();
    let kept = async || quire.count("kept_replies").await;
    model.stalls_after.store(scale.answered_before, Ordering::SeqCst);
    let begun = Instant::now();
    let mut victim = start_worker(&quire, &server, &scale);
    wait_until("some pieces are answered", || async { kept().await >= answered }).await;
    victim.kill().await.unwrap();
    model.stalls_after.store(usize::MAX, Ordering::SeqCst);
    let paid_before = "select coalesce(sum(input_tokens), 0)::bigint from kept_replies";
    let paid_before: i64 = quire.database.query_one(paid_before).await;

    let mut successor = start_worker(&quire, &server, &scale);
    let task = user.ended(&submitted.task).await;
    assert_eq!(task["status"], "completed", "{task}");
    let (calls, repeated) = model.calls();
    assert!(repeated <= PARALLEL, "{repeated} of {calls} calls were made again: only those under way may be");
    let usage = &task["output"]["usage"];
    let paid_now = usage["input_tokens"].as_i64().unwrap();
    let saved = task["output"]["saved"]["input_tokens"].as_i64().unwrap();
    assert!(saved >= paid_before, "what was kept is not paid again: {}", task["output"]);
    assert!(paid_now + paid_before <= i64::try_from(model.input_tokens()).unwrap(), "{usage}");
    if is_measured {
        report("killed in the middle (lease 2 s)", &scale, &model, begun);
        successor.kill().await.unwrap();
        without_a_kill(&quire, &scale).await;
    }
}

/// The same on another document, undisturbed.
async fn without_a_kill(quire: &Quire, scale: &Scale) {
    let (model, server) = SlowModel::start(scale.latency).await;
    let user = quire.user("grace").await;
    let submitted = user.submit_file("report.txt", text(scale.pages).into()).await;
    let begun = Instant::now();
    let _worker = start_worker(quire, &server, scale);
    assert_eq!(user.ended(&submitted.task).await["status"], "completed");
    report("undisturbed", scale, &model, begun);
}

fn report(what: &str, scale: &Scale, model: &SlowModel, begun: Instant) {
    let (calls, repeated) = model.calls();
    println!(
        "{what}: {} pages, {} ms a call, {PARALLEL} at once, {} tokens of context: {calls} calls, {repeated} of them \
         again, {} tokens in, {} out, {:.1} s",
        scale.pages,
        scale.latency.as_millis(),
        scale.context_tokens,
        model.input_tokens(),
        calls * OUTPUT_TOKENS,
        begun.elapsed().as_secs_f64(),
    );
}
