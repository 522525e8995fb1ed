//! Accounts as clients read them.

use chrono::{DateTime, NaiveDate, Utc};
use quire_store::users::User;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{accounts::SignedIn, sessions::TokenPair};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserView {
    #[schema(example = 42)]
    id: i64,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(example = "Ada")]
    first_name: String,
    #[schema(example = "Lovelace")]
    last_name: String,
    /// Empty when it is not known.
    #[schema(example = "+44 20 123456")]
    phone: String,
    #[schema(example = "1990-12-10")]
    birthdate: Option<NaiveDate>,
    /// What can be spent, with two decimals.
    #[schema(example = "0.00")]
    wallet: String,
    /// How many files were handed in.
    #[schema(example = 7)]
    api_calls_count: i64,
    /// `user`, `staff` or `superuser`.
    #[schema(example = "user")]
    role: &'static str,
    created_at: DateTime<Utc>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id().0,
            role: user.role().as_str(),
            wallet: user.wallet.with_scale(2).to_plain_string(),
            username: user.username,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            phone: user.phone,
            birthdate: user.birthdate,
            api_calls_count: user.api_calls_count,
            created_at: user.created_at,
        }
    }
}

/// What to keep after signing in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(super) struct TokensView {
    /// The access token, a JWT. Send it as `Authorization: Bearer <access>`.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl")]
    access: String,
    /// Good for one new pair of tokens, once.
    #[schema(example = "mVw2b4J0uY8m1b6cC0n9rQvXo5tq3s1Zf7hK2dLpEaU")]
    refresh: String,
}

impl From<TokenPair> for TokensView {
    fn from(pair: TokenPair) -> Self {
        Self { access: pair.access, refresh: pair.refresh }
    }
}

/// Tokens, and whose they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(super) struct SignedInView {
    #[serde(flatten)]
    tokens: TokensView,
    user: UserView,
}

impl From<SignedIn> for SignedInView {
    fn from(signed_in: SignedIn) -> Self {
        Self { tokens: signed_in.tokens.into(), user: signed_in.user.into() }
    }
}

/// A new account, signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Registered {
    /// A sentence for the person.
    #[schema(example = "Your account was made, and you are signed in.")]
    pub(super) message: &'static str,
    #[serde(flatten)]
    pub(super) signed_in: SignedInView,
}

/// A changed password, and the tokens of the session that stays.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasswordChanged {
    /// A sentence for the person.
    #[schema(example = "Your password was changed. All other sessions have ended.")]
    pub(super) message: &'static str,
    #[serde(flatten)]
    pub(super) tokens: TokensView,
}

/// A sentence about what was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageView {
    /// A sentence for the person.
    #[schema(example = "You are signed out.")]
    pub(super) message: &'static str,
}
