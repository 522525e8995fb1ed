//! One call to the model: through the gate, again after failures, and written down.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use crate::{
    context::RunContext,
    cost::Cost,
    error::{AiError, Verdict},
    ports::{CallOutcome, Gate},
};

use super::{
    chat::{ChatCall, ChatClient, ChatReply},
    halt::Halt,
    ledger::Ledger,
    passage::{Passage, Plan},
    retry::{Patience, with_retries},
    setup::Setup,
    stage::Voice,
};

/// Makes the calls of one run.
pub(super) struct Caller<'a> {
    client: &'a dyn ChatClient,
    setup: &'a Setup,
    model: Arc<str>,
    gate: Arc<dyn Gate>,
    pub(super) ledger: Ledger,
    pub(super) halt: Halt,
}

impl<'a> Caller<'a> {
    pub(super) fn new(client: &'a dyn ChatClient, setup: &'a Setup, context: &RunContext) -> Self {
        Self {
            client,
            setup,
            model: setup.info.model.as_str().into(),
            gate: Arc::clone(&context.gate),
            ledger: Ledger::new(setup.price()),
            halt: Halt::default(),
        }
    }

    /// Makes a call of about `input_tokens` until there is a reply. Each try goes through the gate by itself.
    ///
    /// # Errors
    /// The class of the last try's failure.
    pub(super) async fn complete(
        &self,
        call: &ChatCall,
        input_tokens: u32,
        voice: &Voice<'_>,
    ) -> Result<ChatReply, AiError> {
        let patience = Patience {
            policy: self.setup.retry,
            deadline: Instant::now() + self.setup.timeouts.total,
            provider: self.setup.info.provider,
            halt: &self.halt,
        };
        let plan = Plan {
            provider: self.setup.info.provider,
            model: Arc::clone(&self.model),
            input_tokens,
            output_tokens: call.max_output_tokens,
            cost: self.ledger.worst(input_tokens, call.max_output_tokens),
        };
        let deadline = patience.deadline;
        with_retries(patience, || self.once(call, plan.clone(), deadline, voice)).await
    }

    async fn once(
        &self,
        call: &ChatCall,
        plan: Plan,
        deadline: Instant,
        voice: &Voice<'_>,
    ) -> Result<ChatReply, AiError> {
        let entering = timeout_at(deadline, Passage::enter(Arc::clone(&self.gate), plan));
        let late = || AiError::Shared("the gate to the provider did not answer in time".into());
        let passage = entering.await.map_err(|_| late())??;
        self.ledger.attempt();
        voice.restart();
        let begun = Instant::now();
        let written = |text: &str| voice.written(text);
        let answered = timeout_at(deadline, self.client.complete(call, &written)).await;
        // A call that had little time left says nothing of the provider when it runs out.
        let is_abandoned = answered.is_err() && begun.elapsed() < self.setup.timeouts.header;
        let late = AiError::Timeout { provider: self.setup.info.provider };
        let reply = answered.unwrap_or(Err(late));
        let cost = reply.as_ref().ok().and_then(|reply| self.ledger.paid(reply.usage));
        let outcome = if is_abandoned { CallOutcome::Abandoned } else { outcome(&reply, cost) };
        passage.leave(outcome).await;
        reply
    }
}

/// How a call went, for those who share the provider.
fn outcome(reply: &Result<ChatReply, AiError>, cost: Option<Cost>) -> CallOutcome {
    match reply {
        Ok(reply) => CallOutcome::Answered { usage: reply.usage, cost },
        Err(AiError::RateLimited { retry_after, .. }) => CallOutcome::Limited { retry_after: *retry_after },
        // Faults of ours say nothing of the provider.
        Err(AiError::Cancelled | AiError::Shared(_) | AiError::Internal(_)) => CallOutcome::Abandoned,
        Err(error) if error.verdict() == Verdict::Fail => CallOutcome::Refused,
        Err(_) => CallOutcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_class_of_failure_has_its_outcome() {
        let provider = "p";
        let after = Some(Duration::from_secs(3));
        let cases = [
            (
                AiError::RateLimited { provider, retry_after: after },
                CallOutcome::Limited { retry_after: after },
            ),
            (AiError::Unavailable { provider }, CallOutcome::Failed),
            (AiError::Timeout { provider }, CallOutcome::Failed),
            (AiError::Auth { provider }, CallOutcome::Refused),
            (AiError::Quota { provider }, CallOutcome::Refused),
            (AiError::InvalidRequest { provider, status: Some(404) }, CallOutcome::Refused),
            (AiError::ContextTooLong, CallOutcome::Refused),
            (AiError::Filtered, CallOutcome::Refused),
            (AiError::Cancelled, CallOutcome::Abandoned),
            (AiError::Internal("x".into()), CallOutcome::Abandoned),
        ];
        for (error, expected) in cases {
            assert_eq!(outcome(&Err(error.clone()), None), expected, "{error}");
        }
    }
}
