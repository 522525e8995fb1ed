//! Tasks: what they are, their states, and when a failed attempt is tried again.

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{DocumentId, TaskId, document::named_states};

/// How often a task is tried before it ends as failed, unless configured otherwise.
pub const DEFAULT_MAX_ATTEMPTS: i16 = 5;

named_states! {
    /// Where a task is on its way.
    TaskStatus {
        /// Waits for a worker.
        Pending = "pending",
        /// A worker has it, until its lease runs out.
        Processing = "processing",
        /// Done; the result is there.
        Completed = "completed",
        /// Could not be done; the task says why.
        Failed = "failed",
        /// Cancelled by its user.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Whether the system does nothing more by itself.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether the step from this state to `next` exists.
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::Processing | Self::Cancelled)
                | (Self::Processing, Self::Pending | Self::Completed | Self::Failed | Self::Cancelled)
                | (Self::Failed | Self::Cancelled, Self::Pending)
        )
    }
}

/// A task, with the name of its document.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// The document it works on.
    pub document_id: DocumentId,
    /// The name of that document.
    pub filename: String,
    /// What is to be done.
    pub task_type: String,
    /// How it is to be done, with defaults filled in.
    pub params: Value,
    /// Where it is on its way.
    pub status: TaskStatus,
    /// Which attempt this is; 0 before the first.
    pub attempt: i16,
    /// How many there may be.
    pub max_attempts: i16,
    /// Whether its user asked for it to be cancelled.
    pub cancel_requested: bool,
    /// How far it is, in percent.
    pub progress: i16,
    /// The answer, for people.
    pub result: Option<String>,
    /// The answer, for programs.
    pub output: Option<Value>,
    /// What went wrong without spoiling the whole: an array of `{code, message}`.
    pub warnings: Value,
    /// Why it failed, for programs.
    pub error_code: Option<String>,
    /// Why it failed, for people.
    pub error_message: Option<String>,
    /// Who answered.
    pub provider: Option<String>,
    /// With which model.
    pub model: Option<String>,
    /// Tokens sent to the model.
    pub input_tokens: Option<i64>,
    /// Tokens received from it.
    pub output_tokens: Option<i64>,
    /// What it cost in US dollars, as a plain decimal; `None` when the price is not known.
    pub cost: Option<String>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When the last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was completed, failed or cancelled.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which tasks to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only those older than this one.
    pub before: Option<TaskId>,
    /// Only those in this state.
    pub status: Option<TaskStatus>,
    /// Only those of this type.
    pub task_type: Option<String>,
    /// Only those of this document.
    pub document_id: Option<DocumentId>,
}

/// How long a task waits before it looks again for something that it needs and that is away: 10 to 20 s,
/// by chance. `fraction` in `0.0..1.0` is the chance.
pub fn wait_delay(fraction: f64) -> Duration {
    Duration::from_secs_f64(10.0 + 10.0 * fraction.clamp(0.0, 1.0))
}

/// How long to wait before attempt number `attempt + 1`: exponential backoff with equal jitter
/// (half of the step is always waited, the rest by chance), from 2 s, doubled each time, at most
/// 10 minutes. `fraction` in `0.0..1.0` is the chance.
pub fn retry_delay(attempt: i16, fraction: f64) -> Duration {
    const BASE: f64 = 2.0;
    const CAP: f64 = 600.0;
    let exponent = i32::from(attempt.clamp(1, 16)) - 1;
    let step = (BASE * 2_f64.powi(exponent)).min(CAP);
    Duration::from_secs_f64(step * (0.5 + 0.5 * fraction.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completed_stays_and_the_others_can_be_retried() {
        assert!(TaskStatus::ALL.iter().all(|to| !TaskStatus::Completed.can_become(*to)));
        assert!(TaskStatus::Failed.can_become(TaskStatus::Pending));
        assert!(TaskStatus::Cancelled.can_become(TaskStatus::Pending));
        assert!(!TaskStatus::Pending.can_become(TaskStatus::Completed));
    }

    #[test]
    fn delays_grow_and_are_capped() {
        assert_eq!(retry_delay(1, 1.0), Duration::from_secs(2));
        assert_eq!(retry_delay(1, 0.0), Duration::from_secs(1));
        assert_eq!(retry_delay(4, 1.0), Duration::from_secs(16));
        assert_eq!(retry_delay(i16::MAX, 1.0), Duration::from_secs(600));
        assert_eq!(retry_delay(-3, 0.0), Duration::from_secs(1));
    }
}
