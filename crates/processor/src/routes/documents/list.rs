//! `GET /documents`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Query},
};
use quire_web::{caller::Caller, problem::HttpResult};

use super::{
    query::{ListDocuments, check, next_link, show_place},
    view::DocumentView,
};
use crate::Processor;

/// List and search documents
///
/// Newest first, or with `q` the best answers first. When there are more, the `Link` header has the
/// address of the next page. What was uploaded or changed is found a moment later.
#[utoipa::path(
    operation_id = "list_documents",
    tag = "Documents",
    params(ListDocuments),
    responses(
        (status = 200, description = "Documents, without their `metadata`; with `q`, also with `matches`.", body = [DocumentView],
            headers(("Link" = String, description = "`<...>; rel=\"next\"` when there are more."))),
        (status = 401, description = "No valid token."),
        (status = 422, description = "A parameter is not valid."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/documents")]
pub(crate) async fn list_documents(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    query: Query<Vec<(String, String)>>,
) -> HttpResult<HttpResponse> {
    let order = check(query.into_inner())?;
    let page = processor.library.list_documents(caller.user_id, &order).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        let place = show_place(order.sort, &next);
        response.insert_header((header::LINK, next_link("/documents", request.query_string(), &place)));
    }
    let lines: Vec<_> = page.lines.into_iter().map(DocumentView::line).collect();
    Ok(response.json(lines))
}
