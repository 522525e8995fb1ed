//! The account of the caller.

use actix_web::{
    HttpResponse, delete, get, patch,
    web::{Data, Json},
};
use quire_domain::{Error, ErrorCode};
use quire_web::{
    caller::Caller,
    json_body::JsonBody,
    problem::{HttpResult, ProblemBody},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{ACCOUNTS, optional_body::OptionalBody, view::UserView};
use crate::{
    Gateway,
    accounts::{self, ProfileForm},
};

/// Get the profile
///
/// The account of the caller.
#[utoipa::path(
    tag = ACCOUNTS,
    responses(
        (status = 200, description = "The account.", body = UserView),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/auth/profile")]
pub(super) async fn get_profile(caller: Caller, gateway: Data<Gateway>) -> HttpResult<Json<UserView>> {
    let user = accounts::get_profile(&gateway, caller.user_id).await?;
    Ok(Json(user.into()))
}

/// What to change. Fields that are not there stay as they are.
#[derive(ToSchema)]
#[schema(example = json!({"first_name": "Augusta", "phone": null}))]
#[expect(
    dead_code,
    reason = "describes the body; it is read field by field, so that `null` and absence differ"
)]
struct UpdateProfileRequest {
    username: Option<String>,
    email: Option<String>,
    /// `null` clears it.
    first_name: Option<String>,
    /// `null` clears it.
    last_name: Option<String>,
    /// `null` clears it.
    phone: Option<String>,
    /// `YYYY-MM-DD`; `null` clears it.
    #[schema(format = Date)]
    birthdate: Option<String>,
}

/// Change the profile
///
/// Changes the fields that are there. A field that cannot be changed is refused, not ignored.
#[utoipa::path(
    tag = ACCOUNTS,
    request_body = UpdateProfileRequest,
    responses(
        (status = 200, description = "The account after the change.", body = UserView),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`username_taken` or `email_taken`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: `errors` says which fields.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[patch("/auth/profile")]
pub(super) async fn update_profile(
    caller: Caller,
    gateway: Data<Gateway>,
    JsonBody(fields): JsonBody<Map<String, Value>>,
) -> HttpResult<Json<UserView>> {
    let user = accounts::update_profile(&gateway, caller.user_id, ProfileForm(fields)).await?;
    Ok(Json(user.into()))
}

/// The password, to confirm.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({"password": "correct horse battery"}))]
struct DeleteProfileRequest {
    #[schema(required, value_type = String, format = Password)]
    password: Option<SecretString>,
}

/// Delete the account
///
/// Removes the account with its documents, tasks and results, for good. The password confirms.
#[utoipa::path(
    tag = ACCOUNTS,
    request_body = DeleteProfileRequest,
    responses(
        (status = 204, description = "The account is gone."),
        (status = 401, description = "`not_authenticated`, `token_invalid` or `token_expired`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: the password is missing or wrong.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`login_throttled`: too many wrong passwords, see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `database_unavailable`: see `Retry-After`.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/auth/profile")]
pub(super) async fn delete_profile(
    caller: Caller,
    gateway: Data<Gateway>,
    OptionalBody(form): OptionalBody<DeleteProfileRequest>,
) -> HttpResult<HttpResponse> {
    let password = form.password.ok_or_else(|| {
        Error::new(ErrorCode::ValidationFailed, "Please check: password.")
            .with_field("password", "Send your password to confirm.")
    })?;
    accounts::delete_profile(&gateway, caller.user_id, password).await?;
    Ok(HttpResponse::NoContent().finish())
}
