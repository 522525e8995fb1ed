//! An app with a route for everything that can go wrong.

use std::{sync::Arc, time::Duration};

use actix_web::{
    App, Error as ActixError, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    error::ErrorBadRequest,
    get,
    middleware::{Next, from_fn},
    post,
    test::{TestRequest, call_service, init_service, read_body},
    web,
};
use chrono::DateTime;
use quire_domain::{Error, ErrorCode, UserId, clock::FakeClock, user::Role};
use quire_web::{
    WebContext,
    caller::{Caller, Staff},
    client_address::TrustedProxies,
    config::TokenConfig,
    json_body::JsonBody,
    problem::{AllowedMethods, HttpResult, Problem},
    request::{self, RequestId},
    token::Tokens,
};
use serde::Deserialize;
use serde_json::Value;

pub(crate) fn context() -> (WebContext, FakeClock) {
    let clock = FakeClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let config = TokenConfig {
        secret: "0123456789abcdef0123456789abcdef".into(),
        previous_secrets: Vec::new(),
        access_lifetime: Duration::from_secs(900),
        refresh_lifetime: Duration::from_secs(86_400),
    };
    let context = WebContext {
        tokens: Tokens::new(&config, Arc::new(clock.clone())).unwrap(),
        clock: Arc::new(clock.clone()),
        trusted_proxies: TrustedProxies::default(),
    };
    (context, clock)
}

pub(crate) fn bearer(context: &WebContext, role: Role) -> String {
    let token = context.tokens.issue_access(UserId(7), role).unwrap().token;
    format!("Bearer {token}")
}

/// An error of any code, with everything an error can carry.
#[get("/errors/{code}")]
async fn any_error(code: web::Path<String>) -> HttpResult<HttpResponse> {
    let code = ErrorCode::ALL.iter().find(|c| c.as_str() == *code).unwrap();
    Err(Error::new(*code, "A sentence.")
        .with_field("field", "A message.")
        .with_retry_after(Duration::from_millis(1500))
        .with_source(std::io::Error::other("a private cause"))
        .into())
}

#[derive(Deserialize)]
struct Body {
    name: String,
}

#[post("/json")]
async fn json(body: web::Json<Body>) -> String {
    body.into_inner().name
}

#[post("/json-body")]
async fn json_body(body: JsonBody<Body>) -> String {
    body.into_inner().name
}

#[post("/form")]
async fn form(body: web::Form<Body>) -> String {
    body.into_inner().name
}

#[derive(Deserialize)]
struct Query {
    limit: u32,
}

#[get("/query")]
async fn query(query: web::Query<Query>) -> String {
    query.limit.to_string()
}

#[utoipa::path(responses((status = 200, description = "The number.")))]
#[get("/numbers/{id}")]
async fn number(id: web::Path<u32>) -> String {
    id.to_string()
}

#[get("/me")]
async fn me(caller: Caller) -> String {
    format!("{} {}", caller.user_id, caller.role)
}

#[get("/staff")]
async fn staff(staff: Staff) -> String {
    staff.0.user_id.to_string()
}

#[get("/request-id")]
async fn request_id(id: RequestId) -> String {
    id.to_string()
}

#[get("/foreign")]
async fn foreign() -> Result<HttpResponse, ActixError> {
    Err(ErrorBadRequest("the library says no"))
}

#[get("/empty-409")]
async fn empty_conflict() -> HttpResponse {
    HttpResponse::Conflict().finish()
}

#[get("/page-404")]
async fn page_not_found(_: HttpRequest) -> HttpResponse {
    HttpResponse::NotFound().content_type("text/html").body("<h1>No such page</h1>")
}

/// Fails when it is told to.
async fn moody(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    if request.headers().contains_key("x-fail") {
        return Err(Problem::new(ErrorCode::Overloaded, "Not today.").into());
    }
    next.call(request).await
}

pub(crate) fn app(
    context: &WebContext,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = ActixError,
        InitError = (),
    > + use<>,
> {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(number))]
    struct Api;

    let resource = web::resource("/resource/{id}").route(web::get().to(async || "got"));
    App::new()
        .configure(|app| context.configure(app))
        .app_data(AllowedMethods::new(&[&<Api as utoipa::OpenApi>::openapi()]))
        .service(any_error)
        .service(json)
        .service(json_body)
        .service(form)
        .service(query)
        .service(number)
        .service(me)
        .service(staff)
        .service(request_id)
        .service(foreign)
        .service(empty_conflict)
        .service(page_not_found)
        .service(resource)
        .wrap(from_fn(moody))
        .wrap(from_fn(request::finish))
        .wrap(request::span())
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(n, _)| n == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} is there twice");
        Some(value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

/// Asks a fresh app.
pub(crate) async fn ask(context: &WebContext, request: TestRequest) -> Answer {
    let service = init_service(app(context)).await;
    let request = request.to_request();
    let response = match actix_web::dev::Service::call(&service, request).await {
        Ok(response) => response.map_into_boxed_body(),
        // As the server does with what a middleware gives up on.
        Err(error) => {
            let (request, response) = (TestRequest::default().to_http_request(), error.error_response());
            ServiceResponse::new(request, response)
        }
    };
    let headers = response.headers().iter();
    Answer {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        text: String::from_utf8(read_body(response).await.to_vec()).unwrap(),
    }
}

/// As [`ask`], where nothing about the context matters.
pub(crate) async fn send(request: TestRequest) -> Answer {
    ask(&context().0, request).await
}

#[actix_web::test]
async fn the_app_serves_what_is_right() {
    let service = init_service(app(&context().0)).await;
    let request = TestRequest::get().uri("/numbers/5").to_request();
    assert!(call_service(&service, request).await.status().is_success());
}
