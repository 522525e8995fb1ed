//! A submission's multipart body, taken apart as it arrives.

use std::io;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::ContentDisposition;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use quire_domain::{
    Error, ErrorCode, FieldErrors, Result, UserId,
    details::{self, DocumentDetails},
    document::DocumentKind,
};
use serde_json::{Map, Value};

use crate::{
    intake::{
        Arrival, Intake, Received,
        checksum::{Sha256Digest, parse_hex, parse_repr_digest},
    },
    order::Order,
    task_type::TaskType,
    tasks::{DEFAULT_TASK_TYPE, Tasks},
};

/// The largest value of a text field, in bytes.
const FIELD_MAX: usize = 64 * 1024;
/// The most fields in one body.
const FIELDS_MAX: usize = 32;

/// What may surround the file in a body: text fields, headers, boundaries.
pub(super) const OVERHEAD: u64 = 1024 * 1024;

/// Reads a submission. The file may come before or after the fields; it is stored as it
/// arrives, and goes again when the rest turns out wrong.
pub(super) async fn receive(
    body: &mut Multipart,
    owner: UserId,
    intake: &Intake,
    tasks: &Tasks,
    idempotency_key: Option<String>,
) -> Result<(Received, Order)> {
    let mut form = Form::default();
    form.read(body, owner, intake, tasks).await?;
    let order = tasks.check_order(form.task_type.as_deref(), form.params(), idempotency_key)?;
    let details = form.details()?;
    let received =
        form.file.ok_or_else(|| field_error("file", "Send the file as a form field named `file`."))?;
    received.check_sha256(form.sha256.as_ref())?;
    Ok((received.with_details(details), order))
}

/// Fields that say something about the document, as they were sent.
#[derive(Default)]
struct Said {
    kind: Option<String>,
    folder: Option<String>,
    description: Option<String>,
    tags: Option<String>,
}

#[derive(Default)]
struct Form {
    file: Option<Received>,
    task_type: Option<String>,
    sha256: Option<Sha256Digest>,
    /// The field `params`.
    params: Map<String, Value>,
    /// What is said about the document.
    said: Said,
    /// Fields that may be single parameters; which of them are, the task type tells.
    others: Map<String, Value>,
}

impl Form {
    async fn read(
        &mut self,
        body: &mut Multipart,
        owner: UserId,
        intake: &Intake,
        tasks: &Tasks,
    ) -> Result<()> {
        let mut fields = 0;
        while let Some(field) = body.next().await {
            let field = field.map_err(malformed)?;
            fields += 1;
            if fields > FIELDS_MAX {
                return Err(Error::new(ErrorCode::MalformedRequest, "The form has too many fields."));
            }
            match field.name().unwrap_or_default() {
                "file" => self.take_file(field, owner, intake, tasks).await?,
                _ => self.take_text(field).await?,
            }
        }
        Ok(())
    }

    async fn take_file(&mut self, field: Field, owner: UserId, intake: &Intake, tasks: &Tasks) -> Result<()> {
        if self.file.is_some() {
            return Err(field_error("file", "Send one file at a time."));
        }
        if self.task_type.is_some() {
            tasks.refuse_early(self.task_type.as_deref(), self.params())?;
        }
        let filename = field.content_disposition().and_then(filename).unwrap_or_default();
        let declared = field.content_type().map(ToString::to_string);
        let digest = field.headers().get("repr-digest");
        let digest =
            digest.and_then(|digest| digest.to_str().ok()).map(parse_repr_digest).transpose()?.flatten();
        let chunks = field.map_err(|error| io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()));
        let arrival = Arrival {
            owner,
            filename: &filename,
            declared_type: declared.as_deref(),
            sha256: digest.or(self.sha256),
        };
        let received = intake.receive(arrival, chunks).await?;
        self.file = Some(received);
        Ok(())
    }

    /// The parameters so far: those in `params`, and single fields that the task type knows.
    /// (Clients of older systems send other fields, too.)
    fn params(&self) -> Map<String, Value> {
        let task_type = self.task_type.as_deref().unwrap_or(DEFAULT_TASK_TYPE);
        let schema = TaskType::find(task_type).map(TaskType::params_schema);
        let known =
            |name: &str| schema.as_ref().is_some_and(|schema| schema["properties"].get(name).is_some());
        let single = self.others.iter().filter(|(name, _)| known(name));
        self.params.iter().chain(single).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// What is said about the document, checked.
    fn details(&self) -> Result<DocumentDetails> {
        let mut errors = FieldErrors::default();
        let Said { kind, folder, description, tags } = &self.said;
        let details = DocumentDetails {
            kind: match kind.as_deref().filter(|kind| !kind.is_empty()) {
                Some(kind) => details::check_kind(kind, &mut errors).unwrap_or(DocumentKind::Other),
                None => DocumentKind::Other,
            },
            folder: details::check_folder("folder", folder.as_deref().unwrap_or_default(), &mut errors),
            description: details::check_description(description.as_deref().unwrap_or_default(), &mut errors),
            tags: details::parse_tags(tags.as_deref().unwrap_or_default(), &mut errors),
        };
        errors.into_result()?;
        Ok(details)
    }

    /// `task_type`, `params` (a JSON object), or what may be a single parameter.
    async fn take_text(&mut self, mut field: Field) -> Result<()> {
        let name = field.name().unwrap_or_default().to_owned();
        let text = read_text(&mut field, &name).await?;
        match name.as_str() {
            "task_type" if text.is_empty() => {}
            "task_type" => self.task_type = Some(text),
            "sha256" if text.is_empty() => {}
            "sha256" => self.sha256 = Some(parse_hex("sha256", &text)?),
            "kind" => self.said.kind = Some(text),
            "folder" => self.said.folder = Some(text),
            "description" => self.said.description = Some(text),
            "tags" => self.said.tags = Some(text),
            "params" if text.trim().is_empty() => {}
            "params" => match serde_json::from_str(&text) {
                Ok(Value::Object(params)) => self.params.extend(params),
                _ => {
                    return Err(field_error(
                        "params",
                        "Send a JSON object, such as {\"target_language\": \"de\"}.",
                    ));
                }
            },
            _ => {
                self.others.insert(name, Value::String(text));
            }
        }
        Ok(())
    }
}

/// The name of the file, in either form that clients send it (`filename*` is not for forms by
/// RFC 7578, but some send it alone).
fn filename(disposition: &ContentDisposition) -> Option<String> {
    let plain = || disposition.get_filename().map(str::to_owned);
    let extended = disposition.get_filename_ext();
    extended.and_then(|name| String::from_utf8(name.value.clone()).ok()).or_else(plain)
}

async fn read_text(field: &mut Field, name: &str) -> Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk: Bytes = chunk.map_err(malformed)?;
        if text.len() + chunk.len() > FIELD_MAX {
            return Err(field_error(name, "This is longer than the 64 KiB that a field may have."));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| field_error(name, "This is not valid UTF-8 text."))
}

fn field_error(field: &str, message: &str) -> Error {
    Error::new(ErrorCode::ValidationFailed, message.to_owned()).with_field(field, message)
}

fn malformed(error: MultipartError) -> Error {
    let code = match &error {
        MultipartError::Incomplete | MultipartError::Payload(_) => ErrorCode::UploadInterrupted,
        _ => ErrorCode::MalformedRequest,
    };
    let detail = match code {
        ErrorCode::UploadInterrupted => "The upload ended before the form was complete.",
        _ => "The body is not a multipart form that can be read.",
    };
    Error::new(code, detail).with_source(error.to_string())
}
