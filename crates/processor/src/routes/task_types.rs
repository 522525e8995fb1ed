//! `GET /process/task-types`: what can be done with a document here.

use actix_web::{HttpResponse, get, web::Data};
use quire_ai::{Engines, Offer};
use quire_web::caller::Caller;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Processor, task_type::TaskType};

/// What can be done with a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskType)]
struct TaskTypeView {
    #[schema(example = "summarize")]
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Whether it is done here now, by whom the installation prefers.
    available: bool,
    /// Why not, and what to do about it; `null` where it is.
    #[schema(example = json!(null))]
    unavailable_because: Option<String>,
    /// JSON schema of `params`.
    #[schema(value_type = Object)]
    params_schema: Value,
    /// JSON schema of `data` in a task's `output`.
    #[schema(value_type = Object)]
    output_schema: Value,
    /// Name and number of the instructions that a model gets; the number grows when they change. `null`
    /// where no AI takes part.
    #[schema(example = "summarize/1")]
    prompt_version: Option<String>,
    /// Who may be chosen to answer (`params.provider` and `params.model`); empty where no AI takes part.
    providers: Vec<ProviderView>,
    /// Who answers if nobody is chosen; `null` where no AI takes part.
    #[schema(example = "local")]
    default_provider: Option<String>,
}

/// Who may be chosen to answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Provider)]
struct ProviderView {
    #[schema(example = "local")]
    name: String,
    /// Its models, the one first that answers if none is chosen.
    #[schema(example = json!(["local-rules-2"]))]
    models: Vec<String>,
}

/// List task types
///
/// What can be done with a document, with the schemas of parameters and answers, and who may be chosen
/// to answer.
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
    let orders = processor.tasks.orders();
    let providers = providers(orders.engines());
    let views: Vec<_> = TaskType::all()
        .map(|task_type| {
            let refusal = orders.refusal(task_type);
            let providers = if task_type.is_answered() { providers.clone() } else { Vec::new() };
            TaskTypeView {
                name: task_type.name(),
                title: task_type.title(),
                description: task_type.description(),
                available: refusal.is_none(),
                unavailable_because: refusal,
                params_schema: task_type.params_schema(),
                output_schema: task_type.output_schema(),
                prompt_version: task_type.prompt_version(orders.engines()),
                default_provider: providers.first().map(|provider| provider.name.clone()),
                providers,
            }
        })
        .collect();
    HttpResponse::Ok().json(views)
}

/// All who may be chosen, the one first that answers if nobody is.
fn providers(engines: &Engines) -> Vec<ProviderView> {
    let view = |offer: &Offer| ProviderView { name: offer.provider().to_owned(), models: offer.models() };
    engines.offers().iter().map(view).collect()
}
