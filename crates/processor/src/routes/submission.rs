//! A submission's multipart body, taken apart as it arrives.

use actix_multipart::{Field, Multipart};
use quire_domain::{
    FieldErrors, Result, UserId,
    details::{self, DocumentDetails},
    document::DocumentKind,
};
use serde_json::{Map, Value};

use super::form::{Fields, field_error, read_text, receive_file};
use crate::{
    Processor,
    intake::{
        Received,
        checksum::{Sha256Digest, parse_hex},
    },
    order::{Order, TaskTypeNames},
    task_type::TaskType,
};

/// Reads a submission. The file may come before or after the fields; it is stored as it
/// arrives, and goes again when the rest turns out wrong. Without a task type it is for `default`.
pub(super) async fn receive(
    body: &mut Multipart,
    owner: UserId,
    processor: &Processor,
    default: &'static str,
    idempotency_key: Option<String>,
) -> Result<(Received, Order)> {
    let mut form = Form { default, ..Form::default() };
    form.read(body, owner, processor).await?;
    let order = processor.tasks.check_order(&form.task_types(), form.params(), idempotency_key)?;
    processor.tasks.check_more(owner, order.tasks()).await?;
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
    /// The task type of a form that names none.
    default: &'static str,
    file: Option<Received>,
    /// Those that have been named.
    task_types: TaskTypeNames,
    sha256: Option<Sha256Digest>,
    /// The field `params`.
    params: Map<String, Value>,
    /// What is said about the document.
    said: Said,
    /// Fields that may be single parameters; which of them are, the task type tells.
    others: Map<String, Value>,
}

impl Form {
    async fn read(&mut self, body: &mut Multipart, owner: UserId, processor: &Processor) -> Result<()> {
        let mut fields = Fields::of(body);
        while let Some(field) = fields.next().await? {
            match field.name().unwrap_or_default() {
                "file" => self.take_file(field, owner, processor).await?,
                _ => self.take_text(field).await?,
            }
        }
        Ok(())
    }

    async fn take_file(&mut self, field: Field, owner: UserId, processor: &Processor) -> Result<()> {
        if self.file.is_some() {
            return Err(field_error("file", "Send one file at a time."));
        }
        if !self.task_types.is_empty() {
            processor.tasks.orders().refuse_early(&self.task_types, self.params())?;
        }
        self.file = Some(receive_file(field, owner, &processor.intake, self.sha256).await?);
        Ok(())
    }

    fn task_types(&self) -> TaskTypeNames {
        self.task_types.clone().or(self.default)
    }

    /// The parameters so far: those in `params`, and single fields that one of the task types knows.
    /// (Clients of older systems send other fields, too.)
    fn params(&self) -> Map<String, Value> {
        let task_types = self.task_types().find().unwrap_or_default();
        let schemas: Vec<_> = task_types.into_iter().map(TaskType::params_schema).collect();
        let known = |name: &str| schemas.iter().any(|schema| schema["properties"].get(name).is_some());
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
            "task_type" => self.task_types.add(&text),
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
