//! `GET /documents/{id}/cv`.

use serde_json::json;

use super::{ID, document, edit, fill, findings, found, path, read, start};
use crate::support::Setup;

#[tokio::test]
async fn every_field_comes_with_what_shows_it() {
    let (_quire, user) = start().await;
    let profile = read(&user).await;
    insta::assert_json_snapshot!(profile, {".extracted_at" => "[time]", ".updated_at" => "[time]"});
}

#[tokio::test]
async fn without_a_profile_there_is_none() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    document(&quire, &ada).await;
    let problem = ada.client.get(&path()).await.assert_problem(404, "not_found");
    assert!(problem["detail"].as_str().unwrap().contains("extract_cv"), "{problem}");
    fill(&quire, &findings()).await;
    for (user, id) in [(&bob, ID), (&ada, "7"), (&ada, "0198f3a2-6c1e-7d3a-9a55-0d7c2b9b8a01")] {
        for path in ["cv", "cv/history", "cv?format=json-resume"] {
            let problem =
                user.client.get(&format!("/documents/{id}/{path}")).await.assert_problem(404, "not_found");
            assert!(!problem["detail"].as_str().unwrap().contains("extract_cv"), "{problem}");
        }
        user.client.put(&format!("/documents/{id}/cv"), &json!({})).await.assert_problem(404, "not_found");
    }
    let kind: String =
        quire.database.query_one(&format!("select kind from documents where id = '{ID}'")).await;
    assert_eq!(kind, "cv");
}

#[tokio::test]
async fn it_is_found_with_a_slash_and_known_again() {
    let (_quire, user) = start().await;
    let answer = user.client.get(&format!("{}/", path())).await.expect_status(200);
    let tag = answer.header("etag").unwrap().to_owned();
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    let again = |tag: String| user.client.call(reqwest::Method::GET, &path()).header("if-none-match", &tag);
    again(tag.clone()).send().await.assert_status(304);
    edit(&user, &json!({"name": "A. L."})).await;
    let changed = again(tag.clone()).send().await.expect_status(200);
    assert_ne!(changed.header("etag"), Some(&*tag));
}

#[tokio::test]
async fn what_is_in_quarantine_is_not_shown() {
    let (quire, user) = start().await;
    quire.database.execute("update documents set status = 'QUARANTINED', scan_verdict = 'infected', scanned_at = now(), scan_signature = 'x'").await;
    for path in [path(), format!("{}/history", path()), format!("{}?format=md", path())] {
        user.client.get(&path).await.assert_problem(409, "document_quarantined");
    }
    user.client.put(&path(), &json!({"name": "x"})).await.assert_problem(409, "document_quarantined");
}

#[tokio::test]
async fn a_second_task_changes_what_nobody_edited() {
    let (quire, user) = start().await;
    edit(&user, &json!({"headline": "Countess", "skills": ["Rust"], "github": null})).await;
    let mut second = findings();
    second["name"] = json!([found("Ada King", 1)]);
    second["headline"] = json!([found("Baroness", 1)]);
    second["skills"] = json!([found("Cobol", 1)]);
    second["city"] = json!([found("London", 1)]);
    fill(&quire, &second).await;
    let profile = read(&user).await;
    assert_eq!(profile["name"]["value"], "Ada King");
    assert_eq!(profile["city"]["value"], "London");
    assert_eq!(
        (&profile["headline"]["value"], &profile["headline"]["edited"]),
        (&json!("Countess"), &json!(true))
    );
    assert_eq!(profile["skills"]["items"].as_array().unwrap().len(), 1);
    assert_eq!((&profile["github"]["value"], &profile["github"]["edited"]), (&json!(null), &json!(true)));
    // Back to what the newest one found.
    let reverted = edit(&user, &json!({"revert": ["headline", "github", "name"]})).await;
    assert_eq!(
        (&reverted["headline"]["value"], &reverted["headline"]["edited"]),
        (&json!("Baroness"), &json!(false))
    );
    assert_eq!(reverted["github"]["value"], "github.com/ada");
}
