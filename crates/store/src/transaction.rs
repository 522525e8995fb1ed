//! All or nothing: several calls of this crate in one transaction.
//!
//! ```no_run
//! use quire_store::{Pool, Rollback, Transaction, audit, users};
//!
//! # async fn example(pool: Pool, id: quire_domain::UserId) -> quire_domain::Result<()> {
//! pool.get()
//!     .await?
//!     .transaction(async |connection| -> Result<_, Rollback> {
//!         audit::record(connection, Some(id), None, audit::Action::AccountDeleted).await?;
//!         users::delete(connection, id).await?;
//!         Ok(())
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```

use quire_domain::Error;

use crate::error::unavailable;

pub use diesel_async::AsyncConnection as Transaction;

/// Undoes the transaction it is returned from. Made by `?` from what the calls answer, and
/// turned back by `?` into the domain's error outside.
#[derive(Debug)]
pub struct Rollback(Error);

impl From<Error> for Rollback {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<diesel::result::Error> for Rollback {
    /// The store maps errors of its own statements; what is left is the beginning and the end
    /// of the transaction, which fail when the database goes away.
    fn from(error: diesel::result::Error) -> Self {
        Self(unavailable(error))
    }
}

impl From<Rollback> for Error {
    fn from(Rollback(error): Rollback) -> Self {
        error
    }
}
