//! `GET /documents/{id}/cv/history`.

use serde_json::{Value, json};

use super::{edit, path, start};
use crate::support::User;

/// A page, and where the next one is.
async fn history(user: &User, path: &str) -> (Vec<Value>, Option<String>) {
    let answer = user.client.get(path).await.expect_status(200);
    let next = answer.header("link").map(|link| {
        let (address, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        address.to_owned()
    });
    (answer.json(), next)
}

#[tokio::test]
async fn each_change_of_a_field_is_noted() {
    let (_quire, user) = start().await;
    let path = format!("{}/history", path());
    assert_eq!(history(&user, &path).await, (vec![], None));
    edit(&user, &json!({"name": "Ada King", "skills": ["Rust"]})).await;
    edit(&user, &json!({"name": "Ada King"})).await;
    edit(&user, &json!({"revert": ["name", "city"]})).await;
    let (edits, next) = history(&user, &path).await;
    assert_eq!(next, None);
    let told: Vec<_> = edits
        .iter()
        .map(|edit| json!([edit["field"], edit["before"], edit["after"], edit["reverted"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["name", "Ada King", "Ada Lovelace", true]),
            json!(["skills", ["Rust", "SQL"], ["Rust"], false]),
            json!(["name", "Ada Lovelace", "Ada King", false]),
        ]
    );
    assert!(edits.iter().all(|edit| edit["user_id"] == user.id.0 && edit["at"].is_string()));
}

#[tokio::test]
async fn it_is_read_page_by_page() {
    let (_quire, user) = start().await;
    for number in 0..5 {
        edit(&user, &json!({"city": format!("City {number}x")})).await;
    }
    let (mut cities, mut next) = (Vec::new(), Some(format!("{}/history/?limit=2", path())));
    while let Some(path) = next {
        let (edits, following) = history(&user, &path).await;
        assert!(edits.len() <= 2);
        cities.extend(edits.iter().map(|edit| edit["after"].as_str().unwrap().to_owned()));
        next = following;
    }
    assert_eq!(cities, ["City 4x", "City 3x", "City 2x", "City 1x", "City 0x"]);
}
