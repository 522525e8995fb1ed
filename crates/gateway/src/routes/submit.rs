//! Handing in a file.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, post,
    web::{Data, Payload},
};
use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use quire_web::{
    caller::Caller,
    problem::{HttpResult, ProblemBody},
    request::RequestId,
    tasks::AcceptedView,
};
use utoipa::ToSchema;

use super::FILES;
use crate::{
    Gateway,
    submissions::{self, Upload},
};

/// Headers of the request that the processor is to know.
const PASSED_ON: [&str; 6] =
    ["authorization", "content-length", "content-type", "idempotency-key", "traceparent", "tracestate"];

/// A form with a file, and what to do with it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is passed on unread")]
struct SubmitForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What to do with it: see `GET /process/task-types`. For several tasks, up to 10 task types with
    /// commas between, or the field once for each.
    #[schema(example = "summarize")]
    task_type: Option<String>,
    /// Parameters of the task type, as a JSON object of at most 64 KiB; with several task types, those of
    /// each under its name.
    #[schema(example = "{\"length\": \"short\"}")]
    params: Option<String>,
}

/// Submit a file
///
/// Takes a file and a task type, and answers as soon as the file is stored. The work is done
/// in the background; the result comes with the task, and as a live event. The file is passed
/// through as it arrives: too large a file is refused as soon as that is known.
#[utoipa::path(
    tag = FILES,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible characters. A repeated request with the same key is answered with the tasks of the first.")
    ),
    request_body(content = SubmitForm, content_type = "multipart/form-data"),
    responses(
        (status = 202, description = "The file was accepted.", body = AcceptedView),
        (status = 400, description = "`malformed_request` or `upload_interrupted`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`: not a form, or not a type of file that is accepted.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed` or `task_type_unavailable`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_tasks`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`upstream_unavailable`, `overloaded`, `storage_unavailable` or `database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 504, description = "`upstream_timeout`: it is not known whether the file was accepted.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/files/submit")]
pub(super) async fn submit_file(
    caller: Caller,
    id: RequestId,
    gateway: Data<Gateway>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let headers = passed_on(&request, &id);
    let upload = Upload {
        media_type: request.content_type(),
        content_length: headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()),
        headers,
    };
    let answer = submissions::submit_file(&gateway, caller.user_id, upload, payload).await?;
    Ok(answer.into_response())
}

fn passed_on(request: &HttpRequest, id: &RequestId) -> HeaderMap {
    let sent = PASSED_ON.into_iter().filter_map(|name| {
        let value = request.headers().get(name)?.as_bytes();
        Some((name, HeaderValue::from_bytes(value).ok()?))
    });
    let id = HeaderValue::from_str(id.as_str()).ok().map(|id| ("x-request-id", id));
    sent.chain(id).map(|(name, value)| (HeaderName::from_static(name), value)).collect()
}
