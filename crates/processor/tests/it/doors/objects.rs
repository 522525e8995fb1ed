//! `/api/files/`: files with metadata.

use quire_testkit::fixture;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use super::{document, form, post_form, start};
use crate::support::{Setup, TEXT, User};

const PATH: &str = "/api/files/";

fn pdf() -> Part {
    Part::bytes(fixture("pdf/pdflatex-4-pages.pdf")).file_name("scan.pdf")
}

async fn upload(user: &User, metadata: &Value) -> Value {
    let form = form("notes.txt").text("metadata", metadata.to_string());
    post_form(user, PATH, form).await.expect_status(201).json()
}

#[tokio::test]
async fn a_file_comes_with_its_metadata() {
    let (quire, user) = start().await;
    let metadata = json!({
        "file_name": "Report.txt", "folder_name": "/Reports/2026/", "description": "for you",
        "tags": ["a", "b"], "process": false,
    });
    let stored = upload(&user, &metadata).await;
    let (file, record) = (&stored["file"], &stored["record"]);
    let id = record["id"].as_str().unwrap();
    let key = file["object_key"].as_str().unwrap();
    assert_eq!((&file["idx"], &file["bucket"]), (&json!(0), &json!("local")));
    assert!(key.starts_with(&format!("uploads/user-{}/", user.id)), "{key}");
    for (name, value) in [
        ("file_name", json!("Report.txt")),
        ("folder_name", json!("Reports/2026")),
        ("object_key", json!(key)),
        ("url", file["url"].clone()),
        ("mime_type", json!("text/plain")),
        ("description", json!("for you")),
        ("tags", json!(["a", "b"])),
        ("size", json!(TEXT.len())),
        ("status", json!("QUEUED")),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert!(record["uploaded_at"].is_string());
    assert_eq!((&stored["processing"], &stored["duplicate"]), (&Value::Null, &json!(false)));
    assert_eq!(user.task(stored["task_id"].as_str().unwrap()).await["task_type"], "read");
    let own = quire.client.base_url();
    let path = file["url"].as_str().unwrap().strip_prefix(own).unwrap();
    let bytes = user.client.get(path).await.expect_status(200);
    assert_eq!(bytes.header("content-disposition"), Some("attachment; filename=\"Report.txt\""));
    assert_eq!(
        user.client.get(&format!("/api/records/{id}")).await.expect_status(200).json::<Value>(),
        *record
    );
    let fetched = user.client.get(&format!("{PATH}{key}")).await.expect_status(200);
    assert_eq!((fetched.text(), fetched.header("etag")), (TEXT.to_owned(), bytes.header("etag")));
}

#[tokio::test]
async fn metadata_may_be_left_out_or_come_first() {
    let (_quire, user) = start().await;
    let bare: Value = post_form(&user, PATH, form("a.txt")).await.expect_status(201).json();
    assert_eq!((&bare["record"]["file_name"], &bare["record"]["folder_name"]), (&json!("a.txt"), &json!("")));
    let first = Form::new().text("metadata", r#"{"file_name": "b.txt"}"#).text("more", "passed over");
    let first = first.part("file", Part::text("something else").file_name("a.txt"));
    let first: Value = post_form(&user, PATH, first).await.expect_status(201).json();
    assert_eq!(first["record"]["file_name"], "b.txt");
}

#[tokio::test]
async fn the_parts_of_a_split_are_known_before() {
    let quire = Setup::new().await.configured_engines().worker().start().await;
    let user = quire.user("ada").await;
    let metadata = json!({
        "file_name": "paper.pdf", "process": true,
        "process_params": {
            "split_params": {"file_map": [{"pages": [0, 1]}, {"pages": [3]}]}, "prefix": "p", "suffix": "s",
        },
    });
    let form = Form::new().part("file", pdf()).text("metadata", metadata.to_string());
    let stored: Value = post_form(&user, PATH, form).await.expect_status(201).json();
    let processing = &stored["processing"];
    let task = processing["process_id"].as_str().unwrap();
    assert_eq!(stored["task_id"], task);
    let ended = user.ended(task).await;
    assert_eq!((&ended["status"], &ended["task_type"]), (&json!("completed"), &json!("split_pdf")));
    let parts: Vec<Value> = ended["output"]["data"]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["document_id"].clone())
        .collect();
    assert_eq!(processing["record_ids"], json!(parts));
    for (id, name) in parts.iter().zip(["p_paper_s_1.pdf", "p_paper_s_2.pdf"]) {
        let path = format!("/api/records/{}", id.as_str().unwrap());
        let part: Value = user.client.get(&path).await.expect_status(200).json();
        assert_eq!((&part["file_name"], &part["tags"]), (&json!(name), &json!(["split"])));
        assert_eq!(part["parent_id"], stored["record"]["id"]);
    }
}

#[tokio::test]
async fn the_number_of_parts_is_not_always_known() {
    let (_quire, user) = start().await;
    let metadata = json!({"process": "split", "process_params": {"every": 2}});
    let form = || Form::new().part("file", pdf()).text("metadata", metadata.to_string());
    let send = async || {
        let call = user.client.call(Method::POST, PATH).header("idempotency-key", "once");
        call.multipart(form()).send().await.expect_status(201).json::<Value>()
    };
    let (first, again) = (send().await, send().await);
    assert_eq!(first["processing"]["record_ids"], json!([]));
    assert_eq!(
        (&first["processing"], &first["record"]["id"]),
        (&again["processing"], &again["record"]["id"])
    );
}

#[tokio::test]
async fn what_is_wrong_with_metadata_is_said_by_its_place() {
    let (quire, user) = start().await;
    let split = |params: Value| json!({"process": true, "process_params": params}).to_string();
    for (metadata, field) in [
        ("{".to_owned(), "metadata"),
        ("[]".to_owned(), "metadata"),
        ("x".repeat(70_000), "metadata"),
        (r#"{"tags": {"a": 1}}"#.to_owned(), "metadata.tags"),
        (r#"{"file_name": 1}"#.to_owned(), "metadata.file_name"),
        (r#"{"description": ["a"]}"#.to_owned(), "metadata.description"),
        (json!({"folder_name": "x".repeat(256)}).to_string(), "metadata.folder_name"),
        (r#"{"process": "paint"}"#.to_owned(), "metadata.process"),
        (r#"{"process": true}"#.to_owned(), "metadata.process_params"),
        (split(json!({"every": 0})), "metadata.process_params.every"),
        (
            split(json!({"split_params": {"file_map": [{"pages": ["x"]}]}})),
            "metadata.process_params.split_params.file_map[0].pages[0]",
        ),
        (split(json!({"split_params": {"file_map": [{"pages": [4]}]}})), "metadata.process_params"),
        (split(json!({"every": 1, "prefix": "x".repeat(61)})), "metadata.process_params.prefix"),
    ] {
        let form = Form::new().part("file", pdf()).text("metadata", metadata.clone());
        let problem = post_form(&user, PATH, form).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{field}: {problem}");
    }
    let text = form("a.txt").text("metadata", split(json!({"every": 1})));
    let problem = post_form(&user, PATH, text).await.assert_problem(422, "validation_failed");
    assert!(problem["errors"]["file"].is_array(), "{problem}");
    let twice = form("a.txt").text("metadata", "{}").text("metadata", "{}");
    post_form(&user, PATH, twice).await.assert_problem(422, "validation_failed");
    quire.wait_until_no_files().await;
    assert_eq!((quire.count("documents").await, quire.count("tasks").await), (0, 0));
}

/// A program may come in under its own name only, also where another is given to it.
#[tokio::test]
async fn a_program_gets_no_other_name() {
    let (quire, user) = start().await;
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(4096, 0);
    program[16] = 2;
    let part = || Part::bytes(program.clone()).file_name("tool.bin");
    let form = Form::new().part("file", part());
    post_form(&user, PATH, form).await.assert_status(201);
    let form = Form::new().part("file", part()).text("metadata", r#"{"file_name": "tool.pdf"}"#);
    post_form(&user, PATH, form).await.assert_problem(415, "disguised_executable");
    quire_testkit::wait_until("one file is left", || async { quire.files().len() == 1 }).await;
}

#[tokio::test]
async fn objects_are_for_their_owners() {
    let (quire, user) = start().await;
    let stored = upload(&user, &json!({})).await;
    let key = stored["file"]["object_key"].as_str().unwrap();
    let path = format!("{PATH}{key}");
    quire.user("bob").await.client.get(&path).await.assert_problem(404, "not_found");
    let long = "x".repeat(4096);
    for other in ["uploads", "..%2f..%2fetc/passwd", "a%00b", "%ff", "uploads/user-1/../x", "%5c", &long] {
        let answer = user.client.get(&format!("{PATH}{other}")).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{other}: {}", answer.status);
        assert!(answer.json::<Value>()["code"].is_string());
    }
    quire.surroundings.blobs.delete(key).await.unwrap();
    user.client.get(&path).await.assert_problem(404, "document_missing");
    assert_eq!(document(&quire, &stored["record"]["id"]).await["storage_key"], key);
}
