//! One task from claim to ending.

use std::time::{Duration, Instant};

use quire_domain::{
    error::chain,
    failure::{Failure, FailureCode},
    random,
    task::{retry_delay, wait_delay},
};
use quire_store::{
    Rollback, Transaction,
    queue::{self, Claim, Ending},
};
use tokio_util::sync::CancellationToken;

use super::{
    State,
    answer::{self, Asked},
    ingest,
    lease::{Interruption, Lease},
    read, split,
    stop::{Stop, of_the_system},
};
use crate::{
    cv::fill_profile,
    task_type::{AnsweringParams, ReadingParams, TaskType},
};

impl State {
    /// Does a claimed task and writes how it ended.
    #[tracing::instrument(name = "task", skip_all, fields(
        task.id = %claim.id(), task.type = claim.task_type, task.attempt = claim.attempt,
        document.id = %claim.document_id(), user.id = %claim.user_id(),
    ))]
    pub(super) async fn run_task(&self, claim: Claim, lease: Lease) {
        let begun = Instant::now();
        let cancel = CancellationToken::new();
        let _cancel_when_dropped = cancel.clone().drop_guard();
        let mut fault = None;
        let ending = tokio::select! {
            biased;
            interruption = lease.interrupted() => match interruption {
                Interruption::Lost => None,
                Interruption::Cancelled => Some(Ending::Cancelled),
                Interruption::HandBack => Some(Ending::HandedBack),
            },
            done = self.work(&claim, &cancel) => match done {
                Ok(completion) => Some(Ending::Completed(Box::new(completion))),
                Err(stop) => {
                    let (ending, cause) = ending(&claim, stop);
                    fault = cause;
                    Some(ending)
                }
            },
        };
        let outcome = match &ending {
            Some(ending) => self.write_ending(&claim, ending).await,
            None => "lost",
        };
        if let Some(fault) = fault {
            log_fault(&fault, outcome);
        }
        let code = match &ending {
            Some(Ending::Failed(failure) | Ending::Retry(failure, _) | Ending::Wait(failure, _)) => {
                Some(failure.code.as_str())
            }
            _ => None,
        };
        tracing::info!(
            outcome,
            error.code = code,
            duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "task ended"
        );
    }

    async fn work(&self, claim: &Claim, cancel: &CancellationToken) -> Result<queue::Completion, Stop> {
        let task_type = TaskType::find(&claim.task_type).ok_or_else(|| Stop::Fail(unknown_type(claim)))?;
        let (reading, params) = ReadingParams::separate(&claim.params, claim.document_password.as_deref());
        let ingested = ingest::ingest(&self.parts, claim, &reading).await?;
        match task_type {
            TaskType::Answer(known) => {
                let (answering, params) = AnsweringParams::separate(&params);
                let asked = Asked { task_type: known, params, answering };
                answer::answer(self, claim, asked, ingested.with_text()?, cancel).await
            }
            TaskType::Read => Ok(read::report(claim, ingested)),
            TaskType::SplitPdf => {
                split::split(&self.parts, claim, &ingested.document, &reading, &params).await
            }
        }
    }

    /// Writes the ending, again and again while the database is away, for as long as the claim
    /// could still be ours. If that fails, the lease runs out and the task is done again.
    async fn write_ending(&self, claim: &Claim, ending: &Ending) -> &'static str {
        let deadline = Instant::now() + self.config.lease;
        loop {
            match self.try_write_ending(claim, ending).await {
                Ok(true) => {
                    self.parts.signal.written();
                    return name(ending);
                }
                Ok(false) => return "lost",
                Err(error) if Instant::now() >= deadline => {
                    tracing::error!(error = chain(&error), "the ending of a task could not be written");
                    return "unwritten";
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    async fn try_write_ending(&self, claim: &Claim, ending: &Ending) -> quire_domain::Result<bool> {
        let mut connection = self.parts.pool.get().await?;
        let Ending::Completed(completion) = ending else {
            return queue::finish(&mut connection, claim, ending).await;
        };
        let written = connection
            .transaction(async |connection| -> Result<_, Rollback> {
                let written = queue::finish(connection, claim, ending).await?;
                if written {
                    let (document, output) = (claim.document_id(), &completion.output);
                    fill_profile(connection, document, &claim.task_type, output).await?;
                }
                Ok(written)
            })
            .await?;
        Ok(written)
    }
}

/// How a task ends that did not go well, and the fault behind that.
fn ending(claim: &Claim, stop: Stop) -> (Ending, Option<quire_domain::Error>) {
    match stop {
        Stop::Fail(failure) => (Ending::Failed(failure), None),
        Stop::Retry(failure, after) => (later(claim, failure, after), None),
        Stop::Wait(failure, after) => {
            let delay = after.unwrap_or_else(|| wait_delay(random::fraction().unwrap_or(0.5)));
            (Ending::Wait(failure, delay), None)
        }
        Stop::Fault(fault) => (later(claim, of_the_system(), None), Some(fault)),
        Stop::Interrupted => (Ending::HandedBack, None),
    }
}

/// One more attempt, unless this was the last.
fn later(claim: &Claim, failure: Failure, after: Option<Duration>) -> Ending {
    if claim.attempt >= claim.max_attempts {
        return Ending::Failed(failure);
    }
    let delay = after.unwrap_or_else(|| retry_delay(claim.attempt, random::fraction().unwrap_or(0.5)));
    Ending::Retry(failure, delay)
}

/// Who deletes a document takes the ground from under a task on it: its faults are nobody's.
fn log_fault(fault: &quire_domain::Error, outcome: &str) {
    if outcome == "lost" {
        tracing::debug!(error = chain(fault), "a task that was lost met a fault");
    } else {
        tracing::warn!(error = chain(fault), "a task met a fault of the system");
    }
}

/// A task of a type that another version knows may be in the queue during an upgrade.
fn unknown_type(claim: &Claim) -> Failure {
    Failure::new(
        FailureCode::TaskUnsupported,
        format!("This version does not know the task type `{}`.", claim.task_type),
    )
}

fn name(ending: &Ending) -> &'static str {
    match ending {
        Ending::Completed(_) => "completed",
        Ending::Failed(_) => "failed",
        Ending::Retry(..) => "retry",
        Ending::Wait(..) => "wait",
        Ending::Cancelled => "cancelled",
        Ending::HandedBack => "handed_back",
    }
}
