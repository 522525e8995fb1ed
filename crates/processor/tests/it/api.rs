//! The surface as a whole: who may call what, and how it is described.

use std::collections::BTreeSet;

use quire_processor::openapi;
use quire_testkit::{Answer, HttpClient};
use reqwest::Method;
use serde_json::Value;

use crate::support::Setup;

/// Operations that answer without a token, and why.
const OPEN: &[(&str, &str)] = &[
    (
        "open_socket",
        "browsers cannot send the header here; the token in the address is checked by the socket",
    ),
    ("fetch_blob", SIGNED),
    ("head_blob", SIGNED),
    ("store_blob", SIGNED),
    ("get_upload_options", "what the server can do is asked before anything else, and tells of no user"),
];
const SIGNED: &str = "the signature in the address is the permission";

/// Every operation that needs one, with an address to call.
const PROTECTED: &[(&str, &str, &str)] = &[
    ("submit_document", "POST", "/process/submit"),
    ("create_task", "POST", "/process/tasks"),
    ("list_tasks", "GET", "/process/tasks"),
    ("get_task", "GET", "/process/tasks/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("cancel_task", "POST", "/process/tasks/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/cancel"),
    ("retry_task", "POST", "/process/tasks/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/retry"),
    ("export_task", "GET", "/process/tasks/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/export"),
    ("upload_file", "POST", "/files/"),
    ("get_file", "GET", "/files/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/"),
    ("get_file_status", "GET", "/files/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/status/"),
    ("initiate_upload", "POST", "/documents/initiate-upload"),
    ("enqueue_document", "POST", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/enqueue"),
    ("upload_object", "POST", "/api/files/"),
    ("fetch_object", "GET", "/api/files/uploads/user-1/a.pdf"),
    ("list_records", "GET", "/api/records/"),
    ("get_record", "GET", "/api/records/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("create_record", "POST", "/api/records/"),
    ("download_file", "GET", "/files/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/download"),
    ("head_file", "HEAD", "/files/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/download"),
    ("create_upload", "POST", "/files/uploads"),
    ("get_upload", "HEAD", "/files/uploads/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("append_to_upload", "PATCH", "/files/uploads/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("delete_upload", "DELETE", "/files/uploads/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("override_upload_method", "POST", "/files/uploads/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("get_thumbnail", "GET", "/files/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/thumbnail"),
    ("get_page_picture", "GET", "/files/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/pages/1"),
    ("list_documents", "GET", "/documents"),
    ("delete_documents", "POST", "/documents/bulk-delete"),
    ("get_document", "GET", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("update_document", "PATCH", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("delete_document", "DELETE", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01"),
    ("get_document_text", "GET", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/text"),
    ("get_cv", "GET", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/cv"),
    ("update_cv", "PUT", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/cv"),
    ("list_cv_edits", "GET", "/documents/0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01/cv/history"),
    ("list_task_types", "GET", "/process/task-types"),
    ("get_usage", "GET", "/process/usage"),
    ("create_socket_ticket", "POST", "/process/ws-ticket"),
    ("stream_events", "GET", "/process/events"),
];

struct Operation {
    path: String,
    description: Value,
}

impl Operation {
    fn id(&self) -> &str {
        self.description["operationId"].as_str().unwrap_or_else(|| panic!("{} has no operationId", self.path))
    }

    fn responses(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.description["responses"].as_object().unwrap().iter()
    }
}

fn operations() -> Vec<Operation> {
    let api = serde_json::to_value(openapi()).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, description)| Operation {
            path: format!("{method} {path}"),
            description: description.clone(),
        })
    });
    operations.collect()
}

#[test]
fn every_operation_is_known_to_be_open_or_protected() {
    let described: BTreeSet<_> = operations().iter().map(|operation| operation.id().to_owned()).collect();
    let known = PROTECTED.iter().map(|(id, ..)| *id).chain(OPEN.iter().map(|(id, _)| *id));
    assert_eq!(described, known.map(str::to_owned).collect());
    assert_eq!(described.len(), operations().len(), "an operationId is used twice");
}

#[tokio::test]
async fn protected_operations_want_a_token() {
    let quire = Setup::new().await.start().await;
    for (client, code) in
        [(quire.client.clone(), "not_authenticated"), (quire.client.with_token("x.y.z"), "token_invalid")]
    {
        for (id, method, path) in PROTECTED {
            let answer = client.call(method.parse().unwrap(), path).send().await;
            assert_eq!(answer.status, 401, "{id}");
            // An answer to HEAD has no body to tell the code.
            if *method != "HEAD" {
                answer.assert_problem(401, code);
            }
        }
    }
}

#[test]
fn every_operation_is_described() {
    for operation in operations() {
        let id = operation.id();
        let summary = operation.description["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{id} has no summary, or a sentence for one");
        assert!(operation.description["tags"].is_array(), "{id}");
        let statuses: BTreeSet<_> = operation.responses().map(|(status, _)| status.as_str()).collect();
        assert!(statuses.iter().any(|status| status.starts_with(['1', '2'])), "{id} never succeeds");
        assert!(statuses.contains("default"), "{id}");
        if !OPEN.iter().any(|(open, _)| *open == id) {
            assert!(statuses.contains("401"), "{id}");
        }
        if operation.path.contains('{') {
            assert!(statuses.contains("404") || id == "open_socket", "{id}");
        }
        for (status, response) in operation.responses() {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{id} {status}");
            if status.starts_with(['4', '5']) {
                assert!(response["content"]["application/problem+json"].is_object(), "{id} {status}");
            }
        }
    }
}

#[test]
fn every_parameter_is_described() {
    for operation in operations() {
        for parameter in operation.description["parameters"].as_array().into_iter().flatten() {
            let description = parameter["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{}: {}", operation.id(), parameter["name"]);
        }
    }
}

#[tokio::test]
async fn paths_work_with_a_trailing_slash() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let task = user.submit_text().await.task;
    for path in
        ["/process/tasks".to_owned(), format!("/process/tasks/{task}"), "/process/task-types".to_owned()]
    {
        let plain = user.client.get(&path).await.expect_status(200);
        let slashed = user.client.get(&format!("{path}/")).await.expect_status(200);
        assert_eq!(plain.body, slashed.body, "{path}");
    }
    user.act(&task, "cancel/").await.assert_status(202);
    let form = crate::support::file("a.txt", "text");
    user.client.call(Method::POST, "/process/submit/").multipart(form).send().await.assert_status(202);
    user.client.get("/health/live/").await.assert_status(200);
}

#[tokio::test]
async fn wrong_paths_and_methods_are_problems() {
    let quire = Setup::new().await.start().await;
    quire.client.get("/process/nothing").await.assert_problem(404, "not_found");
    let answer = quire.client.delete("/process/tasks").await;
    answer.assert_problem(405, "method_not_allowed");
    let allowed: BTreeSet<_> = answer.header("allow").unwrap().split(", ").collect();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed:?}");
}

#[tokio::test]
async fn health_tells_of_the_database_and_storage() {
    let quire = Setup::new().await.start().await;
    let ready: Value = quire.client.get("/health/ready").await.expect_status(200).json();
    assert!(ready.to_string().contains("database") && ready.to_string().contains("storage"), "{ready}");
    quire.database.take_away().await;
    quire.client.get("/health/ready").await.assert_status(503);
    quire.client.get("/health/live").await.assert_status(200);
    quire.bring_back_database().await;
    quire.client.get("/health/ready").await.assert_status(200);
    std::fs::remove_dir_all(quire.media.path()).unwrap();
    quire.client.get("/health/ready").await.assert_status(503);
}

async fn page(client: &HttpClient, path: &str) -> Answer {
    client.get(path).await.expect_status(200)
}

#[tokio::test]
async fn the_description_is_served() {
    let quire = Setup::new().await.start().await;
    let served: Value = page(&quire.client, "/openapi.json").await.json();
    assert_eq!(served, serde_json::to_value(openapi()).unwrap());
}

/// What a page loads: every `src`, and every `href` of a `link`.
fn loaded(html: &str) -> Vec<String> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}="))?;
        let rest = rest.trim_start_matches(['"', '\'']);
        Some(rest.split(['"', '\'', '>', ' ']).next().unwrap_or_default().to_owned())
    };
    let tags = |name: &str| {
        html.split(&format!("<{name}"))
            .skip(1)
            .map(|rest| rest.split('>').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let scripts =
        ["script", "img", "iframe"].into_iter().flat_map(tags).filter_map(|tag| attribute(&tag, "src"));
    scripts.chain(tags("link").into_iter().filter_map(|tag| attribute(&tag, "href"))).collect()
}

fn is_external(address: &str) -> bool {
    address.starts_with("//") || address.contains("://")
}

#[tokio::test]
async fn swagger_ui_is_served_with_all_it_needs() {
    let quire = Setup::new().await.start().await;
    for path in ["/docs", "/docs/", "/apidocs", "/swagger", "/swagger/index.html"] {
        let answer = quire.client.get(path).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.status);
        assert_eq!(answer.header("location"), Some("/docs/index.html"), "{path}");
    }
    let html = page(&quire.client, "/docs/index.html").await;
    assert!(html.header("content-type").unwrap().starts_with("text/html"));
    let assets = loaded(&html.text());
    assert!(assets.len() >= 4, "{assets:?}");
    for asset in assets {
        assert!(!is_external(&asset), "{asset}");
        let file = asset.trim_start_matches("./");
        assert!(!page(&quire.client, &format!("/docs/{file}")).await.body.is_empty(), "{asset}");
    }
    let setup = page(&quire.client, "/docs/swagger-initializer.js").await.text();
    assert!(setup.contains("/openapi.json") && setup.contains("/auth/openapi.json"), "{setup}");
    quire.client.get("/docs/nothing.js").await.assert_problem(404, "not_found");
    assert!(page(&quire.client, "/docs/errors").await.text().contains("too_many_tasks"));
}

#[tokio::test]
async fn redoc_loads_nothing_from_elsewhere() {
    let quire = Setup::new().await.start().await;
    for (path, description) in [("/redoc", "/openapi.json"), ("/redoc/gateway", "/auth/openapi.json")] {
        let html = page(&quire.client, path).await;
        assert!(html.header("content-type").unwrap().starts_with("text/html"));
        let html = html.text();
        assert!(html.contains(description), "{path}");
        // The page without its scripts, whose text may look like tags.
        let head = html.split("<script").next().unwrap();
        let external: Vec<_> = loaded(head).into_iter().filter(|address| is_external(address)).collect();
        assert_eq!(external, Vec::<String>::new(), "{path}");
        assert!(!html.contains("<script src=\"http") && !html.contains("@import"), "{path}");
    }
}
