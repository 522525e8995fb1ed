//! Tasks as clients read them, and how they ask for a list of them: the same in both services.

use chrono::{DateTime, Utc};
use quire_domain::{
    DocumentId, FieldErrors, Result, TaskId,
    task::{Task, TaskFilter, TaskStatus},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// The answer to a submission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Accepted, example = json!({
    "task_id": "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01", "document_id": "0198f3a2-6c1d-7b1f-8e21-4d1f6f0f5c02",
    "status": "pending", "message": "The file was accepted. The result will follow.",
    "filename": "report.pdf", "task_type": "summarize",
    "tasks": [{"task_id": "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01", "task_type": "summarize", "status": "pending"}]
}))]
pub struct AcceptedView {
    task_id: Uuid,
    document_id: Uuid,
    /// `pending`, unless the request repeated an earlier one by its idempotency key.
    status: &'static str,
    /// A sentence for the person.
    message: &'static str,
    filename: String,
    task_type: String,
    /// All tasks that were made, in the order in which they were asked for. The fields above are about
    /// the first.
    tasks: Vec<TaskLine>,
    /// Whether you had sent the same bytes before. They are stored once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(value_type = Option<bool>)]
    duplicate: bool,
    /// The first document with these bytes, if there was one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<Uuid>,
}

/// A task, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TaskLine {
    task_id: Uuid,
    #[schema(example = "summarize")]
    task_type: String,
    /// `pending`, unless the request repeated an earlier one by its idempotency key.
    #[schema(example = "pending")]
    status: &'static str,
}

impl From<&Task> for TaskLine {
    fn from(task: &Task) -> Self {
        Self { task_id: task.id.0, task_type: task.task_type.clone(), status: task.status.as_str() }
    }
}

impl AcceptedView {
    /// A submission by its first task, with all tasks.
    pub fn new(task: Task, tasks: Vec<TaskLine>) -> Self {
        Self {
            task_id: task.id.0,
            document_id: task.document_id.0,
            status: task.status.as_str(),
            message: "The file was accepted. The result will follow.",
            filename: task.filename,
            task_type: task.task_type,
            tasks,
            duplicate: false,
            duplicate_of: None,
        }
    }

