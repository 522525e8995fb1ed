//! `PUT /documents/{id}/cv`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    put,
    web::{Data, Path},
};
use quire_web::{caller::Caller, json_body::JsonBody, problem::HttpResult};

use super::{
    super::{
        conditional::{Judgement, Wanted},
        outgoing::{document_id, seal},
    },
    CACHING,
    body::UpdateCv,
    validators,
    view::CvView,
};
use crate::Processor;

/// Edit the profile of a curriculum vitae
///
/// Fields that are left out stay. What is given counts from then on, whatever a later task finds; `revert` names
/// fields for which that ends. What is as it was is no edit, so a profile may be sent back as it was
/// read. With `If-Match`, only the version that it names is changed.
#[utoipa::path(
    operation_id = "update_cv",
    tag = "Curricula vitae",
    params(
        ("id" = Uuid, Path, description = "The document."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you have."),
    ),
    request_body = UpdateCv,
    responses(
        (status = 200, description = "The profile as it is now.", body = CvView,
            headers(("ETag" = String, description = "The new version."))),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, not yours, or no task has filled a profile of it."),
        (status = 409, description = "The document may not be looked at: it is in quarantine or was not scanned."),
        (status = 412, description = "It was changed meanwhile: not the version of `If-Match`."),
        (status = 415, description = "The body does not say that it is JSON."),
        (status = 422, description = "A field is not valid, or there is no such field."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[put("/documents/{id}/cv")]
pub(crate) async fn update_cv(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    body: JsonBody<UpdateCv>,
) -> HttpResult<HttpResponse> {
    let id = document_id(&id)?;
    let profile = processor.profiles.get_cv(caller.user_id, id).await?;
    match validators(&profile, None).judge(&request, None) {
        // What a client must not have yet cannot be changed by it.
        Ok(Wanted::Nothing) => return Ok(Judgement::PreconditionFailed.into()),
        Ok(_) => {}
        Err(judgement) => return Ok(judgement.into()),
    }
    let expected = names_a_version(&request).then_some(profile.version);
    let changes = body.into_inner().into();
    let profile = processor.profiles.update_cv(caller.user_id, id, expected, changes).await?;
    let mut response = HttpResponse::Ok();
    seal(&mut response, CACHING);
    validators(&profile, None).describe(&mut response);
    Ok(response.json(CvView::from(&profile)))
}

/// Whether the request is about one version only.
fn names_a_version(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let is_any = headers.get(header::IF_MATCH).is_some_and(|value| value == "*");
    !is_any && (headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_UNMODIFIED_SINCE))
}
