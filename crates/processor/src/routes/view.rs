//! Tasks as clients read them.

use chrono::{DateTime, Utc};
use quire_store::tasks::Task;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// The answer to a submission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "task_id": "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01", "document_id": "0198f3a2-6c1d-7b1f-8e21-4d1f6f0f5c02",
    "status": "pending", "message": "The file was accepted. The result will follow.",
    "filename": "report.pdf", "task_type": "summarize"
}))]
pub(super) struct Accepted {
    task_id: Uuid,
    document_id: Uuid,
    /// `pending`, unless the request repeated an earlier one by its idempotency key.
    status: &'static str,
    message: &'static str,
    filename: String,
    task_type: String,
}

impl From<Task> for Accepted {
    fn from(task: Task) -> Self {
        Self {
            task_id: task.id().0,
            document_id: task.document_id().0,
            status: task.status().as_str(),
            message: "The file was accepted. The result will follow.",
            filename: task.filename,
            task_type: task.task_type,
        }
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskView {
    id: Uuid,
    /// The same as `id`.
    task_id: Uuid,
    document_id: Uuid,
    #[schema(example = "report.pdf")]
    filename: String,
    #[schema(example = "summarize")]
    task_type: String,
    params: Value,
    /// `pending`, `processing`, `completed`, `failed` or `cancelled`.
    #[schema(example = "completed")]
    status: &'static str,
    /// In percent.
    #[schema(minimum = 0, maximum = 100)]
    progress: i16,
    /// Which attempt this is; 0 before the first.
    attempt: i16,
    max_attempts: i16,
    /// Whether its user asked for it to be cancelled.
    cancel_requested: bool,
    /// The answer, for people. `null` until the task is completed.
    result: Option<String>,
    /// The answer, for programs: an envelope whose `data` has the schema of the task type (see
    /// `GET /process/task-types`). Left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    /// What went wrong without spoiling the whole: `{code, message}` each.
    warnings: Value,
    /// Why it failed, for programs.
    error_code: Option<String>,
    /// Why it failed, for people.
    error_message: Option<String>,
    /// Who answered.
    provider: Option<String>,
    model: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    /// In US dollars, as a decimal; `null` when the price is not known.
    cost: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl TaskView {
    /// The task with all it has.
    pub(super) fn full(task: Task) -> Self {
        Self {
            id: task.id().0,
            task_id: task.id().0,
            document_id: task.document_id().0,
            status: task.status().as_str(),
            filename: task.filename,
            task_type: task.task_type,
            params: task.params,
            progress: task.progress,
            attempt: task.attempt,
            max_attempts: task.max_attempts,
            cancel_requested: task.cancel_requested,
            result: task.result,
            output: task.output,
            warnings: task.warnings,
            error_code: task.error_code,
            error_message: task.error_message,
            provider: task.provider,
            model: task.model,
            input_tokens: task.input_tokens,
            output_tokens: task.output_tokens,
            cost: task.cost.map(|cost| cost.normalized().to_plain_string()),
            created_at: task.created_at,
            started_at: task.started_at,
            finished_at: task.finished_at,
        }
    }

    /// The task as a line of a list.
    pub(super) fn line(task: Task) -> Self {
        Self { output: None, ..Self::full(task) }
    }
}
