//! From what the database says to what a client may know.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::PoolError;
use quire_domain::{Error, ErrorCode};

const UNAVAILABLE: &str = "The database does not answer. Please try again in a moment.";

/// Gives a database error its place in the domain, with a line of context for the log.
pub(crate) trait Context<T> {
    /// Maps the error: no connection, a shutdown and a timeout become
    /// [`ErrorCode::DatabaseUnavailable`], everything else [`ErrorCode::Internal`].
    fn context(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> Context<T> for Result<T, DieselError> {
    fn context(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|error| from_diesel(error, doing))
    }
}

pub(crate) fn from_diesel(error: DieselError, doing: &'static str) -> Error {
    if is_unavailable(&error) { unavailable(error) } else { Error::internal(doing).with_source(error) }
}

pub(crate) fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorCode::DatabaseUnavailable, UNAVAILABLE)
        .with_retry_after(std::time::Duration::from_secs(2))
        .with_source(source)
}

pub(crate) fn from_pool(error: PoolError) -> Error {
    unavailable(error)
}

fn is_unavailable(error: &DieselError) -> bool {
    match error {
        DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. } => true,
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
        // Diesel has no kind for these (SQLSTATE 57P01 to 57P03, 57014, 53300); PostgreSQL's
        // own words are all there is to go by.
        DieselError::DatabaseError(_, information) => [
            "terminating connection",
            "the database system is",
            "canceling statement due to",
            "too many clients",
            "connection closed",
            "error communicating with the server",
        ]
        .iter()
        .any(|words| information.message().contains(words)),
        _ => false,
    }
}

/// Whether what a row belongs to is gone.
pub(crate) fn is_without_parent(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _))
}

/// The name of the unique constraint that was violated, if that is what happened.
pub(crate) fn violated_constraint(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
            information.constraint_name()
        }
        _ => None,
    }
}
