//! `examples/walkthrough.sh`, `examples/doors.sh` and `examples/cv.sh`, as a newcomer runs them.

use std::path::Path;

use crate::program::{Place, ROOT, run};

/// Runs it against the server at `url`.
pub(crate) async fn passes(place: &Place, url: &str) {
    let script = Path::new(ROOT).join("examples/walkthrough.sh");
    let walked = run(place.command(script, &[("QUIRE_URL", url)]), "").await;
    assert_eq!(walked.code, Some(0), "{}\n{}", walked.output, walked.errors);
    for step in ["1. Register", "connected", "task_started", "task_completed", "6. Read the answer"] {
        assert!(walked.output.contains(step), "{step} is not in:\n{}", walked.output);
    }
    let answer = walked.output.rsplit("6. Read the answer").next().unwrap();
    assert!(answer.trim().len() > 20, "the answer is {answer:?}");
}

/// Runs `examples/doors.sh` against the server at `url`.
pub(crate) async fn doors_are_open(place: &Place, url: &str) {
    let script = Path::new(ROOT).join("examples/doors.sh");
    let walked = run(place.command(script, &[("QUIRE_URL", url)]), "").await;
    assert_eq!(walked.code, Some(0), "{}\n{}", walked.output, walked.errors);
    for step in ["COMPLETED", "100", "duplicate: true", "paper.pdf", "part_paper_1.pdf", "All doors are open"]
    {
        assert!(walked.output.contains(step), "{step} is not in:\n{}", walked.output);
    }
}

/// Runs `examples/cv.sh` against the server at `url`.
pub(crate) async fn a_cv_is_read_corrected_and_exported(place: &Place, url: &str) {
    let script = Path::new(ROOT).join("examples/cv.sh");
    let walked = run(place.command(script, &[("QUIRE_URL", url)]), "").await;
    assert_eq!(walked.code, Some(0), "{}\n{}", walked.output, walked.errors);
    for step in [
        "kind: cv",
        "name: Ada Lovelace, page 1, verified",
        "headline: Mathematician, edited: true",
        "phones: +4930901821",
        "an older version: precondition_failed",
        "edits: 3",
        "resume: Mathematician, +4930901821",
        "The profile is yours",
    ] {
        assert!(walked.output.contains(step), "{step} is not in:\n{}", walked.output);
    }
}

#[tokio::test]
async fn without_a_server_it_fails_and_leaves_nothing_running() {
    let place = Place::new();
    let nobody = format!("http://127.0.0.1:{}", quire_testkit::free_port());
    let script = Path::new(ROOT).join("examples/walkthrough.sh");
    let walked = run(place.command(script, &[("QUIRE_URL", &nobody)]), "").await;
    assert_ne!(walked.code, Some(0));
    assert!(!walked.output.contains("2. Sign in"), "{}", walked.output);
}
