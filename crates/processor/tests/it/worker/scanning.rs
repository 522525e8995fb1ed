//! The virus scan, with the real clamd.

use quire_testkit::{Clamd, fixture, wait_until};
use serde_json::{Value, json};

use crate::support::{Quire, Setup, Submitted, TEXT, User, file};

/// A worker and a scanner that documents have to pass.
async fn start(clamd: &Clamd) -> (Quire, User) {
    let setup = Setup::new().await.configured_engines().worker();
    let quire = setup.set("SCANNER", "clamd").set("CLAMD_ADDRESS", clamd.socket().display()).start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

/// A text with a virus in it.
fn infected() -> Vec<u8> {
    [b"Dear reader, ".as_slice(), &Clamd::virus(), b" yours."].concat()
}

async fn document(quire: &Quire, id: &str) -> Value {
    quire.database.query_one(&format!("select to_json(d) from documents d where id = '{id}'")).await
}

async fn document_events(quire: &Quire, id: &str) -> Vec<String> {
    let query = format!(
        "select coalesce(json_agg(name order by id), '[]') from events where document_id = '{id}' and task_id is null"
    );
    quire.database.query_one(&query).await
}

/// Lets time pass: what waits is due.
async fn make_due(quire: &Quire) {
    quire
        .database
        .execute("update tasks set run_at = now() where status = 'pending'; notify quire_events")
        .await;
}

/// Every way to see something of a document.
const WAYS: [(&str, &str); 4] =
    [("files", "download"), ("files", "thumbnail"), ("files", "pages/1"), ("documents", "text")];

async fn assert_closed(user: &User, document: &str, code: &str) {
    for (noun, what) in WAYS {
        user.client.get(&format!("/{noun}/{document}/{what}")).await.assert_problem(409, code);
    }
}

#[tokio::test]
async fn a_clean_document_is_read_and_given_out() {
    let clamd = Clamd::running().await;
    let (quire, user) = start(&clamd).await;
    let submitted = user.submit_fixture("pdf/pdflatex-4-pages.pdf").await;
    assert_eq!(user.ended(&submitted.task).await["status"], "completed");
    let stored = document(&quire, &submitted.document).await;
    assert_eq!(stored["scan_verdict"], "clean");
    assert!(stored["scanned_at"].is_string() && stored["scan_signature"].is_null(), "{stored}");
    for (noun, what) in WAYS {
        user.client.get(&format!("/{noun}/{}/{what}", submitted.document)).await.assert_status(200);
    }
    let ready: Value = quire.client.get("/health/ready").await.expect_status(200).json();
    assert_eq!(ready["checks"]["scanner"], "ok");
}

#[tokio::test]
async fn an_infected_document_is_locked_away_unread() {
    let clamd = Clamd::running().await;
    let (quire, user) = start(&clamd).await;
    let submitted = user.submit_file("letter.txt", infected()).await;
    let first = user.ended(&submitted.task).await;
    let second: Value = user.create_task(&submitted.document).await.expect_status(202).json();
    let split: Value =
        user.order(&submitted.document, "split_pdf", json!({"every": 1})).await.expect_status(202).json();
    for task in [
        first,
        user.ended(second["id"].as_str().unwrap()).await,
        user.ended(split["id"].as_str().unwrap()).await,
    ] {
        assert_eq!(
            (&task["status"], &task["error_code"]),
            (&json!("failed"), &json!("document_quarantined"))
        );
        assert!(task["error_message"].as_str().unwrap().contains("virus"), "{task}");
        assert_eq!(task["attempt"], 1, "{task}");
    }
    let stored = document(&quire, &submitted.document).await;
    assert_eq!((&stored["status"], &stored["scan_verdict"]), (&json!("QUARANTINED"), &json!("infected")));
    assert_eq!(stored["scan_signature"], Clamd::SIGNATURE);
    assert_eq!(stored["metadata"], json!({}));
    assert_eq!(document_events(&quire, &submitted.document).await, ["document_quarantined"]);
    assert_eq!(quire.count("document_pages").await, 0);
    assert_closed(&user, &submitted.document, "document_quarantined").await;
    // The bytes are there and nothing else is: no picture, no part.
    assert_eq!(quire.files().len(), 1);
}

/// Documents of the same bytes share a blob, and each comes to the scanner by itself.
#[tokio::test]
async fn every_copy_is_scanned() {
    let clamd = Clamd::running().await;
    let (quire, user) = start(&clamd).await;
    let copies = [user.submit_file("a.txt", infected()).await, user.submit_file("b.txt", infected()).await];
    for copy in &copies {
        assert_eq!(user.ended(&copy.task).await["error_code"], "document_quarantined");
        assert_eq!(document_events(&quire, &copy.document).await, ["document_quarantined"]);
    }
    assert_eq!(quire.count("(select distinct storage_key from documents) as blobs").await, 1);
}

#[tokio::test]
async fn a_task_waits_for_a_scanner_that_is_away() {
    let mut clamd = Clamd::stopped();
    let (quire, user) = start(&clamd).await;
    let submitted = user.submit_text().await;
    let waited = ["task_queued", "task_started", "task_queued"];
    wait_until("the task waits", || async { quire.events(&submitted.task).await == waited }).await;
    let waiting = user.task(&submitted.task).await;
    for (name, value) in [
        ("status", json!("pending")),
        ("attempt", json!(0)),
        ("error_code", json!("scanner_unavailable")),
        ("finished_at", Value::Null),
    ] {
        assert_eq!(waiting[name], value, "{name}");
    }
    let seconds: f64 =
        quire.database.query_one("select extract(epoch from run_at - now())::float8 from tasks").await;
    assert!((0.0..=20.0).contains(&seconds), "{seconds}");
    assert_closed(&user, &submitted.document, "document_not_scanned").await;
    let ready: Value = quire.client.get("/health/ready").await.expect_status(200).json();
    assert_eq!((&ready["status"], &ready["checks"]["scanner"]), (&json!("degraded"), &json!("unavailable")));

    // However often it looks again: no attempt is counted and nothing is told.
    for _ in 0..7 {
        let before: String = quire.database.query_one("select started_at::text from tasks").await;
        make_due(&quire).await;
        wait_until("it has looked again", || async {
            let again = format!("tasks where status = 'pending' and started_at <> '{before}'");
            quire.count(&again).await == 1
        })
        .await;
    }
    assert_eq!(user.task(&submitted.task).await["attempt"], 0);
    assert_eq!(quire.events(&submitted.task).await, waited);

    clamd.start().await;
    make_due(&quire).await;
    let done = user.ended(&submitted.task).await;
    assert_eq!((&done["status"], &done["attempt"]), (&json!("completed"), &json!(1)));
    assert_eq!(done["error_code"], Value::Null);
    user.client.get(&format!("/files/{}/download", submitted.document)).await.assert_status(200);
}

#[tokio::test]
async fn a_waiting_task_can_be_cancelled() {
    let clamd = Clamd::stopped();
    let (_quire, user) = start(&clamd).await;
    let submitted = user.submit_text().await;
    wait_until("the task waits", || async {
        user.task(&submitted.task).await["error_code"] == "scanner_unavailable"
    })
    .await;
    user.act(&submitted.task, "cancel").await.assert_status(202);
    assert_eq!(user.ended(&submitted.task).await["status"], "cancelled");
}

#[tokio::test]
async fn what_goes_over_a_limit_of_the_scanner_is_not_read() {
    let mut clamd = Clamd::running().await;
    let (quire, user) = start(&clamd).await;
    let long = [TEXT.as_bytes(), &[b'\n'; Clamd::MAX_LENGTH]].concat();
    let submitted = user.submit_file("long.txt", long).await;
    let failed = user.ended(&submitted.task).await;
    assert_eq!(
        (&failed["status"], &failed["error_code"]),
        (&json!("failed"), &json!("document_not_scanned"))
    );
    assert!(failed["error_message"].as_str().unwrap().contains("StreamMaxLength"), "{failed}");
    let stored = document(&quire, &submitted.document).await;
    assert_eq!((&stored["status"], &stored["scan_verdict"]), (&json!("FAILED"), &json!("not_scanned")));
    assert_eq!(stored["error_code"], "document_not_scanned");
    assert_eq!(quire.count("document_pages").await, 0);
    assert_closed(&user, &submitted.document, "document_not_scanned").await;

    // The operator has raised the limit, and the user tries again.
    clamd.restart_with_max_length(2 * Clamd::MAX_LENGTH).await;
    user.act(&submitted.task, "retry").await.assert_status(202);
    let done = user.ended(&submitted.task).await;
    assert_eq!(done["status"], "completed", "{done}");
    let stored = document(&quire, &submitted.document).await;
    assert_eq!((&stored["status"], &stored["scan_verdict"]), (&json!("COMPLETED"), &json!("clean")));
    assert_eq!((&stored["error_code"], &stored["last_error"]), (&Value::Null, &Value::Null));
}

/// What came before there was a scanner stays closed until it has passed it.
#[tokio::test]
async fn documents_from_before_the_scanner_are_scanned_by_their_next_task() {
    let clamd = Clamd::running().await;
    let (quire, user) = start(&clamd).await;
    let (good, bad) =
        (user.submit_text().await, user.submit_file("letter.txt", b"harmless so far".into()).await);
    for submitted in [&good, &bad] {
        user.ended(&submitted.task).await;
    }
    quire.database.execute("update documents set scan_verdict = null, scanned_at = null").await;
    let key = document(&quire, &bad.document).await["storage_key"].as_str().unwrap().to_owned();
    let path = quire.surroundings.blobs.local_file(&key).await.unwrap().path;
    std::fs::write(path, infected()).unwrap();
    assert_closed(&user, &good.document, "document_not_scanned").await;

    let task: Value = user.create_task(&good.document).await.expect_status(202).json();
    assert_eq!(user.ended(task["id"].as_str().unwrap()).await["status"], "completed");
    user.client.get(&format!("/documents/{}/text", good.document)).await.assert_status(200);

    let task: Value = user.create_task(&bad.document).await.expect_status(202).json();
    assert_eq!(user.ended(task["id"].as_str().unwrap()).await["error_code"], "document_quarantined");
    assert_eq!(quire.count(&format!("document_pages where document_id = '{}'", bad.document)).await, 0);
    assert_closed(&user, &bad.document, "document_quarantined").await;
}

/// What would be refused at once is found out by the worker: nobody looks into a file before the scanner.
#[tokio::test]
async fn a_file_is_not_looked_into_before_it_is_scanned() {
    let clamd = Clamd::running().await;
    let (quire, user) = start(&clamd).await;
    let split = |ranges: &str| {
        file("report.pdf", fixture("pdf/pdflatex-4-pages.pdf"))
            .text("task_type", "split_pdf")
            .text("params", json!({"ranges": ranges}).to_string())
    };
    let wrong = Submitted::of(&user.submit(split("7")).await);
    let failed = user.ended(&wrong.task).await;
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("page_not_found")));
    // Now that it is clean, it is.
    user.order(&wrong.document, "split_pdf", json!({"ranges": "7"})).await.assert_status(422);

    // What is made of a clean document is clean.
    let right = Submitted::of(&user.submit(split("1-2")).await);
    let done = user.ended(&right.task).await;
    assert_eq!(done["status"], "completed", "{done}");
    let part = done["output"]["data"]["parts"][0]["document_id"].as_str().unwrap();
    assert_eq!(document(&quire, part).await["scan_verdict"], "clean");
    user.client.get(&format!("/files/{part}/download")).await.assert_status(200);
}

