//! `PUT /documents/{id}/cv`.

use serde_json::{Value, json};

use super::{edit, path, put, put_if, read, start};

/// A profile as `PUT` takes it.
fn plain(profile: &Value) -> Value {
    let field = |field: &Value| match &field["items"] {
        Value::Array(items) => items.iter().map(item).collect(),
        _ => field["value"].clone(),
    };
    let fields = profile.as_object().unwrap().iter().filter(|(_, value)| value.is_object());
    Value::Object(fields.map(|(name, value)| (name.clone(), field(value))).collect())
}

fn item(item: &Value) -> Value {
    let parts = item
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !["quote", "page", "check", "confidence", "e164"].contains(&name.as_str()));
    let parts: serde_json::Map<_, _> = parts.map(|(name, value)| (name.clone(), value.clone())).collect();
    if parts.len() == 1 { parts["value"].clone() } else { Value::Object(parts) }
}

#[tokio::test]
async fn a_profile_that_is_sent_back_as_it_was_read_is_not_edited() {
    let (quire, user) = start().await;
    let profile = read(&user).await;
    let sent = plain(&profile);
    assert_eq!(sent["skills"], json!(["Rust", "SQL"]));
    assert_eq!(edit(&user, &sent).await, profile);
    assert_eq!(edit(&user, &json!({})).await, profile);
    assert_eq!(quire.count("cv_edits").await, 0);
}

#[tokio::test]
async fn fields_that_are_given_change_and_the_others_stay() {
    let (_quire, user) = start().await;
    for (body, field, value) in [
        (json!({"name": "  Ada King "}), "name", json!("Ada King")),
        (json!({"headline": null}), "headline", json!(null)),
        (json!({"headline": "Analyst"}), "headline", json!("Analyst")),
        (json!({"headline": " "}), "headline", json!(null)),
        (json!({"country": "deu"}), "country", json!("DEU")),
        (
            json!({"emails": ["king@example.org", "ada@example.org", "king@example.org"]}),
            "emails",
            json!(["king@example.org", "ada@example.org"]),
        ),
        (json!({"emails": null}), "emails", json!([])),
        // The country is known by now.
        (
            json!({"phones": ["030 901820", "+43 1 4000", "030 901821"]}),
            "phones",
            json!(["030 / 901820", "+4314000", "+4930901821"]),
        ),
        (json!({"linkedin": "de.linkedin.com/in/ada"}), "linkedin", json!("https://de.linkedin.com/in/ada")),
        (json!({"github": "https://github.com/ada"}), "github", json!("https://github.com/ada")),
        (
            json!({"urls": ["ada.example", "http://a.example/b"]}),
            "urls",
            json!(["https://ada.example", "http://a.example/b"]),
        ),
        (json!({"birthday": "1990-05-03"}), "birthday", json!("1990-05-03")),
        (
            json!({"languages": ["English", {"value": "German", "level": "C2"}]}),
            "languages",
            json!([{"value": "English", "level": null}, {"value": "German", "level": "C2"}]),
        ),
        (
            json!({"education": [{"degree": "BSc", "start": "2010", "end": "2010-05"}]}),
            "education",
            json!([{"degree": "BSc", "field": null, "institution": null, "location": null, "start": "2010", "end": "2010-05"}]),
        ),
        (json!({"work_experience": []}), "work_experience", json!([])),
    ] {
        let profile = edit(&user, &body).await;
        assert_eq!(plain(&profile)[field], value, "{body}");
        assert_eq!(profile[field]["edited"], true, "{body}");
        assert!(profile[field]["edited_at"].is_string(), "{body}");
        assert_eq!(read(&user).await, profile);
    }
    let skills = &read(&user).await["skills"];
    assert_eq!((&skills["edited"], &skills["edited_at"]), (&json!(false), &json!(null)));
}

