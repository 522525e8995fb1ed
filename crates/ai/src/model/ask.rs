//! One question to the model, until its answer has the agreed form.

use std::sync::Mutex;

use serde_json::Value;

use crate::{answer::TokenUsage, error::AiError, schema::Shape};

use super::{ChatCall, ChatClient, ChatReply, Finish, ModelEngine, fence, retry::with_retries};

/// What a run has spent so far, failed attempts included.
#[derive(Default)]
pub(super) struct Ledger(Mutex<(u32, TokenUsage)>);

impl Ledger {
    fn attempt(&self) {
        self.with(|(attempts, _)| *attempts += 1);
    }

    fn paid(&self, usage: TokenUsage) {
        self.with(|(_, sum)| *sum += usage);
    }

    /// Attempts and tokens.
    pub(super) fn spent(&self) -> (u32, TokenUsage) {
        let mut now = Default::default();
        self.with(|spent| now = *spent);
        now
    }

    fn with(&self, change: impl FnOnce(&mut (u32, TokenUsage))) {
        // A panic elsewhere cannot leave two counters half written.
        change(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl<C: ChatClient> ModelEngine<C> {
    /// Asks until the answer has the agreed form: an answer that was cut off gets more room
    /// once, an answer of another form is sent back once with what is wrong.
    pub(super) async fn ask(
        &self,
        mut call: ChatCall,
        shape: &Shape,
        ledger: &Ledger,
    ) -> Result<Value, AiError> {
        let (mut enlarged, mut repaired) = (false, false);
        loop {
            let reply = self.complete(&call, ledger).await?;
            match reply.finish {
                Finish::Filtered => return Err(AiError::Filtered),
                Finish::Truncated if enlarged => return Err(AiError::Truncated),
                Finish::Truncated => {
                    enlarged = true;
                    call.max_output_tokens = call.max_output_tokens.saturating_mul(2);
                    continue;
                }
                Finish::Complete => {}
            }
            match shape.read(&reply.text) {
                Ok(value) => return Ok(value),
                Err(_) if repaired => return Err(AiError::BadOutput),
                Err(problems) => {
                    repaired = true;
                    tracing::info!(problems = problems.len(), "answer of another form, asking again");
                    call.user = fence::repair(&call.user, &reply.text, &problems)?;
                }
            }
        }
    }

    async fn complete(&self, call: &ChatCall, ledger: &Ledger) -> Result<ChatReply, AiError> {
        with_retries(self.retry, self.timeouts.total, self.info.provider, || async {
            ledger.attempt();
            let reply = self.client.complete(call, &|_| {}).await?;
            ledger.paid(reply.usage);
            Ok(reply)
        })
        .await
    }
}
