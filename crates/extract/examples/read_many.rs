//! Reads documents one after another, as a service does over its life, and prints a line of JSON for
//! each: the verdict, and how much memory this process holds by then (resident, in bytes; Linux only).

use std::{
    env, fs,
    io::{self, Write},
    path::Path,
    time::Instant,
};

use quire_extract::{ExtractError, child, limits::Limits, options::ReadOptions};
use serde_json::json;

fn main() -> io::Result<()> {
    child::run_if_child();
    read_all(env::args().skip(1))
}

#[tokio::main(flavor = "current_thread")]
async fn read_all(paths: impl Iterator<Item = String>) -> io::Result<()> {
    let reader = child::ChildPool::of_this_program(Limits::default())?;
    for path in paths {
        let begun = Instant::now();
        let outcome = reader.read(Path::new(&path), &ReadOptions::of_file(&path)).await;
        let line = json!({
            "path": path,
            "verdict": verdict(outcome.as_ref().err()),
            "pages": outcome.as_ref().map_or(0, |document| document.pages.len()),
            "wall": begun.elapsed().as_secs_f64(),
            "resident": resident_bytes()?,
        });
        writeln!(io::stdout(), "{line}")?;
    }
    Ok(())
}

/// The code that a failed task would bear; `read` if the document was read.
fn verdict(error: Option<&ExtractError>) -> String {
    match error.map(ExtractError::failure) {
        None => "read".into(),
        Some(Some(failure)) => failure.code.to_string(),
        Some(None) => "unavailable".into(),
    }
}

/// `VmRSS` of this process (proc_pid_status(5)).
fn resident_bytes() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(kibibytes.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0) << 10)
}