    /// A submission whose bytes were there already, in the first document that had them.
    #[must_use]
    pub fn duplicate_of(mut self, first: Option<DocumentId>) -> Self {
        self.duplicate = first.is_some();
        self.duplicate_of = first.map(|first| first.0);
        self
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskView {
    id: Uuid,
    /// The same as `id`.
    task_id: Uuid,
    document_id: Uuid,
    #[schema(example = "report.pdf")]
    filename: String,
    #[schema(example = "summarize")]
    task_type: String,
    /// The parameters, with defaults filled in.
    #[schema(value_type = Object)]
    params: Value,
    /// `pending`, `processing`, `completed`, `failed` or `cancelled`.
    #[schema(example = "completed")]
    status: &'static str,
    /// In percent.
    #[schema(minimum = 0, maximum = 100, example = 100)]
    progress: i16,
    /// Which attempt this is; 0 before the first.
    #[schema(example = 1)]
    attempt: i16,
    #[schema(example = 5)]
    max_attempts: i16,
    /// Whether its user asked for it to be cancelled.
    cancel_requested: bool,
    /// The answer, for people. `null` until the task is completed.
    #[schema(example = "The town library lent nine percent more books than a year ago.")]
    result: Option<String>,
    /// The answer, for programs: an envelope whose `data` has the schema of the task type (see
    /// `GET /process/task-types`). Left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    output: Option<Value>,
    /// What went wrong without spoiling the whole.
    #[schema(value_type = Vec<WarningView>)]
    warnings: Value,
    /// Why it failed, for programs.
    #[schema(example = json!(null))]
    error_code: Option<String>,
    /// Why it failed, for people.
    #[schema(example = json!(null))]
    error_message: Option<String>,
    /// Who answered.
    #[schema(example = "local")]
    provider: Option<String>,
    #[schema(example = "local-rules-2")]
    model: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    /// In US dollars, as a decimal; `null` when the price is not known.
    #[schema(example = json!(null))]
    cost: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

/// Something that went wrong without spoiling the whole.
#[derive(Debug, ToSchema)]
#[schema(as = Warning)]
#[allow(dead_code, reason = "describes the elements of `warnings`, which are stored as they are shown")]
struct WarningView {
    /// A stable name, for programs.
    #[schema(example = "pages_unreadable")]
    code: String,
    /// A sentence, for people.
    message: String,
}

impl TaskView {
    /// The task with all it has.
    pub fn full(task: Task) -> Self {
        Self {
            id: task.id.0,
            task_id: task.id.0,
            document_id: task.document_id.0,
            filename: task.filename,
            task_type: task.task_type,
            params: task.params,
            status: task.status.as_str(),
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
            cost: task.cost,
            created_at: task.created_at,
            started_at: task.started_at,
            finished_at: task.finished_at,
        }
    }

    /// The task as a line of a list.
    pub fn line(task: Task) -> Self {
        Self { output: None, ..Self::full(task) }
    }
}

/// A page of tasks, newest first.
#[derive(Debug)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// The last of them, when there are more after it.
    pub next: Option<TaskId>,
}

impl TaskPage {
    /// The page out of a list that was asked for with one task more than the page has: the
    /// one more tells whether there is a next page.
    pub fn of(mut tasks: Vec<Task>, limit: u8) -> Self {
        let more = tasks.len() > usize::from(limit);
        tasks.truncate(usize::from(limit));
        let next = tasks.last().filter(|_| more).map(|task| task.id);
        Self { tasks, next }
    }

    /// The lines of the page.
    pub fn lines(self) -> Vec<TaskView> {
        self.tasks.into_iter().map(TaskView::line).collect()
    }
}

/// Which tasks to list. Read as text, so that all that is wrong can be said at once.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListTasks {
    /// How many at most.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// Only those older than the task of this id: the `next` link has it.
    #[param(value_type = Option<Uuid>)]
    before: Option<String>,
    /// Only those in this state: `pending`, `processing`, `completed`, `failed` or `cancelled`.
    #[param(example = "completed")]
    status: Option<String>,
    /// Only those of this type.
    #[param(example = "summarize")]
    task_type: Option<String>,
    /// Only those of this document.
    #[param(value_type = Option<Uuid>)]
    document_id: Option<String>,
}

impl ListTasks {
    /// The filter, and how many tasks a page has.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::ValidationFailed`], by parameter.
    pub fn check(&self) -> Result<(TaskFilter, u8)> {
        let mut errors = FieldErrors::default();
        let limit = checked(&self.limit, limit, || {
            errors.add("limit", format!("A limit is a number from 1 to {MAX_LIMIT}."));
        });
        let filter = TaskFilter {
            before: checked(
                &self.before,
                |text| text.parse().ok(),
                || {
                    errors.add("before", "This is not the id of a task.");
                },
            ),
            status: checked(&self.status, TaskStatus::parse, || {
                let names: Vec<_> = TaskStatus::ALL.iter().map(|status| status.as_str()).collect();
                errors.add("status", format!("A status is one of {}.", names.join(", ")));
            }),
            task_type: checked(&self.task_type, task_type, || {
                errors.add("task_type", "This is not the name of a task type.");
            }),
            document_id: checked(
                &self.document_id,
                |text| text.parse().ok(),
                || {
                    errors.add("document_id", "This is not the id of a document.");
                },
            ),
        };
        errors.into_result().map(|()| (filter, limit.unwrap_or(DEFAULT_LIMIT)))
    }
}

fn checked<T>(
    value: &Option<String>,
    parse: impl FnOnce(&str) -> Option<T>,
    wrong: impl FnOnce(),
) -> Option<T> {
    let parsed = parse(value.as_deref()?);
    if parsed.is_none() {
        wrong();
    }
    parsed
}

fn limit(text: &str) -> Option<u8> {
    text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
}

fn task_type(text: &str) -> Option<String> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
    ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

/// The value of a `Link` header that leads to the page after `last` (RFC 8288). What a filter
/// holds needs no escaping.
pub fn next_link(path: &str, filter: &TaskFilter, limit: u8, last: TaskId) -> String {
    let mut query = format!("limit={limit}&before={last}");
    if let Some(status) = filter.status {
        query.push_str(&format!("&status={status}"));
    }
    if let Some(task_type) = &filter.task_type {
        query.push_str(&format!("&task_type={task_type}"));
    }
    if let Some(document) = filter.document_id {
        query.push_str(&format!("&document_id={document}"));
    }
    format!("<{path}?{query}>; rel=\"next\"")
}

#[cfg(test)]
mod tests {
    use quire_domain::DocumentId;

    use super::*;

    #[test]
    fn all_that_is_wrong_with_a_query_is_said_at_once() {
        let text = |text: &str| Some(text.to_owned());
        let query = ListTasks {
            limit: text("0"),
            before: text("x"),
            status: text("done"),
            task_type: text("a&b"),
            document_id: text("1"),
        };
        let fields = query.check().unwrap_err().fields.0;
        let names: Vec<_> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["before", "document_id", "limit", "status", "task_type"]);
        assert_eq!(ListTasks::default().check().unwrap(), (TaskFilter::default(), 50));
    }

    #[test]
    fn the_next_link_asks_the_same_question_again() {
        let filter = TaskFilter {
            before: None,
            status: Some(TaskStatus::Failed),
            task_type: Some("qa".into()),
            document_id: Some(DocumentId(Uuid::nil())),
        };
        assert_eq!(
            next_link("/t", &filter, 7, TaskId(Uuid::max())),
            format!(
                "</t?limit=7&before={}&status=failed&task_type=qa&document_id={}>; rel=\"next\"",
                Uuid::max(),
                Uuid::nil()
            )
        );
    }
}
