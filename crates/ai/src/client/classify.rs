//! From a provider's failure to its class.

use std::time::Duration;

use genai::{
    Error,
    webc::{self, StreamTimeout},
};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::error::AiError;

/// More than a day is a mistake of the server.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The class of a failed call.
pub(super) fn class(error: &Error, provider: &'static str) -> AiError {
    match error {
        Error::HttpError { status, body, headers, .. } => of_response(*status, headers, body, provider),
        Error::WebModelCall { webc_error, .. } | Error::WebAdapterCall { webc_error, .. } => {
            of_call(webc_error, provider)
        }
        Error::WebStream { error, .. } => of_transport(error.as_ref(), provider),
        Error::ChatResponse { body, .. } => of_event(body, provider),
        // A broken or failed stream: the server's fault, and passing.
        Error::StreamParse { .. } | Error::NoChatResponse { .. } | Error::ChatResponseGeneration { .. } => {
            AiError::Unavailable { provider }
        }
        Error::RequiresApiKey { .. } | Error::NoAuthData { .. } | Error::NoAuthResolver { .. } => {
            AiError::Auth { provider }
        }
        _ => AiError::InvalidRequest { provider, status: None },
    }
}

fn of_call(error: &webc::Error, provider: &'static str) -> AiError {
    match error {
        webc::Error::ResponseFailedStatus { status, body, headers } => {
            of_response(*status, headers, body, provider)
        }
        webc::Error::Reqwest(error) => of_transport(error, provider),
        _ => AiError::Unavailable { provider },
    }
}

fn of_transport(error: &(dyn std::error::Error + Send + Sync + 'static), provider: &'static str) -> AiError {
    if let Some(error) = error.downcast_ref::<Error>() {
        return class(error, provider);
    }
    let late = error.is::<StreamTimeout>()
        || error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
    if late { AiError::Timeout { provider } } else { AiError::Unavailable { provider } }
}

fn of_response(status: StatusCode, headers: &HeaderMap, body: &str, provider: &'static str) -> AiError {
    let detail = Detail::of(body);
    match status.as_u16() {
        401 | 403 => AiError::Auth { provider },
        402 => AiError::Quota { provider },
        429 if detail.is_quota() => AiError::Quota { provider },
        429 => AiError::RateLimited { provider, retry_after: retry_after(headers).or(detail.retry_delay) },
        413 => AiError::ContextTooLong,
        400 | 422 if detail.is_too_long() => AiError::ContextTooLong,
        400 if detail.is_quota() => AiError::Quota { provider },
        400 if detail.is_about_the_key() => AiError::Auth { provider },
        400 if detail.is_filter() => AiError::Filtered,
        // 424: Bedrock says so when the model behind it failed.
        408 | 409 | 424 | 500..=599 => AiError::Unavailable { provider },
        status => AiError::InvalidRequest { provider, status: Some(status) },
    }
}

/// An error that came as an event within a stream.
pub(super) fn of_event(body: &Value, provider: &'static str) -> AiError {
    let detail = Detail::of_value(body);
    if detail.is_too_long() {
        AiError::ContextTooLong
    } else if detail.is_quota() {
        AiError::Quota { provider }
    } else if detail.is_filter() {
        AiError::Filtered
    } else if detail.says(&["rate_limit", "throttl", "too many requests", "resource_exhausted"]) {
        AiError::RateLimited { provider, retry_after: detail.retry_delay }
    } else {
        AiError::Unavailable { provider }
    }
}

/// The parts of an error body that tell classes apart.
struct Detail {
    /// Code, status, type and message in lower case.
    text: String,
    /// How long to wait, where the body says so (Gemini's `RetryInfo`).
    retry_delay: Option<Duration>,
}

impl Detail {
    fn of(body: &str) -> Self {
        serde_json::from_str(body).map_or_else(
            |_| Self { text: body.to_lowercase(), retry_delay: None },
            |value| Self::of_value(&value),
        )
    }

    /// `{"error": {"message", "type", "code", "status", "details"}}`, the inner object alone, or a list of
    /// one of these.
    fn of_value(value: &Value) -> Self {
        let value = value.get(0).unwrap_or(value);
        let error = value.get("error").unwrap_or(value);
        let texts = ["code", "status", "type", "message"]
            .map(|key| error.get(key).and_then(Value::as_str).unwrap_or_default());
        let details = error.get("details").and_then(Value::as_array);
        let delay = details.into_iter().flatten().find_map(|detail| detail.get("retryDelay")?.as_str());
        let seconds = delay.and_then(|delay| delay.strip_suffix('s')?.parse().ok());
        Self { text: texts.join("\n").to_lowercase(), retry_delay: seconds.and_then(wait) }
    }

    fn says(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.text.contains(phrase))
    }

    fn is_quota(&self) -> bool {
        self.says(&["insufficient_quota", "credit balance is too low", "billing_hard_limit_reached"])
    }

    /// Gemini refuses a wrong key with 400.
    fn is_about_the_key(&self) -> bool {
        self.says(&["api key not valid", "api_key_invalid", "api key expired"])
    }

    /// Azure refuses a prompt with 400.
    fn is_filter(&self) -> bool {
        self.says(&["content_filter", "content_policy_violation", "responsibleaipolicyviolation"])
    }

    fn is_too_long(&self) -> bool {
        self.says(&[
            "context_length_exceeded",
            "exceed_context_size_error",
            "maximum context length",
            "prompt is too long",
            "input is too long",
            "exceed context limit",
            "exceeds the available context",
            "input token count",
        ])
    }
}

