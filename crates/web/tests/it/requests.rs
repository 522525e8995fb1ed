use actix_web::test::TestRequest;

use crate::app::send;

#[actix_web::test]
async fn a_plain_request_id_is_kept() {
    for id in ["a", "0198f6a2-0000-7000-8000-000000000000", "A.b_c-9", &"x".repeat(128)] {
        let answer = send(TestRequest::get().uri("/request-id").insert_header(("x-request-id", id))).await;
        assert_eq!(answer.text, id);
        assert_eq!(answer.header("x-request-id"), Some(id));
    }
}

#[actix_web::test]
async fn any_other_is_replaced_by_a_new_one() {
    for id in ["", "two words", "a\tb", "<script>", "ä", &"x".repeat(129)] {
        let request = TestRequest::get().uri("/request-id").insert_header(("x-request-id", id.as_bytes()));
        let answer = send(request).await;
        assert_eq!(answer.header("x-request-id"), Some(answer.text.as_str()));
        // 1,800,000,000,000 ms in hexadecimal: the time is that of the app's clock.
        assert!(answer.text.starts_with("01a3185c-5000-7"), "{id}: {}", answer.text);
    }
}

#[actix_web::test]
async fn every_response_has_an_id_and_safe_defaults() {
    for path in ["/request-id", "/nowhere", "/me", "/page-404"] {
        let answer = send(TestRequest::get().uri(path)).await;
        assert!(answer.header("x-request-id").is_some(), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
    }
    let failed = send(TestRequest::get().uri("/me").insert_header(("x-fail", "1"))).await;
    assert!(failed.header("x-request-id").is_some());
}
