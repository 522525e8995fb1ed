//! What surrounds one run: the way to stop it, and the way to hear how far it is.

use std::{fmt, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{
    error::AiError,
    ports::{Gate, NoReplies, OpenGate, Replies},
};

/// How far a run is, in steps of its own choosing (chunks for a model, stages locally).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps finished.
    pub done: u32,
    /// Steps in all; may grow while a text is being split.
    pub total: u32,
}

/// Hears of progress. Called from the working thread: it must be quick and must not block.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// A piece of an answer while it is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// The answer begins, or begins anew: what was shown before counts no more.
    Begin,
    /// More of its text.
    Text(String),
}

/// Hears the answer being written. Called from the working thread: it must be quick and must not block.
pub type DeltaSink = Arc<dyn Fn(Delta) + Send + Sync>;

/// What surrounds one run.
#[derive(Clone)]
pub struct RunContext {
    /// Cancelling it ends the run with [`AiError::Cancelled`] at the next step.
    pub cancel: CancellationToken,
    /// Hears how far the run is.
    pub progress: ProgressSink,
    /// Hears the answer being written, where the task type lets it be read before it is checked.
    pub deltas: DeltaSink,
    /// Replies that are kept.
    pub replies: Arc<dyn Replies>,
    /// Lets calls through.
    pub gate: Arc<dyn Gate>,
}

impl RunContext {
    /// A context to which nobody listens, that keeps no replies and lets every call through.
    pub fn new(cancel: CancellationToken) -> Self {
        Self {
            cancel,
            progress: Arc::new(|_| {}),
            deltas: Arc::new(|_| {}),
            replies: Arc::new(NoReplies),
            gate: Arc::new(OpenGate),
        }
    }

    /// Sends progress to `sink`.
    #[must_use]
    pub fn with_progress(mut self, sink: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Arc::new(sink);
        self
    }

    /// Sends the answer to `sink` while it is being written.
    #[must_use]
    pub fn with_deltas(mut self, sink: impl Fn(Delta) + Send + Sync + 'static) -> Self {
        self.deltas = Arc::new(sink);
        self
    }

    /// Keeps replies there.
    #[must_use]
    pub fn with_replies(mut self, replies: Arc<dyn Replies>) -> Self {
        self.replies = replies;
        self
    }

    /// Asks it before each call.
    #[must_use]
    pub fn with_gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.gate = gate;
        self
    }

    /// Reports that `done` of `total` steps are finished, unless the run was cancelled.
    ///
    /// # Errors
    /// [`AiError::Cancelled`] once the token is cancelled.
    pub fn step(&self, done: u32, total: u32) -> Result<(), AiError> {
        self.check()?;
        (self.progress)(Progress { done, total });
        Ok(())
    }

    /// Fails once the run was cancelled.
    ///
    /// # Errors
    /// [`AiError::Cancelled`] once the token is cancelled.
    pub fn check(&self) -> Result<(), AiError> {
        if self.cancel.is_cancelled() { Err(AiError::Cancelled) } else { Ok(()) }
    }
}

impl Default for RunContext {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl fmt::Debug for RunContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunContext").field("cancelled", &self.cancel.is_cancelled()).finish_non_exhaustive()
    }
}
