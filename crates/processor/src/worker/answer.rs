//! The AI task itself, on the text of the document.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use quire_ai::{
    AiError, Answer, Choice, Progress, Request, RunContext, Verdict, ports::Replies, task::TaskType,
};
use quire_domain::error::chain;
use quire_store::queue::{self, Claim, Completion};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    State,
    answer_key::Question,
    given::{answer_key, find_given, given_again},
    ingest::Ingested,
    stop::Stop,
};
use crate::{live::deltas::About, task_type::AnsweringParams};

/// Progress is worth an event after this time, and then at most this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// What is asked of a document, and how.
pub(super) struct Asked {
    pub(super) task_type: &'static dyn TaskType,
    pub(super) params: Value,
    pub(super) answering: AnsweringParams,
}

/// Answers from the pages: by the answer that there is to the same question, or anew.
pub(super) async fn answer(
    state: &State,
    claim: &Claim,
    asked: Asked,
    ingested: Ingested,
    cancel: &CancellationToken,
) -> Result<Completion, Stop> {
    let Asked { task_type, params, answering: AnsweringParams { choice, fresh } } = asked;
    let Ingested { document, pages, warnings, .. } = ingested;
    let question = Question::new(task_type, &params, &pages);
    if !fresh && let Some(given) = find_given(state, claim, &question, task_type, &choice).await? {
        return Ok(given_again(given, warnings));
    }
    let request = Request { task_type, params, filename: document.filename, pages };
    let only_of = fresh.then(|| claim.id());
    let replies = state.parts.accounts.replies(claim.user_id(), claim.document_id(), only_of);
    let answer = run(state, claim, &choice, &request, replies, cancel).await?;
    let key = answer_key(&question, task_type, &answer);
    Ok(completion(answer, warnings, key))
}

async fn run(
    state: &State,
    claim: &Claim,
    choice: &Choice,
    request: &Request,
    replies: Arc<dyn Replies>,
    cancel: &CancellationToken,
) -> Result<Answer, Stop> {
    let writing = state.parts.deltas.open(about(claim, &request.filename));
    let (sink, reports) = progress_channel();
    let context = RunContext::new(cancel.clone())
        .with_progress(sink)
        .with_deltas(writing.sink())
        .with_gate(state.parts.accounts.gate(claim.user_id()))
        .with_replies(replies);
    let answered = tokio::select! {
        answered = state.parts.engines.run(choice, request, &context) => answered,
        never = report_progress(state, claim, reports) => match never {},
    };
    answered.map_err(stop)
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

fn completion(answer: Answer, mut warnings: Vec<Value>, answer_key: Option<[u8; 32]>) -> Completion {
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
        answer_key,
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

async fn report_progress(state: &State, claim: &Claim, mut reports: mpsc::Receiver<Progress>) -> Infallible {
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
