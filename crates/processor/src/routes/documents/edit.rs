//! `PATCH /documents/{id}`.

use actix_web::{
    HttpResponse, patch,
    web::{Data, Path},
};
use quire_domain::{
    FieldErrors, Result, details,
    document::{DocumentKind, sanitize_filename},
};
use quire_store::library::DocumentChanges;
use quire_web::{caller::Caller, json_body::JsonBody, problem::HttpResult};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{super::outgoing::document_id, view::DocumentView};
use crate::Processor;

/// What is to be changed; what is left out stays. `null` empties a field (RFC 7396).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateDocument {
    /// `cv`, `invoice`, `cover_letter`, `other`, or one of the aliases `lebenslauf`, `rechnung`,
    /// `anschreiben`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "invoice")]
    kind: Option<Option<String>>,
    /// What file systems refuse is left out or replaced.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "report.pdf")]
    filename: Option<Option<String>>,
    /// At most 255 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Invoices/2026")]
    folder: Option<Option<String>>,
    /// At most 4,000 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// At most 50, of 64 characters each. They replace those that are there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Option<Option<Vec<String>>>,
}

/// A field that is there, `null` or not.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

impl UpdateDocument {
    fn check(self) -> Result<DocumentChanges> {
        let mut errors = FieldErrors::default();
        let changes = DocumentChanges {
            kind: self.kind.map(|kind| {
                let known =
                    kind.map_or(Some(DocumentKind::Other), |kind| details::check_kind(&kind, &mut errors));
                known.unwrap_or(DocumentKind::Other).as_str()
            }),
            filename: self
                .filename
                .map(|name| check_filename(name.as_deref().unwrap_or_default(), &mut errors)),
            folder: self
                .folder
                .map(|folder| details::check_folder("folder", &folder.unwrap_or_default(), &mut errors)),
            description: self
                .description
                .map(|text| details::check_description(&text.unwrap_or_default(), &mut errors)),
            tags: self.tags.map(|tags| {
                details::check_tags(tags.unwrap_or_default().iter().map(String::as_str), &mut errors)
            }),
        };
        errors.into_result().map(|()| changes)
    }
}

fn check_filename(name: &str, errors: &mut FieldErrors) -> String {
    if !name.chars().any(char::is_alphanumeric) {
        errors.add("filename", "A file needs a name.");
    }
    sanitize_filename(name)
}

/// Change what is said of a document
///
/// Fields that are left out stay as they are. The file itself never changes.
#[utoipa::path(
    operation_id = "update_document",
    tag = "Documents",
    params(("id" = Uuid, Path, description = "The document.")),
    request_body = UpdateDocument,
    responses(
        (status = 200, description = "The document as it is now.", body = DocumentView),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours."),
        (status = 415, description = "The body does not say that it is JSON."),
        (status = 422, description = "A field is not valid, or there is no such field."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[patch("/documents/{id}")]
pub(crate) async fn update_document(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    body: JsonBody<UpdateDocument>,
) -> HttpResult<HttpResponse> {
    let id = document_id(&id)?;
    let changes = body.into_inner().check()?;
    let document = processor.library.update_document(caller.user_id, id, &changes).await?;
    Ok(HttpResponse::Ok().json(DocumentView::full(document)))
}