/// `retry-after-ms`, else `retry-after` in seconds. The date form of the latter is not used by
/// any model provider, and would need a clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| -> Option<f64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    wait(number("retry-after-ms").map(|ms| ms / 1_000.0).or_else(|| number("retry-after"))?)
}

fn wait(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> AiError {
        of_response(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body, "p")
    }

    #[test]
    fn statuses_have_their_classes() {
        let provider = "p";
        let cases = [
            (401, AiError::Auth { provider }),
            (403, AiError::Auth { provider }),
            (402, AiError::Quota { provider }),
            (404, AiError::InvalidRequest { provider, status: Some(404) }),
            (400, AiError::InvalidRequest { provider, status: Some(400) }),
            (408, AiError::Unavailable { provider }),
            (409, AiError::Unavailable { provider }),
            (424, AiError::Unavailable { provider }),
            (413, AiError::ContextTooLong),
            (429, AiError::RateLimited { provider, retry_after: None }),
            (500, AiError::Unavailable { provider }),
            (529, AiError::Unavailable { provider }),
        ];
        for (status, class) in cases {
            assert_eq!(response(status, "{}"), class, "{status}");
        }
    }

    #[test]
    fn bodies_refine_the_class() {
        let quota = r#"{"error":{"code":"insufficient_quota","message":"You exceeded your quota"}}"#;
        assert_eq!(response(429, quota), AiError::Quota { provider: "p" });
        for body in [
            r#"{"error":{"code":"context_length_exceeded"}}"#,
            r#"{"error":{"type":"exceed_context_size_error","n_ctx":4096,"n_prompt_tokens":6031}}"#,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens"}}"#,
            "the prompt is too long",
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            r#"{"message":"Input is too long for requested model."}"#,
            r#"[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum","status":"INVALID_ARGUMENT"}}]"#,
        ] {
            assert_eq!(response(400, body), AiError::ContextTooLong, "{body}");
        }
        let provider = "p";
        for (body, class) in [
            (r#"{"error":{"message":"Your credit balance is too low"}}"#, AiError::Quota { provider }),
            (
                r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}}"#,
                AiError::Auth { provider },
            ),
            (
                r#"{"error":{"code":"content_filter","message":"The response was filtered"}}"#,
                AiError::Filtered,
            ),
        ] {
            assert_eq!(response(400, body), class, "{body}");
        }
        let delayed = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"reason":"X"},{"retryDelay":"17.5s"}]}}"#;
        let retry_after = Some(Duration::from_millis(17_500));
        assert_eq!(response(429, delayed), AiError::RateLimited { provider, retry_after });
    }

    #[test]
    fn the_wait_is_read_in_both_forms() {
        let headers = |name: &'static str, value: &str| {
            HeaderMap::from_iter([(reqwest::header::HeaderName::from_static(name), value.parse().unwrap())])
        };
        assert_eq!(retry_after(&headers("retry-after", "7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&headers("retry-after-ms", "250")), Some(Duration::from_millis(250)));
        assert_eq!(retry_after(&headers("retry-after", "1e15")), Some(LONGEST_WAIT));
        for value in ["soon", "-3", "NaN"] {
            assert_eq!(retry_after(&headers("retry-after", value)), None, "{value}");
        }
    }

    #[test]
    fn errors_within_a_stream_are_classed() {
        let event = |body: Value| of_event(&body, "p");
        assert_eq!(event(serde_json::json!({"code": "context_length_exceeded"})), AiError::ContextTooLong);
        assert_eq!(
            event(serde_json::json!({"type": "server_error"})),
            AiError::Unavailable { provider: "p" }
        );
        assert_eq!(
            event(serde_json::json!({"code": "rate_limit_exceeded"})),
            AiError::RateLimited { provider: "p", retry_after: None }
        );
    }
}
