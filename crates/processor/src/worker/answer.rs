//! The AI task itself, on the text of the document.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use quire_ai::{AiError, Answer, Progress, Request, RunContext, Verdict, task::TaskType};
use quire_domain::error::chain;
use quire_store::queue::{self, Claim, Completion};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{State, ingest::Ingested, stop::Stop};
use crate::{live::deltas::About, task_type::AnsweringParams};

/// Progress is worth an event after this time, and then at most this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Runs the task on the pages.
pub(super) async fn answer(
    state: &State,
    claim: &Claim,
    task_type: &'static dyn TaskType,
    params: Value,
    ingested: Ingested,
    cancel: &CancellationToken,
) -> Result<Completion, Stop> {
    let Ingested { document, pages, warnings, .. } = ingested;
    let (AnsweringParams { choice, .. }, params) = AnsweringParams::separate(&params);
    let request = Request { task_type, params, filename: document.filename, pages };
    let (sink, reports) = progress_channel();
    let writing = state.parts.deltas.open(about(claim, &request.filename));
    let context = RunContext::new(cancel.clone()).with_progress(sink).with_deltas(writing.sink());
    let answered = tokio::select! {
        answered = state.parts.engines.run(&choice, &request, &context) => answered,
        never = report_progress(state, claim, reports) => match never {},
    };
    let answer = answered.map_err(stop)?;
    Ok(completion(answer, warnings))
}

/// Whose answer is being written, and to what.
fn about(claim: &Claim, filename: &str) -> About {
    About {
        user_id: claim.user_id(),
        task_id: claim.id(),
        document_id: claim.document_id(),
        filename: filename.to_owned(),
        task_type: claim.task_type.clone(),
    }
}

fn stop(error: AiError) -> Stop {
    if matches!(error, AiError::Cancelled) {
        return Stop::Interrupted;
    }
    match error.verdict() {
        Verdict::Fail => Stop::Fail(error.failure()),
        Verdict::Retry { after } => Stop::Retry(error.failure(), after),
        Verdict::Wait { after } => Stop::Wait(error.failure(), Some(after)),
    }
}

fn completion(answer: Answer, mut warnings: Vec<Value>) -> Completion {
    warnings.extend(answer.warnings.iter().map(|warning| json!(warning)));
    Completion {
        result: answer.result,
        output: answer.output,
        warnings: Value::Array(warnings),
        provider: answer.provider,
        model: answer.model,
        input_tokens: answer.input_tokens,
        output_tokens: answer.output_tokens,
        cost: answer.cost.and_then(|cost| cost.parse().ok()),
    }
}

/// A sink that never blocks, and the reports that are worth an event.
fn progress_channel() -> (impl Fn(Progress) + Send + Sync + 'static, mpsc::Receiver<Progress>) {
    let (sender, receiver) = mpsc::channel(1);
    let last = Arc::new(Mutex::new(Instant::now()));
    let sink = move |progress: Progress| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= PROGRESS_EVERY && sender.try_send(progress).is_ok() {
            *last = Instant::now();
        }
    };
    (sink, receiver)
}

async fn report_progress(
    state: &State,
    claim: &Claim,
    mut reports: mpsc::Receiver<Progress>,
) -> std::convert::Infallible {
    while let Some(progress) = reports.recv().await {
        let percent = (100 * i64::from(progress.done) / i64::from(progress.total.max(1))).clamp(1, 99);
        let percent = i16::try_from(percent).unwrap_or(99);
        let message = format!("Step {} of {} is done.", progress.done, progress.total);
        let written = async {
            let mut connection = state.parts.pool.get().await?;
            queue::report_progress(&mut connection, claim, percent, &message).await
        };
        match written.await {
            Ok(true) => state.parts.signal.written(),
            Ok(false) => {}
            // Progress is a courtesy: the task goes on without it.
            Err(error) => tracing::debug!(error = chain(&error), "progress could not be reported"),
        }
    }
    std::future::pending().await
}
