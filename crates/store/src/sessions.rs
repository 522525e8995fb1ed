//! What keeps a person signed in: refresh tokens in families, and one-time socket tickets.
//!
//! Tokens themselves are never stored, only their SHA-256.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{Result, UserId};
use uuid::Uuid;

use crate::{
    error::Context,
    schema::{refresh_tokens, socket_tickets, users},
};

/// A refresh token as it is stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = refresh_tokens)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct RefreshToken {
    pub token_hash: Vec<u8>,
    pub family: Uuid,
    pub user_id: i64,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// What became of a refresh token that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// It was good, and is spent now.
    Fresh {
        /// Whose it is.
        user_id: UserId,
        /// The family that the next token joins.
        family: Uuid,
    },
    /// It had been spent before: somebody has a copy. The family is ended.
    Reused {
        /// Whose it was.
        user_id: UserId,
    },
    /// Unknown, expired, ended, or its account is not active.
    Unknown,
}

/// Stores a new refresh token.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_refresh_token(connection: &mut AsyncPgConnection, token: &RefreshToken) -> Result<()> {
    diesel::insert_into(refresh_tokens::table)
        .values(token)
        .execute(connection)
        .await
        .context("storing a refresh token")?;
    Ok(())
}

/// Spends a refresh token. Of two requests with the same token one gets
/// [`Redeemed::Fresh`], the other [`Redeemed::Reused`], also when they come at once.
///
/// # Errors
/// When the database does not answer.
pub async fn redeem_refresh_token(
    connection: &mut AsyncPgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Redeemed> {
    use refresh_tokens::dsl;

    let active = users::table.filter(users::active).select(users::id);
    let spent: Option<(i64, Uuid)> = diesel::update(
        dsl::refresh_tokens
            .find(token_hash)
            .filter(dsl::used_at.is_null().and(dsl::expires_at.gt(now)).and(dsl::user_id.eq_any(active))),
    )
    .set(dsl::used_at.eq(now))
    .returning((dsl::user_id, dsl::family))
    .get_result(connection)
    .await
    .optional()
    .context("spending a refresh token")?;
    if let Some((user_id, family)) = spent {
        return Ok(Redeemed::Fresh { user_id: UserId(user_id), family });
    }
    let reused: Option<(i64, Uuid)> = dsl::refresh_tokens
        .find(token_hash)
        .filter(dsl::used_at.is_not_null())
        .select((dsl::user_id, dsl::family))
        .first(connection)
        .await
        .optional()
        .context("looking up a spent refresh token")?;
    let Some((user_id, family)) = reused else {
        return Ok(Redeemed::Unknown);
    };
    end_family(connection, family).await?;
    Ok(Redeemed::Reused { user_id: UserId(user_id) })
}

/// Ends the family of a refresh token of this user; `false` when it is unknown.
///
/// # Errors
/// When the database does not answer.
pub async fn end_session(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    token_hash: &[u8],
) -> Result<bool> {
    let family: Option<Uuid> = refresh_tokens::table
        .find(token_hash)
        .filter(refresh_tokens::user_id.eq(user_id.0))
        .select(refresh_tokens::family)
        .first(connection)
        .await
        .optional()
        .context("looking up a session")?;
    match family {
        Some(family) => end_family(connection, family).await.map(|()| true),
        None => Ok(false),
    }
}

/// Ends every session of a user.
///
/// # Errors
/// When the database does not answer.
pub async fn end_all_sessions(connection: &mut AsyncPgConnection, user_id: UserId) -> Result<()> {
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::user_id.eq(user_id.0)))
        .execute(connection)
        .await
        .context("ending all sessions")?;
    Ok(())
}

async fn end_family(connection: &mut AsyncPgConnection, family: Uuid) -> Result<()> {
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::family.eq(family)))
        .execute(connection)
        .await
        .context("ending a session")?;
    Ok(())
}

/// Stores a one-time ticket for a WebSocket.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_socket_ticket(
    connection: &mut AsyncPgConnection,
    ticket_hash: &[u8],
    user_id: UserId,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(socket_tickets::table)
        .values((
            socket_tickets::ticket_hash.eq(ticket_hash),
            socket_tickets::user_id.eq(user_id.0),
            socket_tickets::expires_at.eq(expires_at),
        ))
        .execute(connection)
        .await
        .context("storing a socket ticket")?;
    Ok(())
}

/// Spends a one-time ticket: gives its user the first time, `None` ever after.
///
/// # Errors
/// When the database does not answer.
pub async fn redeem_socket_ticket(
    connection: &mut AsyncPgConnection,
    ticket_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    let found: Option<(i64, DateTime<Utc>)> = diesel::delete(socket_tickets::table.find(ticket_hash))
        .returning((socket_tickets::user_id, socket_tickets::expires_at))
        .get_result(connection)
        .await
        .optional()
        .context("spending a socket ticket")?;
    Ok(found.filter(|(_, expires_at)| *expires_at > now).map(|(user_id, _)| UserId(user_id)))
}

/// Removes refresh tokens and tickets that have expired.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep_expired(connection: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let tokens = diesel::delete(refresh_tokens::table.filter(refresh_tokens::expires_at.le(now)))
        .execute(connection)
        .await
        .context("sweeping refresh tokens")?;
    let tickets = diesel::delete(socket_tickets::table.filter(socket_tickets::expires_at.le(now)))
        .execute(connection)
        .await
        .context("sweeping socket tickets")?;
    Ok(tokens + tickets)
}