#[tokio::test]
async fn values_keep_their_quotes_where_the_text_holds_them() {
    let (_quire, user) = start().await;
    let before = read(&user).await;
    let body = json!({
        "name": "ADA LOVELACE", "headline": "Countess", "city": "Ltd", "github": "https://github.com/ada",
        "skills": ["SQL", "Cobol"], "phones": ["+4930901820", "+4930901821"],
        "work_experience": [
            {"title": "Engineer", "company": "Engines Ltd", "start": "2020-05", "is_current": true},
            {"title": "Engineer", "company": "Engines Ltd", "start": "2019"},
        ],
    });
    let after = edit(&user, &body).await;
    let evidence = |value: &Value| {
        (value["quote"].clone(), value["page"].clone(), value["check"].clone(), value["confidence"].clone())
    };
    let none = (json!(null), json!(null), json!("unverified"), json!(null));
    let shown = |quote: &str, page: u32| (json!(quote), json!(page), json!("verified"), json!(1.0));
    assert_eq!(evidence(&after["name"]), shown("Ada Lovelace", 1));
    assert_eq!(evidence(&after["headline"]), none);
    assert_eq!(evidence(&after["city"]), shown("Ltd", 2));
    assert_eq!(evidence(&after["github"]), shown("github.com/ada", 2));
    assert_eq!(after["skills"]["items"][0], before["skills"]["items"][1]);
    assert_eq!(evidence(&after["skills"]["items"][1]), none);
    // The same number in its other form is the same number.
    assert_eq!(after["phones"]["items"][0], before["phones"]["items"][0]);
    assert_eq!(evidence(&after["phones"]["items"][1]), none);
    assert_eq!(after["work_experience"]["items"][0], before["work_experience"]["items"][0]);
    assert_eq!(evidence(&after["work_experience"]["items"][1]), none);
}

#[tokio::test]
async fn of_two_who_edit_the_same_version_the_second_is_told() {
    let (quire, user) = start().await;
    let tag = user.client.get(&path()).await.header("etag").unwrap().to_owned();
    let first = put_if(&user, &json!({"name": "First"}), &[("if-match", &tag)]).await.expect_status(200);
    let newer = first.header("etag").unwrap().to_owned();
    assert_ne!(newer, tag);
    for (name, value) in [("if-match", tag.as_str()), ("if-match", "\"x\""), ("if-none-match", "*")] {
        let answer = put_if(&user, &json!({"name": "Second"}), &[(name, value)]).await;
        answer.assert_problem(412, "precondition_failed");
    }
    assert_eq!(read(&user).await["name"]["value"], "First");
    put_if(&user, &json!({"name": "Any"}), &[("if-match", "*")]).await.assert_status(200);
    put_if(&user, &json!({"name": "Third"}), &[("if-match", &newer)]).await.assert_status(412);
    assert_eq!(quire.count("cv_edits").await, 2);
}

#[tokio::test]
async fn edits_at_the_same_time_are_all_there() {
    let (quire, user) = start().await;
    let bodies: Vec<_> =
        ["name", "headline", "city", "address"].iter().map(|field| json!({*field: "At once"})).collect();
    let answers = futures_util::future::join_all(bodies.iter().map(|body| put(&user, body))).await;
    answers.iter().for_each(|answer| answer.assert_status(200));
    let profile = read(&user).await;
    for field in ["name", "headline", "city", "address"] {
        assert_eq!(profile[field]["value"], "At once", "{field}");
    }
    assert_eq!(quire.count("cv_edits").await, 4);
}

#[tokio::test]
async fn of_many_with_the_same_version_one_wins() {
    let (quire, user) = start().await;
    let tag = user.client.get(&path()).await.header("etag").unwrap().to_owned();
    let bodies: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| json!({"name": name})).collect();
    let headers = [("if-match", tag.as_str())];
    let answers =
        futures_util::future::join_all(bodies.iter().map(|body| put_if(&user, body, &headers))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
    assert_eq!(quire.count("cv_edits").await, 1);
}
