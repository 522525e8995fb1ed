//! The record of account and admin actions.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{Result, UserId};

use crate::{error::Context, schema::audit_log};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An account was made.
    Registered,
    /// Somebody signed in.
    LoggedIn,
    /// Somebody signed out.
    LoggedOut,
    /// A spent refresh token came a second time, and its session was ended.
    RefreshTokenReused,
    /// A profile was changed.
    ProfileChanged,
    /// A password was changed, and all sessions were ended.
    PasswordChanged,
    /// An account was deleted.
    AccountDeleted,
    /// A superuser was made on the command line.
    SuperuserCreated,
    /// Somebody of the staff deleted a document in which a virus was found.
    QuarantinedDocumentDeleted,
}

impl Action {
    /// The name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::LoggedIn => "logged_in",
            Self::LoggedOut => "logged_out",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::ProfileChanged => "profile_changed",
            Self::PasswordChanged => "password_changed",
            Self::AccountDeleted => "account_deleted",
            Self::SuperuserCreated => "superuser_created",
            Self::QuarantinedDocumentDeleted => "quarantined_document_deleted",
        }
    }
}

/// Records that `actor` did `action` to `subject`.
///
/// # Errors
/// When the database does not answer.
pub async fn record(
    connection: &mut AsyncPgConnection,
    actor: Option<UserId>,
    subject: Option<UserId>,
    action: Action,
) -> Result<()> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::actor_id.eq(actor.map(|id| id.0)),
            audit_log::subject_id.eq(subject.map(|id| id.0)),
            audit_log::action.eq(action.as_str()),
        ))
        .execute(connection)
        .await
        .context("writing the audit log")?;
    Ok(())
}
