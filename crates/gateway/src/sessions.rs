//! What keeps a person signed in: a short-lived access token, and a refresh token that is
//! replaced at each use.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use quire_domain::{Error, ErrorCode, Result, UserId, ids::uuid_v7, random};
use quire_store::{
    AsyncPgConnection, Rollback, Transaction as _,
    audit::{self, Action},
    sessions::{self, Redeemed, RefreshToken},
    users::{self, User},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Gateway;

/// What a client keeps after signing in.
#[derive(Debug)]
pub(crate) struct TokenPair {
    /// A JWT.
    pub(crate) access: String,
    /// 32 random bytes in base64url. Only its hash is stored.
    pub(crate) refresh: String,
}

/// Begins a session: a new family of refresh tokens.
pub(crate) async fn open(
    connection: &mut AsyncPgConnection,
    gateway: &Gateway,
    user: &User,
) -> Result<TokenPair> {
    let now = gateway.now();
    extend(connection, gateway, user, uuid_v7(now), now).await
}

/// The next pair of tokens of a family.
async fn extend(
    connection: &mut AsyncPgConnection,
    gateway: &Gateway,
    user: &User,
    family: Uuid,
    now: DateTime<Utc>,
) -> Result<TokenPair> {
    let refresh = URL_SAFE_NO_PAD.encode(random::bytes::<32>()?);
    let stored = RefreshToken {
        token_hash: hash(&refresh),
        family,
        user_id: user.id().0,
        created_at: now,
        expires_at: now + gateway.config().refresh_lifetime,
    };
    sessions::insert_refresh_token(connection, &stored).await?;
    let access = gateway.tokens().issue_access(user.id(), user.role())?;
    Ok(TokenPair { access: access.token, refresh })
}

enum Rotation {
    Done(TokenPair),
    Refused,
}

/// Exchanges a refresh token for a new pair. One that was exchanged before ends its session:
/// somebody has a copy, and nobody can tell who is the thief.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`] for every token that is not good, whatever the reason.
pub(crate) async fn refresh_token(gateway: &Gateway, refresh: &str) -> Result<TokenPair> {
    let now = gateway.now();
    let token_hash = hash(refresh);
    let mut connection = gateway.pool().get().await?;
    // A refusal is no error here: the end of a family and its record must be committed.
    let rotation = connection
        .transaction(async |connection| {
            let redeemed = sessions::redeem_refresh_token(connection, &token_hash, now).await?;
            rotate(connection, gateway, redeemed, now).await.map_err(Rollback::from)
        })
        .await?;
    match rotation {
        Rotation::Done(pair) => Ok(pair),
        Rotation::Refused => Err(Error::new(
            ErrorCode::TokenInvalid,
            "This refresh token is not valid any more. Sign in again.",
        )),
    }
}

async fn rotate(
    connection: &mut AsyncPgConnection,
    gateway: &Gateway,
    redeemed: Redeemed,
    now: DateTime<Utc>,
) -> Result<Rotation> {
    match redeemed {
        Redeemed::Fresh { user_id, family } => match users::find(connection, user_id).await? {
            Some(user) => extend(connection, gateway, &user, family, now).await.map(Rotation::Done),
            None => Ok(Rotation::Refused),
        },
        Redeemed::Reused { user_id } => {
            tracing::warn!(user.id = user_id.0, "a spent refresh token was shown again");
            audit::record(connection, None, Some(user_id), Action::RefreshTokenReused).await?;
            Ok(Rotation::Refused)
        }
        Redeemed::Unknown => Ok(Rotation::Refused),
    }
}

/// Ends the session of this refresh token, or all of the user's without one. A token that is
/// unknown, or somebody else's, ends nothing, and that is not told.
pub(crate) async fn log_out(gateway: &Gateway, user_id: UserId, refresh: Option<&str>) -> Result<()> {
    let token_hash = refresh.map(hash);
    let mut connection = gateway.pool().get().await?;
    connection
        .transaction(async |connection| {
            let ended = match &token_hash {
                Some(token_hash) => sessions::end_session(connection, user_id, token_hash).await?,
                None => sessions::end_all_sessions(connection, user_id).await.map(|()| true)?,
            };
            // Tokens outlive accounts: a record must not name one that is gone.
            if ended && users::find(connection, user_id).await?.is_some() {
                audit::record(connection, Some(user_id), Some(user_id), Action::LoggedOut).await?;
            }
            Ok::<_, Rollback>(())
        })
        .await?;
    Ok(())
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
