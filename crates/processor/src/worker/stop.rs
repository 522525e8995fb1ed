//! Why a step of a task ended other than well.

use std::time::Duration;

use quire_domain::{
    Error,
    error::chain,
    failure::{Failure, FailureCode},
};

/// How a step of a task ended other than well.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot be done.
    Fail(Failure),
    /// It may work later; after the delay, if one is given.
    Retry(Failure, Option<Duration>),
    /// What it needs is away, whatever the task: it waits for that.
    Wait(Failure),
    /// It saw that the task was interrupted.
    Interrupted,
}

impl From<Error> for Stop {
    /// The database or storage did not do its part: a matter for later.
    fn from(error: Error) -> Self {
        tracing::warn!(error = chain(&error), "a task met a fault of the system");
        Self::Retry(
            Failure::new(FailureCode::Internal, "A part of the system failed every time this was tried."),
            None,
        )
    }
}
