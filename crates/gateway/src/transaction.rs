//! All or nothing: what may go wrong inside a transaction of several store calls.

use std::time::Duration;

use quire_domain::{Error, ErrorCode};

/// Undoes the transaction it is returned from. Made by `?` from what the store answers, and
/// turned back by `?` into the domain's error outside.
#[derive(Debug)]
pub(crate) struct Rollback(Error);

impl From<Error> for Rollback {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<diesel::result::Error> for Rollback {
    /// The store maps errors of its own statements; what is left is the beginning and the end
    /// of the transaction, which fail when the database goes away.
    fn from(error: diesel::result::Error) -> Self {
        Self(
            Error::new(
                ErrorCode::DatabaseUnavailable,
                "The database does not answer. Please try again in a moment.",
            )
            .with_retry_after(Duration::from_secs(2))
            .with_source(error),
        )
    }
}

impl From<Rollback> for Error {
    fn from(Rollback(error): Rollback) -> Self {
        error
    }
}
