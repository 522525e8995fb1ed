//! Stopping parallel work after a failure.

use std::sync::OnceLock;

use tokio_util::sync::CancellationToken;

use crate::error::AiError;

/// The first failure of a run. After it nothing new begins and nothing is tried again, but calls under way come
/// to their end: they are paid for, and their replies are kept for the next run.
#[derive(Default)]
pub(super) struct Halt {
    first: OnceLock<AiError>,
    token: CancellationToken,
}

impl Halt {
    /// Something failed.
    pub(super) fn fail(&self, error: &AiError) {
        self.first.get_or_init(|| error.clone());
        self.token.cancel();
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// The first failure.
    pub(super) fn check(&self) -> Result<(), AiError> {
        self.first.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Waits for the first failure.
    pub(super) async fn halted(&self) {
        self.token.cancelled().await;
    }
}
