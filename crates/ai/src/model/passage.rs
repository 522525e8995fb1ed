//! The way of one call through the gate.
//!
//! A pass must be given back whatever becomes of the run, which may be dropped at any await: cancelled, or lost
//! to another worker. So `enter` runs as a task of its own that owns the passage as soon as there is a pass; if
//! nobody waits for it any more, the passage is dropped there. Dropping one gives its pass back as abandoned.
//! `leave` runs as a task of its own too, and so comes to its end. Only where no runtime is left does a pass stay
//! out: then the process ends, and passes of lost processes expire by themselves.

use std::sync::Arc;

use tokio::{runtime::Handle, task::JoinHandle};
use tracing::Instrument;

use crate::{
    cost::Cost,
    error::AiError,
    ports::{CallOutcome, Gate, Pass, PlannedCall},
};

/// A [`PlannedCall`] that can be handed to a task of its own.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) provider: &'static str,
    pub(super) model: Arc<str>,
    pub(super) input_tokens: u32,
    pub(super) output_tokens: u32,
    pub(super) cost: Option<Cost>,
}

impl Plan {
    fn call(&self) -> PlannedCall<'_> {
        PlannedCall {
            provider: self.provider,
            model: &self.model,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost: self.cost,
        }
    }
}

/// A call that was let through.
pub(super) struct Passage {
    gate: Arc<dyn Gate>,
    plan: Plan,
    /// Until it is given back.
    pass: Option<Pass>,
}

impl Passage {
    /// Waits to be let through.
    ///
    /// # Errors
    /// As [`Gate::enter`].
    pub(super) async fn enter(gate: Arc<dyn Gate>, plan: Plan) -> Result<Self, AiError> {
        let entering = async move {
            let pass = gate.enter(&plan.call()).await?;
            Ok(Self { gate, plan, pass: Some(pass) })
        };
        let entered = tokio::spawn(entering.in_current_span()).await;
        entered.map_err(|_| AiError::Internal("the task that asks the gate was lost".into()))?
    }

    /// Gives the pass back.
    pub(super) async fn leave(mut self, outcome: CallOutcome) {
        if let Some(leaving) = self.give_back(outcome) {
            // A gate that panics has lost the pass: it expires.
            let _ = leaving.await;
        }
    }

    fn give_back(&mut self, outcome: CallOutcome) -> Option<JoinHandle<()>> {
        let pass = self.pass.take()?;
        let runtime = Handle::try_current().ok()?;
        let (gate, plan) = (Arc::clone(&self.gate), self.plan.clone());
        let leaving = async move { gate.leave(&plan.call(), pass, outcome).await };
        Some(runtime.spawn(leaving.in_current_span()))
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        // The task goes on by itself.
        let _ = self.give_back(CallOutcome::Abandoned);
    }
}
