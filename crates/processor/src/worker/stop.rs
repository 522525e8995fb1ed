//! Why a step of a task ended other than well.

use std::time::Duration;

use quire_domain::{
    Error,
    failure::{Failure, FailureCode},
};

/// How a step of a task ended other than well.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot be done.
    Fail(Failure),
    /// It may work later; after the delay, if one is given.
    Retry(Failure, Option<Duration>),
    /// What it needs is away, whatever the task: it waits for that; for so long, if that is known.
    Wait(Failure, Option<Duration>),
    /// The database or storage did not do its part: a matter for later.
    Fault(Error),
    /// It saw that the task was interrupted.
    Interrupted,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// What a fault of the system is to the user, in the end.
pub(super) fn of_the_system() -> Failure {
    Failure::new(FailureCode::Internal, "A part of the system failed every time this was tried.")
}