/// A scanner that is there and says nothing of use: the attempts are counted, and the document stays
/// unread and closed.
#[tokio::test]
async fn without_a_verdict_the_task_fails_in_the_end() {
    let listener = quire_testkit::listener();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });

    let setup = Setup::new().await.configured_engines().worker().set("TASK_MAX_ATTEMPTS", 2);
    let quire = setup.set("SCANNER", "clamd").set("CLAMD_ADDRESS", address).start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_text().await;
    wait_until("the first attempt is over", || async {
        user.task(&submitted.task).await["error_code"] == "scan_failed"
    })
    .await;
    make_due(&quire).await;
    let failed = user.ended(&submitted.task).await;
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("scan_failed")));
    assert_eq!(failed["attempt"], 2);
    assert_eq!(document(&quire, &submitted.document).await["status"], "PROCESSING");
    assert_closed(&user, &submitted.document, "document_not_scanned").await;
}

/// Clean are only all bytes of a document.
#[tokio::test]
async fn bytes_that_are_gone_or_not_all_there_are_not_clean() {
    let clamd = Clamd::running().await;
    let setup = Setup::new().await.configured_engines().set("TASK_MAX_ATTEMPTS", 1);
    let quire = setup.set("SCANNER", "clamd").set("CLAMD_ADDRESS", clamd.socket().display()).start().await;
    let user = quire.user("ada").await;
    let gone = user.submit_file("gone.txt", b"This will be gone.".into()).await;
    for file in quire.files() {
        std::fs::remove_file(file).unwrap();
    }
    let short = user.submit_text().await;
    for file in quire.files() {
        std::fs::write(file, &TEXT[..20]).unwrap();
    }
    let _worker = quire.start_worker();
    for (submitted, code, status) in
        [(&gone, "document_missing", "FAILED"), (&short, "internal_error", "PROCESSING")]
    {
        let failed = user.ended(&submitted.task).await;
        assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!(code)));
        let stored = document(&quire, &submitted.document).await;
        assert_eq!((&stored["status"], &stored["scan_verdict"]), (&json!(status), &Value::Null));
    }
    assert_eq!(quire.count("document_pages").await, 0);
}

#[tokio::test]
async fn without_a_scanner_files_are_given_out_at_once() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_text().await;
    user.client.get(&format!("/files/{}/download", submitted.document)).await.assert_status(200);
    let ready: Value = quire.client.get("/health/ready").await.expect_status(200).json();
    assert_eq!(ready["checks"].get("scanner"), None);
}
