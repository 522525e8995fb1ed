//! Profiles as files.

use std::path::Path;

use serde_json::{Value, json};

use super::{edit, fill, path, start};

/// The schema that the makers of JSON Resume publish.
fn schema() -> jsonschema::Validator {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/json-resume");
    let schema = std::fs::read(tools.join("node_modules/@jsonresume/schema/schema.json"))
        .expect("the schema of JSON Resume is not installed; run: make test-tools");
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn assert_is_resume(resume: &Value) {
    let errors: Vec<_> = schema().iter_errors(resume).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {resume}");
}

#[tokio::test]
async fn json_resume_is_what_its_schema_says() {
    let (quire, user) = start().await;
    let body = json!({
        "country": "Germany", "city": "Berlin", "postal_code": "10115", "address": "Weg 1",
        "linkedin": "linkedin.com/in/ada", "urls": ["ada.example", "blog.example/ada"],
        "education": [{"degree": "BSc", "field": "Mathematics", "institution": "Home", "start": "2010", "end": "2013-07"}],
    });
    edit(&user, &body).await;
    let answer = user.client.get(&format!("{}?format=json-resume", path())).await.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"Ada's life-cv.json\""));
    let resume: Value = answer.json();
    assert_is_resume(&resume);
    insta::assert_json_snapshot!(resume, {".meta.lastModified" => "[time]"});

    // What documents say is hostile; what is wrong is left out.
    fill(
        &quire,
        &json!({
            "emails": [{"value": "ada@example.org"}],
            "urls": [{"value": "ada.example"}],
            "work_experience": [{"title": "x", "start": "long ago", "end": "2999-99-99"}],
        }),
    )
    .await;
    edit(&user, &json!({"revert": ["urls", "education", "linkedin"]})).await;
    assert_is_resume(
        &user.client.get(&format!("{}/?format=json-resume", path())).await.expect_status(200).json(),
    );
}

#[tokio::test]
async fn an_empty_profile_is_a_resume_too() {
    let (quire, user) = start().await;
    fill(&quire, &json!({})).await;
    let resume: Value =
        user.client.get(&format!("{}?format=json-resume", path())).await.expect_status(200).json();
    assert_is_resume(&resume);
    assert_eq!(resume["basics"], json!({}));
}

#[test]
fn the_schema_sees_what_is_wrong() {
    for wrong in [
        json!({"basics": {"email": 7}}),
        json!({"work": [{"startDate": "May"}]}),
        json!({"basics": {"url": "a b"}}),
    ] {
        assert!(!schema().is_valid(&wrong), "{wrong}");
    }
}

#[tokio::test]
async fn documents_have_what_the_profile_says() {
    let (_quire, user) = start().await;
    edit(&user, &json!({"headline": "Countess of *Lovelace*"})).await;
    for (format, media_type, begins) in [
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", &b"PK"[..]),
        ("pdf", "application/pdf", b"%PDF-"),
        ("md", "text/markdown; charset=utf-8", b"# Ada Lovelace\n"),
    ] {
        let answer = user.client.get(&format!("{}?format={format}", path())).await.expect_status(200);
        assert_eq!(answer.header("content-type"), Some(media_type));
        let name = format!("attachment; filename=\"Ada's life-cv.{format}\"");
        assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; sandbox"));
        assert!(answer.body.starts_with(begins), "{format}");
        let tag = answer.header("etag").unwrap();
        let again = user.client.call(reqwest::Method::GET, &format!("{}?format={format}", path()));
        again.header("if-none-match", tag).send().await.assert_status(304);
        assert!(tag.contains(format), "versions of formats differ: {tag}");
    }
    let markdown = user.client.get(&format!("{}?format=md", path())).await.text();
    insta::assert_snapshot!(markdown);
}
