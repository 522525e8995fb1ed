//! Does local methods on lines of JSON, and prints a line of JSON for each: for comparing them with other
//! programs.
//!
//! - `{"method": "summary", "text": "…", "count": 5}` does one method (see `quire_ai::measuring`);
//! - `{"task": "summarize", "pages": ["…"]}` does a whole task as the local engine does it.
//!
//! The answer is `{"value": …, "seconds": …, "peak": …}`, or `{"error": …}`; `peak` is the most memory that
//! the process has held so far (resident, in bytes; Linux only).

use std::{
    fs,
    io::{self, BufRead, Write},
    time::Instant,
};

use quire_ai::{AiError, Engine, LocalEngine, PageText, Request, RunContext, measuring, registry};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Method {
        method: String,
        text: String,
        #[serde(default)]
        count: usize,
    },
    Task {
        task: String,
        pages: Vec<String>,
        #[serde(default)]
        params: Value,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let wanted: Wanted = serde_json::from_str(&line?)?;
        let begun = Instant::now();
        let outcome = match wanted {
            Wanted::Method { method, text, count } => measuring::measure(&method, &text, count),
            Wanted::Task { task, pages, params } => run(&task, pages, &params).await,
        };
        let seconds = begun.elapsed().as_secs_f64();
        let answer = match outcome {
            Ok(value) => json!({"value": value, "seconds": seconds, "peak": peak_bytes()?}),
            Err(error) => json!({"error": error.to_string(), "seconds": seconds, "peak": peak_bytes()?}),
        };
        writeln!(io::stdout(), "{answer}")?;
        io::stdout().flush()?;
    }
    Ok(())
}

async fn run(task: &str, pages: Vec<String>, params: &Value) -> Result<Value, AiError> {
    let task_type =
        registry::find(task).ok_or_else(|| AiError::Internal(format!("there is no task type {task}")))?;
    let params = task_type
        .check_params(params)
        .map_err(|_| AiError::Internal("these parameters are not the task type's".into()))?;
    let pages = (1..).zip(pages).map(|(number, text)| PageText { number, text }).collect();
    let request = Request { task_type, params, filename: "measured.txt".into(), pages };
    Ok(LocalEngine.run(&request, &RunContext::default()).await?.output)
}

/// `VmHWM` of this process (proc_pid_status(5)).
fn peak_bytes() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(kibibytes.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0) << 10)
}
