//! Accounts: what their owners do with them.

mod forms;
mod profile;

use std::net::IpAddr;

use chrono::NaiveDate;
use quire_domain::{Error, ErrorCode, Result, UserId, user::Role};
use quire_store::{
    Rollback, Transaction as _,
    audit::{self, Action},
    sessions::end_all_sessions,
    users::{self, NewUser, User},
};
use secrecy::SecretString;

pub(crate) use self::{
    forms::{NewPassword, Registration},
    profile::{ProfileForm, get_profile, update_profile},
};
use crate::{
    Gateway,
    sessions::{self, TokenPair},
    throttle::{Attempt, Target},
};

/// Longer than any user name or e-mail address can be.
const IDENTIFIER_MAX: usize = 254;

/// Somebody who has just signed in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) tokens: TokenPair,
}

/// Makes an account and signs its owner in.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`], [`ErrorCode::UsernameTaken`], [`ErrorCode::EmailTaken`].
pub(crate) async fn register(gateway: &Gateway, form: Registration) -> Result<SignedIn> {
    let birthdate: Option<NaiveDate> = form.check(gateway.now().date_naive())?;
    let password_hash = gateway.passwords().hash(form.password).await?;
    let new = NewUser {
        username: &form.username,
        email: &form.email,
        password_hash: &password_hash,
        first_name: &form.first_name,
        last_name: &form.last_name,
        phone: &form.phone,
        birthdate,
        role: Role::User,
    };
    let mut connection = gateway.pool().get().await?;
    let signed_in = connection
        .transaction(async |connection| {
            let user = users::create(connection, &new).await?;
            audit::record(connection, Some(user.id()), Some(user.id()), Action::Registered).await?;
            let tokens = sessions::open(connection, gateway, &user).await?;
            Ok::<_, Rollback>(SignedIn { user, tokens })
        })
        .await?;
    Ok(signed_in)
}

/// Signs in by user name or e-mail address. An unknown name, a wrong password and an account
/// that is not active are told apart by nothing, the time it takes included.
///
/// # Errors
/// [`ErrorCode::InvalidCredentials`], [`ErrorCode::LoginThrottled`].
pub(crate) async fn log_in(
    gateway: &Gateway,
    identifier: &str,
    password: SecretString,
    address: IpAddr,
) -> Result<SignedIn> {
    let (found, attempt) = look_up(gateway, identifier, address).await?;
    let (user, hash) = found.unzip();
    let matches = gateway.passwords().verify(password, hash).await?;
    let user = user.filter(|user| matches && user.active).ok_or_else(invalid_credentials)?;

    let now = gateway.now();
    let mut connection = gateway.pool().get().await?;
    let tokens = connection
        .transaction(async |connection| {
            attempt.forgive(connection).await?;
            users::touch_login(connection, user.id(), now).await?;
            audit::record(connection, Some(user.id()), Some(user.id()), Action::LoggedIn).await?;
            sessions::open(connection, gateway, &user).await.map_err(Rollback::from)
        })
        .await?;
    Ok(SignedIn { user, tokens })
}

/// The account that a person wants to sign in to, if there is one, and the try, counted. The
/// connection goes back before the password is hashed, which takes long.
async fn look_up(
    gateway: &Gateway,
    identifier: &str,
    address: IpAddr,
) -> Result<(Option<(User, String)>, Attempt)> {
    let mut connection = gateway.pool().get().await?;
    let plausible = identifier.chars().count() <= IDENTIFIER_MAX && !identifier.contains('\0');
    let found = if plausible { users::find_for_login(&mut connection, identifier).await? } else { None };
    let target = match &found {
        Some((user, _)) => Target::Account(user.id()),
        None => Target::Nobody(identifier),
    };
    let throttle = &gateway.config().throttle;
    let attempt = Attempt::to_sign_in(&mut connection, throttle, target, address, gateway.now()).await?;
    Ok((found, attempt))
}

/// Replaces the password, ends every session, and begins a new one.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`], also when the current password is wrong;
/// [`ErrorCode::LoginThrottled`].
pub(crate) async fn change_password(
    gateway: &Gateway,
    user_id: UserId,
    form: NewPassword,
) -> Result<TokenPair> {
    let user = get_profile(gateway, user_id).await?;
    form.check(&user)?;
    let attempt = confirm(gateway, user_id, "current_password", form.current).await?;
    let hash = gateway.passwords().hash(form.new).await?;
    let mut connection = gateway.pool().get().await?;
    let tokens = connection
        .transaction(async |connection| {
            attempt.forgive(connection).await?;
            users::set_password_hash(connection, user_id, &hash).await?;
            end_all_sessions(connection, user_id).await?;
            audit::record(connection, Some(user_id), Some(user_id), Action::PasswordChanged).await?;
            sessions::open(connection, gateway, &user).await.map_err(Rollback::from)
        })
        .await?;
    Ok(tokens)
}

/// Removes the account and all that is its own.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] when the password is wrong; [`ErrorCode::LoginThrottled`].
pub(crate) async fn delete_profile(gateway: &Gateway, user_id: UserId, password: SecretString) -> Result<()> {
    let attempt = confirm(gateway, user_id, "password", password).await?;
    let mut connection = gateway.pool().get().await?;
    connection
        .transaction(async |connection| {
            attempt.forgive(connection).await?;
            audit::record(connection, Some(user_id), Some(user_id), Action::AccountDeleted).await?;
            users::delete(connection, user_id).await?;
            Ok::<_, Rollback>(())
        })
        .await?;
    Ok(())
}

/// Checks the password of somebody who is signed in; `field` is where it stood in the form.
/// Throttled like a sign-in: a stolen token must not be a way to guess.
async fn confirm(gateway: &Gateway, user_id: UserId, field: &str, password: SecretString) -> Result<Attempt> {
    let (hash, attempt) = {
        let mut connection = gateway.pool().get().await?;
        let hash = users::password_hash(&mut connection, user_id).await?;
        let hash = hash.ok_or_else(account_gone)?;
        let throttle = &gateway.config().throttle;
        let attempt = Attempt::to_confirm(&mut connection, throttle, user_id, gateway.now()).await?;
        (hash, attempt)
    };
    if gateway.passwords().verify(password, Some(hash)).await? {
        return Ok(attempt);
    }
    Err(Error::new(ErrorCode::ValidationFailed, format!("Please check: {field}."))
        .with_field(field, "This is not your password."))
}

/// Whose access token this is, as long as the account is there and active.
///
/// # Errors
/// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`].
pub(crate) async fn validate_token(gateway: &Gateway, token: &str) -> Result<User> {
    let claims = gateway.tokens().verify_access(token)?;
    get_profile(gateway, claims.user_id).await
}

fn invalid_credentials() -> Error {
    Error::new(
        ErrorCode::InvalidCredentials,
        "There is no account with this user name or e-mail address and this password.",
    )
}

/// The token is good, but its account is not there any more, or not active.
pub(crate) fn account_gone() -> Error {
    Error::new(
        ErrorCode::TokenInvalid,
        "The account of this token does not exist any more, or is not active.",
    )
}
