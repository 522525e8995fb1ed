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
    tasks::{ListTasks, TaskLine, TaskView, next_link},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::TaskTypes;
use crate::{Processor, order::TaskTypeNames, tasks::DEFAULT_TASK_TYPE};

/// One more task for a document that is there already, or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTask {
    document_id: Uuid,
    /// `summarize` when left out.
    task_type: Option<TaskTypes>,
    /// Parameters of the task type, at most 64 KiB; with several, those of each under its name, such as
    /// `{"translate": {"target_language": "de"}}`. Those that all tasks take (`password`, `ocr_languages`,
    /// `provider`, `model`, `fresh`) may stand beside the names.
    #[serde(default)]
    #[schema(value_type = Object)]
    params: Map<String, Value>,
}

/// The tasks that were made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedTask)]
struct CreatedView {
    /// The first.
    #[serde(flatten)]
    task: TaskView,
    /// All of them.
    tasks: Vec<TaskLine>,
}

/// Create a task for a stored document
///
/// Or several, of different types: they are made together or not at all.
#[utoipa::path(
    operation_id = "create_task",
    tag = "Tasks",
    request_body = CreateTask,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request.")),
    responses(
        (status = 202, description = "Accepted; the result will follow.", body = CreatedView),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours."),
        (status = 413, description = "The body is larger than 1 MiB."),
        (status = 422, description = "An unknown task type, provider or model, or wrong parameters."),
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
    let names = body.task_type.map_or_else(|| TaskTypeNames::one(DEFAULT_TASK_TYPE), TaskTypes::into_names);
    let order = processor.tasks.check_order(&names, body.params, key)?;
    processor.admission.check_load(caller.user_id, order.tasks()).await?;
    let submission =
        processor.tasks.create_task(caller.user_id, DocumentId(body.document_id), &order).await?;
    let tasks = submission.lines();
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/process/tasks/{}", submission.task.id)))
        .json(CreatedView { task: TaskView::full(submission.task), tasks }))
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
