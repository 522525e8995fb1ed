use actix_web::{http::Method, test::TestRequest};
use quire_domain::ErrorCode;
use serde_json::json;

use crate::app::{Answer, send};

/// Asserts that the answer is a complete problem of that code.
#[track_caller]
fn assert_problem(answer: &Answer, code: ErrorCode, path: &str) {
    let body = answer.json();
    assert_eq!(body["code"], code.as_str(), "{}", answer.text);
    assert_eq!(answer.status, code.status());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(body["type"], format!("/docs/errors#{code}"));
    assert_eq!(body["title"], code.title());
    assert_eq!(body["status"], code.status());
    assert!(body["detail"].as_str().unwrap().ends_with('.'), "{}", answer.text);
    assert_eq!(body["instance"], path);
    assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"));
    assert_eq!(answer.header("www-authenticate").is_some(), code.status() == 401);
}

#[actix_web::test]
async fn every_code_renders_completely() {
    for code in ErrorCode::ALL {
        let path = format!("/errors/{code}");
        let answer = send(TestRequest::get().uri(&format!("{path}?secret=1"))).await;
        assert_problem(&answer, *code, &path);
        assert_eq!(answer.header("retry-after"), Some("2"));
        assert_eq!(answer.json()["errors"], json!({"field": ["A message."]}));
        assert!(!answer.text.contains("private") && !answer.text.contains("secret"));
    }
}

#[actix_web::test]
async fn challenges_follow_rfc_6750() {
    for (code, challenge) in [
        ("not_authenticated", r#"Bearer realm="quire""#),
        ("invalid_credentials", r#"Bearer realm="quire""#),
        ("token_invalid", r#"Bearer realm="quire", error="invalid_token""#),
        ("token_expired", r#"Bearer realm="quire", error="invalid_token", error_description="expired""#),
    ] {
        let answer = send(TestRequest::get().uri(&format!("/errors/{code}"))).await;
        assert_eq!(answer.header("www-authenticate"), Some(challenge));
    }
}

#[actix_web::test]
async fn bodies_that_cannot_be_taken() {
    let json = "application/json";
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(1024 * 1024));
    for path in ["/json", "/json-body"] {
        for (body, content_type, code) in [
            ("{", json, ErrorCode::MalformedRequest),
            ("", json, ErrorCode::MalformedRequest),
            ("{}", json, ErrorCode::ValidationFailed),
            (r#"{"name": 5}"#, json, ErrorCode::ValidationFailed),
            (r#"{"name": "x"}"#, "text/plain", ErrorCode::UnsupportedMediaType),
            (&large, json, ErrorCode::PayloadTooLarge),
        ] {
            let request = TestRequest::post().uri(path).insert_header(("content-type", content_type));
            let answer = send(request.set_payload(body.to_owned())).await;
            assert_problem(&answer, code, path);
        }
    }
    let form = "application/x-www-form-urlencoded";
    for (body, content_type, code) in [
        ("name=a", json, ErrorCode::UnsupportedMediaType),
        ("nam=a", form, ErrorCode::ValidationFailed),
        (&large, form, ErrorCode::PayloadTooLarge),
    ] {
        let request = TestRequest::post().uri("/form").insert_header(("content-type", content_type));
        let answer = send(request.set_payload(body.to_owned())).await;
        assert_problem(&answer, code, "/form");
    }
}

#[actix_web::test]
async fn the_field_is_named_where_it_is_known() {
    let required = json!({"name": ["This field is required."]});
    let expected = json!({"name": ["Expected a string."]});
    for (path, body, errors) in [
        ("/json", "{}", &required),
        ("/json-body", "{}", &required),
        ("/json-body", r#"{"name": 5}"#, &expected),
    ] {
        let request = TestRequest::post().uri(path).insert_header(("content-type", "application/json"));
        let answer = send(request.set_payload(body)).await;
        assert_eq!(&answer.json()["errors"], errors, "{path} {body}");
    }
    let answer = send(TestRequest::get().uri("/query")).await;
    assert_problem(&answer, ErrorCode::ValidationFailed, "/query");
    assert_eq!(answer.json()["errors"], json!({"limit": ["This field is required."]}));
}

#[actix_web::test]
async fn good_bodies_are_taken() {
    for path in ["/json", "/json-body"] {
        let request =
            TestRequest::post().uri(path).insert_header(("content-type", "application/json; charset=utf-8"));
        let answer = send(request.set_payload(r#"{"name": "x"}"#)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "x"));
    }
}

#[actix_web::test]
async fn queries_and_paths_that_cannot_be_read() {
    let answer = send(TestRequest::get().uri("/query?limit=many")).await;
    assert_problem(&answer, ErrorCode::MalformedRequest, "/query");
    let answer = send(TestRequest::get().uri("/numbers/five")).await;
    assert_problem(&answer, ErrorCode::NotFound, "/numbers/five");
}

#[actix_web::test]
async fn unknown_paths_and_methods() {
    let answer = send(TestRequest::get().uri("/nowhere")).await;
    assert_problem(&answer, ErrorCode::NotFound, "/nowhere");

    let answer = send(TestRequest::delete().uri("/numbers/5")).await;
    assert_problem(&answer, ErrorCode::MethodNotAllowed, "/numbers/5");
    assert_eq!(answer.header("allow"), Some("GET"));

    // The framework's own answer for a resource that has other methods.
    let answer = send(TestRequest::delete().uri("/resource/5")).await;
    assert_problem(&answer, ErrorCode::MethodNotAllowed, "/resource/5");
}

#[actix_web::test]
async fn errors_of_libraries_and_middlewares_have_the_same_shape() {
    let answer = send(TestRequest::get().uri("/foreign")).await;
    assert_problem(&answer, ErrorCode::MalformedRequest, "/foreign");
    assert_eq!(answer.json()["detail"], "the library says no.");

    let request = TestRequest::get().uri("/me").insert_header(("x-fail", "yes"));
    assert_problem(&send(request).await, ErrorCode::Overloaded, "/me");
}

#[actix_web::test]
async fn what_a_handler_wrote_itself_is_left_alone() {
    let answer = send(TestRequest::get().uri("/page-404")).await;
    assert_eq!((answer.status, answer.text.as_str()), (404, "<h1>No such page</h1>"));
    let answer = send(TestRequest::get().uri("/empty-409")).await;
    assert_eq!((answer.status, answer.text.as_str()), (409, ""));
    let answer = send(TestRequest::default().method(Method::HEAD).uri("/page-404")).await;
    assert_eq!(answer.status, 405);
}

#[actix_web::test]
async fn types_lead_to_the_catalogue() {
    let answer = send(TestRequest::get().uri("/docs/errors")).await;
    assert_eq!(answer.status, 200);
    for code in ErrorCode::ALL {
        assert!(answer.text.contains(&format!("id=\"{code}\"")), "{code}");
    }
}
