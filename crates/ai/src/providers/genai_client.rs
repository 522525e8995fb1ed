//! A chat client over the `genai` crate, which speaks every provider's dialect.
//!
//! Endpoint, key and adapter are always given: the crate must neither guess an adapter from a
//! model's name nor look for keys in the environment. Its errors and its own log lines hold what
//! providers wrote, and may echo documents and parts of keys: of the errors only the class leaves
//! this file, and the log lines go nowhere.

use futures_util::StreamExt;
use genai::{
    Client, ModelIden, ServiceTarget,
    adapter::AdapterKind,
    chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, JsonSpec, StopReason, StreamEnd, Usage},
    resolver::{AuthData, Endpoint},
};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use crate::{
    answer::TokenUsage,
    config::{ConfigError, Timeouts},
    error::AiError,
    model::{Caps, ChatCall, ChatClient, ChatReply, Finish, TextSink},
};

mod classify;

/// Where to, as whom, and in which dialect.
pub(super) struct Target {
    pub(super) provider: &'static str,
    pub(super) adapter: AdapterKind,
    /// Ends in a slash.
    pub(super) endpoint: String,
    pub(super) model: String,
    pub(super) key: String,
}

/// Asks one model. Streams, because that is how a stalled server is told from a thinking one.
pub(super) struct GenaiClient {
    client: Client,
    target: ServiceTarget,
    provider: &'static str,
    caps: Caps,
    timeouts: Timeouts,
}

impl GenaiClient {
    pub(super) fn new(target: Target, caps: Caps, timeouts: Timeouts) -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one client for model providers, with time limits")]
        let http = reqwest::Client::builder()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| ConfigError::Client(e.into()))?;
        let service = ServiceTarget {
            endpoint: Endpoint::from_owned(target.endpoint),
            auth: AuthData::from_single(target.key),
            model: ModelIden::new(target.adapter, target.model),
        };
        let client =
            Client::builder().with_reqwest(http).build().map_err(|e| ConfigError::Client(e.into()))?;
        Ok(Self { client, target: service, provider: target.provider, caps, timeouts })
    }

    fn options(&self, call: &ChatCall) -> ChatOptions {
        ChatOptions::default()
            .with_max_tokens(call.max_output_tokens)
            .with_response_format(JsonSpec::new(call.schema_name, call.schema.clone()))
            .with_stream_header_timeout(self.timeouts.header)
            .with_stream_read_timeout(self.timeouts.idle)
            .with_capture_content(true)
            .with_capture_usage(true)
    }

    async fn stream(&self, call: &ChatCall, written: TextSink<'_>) -> Result<StreamEnd, AiError> {
        let classed = |error: genai::Error| classify::class(&error, self.provider);
        let request = ChatRequest::default()
            .with_system(call.system.clone())
            .append_message(ChatMessage::user(call.user.clone()));
        let options = self.options(call);
        let response = self
            .client
            .exec_chat_stream(self.target.clone(), request, Some(&options))
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
}

#[async_trait::async_trait]
impl ChatClient for GenaiClient {
    fn caps(&self) -> Caps {
        self.caps
    }

    async fn complete(&self, call: &ChatCall, written: TextSink<'_>) -> Result<ChatReply, AiError> {
        let end = self.stream(call, written).with_subscriber(NoSubscriber::default()).await?;
        let finish = match end.captured_stop_reason {
            Some(StopReason::Completed(_) | StopReason::StopSequence(_)) => Finish::Complete,
            Some(StopReason::MaxTokens(_)) => Finish::Truncated,
            Some(StopReason::ContentFilter(_)) => Finish::Filtered,
            // A stream that ended without saying why was cut.
            _ => {
                return Err(AiError::Unavailable { provider: self.provider });
            }
        };
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
