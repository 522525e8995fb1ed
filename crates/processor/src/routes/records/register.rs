//! `POST /api/records/`: an object that is in storage already becomes a document.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    post,
    web::{Bytes, Data},
};
use quire_domain::{
    FieldErrors, Result, UserId,
    details::{self, DocumentDetails},
};
use quire_web::{caller::Caller, json_body::JsonBody, problem::HttpResult};
use serde::Deserialize;
use serde_json::Map;
use utoipa::ToSchema;

use super::{
    super::{
        tasks::idempotency_key,
        values::{Tags, is_media_type},
    },
    view::RecordView,
};
use crate::{
    Processor,
    order::TaskTypeNames,
    records::{NewRecord, signature::Signed},
    task_type::READ,
};

/// An object that is in storage already.
#[derive(Debug, Deserialize, ToSchema)]
struct CreateRecord {
    #[schema(example = "report.pdf")]
    file_name: String,
    #[schema(example = "Reports/2026")]
    folder_name: Option<String>,
    /// Where it is in storage: below `uploads/user-{id}/`, with your id.
    #[schema(example = "uploads/user-42/0198f3a2-report.pdf")]
    object_key: String,
    /// What you say it is; the content decides.
    #[schema(example = "application/pdf")]
    mime_type: Option<String>,
    /// In your own words.
    description: Option<String>,
    tags: Option<Tags>,
}

impl CreateRecord {
    fn check(self) -> Result<NewRecord> {
        let mut errors = FieldErrors::default();
        if self.file_name.trim().is_empty() {
            errors.add("file_name", "A file has a name.");
        }
        let declared_type = self.mime_type.filter(|text| !text.is_empty());
        if declared_type.as_deref().is_some_and(|text| !is_media_type(text)) {
            errors.add("mime_type", "A media type is written as application/pdf.");
        }
        let folder = self.folder_name.as_deref().unwrap_or_default();
        let description = self.description.as_deref().unwrap_or_default();
        let details = DocumentDetails {
            folder: details::check_folder("folder_name", folder, &mut errors),
            description: details::check_description(description, &mut errors),
            tags: self.tags.unwrap_or_default().check(&mut errors),
            ..DocumentDetails::default()
        };
        errors.into_result()?;
        Ok(NewRecord { object_key: self.object_key, filename: self.file_name, declared_type, details })
    }
}

/// The headers of a signed message, if the request has no token.
fn signed(request: &HttpRequest) -> Option<Signed<'_>> {
    let headers = request.headers();
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let signature = text("webhook-signature").filter(|_| !headers.contains_key(header::AUTHORIZATION))?;
    let [id, timestamp] = ["webhook-id", "webhook-timestamp"].map(|name| text(name).unwrap_or_default());
    Some(Signed { id, timestamp, signature })
}

/// Register an object
///
/// An object that is in storage already, and that no document has yet, becomes a document: it is judged
/// as if it came in now, and read in the background. A worker outside may do this for the user in whose
/// place the object is, without a token, by a message signed as Standard Webhooks say (`webhook-id`,
/// `webhook-timestamp`, `webhook-signature`) with the secret that it shares with this installation;
/// sent again with the same `webhook-id`, it makes nothing new.
#[utoipa::path(
    operation_id = "create_record",
    tag = "Records",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters, unique per request."),
        ("webhook-id" = Option<String>, Header, description = "Of a signed message: its id."),
        ("webhook-timestamp" = Option<String>, Header, description = "Of a signed message: when it was sent, in seconds since 1970; at most five minutes from now."),
        ("webhook-signature" = Option<String>, Header, description = "Of a signed message: `v1,` and the signature in base64."),
    ),
    request_body = CreateRecord,
    responses(
        (status = 201, description = "It is a document now; it will be read.", body = RecordView),
        (status = 400, description = "The body is not JSON."),
        (status = 401, description = "No valid token, and no valid signature (`signature_invalid`)."),
        (status = 404, description = "No such object, or not yours."),
        (status = 409, description = "There is a document for it already (`already_registered`)."),
        (status = 413, description = "The file is too large, or your storage is full (`storage_quota_exceeded`)."),
        (status = 415, description = "The body is not sent as JSON; files of this type are not accepted (`file_type_refused`), or it is a program under the name of a document (`disguised_executable`)."),
        (status = 422, description = "Some fields are not valid, or the object is empty."),
        (status = 429, description = "Too many of your tasks are waiting."),
        (status = 503, description = "The database or storage is away, or too much work is waiting."),
    ),
    security(("bearer" = [])),
)]
#[post("/api/records")]
pub(crate) async fn create_record(
    request: HttpRequest,
    processor: Data<Processor>,
    body: Bytes,
) -> HttpResult<HttpResponse> {
    let (owner, key, new) = sent(&request, &processor, &body).await?;
    let order = processor.tasks.check_order(&TaskTypeNames::one(READ), Map::new(), key)?;
    processor.admission.check_load(owner, order.tasks()).await?;
    let submission = processor.records.register_object(owner, new, order).await?;
    let document = processor.files.get_file(owner, submission.task.document_id).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/records/{}", document.id())))
        .json(RecordView::new(document, &request)))
}

/// Who sends it, under which idempotency key, and what it is. Nothing is read of what nobody has signed.
async fn sent(
    request: &HttpRequest,
    processor: &Processor,
    body: &[u8],
) -> Result<(UserId, Option<String>, NewRecord)> {
    let Some(signed) = signed(request) else {
        let caller = Caller::of(request)?;
        let key = idempotency_key(request)?;
        return Ok((caller.user_id, key, JsonBody::<CreateRecord>::read(request, body)?.check()?));
    };
    processor.records.verify(signed, body)?;
    let new = JsonBody::<CreateRecord>::read(request, body)?.check()?;
    let owner = processor.records.find_owner(&new.object_key).await?;
    Ok((owner, Some(format!("webhook:{}", signed.id)), new))
}
