//! What providers say in their streams and the library passes over: refusals and failures.

use std::sync::{Mutex, PoisonError};

use genai::chat::{ChatFrameSink, FrameCtx, RawFrameRef};
use serde_json::Value;

use crate::error::AiError;

use super::classify;

/// Words of which one occurs in every frame that matters, so that few frames are parsed twice.
const SIGNS: [&str; 4] = ["refusal", "blockReason", "content_filter", "response.failed"];

/// Watches the frames of one stream.
pub(super) struct Watch {
    provider: &'static str,
    seen: Mutex<Option<AiError>>,
}

impl Watch {
    pub(super) fn new(provider: &'static str) -> Self {
        Self { provider, seen: Mutex::new(None) }
    }

    /// What a frame said the matter was.
    pub(super) fn seen(&self) -> Option<AiError> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn read(&self, frame: &Value) -> Option<AiError> {
        let text = |path: &str| frame.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("/type") == Some("response.failed") {
            let error = frame.pointer("/response/error").unwrap_or(&Value::Null);
            return Some(classify::of_event(error, self.provider));
        }
        let is_refusal = text("/choices/0/delta/refusal").is_some()
            || text("/type").is_some_and(|kind| kind.starts_with("response.refusal."))
            || text("/promptFeedback/blockReason").is_some()
            || text("/response/incomplete_details/reason") == Some("content_filter");
        is_refusal.then_some(AiError::Filtered)
    }
}

impl ChatFrameSink for Watch {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        if !SIGNS.iter().any(|sign| frame.data.contains(sign)) {
            return;
        }
        if let Some(seen) = frame.json().and_then(|frame| self.read(&frame)) {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn refusals_are_told_from_words_about_them() {
        let watch = Watch::new("p");
        for refusal in [
            json!({"choices": [{"delta": {"refusal": "I cannot"}}]}),
            json!({"type": "response.refusal.delta", "delta": "I cannot"}),
            json!({"promptFeedback": {"blockReason": "SAFETY"}}),
            json!({"type": "response.incomplete", "response": {"incomplete_details": {"reason": "content_filter"}}}),
        ] {
            assert_eq!(watch.read(&refusal), Some(AiError::Filtered), "{refusal}");
        }
        for other in [
            json!({"choices": [{"delta": {"content": "a refusal", "refusal": null}}]}),
            json!({"type": "response.incomplete", "response": {"incomplete_details": {"reason": "max_output_tokens"}}}),
            json!({"promptFeedback": {}}),
        ] {
            assert_eq!(watch.read(&other), None, "{other}");
        }
    }

    #[test]
    fn a_failed_response_has_the_class_of_its_code() {
        let failed = |code: &str| json!({"type": "response.failed", "response": {"error": {"code": code}}});
        let watch = Watch::new("p");
        assert_eq!(watch.read(&failed("server_error")), Some(AiError::Unavailable { provider: "p" }));
        let limited = AiError::RateLimited { provider: "p", retry_after: None };
        assert_eq!(watch.read(&failed("rate_limit_exceeded")), Some(limited));
    }
}
