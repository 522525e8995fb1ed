//! Routes: they take requests apart, call a use case, and put answers together.

mod auth;
mod history;
mod optional_body;
mod password;
mod profile;
mod submit;
mod view;

use std::sync::OnceLock;

use actix_web::{App, Responder, get, web::Json};
use quire_web::openapi::Complete;
use utoipa::{
    Modify,
    openapi::{Info, OpenApiBuilder, tag::TagBuilder},
};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

const ACCOUNTS: &str = "Accounts";
const FILES: &str = "Files";

/// Mounts every route of the gateway. The app needs [`Gateway::data`](crate::Gateway::data),
/// `quire_web::WebContext`, and `NormalizePath::trim()`, by which paths work with and without
/// a slash at their end.
pub fn routes(app: &mut ServiceConfig<'_>) {
    app.service(auth::register)
        .service(auth::login)
        .service(auth::refresh_token)
        .service(auth::logout)
        .service(auth::validate_token)
        .service(profile::get_profile)
        .service(profile::update_profile)
        .service(profile::delete_profile)
        .service(password::change_password)
        .service(submit::submit_file)
        .service(history::list_tasks)
        .service(history::get_task)
        .service(get_openapi);
}

/// The description of every route of the gateway.
pub fn openapi() -> utoipa::openapi::OpenApi {
    static API: OnceLock<utoipa::openapi::OpenApi> = OnceLock::new();
    API.get_or_init(describe).clone()
}

fn describe() -> utoipa::openapi::OpenApi {
    let mut info = Info::new("Quire: accounts and uploads", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Sign up, sign in, and hand in files. Paths work with and without a slash at their end. \
         Errors are `application/problem+json` (RFC 9457)."
            .to_owned(),
    );
    let tags = [
        (ACCOUNTS, "Signing up, signing in, and what belongs to an account."),
        (FILES, "Handing in files, and what became of them."),
    ];
    let tags =
        tags.map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build());
    let base = OpenApiBuilder::new().info(info).tags(Some(tags)).build();
    let (_, mut api) = App::new().into_utoipa_app().openapi(base).configure(routes).split_for_parts();
    Complete.modify(&mut api);
    api
}

/// Describe the API
///
/// This description, as OpenAPI 3.1.
#[utoipa::path(
    tag = ACCOUNTS,
    security(()),
    responses((status = 200, description = "The description.", body = Object, content_type = "application/json")),
)]
#[get("/auth/openapi.json")]
async fn get_openapi() -> impl Responder {
    Json(openapi())
}
