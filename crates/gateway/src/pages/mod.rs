//! Pages for browsers: the landing page, which says where to go.
//!
//! Everything comes from the binary; no page loads anything from elsewhere or runs scripts.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType},
    web::ServiceConfig,
};

const LANDING: &str = include_str!("landing.html");
const STYLE: &str = include_str!("quire.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What stands in the page for the address of this server.
const ORIGIN: &str = "http://quire.invalid";

/// Mounts the pages.
pub fn pages(app: &mut ServiceConfig) {
    app.service(landing).service(style);
}

#[get("/")]
async fn landing(request: HttpRequest) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(LANDING.replace(ORIGIN, &origin(&request)))
}

#[get("/static/quire.css")]
async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(STYLE)
}

/// The address under which the browser reached this server, for commands that can be copied.
/// It comes from headers, so nothing but the characters of an address is let into the page.
fn origin(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']');
    let (scheme, host) = (connection.scheme(), connection.host());
    if matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(plain) {
        format!("{scheme}://{host}")
    } else {
        "http://127.0.0.1:8080".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;

    async fn page(host: &str) -> String {
        let app = test::init_service(App::new().configure(pages)).await;
        let request = test::TestRequest::get().uri("/").insert_header(("host", host)).to_request();
        let body = test::call_and_read_body(&app, request).await;
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[actix_web::test]
    async fn the_page_shows_the_address_it_was_reached_at() {
        let page = page("docs.example.com:8443").await;
        assert!(page.contains("http://docs.example.com:8443/auth/register/"), "{page}");
        assert!(!page.contains(ORIGIN));
        for link in ["/docs", "/redoc", "/health"] {
            assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
        }
    }

    #[actix_web::test]
    async fn a_forged_host_does_not_get_into_the_page() {
        let page = page("evil\"><script>alert(1)</script>").await;
        assert!(!page.contains("script") && page.contains("http://127.0.0.1:8080/auth/login/"), "{page}");
    }
}
