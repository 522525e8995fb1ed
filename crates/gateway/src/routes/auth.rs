//! Signing up, in and out.

use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{Data, Json},
};
use quire_domain::FieldErrors;
use quire_web::{
    caller::{Caller, bearer_token},
    client_address::ClientAddress,
    json_body::JsonBody,
    problem::{HttpResult, ProblemBody},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ACCOUNTS,
    optional_body::OptionalBody,
    view::{MessageView, Registered, SignedInView, TokensView},
};
use crate::{
    Gateway,
    accounts::{self, Registration},
    sessions,
};

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "username": "ada", "email": "ada@example.com", "password": "correct horse battery",
    "password2": "correct horse battery", "first_name": "Ada", "last_name": "Lovelace",
    "phone": "+44 20 123456", "birthdate": "1990-12-10"
}))]
struct RegisterRequest {
    /// 3 to 150 letters, digits and `. _ + -`. Unique, whatever the case.
    #[schema(required)]
    username: Option<String>,
    /// Unique, whatever the case.
    #[schema(required)]
    email: Option<String>,
    /// 8 to 128 characters.
    #[schema(required, value_type = String, format = Password)]
    password: Option<SecretString>,
    /// The password again; where it is sent, the two must be equal.
    #[schema(value_type = Option<String>, format = Password)]
    password2: Option<SecretString>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    /// `YYYY-MM-DD`.
    #[schema(format = Date)]
    birthdate: Option<String>,
}

/// Register
///
/// Makes an account, and signs in to it. All fields that are wrong are told at once.
#[utoipa::path(
    tag = ACCOUNTS,
    security(()),
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The account was made.", body = Registered),
        (status = 409, description = "`username_taken` or `email_taken`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: `errors` says which fields.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/register")]
pub(super) async fn register(
    gateway: Data<Gateway>,
    JsonBody(form): JsonBody<RegisterRequest>,
) -> HttpResult<HttpResponse> {
    let form = Registration {
        username: trimmed(form.username),
        email: trimmed(form.email),
        password: form.password.unwrap_or_default(),
        password2: form.password2,
        first_name: trimmed(form.first_name),
        last_name: trimmed(form.last_name),
        phone: trimmed(form.phone),
        birthdate: trimmed(form.birthdate),
    };
    let signed_in = accounts::register(&gateway, form).await?;
    Ok(HttpResponse::Created().json(Registered {
        message: "Your account was made, and you are signed in.",
        signed_in: signed_in.into(),
    }))
}

/// Who signs in, and the password. One of the three names is enough.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"username_or_email": "ada", "password": "correct horse battery"}))]
struct LoginRequest {
    /// The user name or the e-mail address.
    username_or_email: Option<String>,
    /// As `username_or_email`.
    email: Option<String>,
    /// As `username_or_email`.
    username: Option<String>,
    #[schema(required, value_type = String, format = Password)]
    password: Option<SecretString>,
}

/// Sign in
///
/// By user name or e-mail address. After too many wrong passwords, for one account or from one
/// address, one has to wait.
#[utoipa::path(
    tag = ACCOUNTS,
    security(()),
    request_body = LoginRequest,
    responses(
        (status = 200, description = "Signed in.", body = SignedInView),
        (status = 401, description = "`invalid_credentials`: unknown, or a wrong password; which of the two is not told.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: a field is missing.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`login_throttled`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/login")]
pub(super) async fn login(
    gateway: Data<Gateway>,
    address: ClientAddress,
    JsonBody(form): JsonBody<LoginRequest>,
) -> HttpResult<Json<SignedInView>> {
    let identifier = trimmed(form.username_or_email.or(form.email).or(form.username));
    let mut errors = FieldErrors::default();
    if identifier.is_empty() {
        errors.add("username_or_email", "Give a user name or an e-mail address.");
    }
    if form.password.is_none() {
        errors.add("password", "This field is required.");
    }
    errors.into_result()?;
    let password = form.password.unwrap_or_default();
    let signed_in = accounts::log_in(&gateway, &identifier, password, address.0).await?;
    Ok(Json(signed_in.into()))
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"refresh": "mVw2b4J0uY8m1b6cC0n9rQvXo5tq3s1Zf7hK2dLpEaU"}))]
struct RefreshRequest {
    refresh: String,
}

