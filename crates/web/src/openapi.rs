//! What both API descriptions share.

use utoipa::{
    Modify, ToSchema,
    openapi::{
        Content, ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        schema::ComponentsBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::problem::ProblemBody;

/// The name of the security scheme.
pub const BEARER: &str = "bearer";

/// The media type of problem documents (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Completes an API description: the bearer scheme, required wherever an operation does not
/// say otherwise (`security(())` for open ones), the problem document as the content of every
/// error response that names no other, and as the `default` response of every operation. To be
/// applied when all paths are there.
#[derive(Debug, Clone, Copy)]
pub struct Complete;

impl Modify for Complete {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
        let with_problem = ComponentsBuilder::new().schema_from::<ProblemBody>().build();
        components.schemas.extend(with_problem.schemas);
        api.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
        for item in api.paths.paths.values_mut() {
            for operation in operations(item) {
                fill_error_responses(operation);
                operation.responses.responses.entry("default".to_owned()).or_insert_with(problem_response);
            }
        }
    }
}

fn fill_error_responses(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let is_error = status.starts_with(['4', '5']);
        match response {
            RefOr::T(response) if is_error && response.content.is_empty() => {
                response.content.insert(PROBLEM.to_owned(), problem_content().into());
            }
            _ => {}
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

fn problem_response() -> RefOr<Response> {
    ResponseBuilder::new()
        .description("What went wrong: see `code` and `detail`.")
        .content(PROBLEM, problem_content())
        .build()
        .into()
}

fn problem_content() -> Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build()
}
