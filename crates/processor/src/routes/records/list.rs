//! `GET /api/records/` and `GET /api/records/{id}`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Path, Query},
};
use form_urlencoded::Serializer;
use quire_domain::{DocumentId, Error, FieldErrors, Result, details};
use quire_store::records::RecordFilter;
use quire_web::{caller::Caller, problem::HttpResult};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::RecordView;
use crate::Processor;

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// Which records to list. Read as text, so that all that is wrong can be said at once.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListRecords {
    /// How many at most.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// Only those older than the record of this id: the `next` link has it.
    #[param(value_type = Option<Uuid>)]
    before: Option<String>,
    /// Only those in this folder.
    #[param(example = "Reports/2026")]
    folder_name: Option<String>,
    /// Only those with this tag.
    #[param(example = "urgent")]
    tag: Option<String>,
}

impl ListRecords {
    fn check(&self) -> Result<(RecordFilter, u8)> {
        let mut errors = FieldErrors::default();
        let limit = self.limit.as_deref().map_or(Some(DEFAULT_LIMIT), |text| {
            text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
        });
        if limit.is_none() {
            errors.add("limit", format!("A limit is a number from 1 to {MAX_LIMIT}."));
        }
        let before = self.before.as_deref().map(str::parse::<DocumentId>).transpose();
        if before.is_err() {
            errors.add("before", "This is not the id of a record.");
        }
        let folder =
            self.folder_name.as_deref().map(|name| details::check_folder("folder_name", name, &mut errors));
        let tag = self.tag.as_deref().and_then(|tag| {
            let mut wrong = FieldErrors::default();
            let checked = details::check_tags([tag], &mut wrong).pop();
            wrong.0.into_values().flatten().for_each(|message| errors.add("tag", message));
            checked
        });
        errors.into_result()?;
        let filter = RecordFilter { folder, tag, before: before.unwrap_or_default() };
        Ok((filter, limit.unwrap_or(DEFAULT_LIMIT)))
    }
}

/// The value of a `Link` header that leads to the page after `last` (RFC 8288).
fn next_link(filter: &RecordFilter, limit: u8, last: DocumentId) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &limit.to_string()).append_pair("before", &last.to_string());
    if let Some(folder) = &filter.folder {
        query.append_pair("folder_name", folder);
    }
    if let Some(tag) = &filter.tag {
        query.append_pair("tag", tag);
    }
    format!("</api/records/?{}>; rel=\"next\"", query.finish())
}

/// List records
///
/// Newest first. When there are more, the `Link` header has the address of the next page. Documents that
/// were announced and have not come are not among them.
#[utoipa::path(
    operation_id = "list_records",
    tag = "Records",
    params(ListRecords),
    responses(
        (status = 200, description = "Records, newest first.", body = [RecordView],
            headers(("Link" = String, description = "`<...>; rel=\"next\"` when there are more."))),
        (status = 401, description = "No valid token."),
        (status = 422, description = "A parameter is not valid."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/api/records")]
pub(crate) async fn list_records(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    query: Query<ListRecords>,
) -> HttpResult<HttpResponse> {
    let (filter, limit) = query.check()?;
    let page = processor.records.list_records(caller.user_id, &filter, limit).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        response.insert_header((header::LINK, next_link(&filter, limit, next)));
    }
    let views: Vec<_> =
        page.documents.into_iter().map(|document| RecordView::new(document, &request)).collect();
    Ok(response.json(views))
}

/// Read a record
#[utoipa::path(
    operation_id = "get_record",
    tag = "Records",
    params(("id" = Uuid, Path, description = "The record.")),
    responses(
        (status = 200, description = "The record.", body = RecordView),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such record, or not yours."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/api/records/{id}")]
pub(crate) async fn get_record(
    request: HttpRequest,
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let document = processor.records.get_record(caller.user_id, record_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(RecordView::new(document, &request)))
}

/// An id that is not one names no record: 404, as for one that is not there.
fn record_id(text: &str) -> Result<DocumentId> {
    text.parse().map_err(|_| Error::not_found("record"))
}

#[cfg(test)]
mod tests {
    use quire_domain::ids::uuid_v7;

    use super::*;

    #[test]
    fn the_next_link_asks_the_same_question_again() {
        let filter = RecordFilter { folder: Some("A & B/ü".into()), tag: Some("x=1".into()), before: None };
        let id = DocumentId(uuid_v7(chrono::DateTime::UNIX_EPOCH));
        let link = next_link(&filter, 7, id);
        let expected = "&folder_name=A+%26+B%2F%C3%BC&tag=x%3D1>; rel=\"next\"";
        assert!(link.starts_with("</api/records/?limit=7&before=") && link.ends_with(expected), "{link}");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let text = |text: &str| Some(text.to_owned());
        let query = ListRecords {
            limit: text("101"),
            before: text("x"),
            folder_name: text("a\0"),
            tag: text(&"x".repeat(65)),
        };
        let fields = query.check().unwrap_err().fields.0;
        assert_eq!(fields.into_keys().collect::<Vec<_>>(), ["before", "folder_name", "limit", "tag"]);
        assert_eq!(ListRecords::default().check().unwrap(), (RecordFilter::default(), 50));
    }
}