/// Refresh tokens
///
/// Exchanges a refresh token for a new pair of tokens. Each is good once: shown a second time,
/// it ends the session, because somebody must have a copy.
#[utoipa::path(
    tag = ACCOUNTS,
    security(()),
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "A new pair.", body = TokensView),
        (status = 401, description = "`token_invalid`: unknown, expired, spent or ended.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: `refresh` is missing.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/token/refresh")]
pub(super) async fn refresh_token(
    gateway: Data<Gateway>,
    JsonBody(form): JsonBody<RefreshRequest>,
) -> HttpResult<Json<TokensView>> {
    let pair = sessions::refresh_token(&gateway, &form.refresh).await?;
    Ok(Json(pair.into()))
}

/// Which session to end.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({"refresh": "mVw2b4J0uY8m1b6cC0n9rQvXo5tq3s1Zf7hK2dLpEaU"}))]
struct LogoutRequest {
    /// The refresh token of the session. Without it, all sessions end.
    refresh: Option<String>,
}

/// Sign out
///
/// Ends the session of the refresh token, or, without one, all sessions of the account. Access
/// tokens that are out stay good until they expire.
#[utoipa::path(
    tag = ACCOUNTS,
    request_body(content = Option<LogoutRequest>, description = "May be left out."),
    responses(
        (status = 200, description = "Signed out.", body = MessageView),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/logout")]
pub(super) async fn logout(
    caller: Caller,
    gateway: Data<Gateway>,
    OptionalBody(form): OptionalBody<LogoutRequest>,
) -> HttpResult<Json<MessageView>> {
    sessions::log_out(&gateway, caller.user_id, form.refresh.as_deref()).await?;
    let message = match form.refresh {
        Some(_) => "You are signed out.",
        None => "You are signed out everywhere.",
    };
    Ok(Json(MessageView { message }))
}

/// The token to look at.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"}))]
struct ValidateTokenRequest {
    /// Without it, the token in `Authorization: Bearer` is looked at.
    token: Option<String>,
}

/// A token that is good.
#[derive(Debug, Serialize, ToSchema)]
struct ValidToken {
    #[schema(example = true)]
    valid: bool,
    #[schema(example = 42)]
    user_id: i64,
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(example = "ada")]
    username: String,
}

/// A token that is not good.
#[derive(Debug, Serialize, ToSchema)]
struct InvalidToken {
    #[schema(example = false)]
    valid: bool,
    /// A sentence that says why.
    #[schema(example = "The token has expired. Refresh it, or sign in again.")]
    error: String,
}

/// Validate an access token
///
/// Says whose token it is, for other services. The token comes in the body, or as bearer.
#[utoipa::path(
    tag = ACCOUNTS,
    security((), ("bearer" = [])),
    request_body(content = Option<ValidateTokenRequest>, description = "May be left out."),
    responses(
        (status = 200, description = "The token is good.", body = ValidToken),
        (status = 401, description = "The token is not good, or there is none.", body = InvalidToken),
        (status = 503, description = "`database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/validate-token")]
pub(super) async fn validate_token(
    request: HttpRequest,
    gateway: Data<Gateway>,
    OptionalBody(form): OptionalBody<ValidateTokenRequest>,
) -> HttpResult<HttpResponse> {
    let token = match &form.token {
        Some(token) => Ok(token.as_str()),
        None => bearer_token(&request),
    };
    let validated = match token {
        Ok(token) => accounts::validate_token(&gateway, token).await,
        Err(error) => Err(error),
    };
    match validated {
        Ok(user) => Ok(HttpResponse::Ok().json(ValidToken {
            valid: true,
            user_id: user.id().0,
            email: user.email,
            username: user.username,
        })),
        Err(error) if error.code.status() == 401 => Ok(HttpResponse::Unauthorized()
            .json(InvalidToken { valid: false, error: error.detail.into_owned() })),
        Err(error) => Err(error.into()),
    }
}

fn trimmed(text: Option<String>) -> String {
    text.map(|text| text.trim().to_owned()).unwrap_or_default()
}
