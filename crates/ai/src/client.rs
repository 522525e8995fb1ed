//! A chat client over the `genai` crate, which speaks every provider's dialect.
//!
//! Endpoint, key and adapter are always given: the crate must neither guess an adapter from a
//! model's name nor look for keys in the environment. Its errors and its own log lines hold what
//! providers wrote, and may echo documents and parts of keys: of the errors only the class leaves
//! this file, and the log lines go nowhere.

use std::sync::Arc;

use futures_util::StreamExt;
use genai::{
    Client, ServiceTarget,
    chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, JsonSpec, StopReason, StreamEnd, Usage},
};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

pub(crate) use self::target::Target;
use self::watch::Watch;
use crate::{
    config::{ConfigError, Timeouts},
    cost::TokenUsage,
    error::AiError,
    model::{Caps, ChatCall, ChatClient, ChatReply, Finish, TextSink},
};

mod classify;
mod target;
mod watch;

/// What Bedrock calls an answer that a filter or a guardrail stopped; the library does not know these.
const BEDROCK_FILTERS: [&str; 2] = ["content_filtered", "guardrail_intervened"];
/// What Anthropic calls an answer for which the model's window was too small.
const WINDOW_FULL: &str = "model_context_window_exceeded";

/// The one HTTP client for all models.
///
/// # Errors
/// When the system's certificates cannot be used.
pub(crate) fn http(timeouts: Timeouts) -> Result<reqwest::Client, ConfigError> {
    #[expect(clippy::disallowed_methods, reason = "the one client for model providers, with time limits")]
    let builder = reqwest::Client::builder();
    builder
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| ConfigError::Client(e.into()))
}

/// Asks one model. Streams, because that is how a stalled server is told from a thinking one.
pub(crate) struct GenaiClient {
    client: Client,
    service: ServiceTarget,
    base: ChatOptions,
    provider: &'static str,
    caps: Caps,
}

impl GenaiClient {
    pub(crate) fn new(
        target: Target,
        caps: Caps,
        timeouts: Timeouts,
        http: reqwest::Client,
    ) -> Result<Self, ConfigError> {
        let base = ChatOptions::default()
            .with_stream_header_timeout(timeouts.header)
            .with_stream_read_timeout(timeouts.idle)
            .with_capture_content(true)
            .with_capture_usage(true);
        let client =
            Client::builder().with_reqwest(http).build().map_err(|e| ConfigError::Client(e.into()))?;
        Ok(Self {
            client,
            provider: target.provider,
            base: target.naming_the_model(base),
            service: target.service(),
            caps,
        })
    }

    fn options(&self, call: &ChatCall, watch: Arc<Watch>) -> ChatOptions {
        let options =
            self.base.clone().with_max_tokens(call.max_output_tokens).with_raw_frame_sink_arc(watch);
        if self.caps.enforces_schema && call.is_strict {
            options.with_response_format(JsonSpec::new(call.schema_name, call.schema.clone()))
        } else {
            options
        }
    }

    async fn stream(&self, call: &ChatCall, written: TextSink<'_>) -> Result<StreamEnd, AiError> {
        let watch = Arc::new(Watch::new(self.provider));
        let end = self.events(call, written, &watch).await;
        // What a frame said goes before what the library made of it.
        watch.seen().map_or(end, Err)
    }

    async fn events(
        &self,
        call: &ChatCall,
        written: TextSink<'_>,
        watch: &Arc<Watch>,
    ) -> Result<StreamEnd, AiError> {
        let classed = |error: genai::Error| classify::class(&error, self.provider);
        let request = ChatRequest::default()
            .with_system(call.system.clone())
            .append_message(ChatMessage::user(call.user.clone()));
        let options = self.options(call, Arc::clone(watch));
        let response = self
            .client
            .exec_chat_stream(self.service.clone(), request, Some(&options))
            .await
            .map_err(classed)?;
        let mut events = response.stream;
        while let Some(event) = events.next().await {
            match event.map_err(classed)? {
                ChatStreamEvent::Chunk(chunk) => written(&chunk.content),
                ChatStreamEvent::End(end) => return Ok(end),
                _ => {}
            }
        }
        Err(AiError::Unavailable { provider: self.provider })
    }

    /// How a stream ended. One that did not say was cut.
    fn finish(&self, reason: Option<&StopReason>) -> Result<Finish, AiError> {
        match reason {
            Some(StopReason::Completed(_) | StopReason::StopSequence(_)) => Ok(Finish::Complete),
            Some(reason) if reason.raw() == WINDOW_FULL => Err(AiError::ContextTooLong),
            Some(StopReason::MaxTokens(_)) => Ok(Finish::Truncated),
            Some(StopReason::ContentFilter(_)) => Ok(Finish::Filtered),
            Some(reason) if BEDROCK_FILTERS.contains(&reason.raw()) => Ok(Finish::Filtered),
            _ => Err(AiError::Unavailable { provider: self.provider }),
        }
    }
}

#[async_trait::async_trait]
impl ChatClient for GenaiClient {
    fn caps(&self) -> Caps {
        self.caps
    }

    async fn complete(&self, call: &ChatCall, written: TextSink<'_>) -> Result<ChatReply, AiError> {
        let end = self.stream(call, written).with_subscriber(NoSubscriber::default()).await?;
        let finish = self.finish(end.captured_stop_reason.as_ref())?;
        let usage = end.captured_usage.as_ref().map(usage).unwrap_or_default();
        Ok(ChatReply { text: end.captured_into_first_text().unwrap_or_default(), finish, usage })
    }
}

fn usage(usage: &Usage) -> TokenUsage {
    let count = |tokens: Option<i32>| i64::from(tokens.unwrap_or_default());
    TokenUsage {
        input_tokens: count(usage.prompt_tokens),
        cached_input_tokens: count(usage.prompt_tokens_details.as_ref().and_then(|d| d.cached_tokens)),
        output_tokens: count(usage.completion_tokens),
        reasoning_tokens: count(usage.completion_tokens_details.as_ref().and_then(|d| d.reasoning_tokens)),
    }
}
