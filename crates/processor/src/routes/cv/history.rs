//! `GET /documents/{id}/cv/history`.

use actix_web::{
    HttpResponse, get,
    http::header,
    web::{Data, Path, Query},
};
use quire_domain::{FieldErrors, Result};
use quire_web::{caller::Caller, problem::HttpResult};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{super::outgoing::document_id, view::EditView};
use crate::Processor;

/// Edits of a page when nothing else is asked for.
const DEFAULT_LIMIT: u8 = 50;
/// The most that may be asked for.
const MAX_LIMIT: u8 = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListCvEdits {
    /// How many at most.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// Only those older than the edit of this number: the `next` link has it.
    #[param(value_type = Option<i64>)]
    before: Option<String>,
}

impl ListCvEdits {
    fn check(&self) -> Result<(Option<i64>, u8)> {
        let mut errors = FieldErrors::default();
        let limit = match self.limit.as_deref().map(str::parse) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(_) => {
                errors.add("limit", format!("A limit is a number from 1 to {MAX_LIMIT}."));
                DEFAULT_LIMIT
            }
        };
        let before = self.before.as_deref().map(str::parse).transpose().unwrap_or_else(|_| {
            errors.add("before", "This is not the number of an edit.");
            None
        });
        errors.into_result().map(|()| (before, limit))
    }
}

/// List the edits of a profile
///
/// What people changed, newest first. When there are more, the `Link` header has the address of the next page.
#[utoipa::path(
    operation_id = "list_cv_edits",
    tag = "Curricula vitae",
    params(("id" = Uuid, Path, description = "The document."), ListCvEdits),
    responses(
        (status = 200, description = "Edits, newest first.", body = [EditView],
            headers(("Link" = String, description = "`<...>; rel=\"next\"` when there are more."))),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, not yours, or no task has filled a profile of it."),
        (status = 409, description = "The document may not be looked at: it is in quarantine or was not scanned."),
        (status = 422, description = "A parameter is not valid."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/documents/{id}/cv/history")]
pub(crate) async fn list_cv_edits(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    query: Query<ListCvEdits>,
) -> HttpResult<HttpResponse> {
    let id = document_id(&id)?;
    let (before, limit) = query.check()?;
    let page = processor.profiles.list_cv_edits(caller.user_id, id, before, limit).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        let link = format!("</documents/{id}/cv/history?limit={limit}&before={next}>; rel=\"next\"");
        response.insert_header((header::LINK, link));
    }
    Ok(response.json(page.edits.into_iter().map(EditView::from).collect::<Vec<_>>()))
}
