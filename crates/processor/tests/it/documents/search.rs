//! `GET /documents?q=`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{indexed, insert, list, numbers, pages};
use crate::support::{Quire, Setup, User, file};

async fn page(quire: &Quire, document: &str, number: u32, text: &str) {
    quire
        .database
        .execute(&format!(
            "insert into document_pages (document_id, number, text, method)
             values ('{document}', {number}, $text${text}$text$, 'text')"
        ))
        .await;
}

async fn search(user: &User, query: &str) -> Vec<Value> {
    let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    list(user, &format!("?q={query}")).await.0
}

#[tokio::test]
async fn what_was_read_is_found_and_shown() {
    let quire = Setup::new().await.worker().start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let text = "Nothing here.\u{c}The <b>old</b> wharf & the Fluß.\u{c}Another page.";
    let submitted = ada.submit_file("Hafen_Bergen.txt", text.into()).await;
    ada.ended(&submitted.task).await;
    indexed(&quire).await;
    for query in ["wharf", "WHARF fluss", "\"old b wharf\"", "hafen wharf"] {
        let found = search(&ada, query).await;
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(found[0]["id"], json!(submitted.document));
        assert_eq!(found[0]["matches"][0]["page"], 2, "{query}: {}", found[0]);
    }
    assert_eq!(
        search(&ada, "wharf fluss").await[0]["matches"],
        json!([{
            "page": 2,
            "highlight": "The &lt;b&gt;old&lt;/b&gt; <mark>wharf</mark> &amp; the <mark>Fluß</mark>",
            "snippet": "The <b>old</b> wharf & the Fluß",
        }])
    );
    // By its name alone.
    assert_eq!(search(&ada, "bergen.txt").await[0]["matches"], json!([]));
    for query in ["wharf", "-nothing", "the OR bergen"] {
        assert_eq!(search(&bob, query).await, [] as [Value; 0], "{query}");
    }
}

#[tokio::test]
async fn what_people_say_is_found_at_once_and_not_what_they_said() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let id = insert(&quire, &user, 1, &[("filename", "'一月报告.pdf'")]).await;
    indexed(&quire).await;
    assert_eq!(numbers(&search(&user, "月报").await), [1]);
    let body =
        json!({"filename": "лето.pdf", "tags": ["Été"], "folder": "Rechnungen/2026", "description": "שָׁלוֹם"});
    user.client.patch(&format!("/documents/{id}"), &body).await.assert_status(200);
    indexed(&quire).await;
    for query in ["ЛЕТО", "ete", "rechnung 2026", "שלום", "\"rechnungen 2026\""] {
        assert_eq!(numbers(&search(&user, query).await), [1], "{query}");
    }
    assert_eq!(search(&user, "月报").await, [] as [Value; 0]);
    user.client.delete(&format!("/documents/{id}")).await.assert_status(200);
    assert_eq!(search(&user, "ete").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_search_is_filtered_sorted_and_paged_like_any_list() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for number in 1..=6 {
        let kind = if number % 2 == 0 { "'cv'" } else { "'other'" };
        let name = if number == 3 { "'wharf.pdf'" } else { "'x.pdf'" };
        let id = insert(&quire, &user, number, &[("kind", kind), ("filename", name)]).await;
        for text in 1..=5 {
            page(&quire, &id, text, "A wharf.").await;
        }
    }
    indexed(&quire).await;
    for limit in [1, 2, 100] {
        let pages = pages(&user, &format!("?q=wharf&limit={limit}")).await;
        assert_eq!(pages.concat(), [3, 6, 5, 4, 2, 1], "by {limit}");
    }
    assert_eq!(pages(&user, "?q=wharf&limit=2&sort=size").await, [[1, 2], [3, 4], [5, 6]]);
    assert_eq!(pages(&user, "?q=wharf&limit=2&kind=cv").await, [vec![6, 4], vec![2]]);
    let (found, _) = list(&user, "?q=wharf&limit=1").await;
    let shown: Vec<_> =
        found[0]["matches"].as_array().unwrap().iter().map(|found| found["page"].clone()).collect();
    assert_eq!(shown, [1, 2, 3]);
}

#[tokio::test]
async fn hostile_searches_neither_fail_nor_last() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let id = insert(&quire, &user, 1, &[]).await;
    page(&quire, &id, 1, &"a b c ' \\ : & | ! <-> * ".repeat(2_000)).await;
    indexed(&quire).await;
    let begun = Instant::now();
    for query in [
        "\"",
        "\"\"\"",
        "OR",
        "OR OR OR",
        "-",
        "--- -\"",
        "a OR",
        "-a -b -c",
        "'",
        "''",
        "\\",
        "a\\'b",
        "a:*",
        "!!a",
        "((((",
        "a & b | !c <-> d",
        "$1",
        "@1",
        "%",
        "_",
        "\0",
        "a\0b",
        "\u{202e}x",
        "\u{301}",
        "😀",
        "\u{fdfa}",
        "'; drop table users; --",
        "\"a b c a b c a b c\" OR \"c b a\" -\"x y\"",
    ] {
        search(&user, query).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    for query in ["x".repeat(1_001), "a b ".repeat(17), "語".repeat(65), "\u{301}".repeat(5_000)] {
        let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let problem = user.client.get(&format!("/documents?q={query}")).await;
        let problem = problem.assert_problem(422, "validation_failed");
        assert!(problem["errors"]["q"][0].as_str().unwrap().contains("at most"), "{problem}");
    }
    let address = format!("/documents?q={}", "%22".repeat(3_400));
    user.client.get(&address).await.assert_problem(422, "validation_failed");
    // What is no text at all.
    user.client.get("/documents?q=%ff%fe").await.assert_status(200);
    assert_eq!(quire.count("users").await, 1);
}

#[tokio::test]
async fn an_uploaded_name_is_found_before_the_file_is_read() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    user.submit(file("Stockfisch.txt", "text")).await.assert_status(202);
    indexed(&quire).await;
    assert_eq!(search(&user, "stockfisch").await.len(), 1);
}
