//! What a profile may not say.

use reqwest::Method;
use serde_json::{Value, json};

use super::{path, put, read, start};

#[tokio::test]
async fn wrong_values_are_told_by_field() {
    let (quire, user) = start().await;
    let before = read(&user).await;
    let job = |job: Value| json!({"work_experience": [{"title": "a"}, {"title": "b"}, job]});
    for (body, field) in [
        (json!({"name": "123"}), "name"),
        (json!({"name": "a".repeat(201)}), "name"),
        (json!({"headline": "a\nb"}), "headline"),
        (json!({"emails": ["ada@example.org", "nobody"]}), "emails[1]"),
        (json!({"emails": [""]}), "emails[0]"),
        (json!({"phones": ["030 901821"]}), "phones[0]"),
        (json!({"phones": ["+49 1"]}), "phones[0]"),
        (json!({"linkedin": "https://example.org/in/ada"}), "linkedin"),
        (json!({"github": "javascript:alert(1)"}), "github"),
        (json!({"urls": ["ftp://a.example"]}), "urls[0]"),
        (json!({"country": "XX"}), "country"),
        (json!({"birthday": "1990"}), "birthday"),
        (json!({"birthday": "2099-01-01"}), "birthday"),
        (json!({"birthday": "1815-12-10"}), "birthday"),
        (json!({"skills": vec!["x"; 201]}), "skills"),
        (json!({"skills": ["a\u{0}b"]}), "skills[0]"),
        (json!({"languages": [{"value": "German", "level": "x".repeat(51)}]}), "languages[0].level"),
        (json!({"languages": [{"value": " ", "level": "C2"}]}), "languages[0].value"),
        (job(json!({"start": "May 2020"})), "work_experience[2].start"),
        (job(json!({"start": "2020", "end": "2019-12"})), "work_experience[2].end"),
        (job(json!({"end": "2020", "is_current": true})), "work_experience[2].is_current"),
        (job(json!({"description": "x".repeat(10_001)})), "work_experience[2].description"),
        (job(json!({})), "work_experience[2]"),
        (json!({"education": [{"degree": "x".repeat(301)}]}), "education[0].degree"),
        (json!({"revert": ["name", "salary"]}), "revert[1]"),
        (json!({"revert": ["name"], "name": "x"}), "revert[0]"),
        // What is no field, or of another kind.
        (json!({"salary": 1}), "salary"),
        (json!({"name": 7}), "name"),
        (json!({"emails": "ada@example.org"}), "emails"),
        (json!({"emails": [null]}), "emails[0]"),
        (json!({"languages": [7]}), "languages[0]"),
        (job(json!({"start": 2020})), "work_experience[2].start"),
        (job(json!({"wage": 1})), "work_experience[2].wage"),
    ] {
        let problem = put(&user, &body).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{field}: {problem}");
    }
    let body = json!({"name": "1", "birthday": "x", "emails": ["x", "y"]});
    let problem = put(&user, &body).await.assert_problem(422, "validation_failed");
    let fields: Vec<_> = problem["errors"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["birthday", "emails[0]", "emails[1]", "name"]);
    assert_eq!(read(&user).await, before);
    assert_eq!(quire.count("cv_edits").await, 0);
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let (_quire, user) = start().await;
    let call =
        |content_type: &str| user.client.call(Method::PUT, &path()).header("content-type", content_type);
    call("application/json").body("{").send().await.assert_problem(400, "malformed_request");
    call("application/json").body("\"name\"").send().await.assert_problem(422, "validation_failed");
    call("text/plain").body("{}").send().await.assert_problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn parameters_are_checked() {
    let (_quire, user) = start().await;
    for (query, field) in [
        ("?format=odt", "format"),
        ("/history?limit=0", "limit"),
        ("/history?limit=many", "limit"),
        ("/history?before=x", "before"),
    ] {
        let problem =
            user.client.get(&format!("{}{query}", path())).await.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{problem}");
    }
}
