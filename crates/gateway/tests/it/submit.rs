//! What passes through the upload proxy.

use futures_util::{FutureExt, stream};
use quire_gateway::GatewayConfig;
use quire_testkit::{Answer, Call};
use reqwest::{Body, Method, multipart::Form};
use serde_json::Value;

use crate::{
    harness::{Person, TestGateway},
    upstream::{ACCEPTED, Upstream},
};

const PATH: &str = "/auth/files/submit/";
const MULTIPART: &str = "multipart/form-data; boundary=b";

async fn gateway_to(upstream: &Upstream) -> TestGateway {
    let url = upstream.url();
    TestGateway::with(move |config: &mut GatewayConfig| {
        config.proxy.processor_url = url.parse().unwrap();
    })
    .await
}

fn submit(person: &Person) -> Call {
    person.client.call(Method::POST, PATH).header("content-type", MULTIPART)
}

async fn api_calls(gateway: &TestGateway) -> i64 {
    gateway.database.query_one("select api_calls_count from users").await
}

#[tokio::test]
async fn the_form_goes_through_and_the_answer_comes_back() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    let form = Form::new().text("task_type", "summarize").text("file", "hello");
    let call = ada.client.call(Method::POST, PATH).multipart(form);
    let call = call
        .header("idempotency-key", "key-1")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("cookie", "secret=1");
    let processor = async {
        let mut request = upstream.request().await;
        let body = String::from_utf8(request.body().await.unwrap()).unwrap();
        let headers = "content-type: application/json\r\nlocation: /process/tasks/1\r\nserver: x\r\n";
        request.answer("202 Accepted", headers, ACCEPTED).await;
        (request, body)
    };
    let (answer, (request, body)) = tokio::join!(call.send(), processor);

    assert!(request.head.starts_with("POST /process/submit HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(request.header("authorization"), Some(format!("Bearer {}", ada.access).as_str()));
    assert!(request.header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert_eq!(request.header("content-length"), Some(body.len().to_string().as_str()));
    assert_eq!(request.header("idempotency-key"), Some("key-1"));
    assert!(request.header("traceparent").is_some());
    assert_eq!(request.header("cookie"), None);
    assert_eq!(request.header("x-request-id"), answer.header("x-request-id"));
    assert!(body.contains("summarize") && body.contains("hello"), "{body}");

    answer.assert_status(202);
    assert_eq!(answer.text(), ACCEPTED);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("location"), Some("/process/tasks/1"));
    assert_eq!(answer.header("server"), None);
    assert_eq!(api_calls(&gateway).await, 1);
}

#[tokio::test]
async fn a_body_of_unknown_length_goes_through_in_chunks() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    let pieces: Vec<std::io::Result<Vec<u8>>> = (0..40_u8).map(|n| Ok(vec![n; 10_000])).collect();
    let call = submit(&ada).body(Body::wrap_stream(stream::iter(pieces)));
    let processor = async {
        let mut request = upstream.request().await;
        let body = request.body().await.unwrap();
        request.accept().await;
        body
    };
    let (answer, body) = tokio::join!(call.send(), processor);
    answer.assert_status(202);
    let expected: Vec<u8> = (0..40_u8).flat_map(|n| vec![n; 10_000]).collect();
    assert!(body == expected);
}

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    let processor = async {
        let mut request = upstream.request().await;
        for _ in 0..2 {
            request.body().await.unwrap();
            request.accept().await;
            request = crate::upstream::Exchange::read(request.stream).await;
        }
        request.body().await.unwrap();
        request.accept().await;
    };
    let client = async {
        for _ in 0..3 {
            submit(&ada).body("--b--").send().await.assert_status(202);
        }
    };
    tokio::join!(client, processor);
}

#[tokio::test]
async fn refusals_of_the_processor_are_passed_on_as_they_are() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    let problem = r#"{"type":"/docs/errors#too_many_tasks","status":429,"code":"too_many_tasks"}"#;
    let processor = async {
        let mut request = upstream.request().await;
        request.body().await.unwrap();
        let headers = "content-type: application/problem+json\r\nretry-after: 30\r\n";
        request.answer("429 Too Many Requests", headers, problem).await;
    };
    let (answer, ()) = tokio::join!(submit(&ada).body("--b--").send(), processor);
    answer.assert_problem(429, "too_many_tasks");
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert_eq!(answer.text(), problem);
}

#[tokio::test]
async fn what_the_head_tells_is_refused_before_anything_is_counted() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    let plain = ada.client.call(Method::POST, PATH);
    for call in [
        ada.client.call(Method::POST, PATH),
        plain.header("content-type", "application/json").body("{}"),
        ada.client.call(Method::POST, PATH).header("content-type", "multipart/mixed; boundary=b").body("x"),
    ] {
        call.send().await.assert_problem(415, "unsupported_media_type");
    }
    let large = vec![0_u8; 2 * 1024 * 1024 + 1];
    submit(&ada).body(large).send().await.assert_problem(413, "payload_too_large");
    assert_eq!(api_calls(&gateway).await, 0);
    assert!(upstream.connection().now_or_never().is_none());
}

#[tokio::test]
async fn an_account_that_is_gone_submits_nothing() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    gateway.database.execute("update users set active = false").await;
    submit(&ada).body("--b--").send().await.assert_problem(401, "token_invalid");
    assert!(upstream.connection().now_or_never().is_none());
}

#[tokio::test]
async fn an_answer_that_never_ends_is_not_passed_on() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    let processor = async {
        let mut request = upstream.request().await;
        request.body().await.unwrap();
        request.answer("200 OK", "", &"x".repeat(1024 * 1024 + 1)).await;
        request
    };
    let (answer, _request) = tokio::join!(submit(&ada).body("--b--").send(), processor);
    unavailable(&answer);
}

#[tokio::test]
async fn without_a_processor_it_is_said_when_to_come_back() {
    let gateway = TestGateway::start().await;
    let ada = gateway.person("ada").await;
    unavailable(&submit(&ada).body("--b--").send().await);
}

#[tokio::test]
async fn a_processor_that_hangs_up_is_unavailable() {
    let upstream = Upstream::listen().await;
    let gateway = gateway_to(&upstream).await;
    let ada = gateway.person("ada").await;
    let processor = async {
        let mut request = upstream.request().await;
        request.body().await.unwrap();
    };
    let (answer, ()) = tokio::join!(submit(&ada).body("--b--").send(), processor);
    unavailable(&answer);
}

fn unavailable(answer: &Answer) {
    let problem: Value = answer.assert_problem(503, "upstream_unavailable");
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(problem["instance"], PATH);
}
