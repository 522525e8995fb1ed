//! The caller's tasks.

use actix_web::{
    HttpResponse, get,
    http::header::LINK,
    web::{Data, Json, Path, Query},
};
use quire_domain::Error;
use quire_web::{
    caller::Caller,
    problem::{HttpResult, ProblemBody},
    tasks::{ListTasks, TaskView, next_link},
};

use super::FILES;
use crate::{Gateway, history};

/// List tasks
///
/// The caller's tasks, newest first. Where there are more, the header `Link` leads to the next
/// page.
#[utoipa::path(
    tag = FILES,
    params(ListTasks),
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
    query: Query<ListTasks>,
) -> HttpResult<HttpResponse> {
    let (filter, limit) = query.check()?;
    let page = history::list_tasks(&gateway, caller.user_id, &filter, limit).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        response.insert_header((LINK, next_link("/auth/files/tasks", &filter, limit, next)));
    }
    Ok(response.json(page.lines()))
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
