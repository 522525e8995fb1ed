//! The password of the caller.

use actix_web::{
    post,
    web::{Data, Json},
};
use quire_web::{
    caller::Caller,
    json_body::JsonBody,
    problem::{HttpResult, ProblemBody},
};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ACCOUNTS, view::PasswordChanged};
use crate::{
    Gateway,
    accounts::{self, NewPassword},
};

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "current_password": "correct horse battery", "new_password": "staple battery horse",
    "new_password2": "staple battery horse"
}))]
struct ChangePasswordRequest {
    /// Also taken under the name `old_password`.
    #[serde(alias = "old_password")]
    #[schema(required, value_type = String, format = Password)]
    current_password: Option<SecretString>,
    /// 8 to 128 characters.
    #[schema(required, value_type = String, format = Password)]
    new_password: Option<SecretString>,
    /// The new password again; where it is sent, the two must be equal.
    #[schema(value_type = Option<String>, format = Password)]
    new_password2: Option<SecretString>,
}

/// Change the password
///
/// Ends all sessions, and begins a new one with the tokens in the answer.
#[utoipa::path(
    tag = ACCOUNTS,
    request_body = ChangePasswordRequest,
    responses(
        (status = 200, description = "The password was changed.", body = PasswordChanged),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: `errors` says which fields.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`login_throttled`: too many wrong passwords, see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/password")]
pub(super) async fn change_password(
    caller: Caller,
    gateway: Data<Gateway>,
    JsonBody(form): JsonBody<ChangePasswordRequest>,
) -> HttpResult<Json<PasswordChanged>> {
    let form = NewPassword {
        current: form.current_password.unwrap_or_default(),
        new: form.new_password.unwrap_or_default(),
        new2: form.new_password2,
    };
    let tokens = accounts::change_password(&gateway, caller.user_id, form).await?;
    Ok(Json(PasswordChanged {
        message: "Your password was changed. All other sessions have ended.",
        tokens: tokens.into(),
    }))
}
