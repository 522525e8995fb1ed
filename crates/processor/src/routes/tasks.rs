//! `/process/tasks` and `/process/task-types`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    post,
    web::{Data, Path, Query},
};
use quire_domain::{DocumentId, Error, ErrorCode, TaskId};
use quire_web::{
    caller::Caller,
    json_body::JsonBody,
    problem::HttpResult,
    tasks::{ListTasks, TaskView, next_link},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Processor, task_type::TaskType};

/// One more task for a document that is there already.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTask {
    document_id: Uuid,
    /// `summarize` when left out.
    #[schema(example = "extract_keywords")]
    task_type: Option<String>,
    /// Parameters of the task type.
    #[serde(default)]
    #[schema(value_type = Object)]
    params: Map<String, Value>,
}

/// Create a task for a stored document
#[utoipa::path(
    operation_id = "create_task",
    tag = "Tasks",
    request_body = CreateTask,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request.")),
    responses(
        (status = 202, description = "Accepted; the result will follow.", body = TaskView),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours."),
        (status = 422, description = "An unknown task type or wrong parameters."),
        (status = 429, description = "Too many of your tasks are waiting."),
        (status = 503, description = "The database is away, or too much work is waiting."),
    ),
    security(("bearer" = [])),
)]
#[post("/process/tasks")]
pub(crate) async fn create_task(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    body: JsonBody<CreateTask>,
) -> HttpResult<HttpResponse> {
    let body = body.into_inner();
    let key = idempotency_key(&request)?;
    let order = processor.tasks.check_order(body.task_type.as_deref(), body.params, key)?;
    processor.admission.check_load(caller.user_id).await?;
    let task = processor.tasks.create_task(caller.user_id, DocumentId(body.document_id), &order).await?;
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/process/tasks/{}", task.id)))
        .json(TaskView::full(task)))
}

/// List tasks
///
/// Newest first. When there are more, the `Link` header has the address of the next page.
#[utoipa::path(
    operation_id = "list_tasks",
    tag = "Tasks",
    params(ListTasks),
    responses(
        (status = 200, description = "Tasks, newest first, without their `output`.", body = [TaskView],
            headers(("Link" = String, description = "`<...>; rel=\"next\"` when there are more."))),
        (status = 401, description = "No valid token."),
        (status = 422, description = "A parameter is not valid."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/process/tasks")]
pub(crate) async fn list_tasks(
    caller: Caller,
    processor: Data<Processor>,
    query: Query<ListTasks>,
) -> HttpResult<HttpResponse> {
    let (filter, limit) = query.check()?;
    let page = processor.tasks.list_tasks(caller.user_id, &filter, limit).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        response.insert_header((header::LINK, next_link("/process/tasks", &filter, limit, next)));
    }
    Ok(response.json(page.lines()))
}

/// Read a task
///
/// With its result, when it is completed, or why it failed.
#[utoipa::path(
    operation_id = "get_task",
    tag = "Tasks",
    params(("id" = Uuid, Path, description = "The task.")),
    responses(
        (status = 200, description = "The task.", body = TaskView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such task, or not yours."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/process/tasks/{id}")]
pub(crate) async fn get_task(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let task = processor.tasks.get_task(caller.user_id, task_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(TaskView::full(task)))
}

/// Cancel a task
///
/// A waiting task is cancelled at once. One that is being worked on is asked to stop: it
/// still says `processing` in the answer, and an event `task_cancelled` follows.
#[utoipa::path(
    operation_id = "cancel_task",
    tag = "Tasks",
    params(("id" = Uuid, Path, description = "The task.")),
    responses(
        (status = 202, description = "Cancelled, or asked to stop.", body = TaskView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such task, or not yours."),
        (status = 409, description = "It is over already."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[post("/process/tasks/{id}/cancel")]
pub(crate) async fn cancel_task(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let task = processor.tasks.cancel_task(caller.user_id, task_id(&id)?).await?;
    Ok(HttpResponse::Accepted().json(TaskView::full(task)))
}

/// Try a task again
///
/// Puts a failed or cancelled task back to wait, with all its attempts.
#[utoipa::path(
    operation_id = "retry_task",
    tag = "Tasks",
    params(("id" = Uuid, Path, description = "The task.")),
    responses(
        (status = 202, description = "It waits again.", body = TaskView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such task, or not yours."),
        (status = 409, description = "It neither failed nor was cancelled."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[post("/process/tasks/{id}/retry")]
pub(crate) async fn retry_task(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let task = processor.tasks.retry_task(caller.user_id, task_id(&id)?).await?;
    Ok(HttpResponse::Accepted().json(TaskView::full(task)))
}

/// What can be done with a document.
#[derive(Debug, Serialize, ToSchema)]
struct TaskTypeView {
    #[schema(example = "summarize")]
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Whether the configured provider can do it.
    available: bool,
    /// JSON schema of `params`.
    params_schema: Value,
    /// JSON schema of `data` in a task's `output`.
    output_schema: Value,
}

/// List task types
///
/// What can be done with a document, with the schemas of parameters and answers.
#[utoipa::path(
    operation_id = "list_task_types",
    tag = "Tasks",
    responses(
        (status = 200, description = "The task types.", body = [TaskTypeView]),
        (status = 401, description = "No valid token."),
    ),
    security(("bearer" = [])),
)]
#[get("/process/task-types")]
pub(crate) async fn list_task_types(_: Caller, processor: Data<Processor>) -> HttpResponse {
    let views: Vec<_> = TaskType::all()
        .map(|task_type| TaskTypeView {
            name: task_type.name(),
            title: task_type.title(),
            description: task_type.description(),
            available: processor.tasks.is_available(task_type),
            params_schema: task_type.params_schema(),
            output_schema: task_type.output_schema(),
        })
        .collect();
    HttpResponse::Ok().json(views)
}

/// The `Idempotency-Key` of a request, if it has one.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Error> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=128).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic()) => {
            Ok(Some(key.to_owned()))
        }
        _ => Err(Error::new(
            ErrorCode::MalformedRequest,
            "An Idempotency-Key has 1 to 128 visible characters.",
        )),
    }
}

/// An id that is not one names no task: 404, as for one that is not there.
pub(super) fn task_id(text: &str) -> Result<TaskId, Error> {
    text.parse().map_err(|_| Error::not_found("task"))
}
