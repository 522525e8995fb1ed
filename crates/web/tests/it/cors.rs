use actix_web::{
    App, HttpResponse,
    middleware::from_fn,
    test::{TestRequest, call_service, init_service},
    web,
};
use quire_web::{
    config::{Environment, HttpConfig, Reader},
    cors, request,
};

/// The `access-control-allow-origin` of an error for a page of `https://a.example`.
async fn allowed(origins: &str) -> Option<String> {
    let environment = Environment::from_pairs([("CORS_ALLOWED_ORIGINS", origins)]);
    let mut reader = Reader::new(&environment);
    let config = HttpConfig::read(&mut reader, "0");
    reader.finish().unwrap();
    let (context, _) = crate::app::context();
    let app = App::new()
        .configure(|app| context.configure(app))
        .route("/", web::get().to(async || HttpResponse::Ok()))
        .wrap(cors(&config))
        .wrap(from_fn(request::finish));
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/nowhere").insert_header(("origin", "https://a.example"));
    let response = call_service(&app, request.to_request()).await;
    assert_eq!(response.status(), 404);
    let allowed = response.headers().get("access-control-allow-origin")?;
    Some(allowed.to_str().unwrap().to_owned())
}

#[actix_web::test]
async fn only_configured_origins_may_read_answers_and_errors_too() {
    assert_eq!(allowed("").await, None);
    assert_eq!(allowed("https://b.example").await, None);
    assert_eq!(allowed("https://b.example, https://a.example").await.as_deref(), Some("https://a.example"));
    assert_eq!(allowed("*").await.as_deref(), Some("*"));
}
