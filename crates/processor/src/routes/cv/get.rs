//! `GET /documents/{id}/cv`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Path, Query},
};
use quire_domain::{DocumentId, FieldErrors, Result, UserId};
use quire_web::{caller::Caller, problem::HttpResult};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        conditional::Wanted,
        outgoing::{FileBytes, attachment, document_id, not_modified, seal, stem},
    },
    CACHING, validators,
    view::CvView,
};
use crate::{Processor, cv::CvFormat};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GetCv {
    /// `json` (each field with what shows it), or a file: `json-resume` (JSON Resume 1.0.0), `docx`, `pdf`,
    /// `md` (Markdown).
    #[param(default = "json", example = "json-resume")]
    format: Option<String>,
}

impl GetCv {
    /// `None` is the profile itself.
    fn check(&self) -> Result<Option<CvFormat>> {
        let name = self.format.as_deref().filter(|name| *name != "json");
        let format = name.and_then(CvFormat::parse);
        let mut errors = FieldErrors::default();
        if name.is_some() && format.is_none() {
            let names: Vec<_> = CvFormat::ALL.iter().map(|format| format.as_str()).collect();
            errors.add("format", format!("A format is one of json, {}.", names.join(", ")));
        }
        errors.into_result().map(|()| format)
    }
}

/// Read the profile of a curriculum vitae
///
/// What a task of the type `extract_cv` found, with the passages that show it, and what people made of that.
/// With `format` as a file, named after the document.
#[utoipa::path(
    operation_id = "get_cv",
    tag = "Curricula vitae",
    params(("id" = Uuid, Path, description = "The document."), GetCv),
    responses(
        (status = 200, description = "The profile.", content(
            (CvView = "application/json"),
            (FileBytes = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (FileBytes = "application/pdf"),
            (String = "text/markdown"),
        ), headers(
            ("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`."),
            ("Content-Disposition" = String, description = "Of files: `attachment` with the name."),
        )),
        (status = 304, description = "You have this version."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, not yours, or no task has filled a profile of it."),
        (status = 409, description = "The document may not be looked at: it is in quarantine or was not scanned."),
        (status = 412, description = "Not the version of `If-Match`."),
        (status = 422, description = "No such format."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/documents/{id}/cv")]
pub(crate) async fn get_cv(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    query: Query<GetCv>,
) -> HttpResult<HttpResponse> {
    let (id, format) = (document_id(&id)?, query.check()?);
    if let Some(format) = format {
        return export(&request, &processor, caller.user_id, id, format).await;
    }
    let profile = processor.profiles.get_cv(caller.user_id, id).await?;
    let validators = validators(&profile, None);
    match validators.judge(&request, None) {
        Err(judgement) => Ok(judgement.into()),
        Ok(Wanted::Nothing) => Ok(not_modified(&validators, CACHING)),
        Ok(_) => {
            let mut response = HttpResponse::Ok();
            seal(&mut response, CACHING);
            validators.describe(&mut response);
            Ok(response.json(CvView::from(&profile)))
        }
    }
}

async fn export(
    request: &HttpRequest,
    processor: &Processor,
    owner: UserId,
    id: DocumentId,
    format: CvFormat,
) -> HttpResult<HttpResponse> {
    let exported = processor.profiles.export_cv(owner, id, format).await?;
    let validators = validators(&exported.profile, Some(format));
    match validators.judge(request, None) {
        Err(judgement) => Ok(judgement.into()),
        Ok(Wanted::Nothing) => Ok(not_modified(&validators, CACHING)),
        Ok(_) => {
            let name = format!("{}-cv.{}", stem(&exported.document.filename), format.extension());
            let mut response = HttpResponse::Ok();
            seal(&mut response, CACHING);
            validators.describe(&mut response);
            Ok(response
                .insert_header((header::CONTENT_TYPE, format.media_type()))
                .insert_header(attachment(&name))
                .body(exported.bytes))
        }
    }
}
