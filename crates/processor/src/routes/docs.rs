//! The documentation that runs: Swagger UI and ReDoc, both from the binary, for the
//! descriptions of both services. (The gateway serves its own description.)

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpResponse, get,
    http::header::{self, ContentType},
    web::{Path, Redirect, ServiceConfig},
};
use aide::redoc::Redoc;
use quire_domain::Error;
use quire_web::problem::HttpResult;
use utoipa_swagger_ui::{Config, Url};

const PROCESSOR_SPEC: &str = "/openapi.json";
const GATEWAY_SPEC: &str = "/auth/openapi.json";

static SWAGGER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let specs = [Url::with_primary("Processor", PROCESSOR_SPEC, true), Url::new("Gateway", GATEWAY_SPEC)];
    Arc::new(Config::new(specs).persist_authorization(true).display_request_duration(true))
});

static SPEC: LazyLock<String> = LazyLock::new(|| {
    // A description made of plain data always has a JSON form.
    super::openapi().to_pretty_json().unwrap_or_default()
});

static PROCESSOR_REDOC: LazyLock<String> = LazyLock::new(|| redoc("Quire processor", PROCESSOR_SPEC));
static GATEWAY_REDOC: LazyLock<String> = LazyLock::new(|| redoc("Quire gateway", GATEWAY_SPEC));

fn redoc(title: &str, spec: &str) -> String {
    Redoc::new(spec).with_title(title).html()
}

/// Mounts the documentation.
pub fn docs(app: &mut ServiceConfig) {
    app.service(openapi_json)
        .service(Redirect::new("/docs", "/docs/index.html"))
        .service(Redirect::new("/apidocs", "/docs/index.html"))
        .service(Redirect::new("/swagger", "/docs/index.html"))
        .service(Redirect::new("/swagger/index.html", "/docs/index.html"))
        .service(swagger_file)
        .service(redoc_processor)
        .service(redoc_gateway);
}

#[get("/openapi.json")]
async fn openapi_json() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(SPEC.as_str())
}

#[get("/docs/{file:.+}")]
async fn swagger_file(file: Path<String>) -> HttpResult<HttpResponse> {
    let served = utoipa_swagger_ui::serve(&file, SWAGGER.clone())
        .map_err(|e| Error::internal("serving Swagger UI").with_source(e.to_string()))?;
    let file = served.ok_or_else(|| Error::not_found("page"))?;
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
}

#[get("/redoc")]
async fn redoc_processor() -> HttpResponse {
    html(&PROCESSOR_REDOC)
}

#[get("/redoc/gateway")]
async fn redoc_gateway() -> HttpResponse {
    html(&GATEWAY_REDOC)
}

fn html(page: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(page)
}
