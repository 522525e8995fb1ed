//! The caller's tasks.

use actix_web::{
    HttpResponse, get,
    http::header::LINK,
    web::{Data, Json, Path, Query},
};
use quire_domain::{Error, FieldErrors, Result, TaskId, task::TaskStatus};
use quire_store::tasks::TaskFilter;
use quire_web::{
    caller::Caller,
    problem::{HttpResult, ProblemBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{FILES, view::TaskView};
use crate::{Gateway, history};

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// Which tasks to list. Read as text, so that all that is wrong can be said at once.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many at most.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// Only those older than the task of this id: the `next` link has it.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<String>,
    /// Only those in this state: `pending`, `processing`, `completed`, `failed` or `cancelled`.
    #[param(example = "completed")]
    status: Option<String>,
    /// Only those of this type.
    #[param(example = "summarize")]
    task_type: Option<String>,
}

impl ListQuery {
    fn check(&self) -> Result<(TaskFilter, u8)> {
        let mut errors = FieldErrors::default();
        let limit = self.limit.as_deref().map(|text| {
            let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
            limit.unwrap_or_else(|| {
                errors.add("limit", format!("A limit is a number from 1 to {MAX_LIMIT}."));
                DEFAULT_LIMIT
            })
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
            document_id: None,
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

fn task_type(text: &str) -> Option<String> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
    ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

/// List tasks
///
/// The caller's tasks, newest first. Where there are more, the header `Link` leads to the next
/// page.
#[utoipa::path(
    tag = FILES,
    params(ListQuery),
    responses(
        (status = 200, description = "The tasks, without `output`.", body = [TaskView],
            headers(("link" = String, description = "`<...>; rel=\"next\"`, where there are more."))),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: `errors` says which parameters.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/auth/files/tasks")]
pub(super) async fn list_tasks(
    caller: Caller,
    gateway: Data<Gateway>,
    query: Query<ListQuery>,
) -> HttpResult<HttpResponse> {
    let (filter, limit) = query.check()?;
    let page = history::list_tasks(&gateway, caller.user_id, &filter, limit).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        response.insert_header((LINK, next_link(&filter, limit, next)));
    }
    let tasks: Vec<_> = page.tasks.into_iter().map(TaskView::line).collect();
    Ok(response.json(tasks))
}

/// The link to the page after `last` (RFC 8288). What the filter holds needs no escaping.
fn next_link(filter: &TaskFilter, limit: u8, last: TaskId) -> String {
    let mut query = format!("limit={limit}&before={last}");
    if let Some(status) = filter.status {
        query.push_str(&format!("&status={status}"));
    }
    if let Some(task_type) = &filter.task_type {
        query.push_str(&format!("&task_type={task_type}"));
    }
    format!("</auth/files/tasks?{query}>; rel=\"next\"")
}

/// Get a task
///
/// One task of the caller with its result.
#[utoipa::path(
    tag = FILES,
    params(("id" = uuid::Uuid, Path, description = "The task.")),
    responses(
        (status = 200, description = "The task.", body = TaskView),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: no such task, or not yours.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/auth/files/tasks/{id}")]
pub(super) async fn get_task(
    caller: Caller,
    gateway: Data<Gateway>,
    id: Path<String>,
) -> HttpResult<Json<TaskView>> {
    // What cannot be an id names no task.
    let id = id.parse().map_err(|_| Error::not_found("task"))?;
    let task = history::get_task(&gateway, caller.user_id, id).await?;
    Ok(Json(TaskView::full(task)))
}
