use actix_web::test::TestRequest;
use chrono::TimeDelta;
use quire_domain::user::Role;

use crate::app::{Answer, ask, bearer, context};

async fn with_authorization(path: &str, value: &str) -> Answer {
    let request = TestRequest::get().uri(path).insert_header(("authorization", value));
    ask(&context().0, request).await
}

#[actix_web::test]
async fn a_good_token_says_who_is_asking() {
    let token = bearer(&context().0, Role::User);
    assert_eq!(with_authorization("/me", &token).await.text, "7 user");
    let odd = token.replace("Bearer ", "bEARER  ");
    assert_eq!(with_authorization("/me", &odd).await.text, "7 user");
}

#[actix_web::test]
async fn without_a_bearer_token_nobody_is_signed_in() {
    let answer = ask(&context().0, TestRequest::get().uri("/me")).await;
    assert_eq!(answer.json()["code"], "not_authenticated");
    for value in ["", "Bearer", "Basic YTpi", "Bearerx abc"] {
        let answer = with_authorization("/me", value).await;
        assert_eq!((answer.status, &answer.json()["code"]), (401, &"not_authenticated".into()), "{value}");
    }
}

#[actix_web::test]
async fn bad_and_old_tokens_are_told_apart() {
    let answer = with_authorization("/me", "Bearer a.b.c").await;
    assert_eq!(answer.json()["code"], "token_invalid");

    let (context, clock) = context();
    let token = bearer(&context, Role::User);
    clock.advance(TimeDelta::hours(1));
    let request = TestRequest::get().uri("/me").insert_header(("authorization", token));
    assert_eq!(ask(&context, request).await.json()["code"], "token_expired");
}

#[actix_web::test]
async fn staff_pages_are_for_staff_and_superusers() {
    for (role, status) in [(Role::User, 403), (Role::Staff, 200), (Role::Superuser, 200)] {
        let token = bearer(&context().0, role);
        assert_eq!(with_authorization("/staff", &token).await.status, status, "{role}");
    }
    assert_eq!(ask(&context().0, TestRequest::get().uri("/staff")).await.status, 401);
}
