//! The text of documents, as it was read.

use quire_testkit::fixture;
use serde_json::{Value, json};

use crate::support::{Quire, Setup, User};

async fn start() -> (Quire, User) {
    let quire = Setup::new().await.worker().start().await;
    let user = quire.user("ada").await;
    (quire, user)
}

/// A document that has been read.
async fn document(user: &User, name: &str, bytes: Vec<u8>) -> String {
    let submitted = user.submit_file(name, bytes).await;
    user.wait_for(&submitted.task, "completed").await;
    submitted.document
}

async fn pages_of_words(user: &User, pages: u32) -> String {
    let pages: Vec<_> = (1..=pages).map(|page| format!("Words of page {page}.")).collect();
    document(user, "Words, many.txt", pages.join("\u{c}").into_bytes()).await
}

async fn text(user: &User, id: &str, query: &str) -> Value {
    user.client.get(&format!("/documents/{id}/text{query}")).await.expect_status(200).json()
}

fn numbers(text: &Value) -> Vec<i64> {
    text["pages"].as_array().unwrap().iter().map(|page| page["number"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn text_comes_by_page() {
    let (_quire, user) = start().await;
    let id = pages_of_words(&user, 3).await;
    assert_eq!(
        text(&user, &id, "").await,
        json!({"document_id": id, "filename": "Words, many.txt", "pages": [
            {"number": 1, "method": "text", "confidence": null, "text": "Words of page 1."},
            {"number": 2, "method": "text", "confidence": null, "text": "Words of page 2."},
            {"number": 3, "method": "text", "confidence": null, "text": "Words of page 3."},
        ]})
    );
    assert_eq!(text(&user, &id, "/").await, text(&user, &id, "?format=json").await);
    for (query, wanted) in [
        ("?page=2", vec![2]),
        ("?pages=2", vec![2]),
        ("?pages=2-3", vec![2, 3]),
        // What is there of them.
        ("?pages=2-9", vec![2, 3]),
    ] {
        assert_eq!(numbers(&text(&user, &id, query).await), wanted, "{query}");
    }
    for query in ["?page=4", "?pages=4-9"] {
        let answer = user.client.get(&format!("/documents/{id}/text{query}")).await;
        assert_eq!(
            answer.assert_problem(404, "page_not_found")["detail"],
            "The document has no page 4.",
            "{query}"
        );
    }
}

#[tokio::test]
async fn text_comes_as_a_file() {
    let (_quire, user) = start().await;
    let id = pages_of_words(&user, 2).await;
    let plain = user.client.get(&format!("/documents/{id}/text?format=txt")).await.expect_status(200);
    assert_eq!(plain.text(), "Words of page 1.\u{c}Words of page 2.");
    assert_eq!(plain.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(plain.header("content-disposition"), None);
    assert_eq!(plain.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(plain.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    for (format, name) in [("txt", "Words, many.txt"), ("json", "Words, many.json")] {
        let path = format!("/documents/{id}/text?format={format}&page=2&download=true");
        let saved = user.client.get(&path).await.expect_status(200);
        assert_eq!(saved.header("content-disposition"), Some(&*format!("attachment; filename=\"{name}\"")));
        assert!(saved.text().contains("Words of page 2.") && !saved.text().contains("page 1"));
    }
}

/// Every word of the PDF has a place on its page.
#[tokio::test]
async fn words_have_places() {
    let (_quire, user) = start().await;
    let id = document(&user, "a.pdf", fixture("pdf/pdflatex-4-pages.pdf")).await;
    let answer = text(&user, &id, "?boxes=true&pages=2-3").await;
    assert_eq!(numbers(&answer), [2, 3]);
    let plain = text(&user, &id, "?pages=2-3").await;
    for (page, plain) in answer["pages"].as_array().unwrap().iter().zip(plain["pages"].as_array().unwrap()) {
        assert_eq!(page["text"], plain["text"]);
        let (width, height) =
            (page["size"]["width"].as_f64().unwrap(), page["size"]["height"].as_f64().unwrap());
        assert!(width > 500.0 && height > 700.0, "{width} x {height}");
        let words = page["words"].as_array().unwrap();
        assert!(words.len() > 20, "{} words", words.len());
        for word in words {
            let place: [f64; 4] = serde_json::from_value(word["box"].clone()).unwrap();
            let [left, top, right, bottom] = place;
            assert!(0.0 <= left && left < right && right <= width, "{word}");
            assert!(0.0 <= top && top < bottom && bottom <= height, "{word}");
            assert!(!word["text"].as_str().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn what_has_no_places_has_none() {
    let (_quire, user) = start().await;
    let id = pages_of_words(&user, 2).await;
    let answer = text(&user, &id, "?boxes=true").await;
    for page in answer["pages"].as_array().unwrap() {
        assert_eq!((&page["size"], &page["words"]), (&Value::Null, &json!([])), "{page}");
        assert!(page["text"].as_str().unwrap().starts_with("Words of page"));
    }
}

#[tokio::test]
async fn places_are_given_for_fifty_pages_at_a_time() {
    let (_quire, user) = start().await;
    let id = pages_of_words(&user, 51).await;
    assert_eq!(numbers(&text(&user, &id, "").await).len(), 51);
    assert_eq!(numbers(&text(&user, &id, "?boxes=true&pages=2-51").await).len(), 50);
    for query in ["?boxes=true", "?boxes=true&pages=1-51"] {
        let answer = user.client.get(&format!("/documents/{id}/text{query}")).await;
        let problem = answer.assert_problem(422, "validation_failed");
        assert!(problem["errors"]["pages"][0].as_str().unwrap().contains("at most 50 pages"), "{problem}");
    }
}

#[tokio::test]
async fn wrong_wishes_are_told_by_field() {
    let (_quire, user) = start().await;
    let id = pages_of_words(&user, 1).await;
    for (query, field) in [
        ("page=0", "page"),
        ("page=x", "page"),
        ("pages=7-3", "pages"),
        ("page=1&pages=1-2", "pages"),
        ("format=docx", "format"),
        ("boxes=maybe", "boxes"),
        ("boxes=true&format=txt", "boxes"),
        ("download=1", "download"),
    ] {
        let answer = user.client.get(&format!("/documents/{id}/text?{query}")).await;
        let problem = answer.assert_problem(422, "validation_failed");
        assert!(problem["errors"][field].is_array(), "{query}: {problem}");
    }
}

#[tokio::test]
async fn text_that_is_not_there_is_explained() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let submitted = user.submit_fixture("pdf/r4-aes-user-password.pdf").await;
    let path = format!("/documents/{}/text", submitted.document);
    let problem = user.client.get(&path).await.assert_problem(409, "wrong_state");
    assert!(problem["detail"].as_str().unwrap().contains("has not been read yet"), "{problem}");

    let _worker = quire.start_worker();
    let task = user.ended(&submitted.task).await;
    assert_eq!(task["error_code"], "document_encrypted", "{task}");
    let problem = user.client.get(&path).await.assert_problem(409, "document_unreadable");
    assert_eq!(problem["detail"], task["error_message"]);
}

/// The stored text stays when the file has gone; places have to be looked up in it.
#[tokio::test]
async fn places_want_the_file() {
    let (quire, user) = start().await;
    let id = pages_of_words(&user, 1).await;
    for file in quire.files() {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(numbers(&text(&user, &id, "").await), [1]);
    let answer = user.client.get(&format!("/documents/{id}/text?boxes=true")).await;
    answer.assert_problem(404, "document_missing");
}
