//! Documents are found by their words.

use quire_domain::{UserId, search::Query};
use quire_store::{
    AsyncPgConnection,
    library::{self, DocumentChanges, DocumentFilter, DocumentList, KeyValue, Listed, Sort, SortBy},
    search::{self, PassagePlace},
};
use quire_testkit::TestDatabase;

use crate::{
    library::{id, insert, numbers, pages},
    support::{database, user},
};

const BEST: Sort = Sort { by: SortBy::Relevance, is_descending: true };

async fn index(connection: &mut AsyncPgConnection) {
    while search::index_pending(connection, 7).await.unwrap() > 0 {}
}

async fn page(database: &TestDatabase, document: i64, number: i32, text: &str) {
    database
        .execute(&format!(
            "insert into document_pages (document_id, number, text, method)
             values ('{}', {number}, $text${text}$text$, 'text')",
            id(document)
        ))
        .await;
}

async fn find(connection: &mut AsyncPgConnection, owner: UserId, query: &str) -> Vec<Listed> {
    let (filter, query) = (DocumentFilter::default(), Query::parse(query).unwrap());
    let list = DocumentList { filter: &filter, query: Some(&query), sort: BEST, after: None, limit: 100 };
    library::list(connection, owner, &list).await.unwrap()
}

async fn sorted(connection: &mut AsyncPgConnection, owner: UserId, query: &str) -> Vec<i64> {
    let mut found = numbers(&find(connection, owner, query).await);
    found.sort_unstable();
    found
}

#[tokio::test]
async fn words_are_found_wherever_they_are() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    insert(&database, ada, 1, &[("filename", "'Rechnung_März.pdf'"), ("tags", "'{Steuer 2026}'")]).await;
    page(&database, 1, 1, "Die Straße nach Süden. Total: 1.234,50 EUR").await;
    page(&database, 1, 2, "An old wharf of Bergen").await;
    insert(&database, ada, 2, &[("description", "'Stockfish from Bergen'"), ("folder", "'Trade/Fish'")])
        .await;
    page(&database, 2, 1, "L'hôtel de la gare; 私は東京都に住んでいる。 مَرْحَبًا بالعالم").await;
    insert(&database, ada, 3, &[]).await;
    insert(&database, bob, 4, &[("filename", "'bergen.txt'")]).await;
    page(&database, 4, 1, "wharf bergen").await;
    index(&mut connection).await;
    for (query, wanted) in [
        ("bergen", &[1, 2][..]),
        ("BERG", &[1, 2]),
        ("\"berg\"", &[]),
        ("be", &[]),
        // Each word anywhere in the document.
        ("wharf rechnung", &[1]),
        ("strasse wharf marz", &[1]),
        ("wharf stockfish", &[]),
        ("\"old wharf\"", &[1]),
        ("\"wharf old\"", &[]),
        ("1.234,50", &[1]),
        ("steuer", &[1]),
        ("trade/fish", &[2]),
        ("report.pdf", &[2, 3]),
        ("bergen -wharf", &[2]),
        ("-bergen", &[3]),
        ("-nowhere", &[1, 2, 3]),
        ("stockfish OR wharf", &[1, 2]),
        ("hotel gare OR \"old wharf\" -bergen", &[2]),
        ("東京", &[2]),
        ("京都", &[2]),
        ("東都", &[]),
        ("مرحبا", &[2]),
        ("", &[]),
        ("\"\" -", &[]),
    ] {
        assert_eq!(sorted(&mut connection, ada, query).await, wanted, "{query}");
    }
    assert_eq!(sorted(&mut connection, bob, "bergen OR report OR -x").await, [4]);
}

#[tokio::test]
async fn what_was_found_is_shown_by_page() {
    let (database, mut connection) = database().await;
    let (ada, bob) = (user(&mut connection, "ada").await, user(&mut connection, "bob").await);
    insert(&database, ada, 1, &[]).await;
    for number in 1..=6 {
        page(&database, 1, number, &format!("common word {}", if number == 5 { "rarity" } else { "" })).await;
    }
    index(&mut connection).await;
    let found = find(&mut connection, ada, "common rarity report").await;
    let places: Vec<_> = found[0].places.iter().map(|place| place.page).collect();
    assert_eq!(places, [1, 2, 5]);
    let wanted: Vec<_> = found[0].places.iter().map(|place| (id(1), *place)).collect();
    let texts = search::passage_texts(&mut connection, ada, &wanted).await.unwrap();
    let texts: Vec<_> = texts.iter().map(|text| (text.page, text.text.as_str())).collect();
    assert_eq!(texts, [(1, "common word"), (2, "common word"), (5, "common word rarity")]);
    assert_eq!(search::passage_texts(&mut connection, bob, &wanted).await.unwrap(), []);
    // Found by its name alone.
    assert_eq!(find(&mut connection, ada, "report").await[0].places, []);
}

/// A page may be a whole book.
#[tokio::test]
async fn long_pages_are_searched_to_their_end() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    insert(&database, ada, 1, &[]).await;
    let words: String = (0..40_000).map(|number| format!("wörd{number} ")).collect();
    page(&database, 1, 1, &format!("{words} the very end")).await;
    index(&mut connection).await;
    let found = find(&mut connection, ada, "\"the very end\"").await;
    let [place @ PassagePlace { page: 1, start }] = found[0].places[..] else { panic!("{found:?}") };
    assert!(start > 300_000, "{start}");
    let texts = search::passage_texts(&mut connection, ada, &[(id(1), place)]).await.unwrap();
    assert!(texts[0].text.starts_with("wörd") && texts[0].text.ends_with("the very end"));
    // Phrases go over the ends of passages.
    for number in (0..39_000).step_by(97) {
        let phrase = format!("\"wörd{number} wörd{} wörd{}\"", number + 1, number + 2);
        if number % 2_910 < 97 * 4 {
            assert_eq!(sorted(&mut connection, ada, &phrase).await, [1], "{phrase}");
        }
    }
}

/// What PostgreSQL does not take as it is.
#[tokio::test]
async fn hostile_pages_are_indexed() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    insert(&database, ada, 1, &[]).await;
    let different: String = (0..100_000).map(|number| format!("{number:x}𐌰 ")).collect();
    for (number, text) in (1..).zip([
        "x".repeat(3_000_000),
        "'\\ \\' '' : * & | ! ( ) <-> ".repeat(1_000),
        "\u{fdfa}".repeat(100_000),
        different,
        " ".into(),
        "的".repeat(100_000),
    ]) {
        page(&database, 1, number, &text).await;
    }
    page(&database, 1, 7, "needle").await;
    index(&mut connection).await;
    let pending: i64 = database.query_one("select count(*) from search_pending").await;
    assert_eq!(pending, 0);
    for query in ["needle", "xxxxxx", "的的的", "18693𐌰"] {
        assert_eq!(sorted(&mut connection, ada, query).await, [1], "{query}");
    }
}

#[tokio::test]
async fn the_best_answer_comes_first_and_pages_miss_nothing() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    for number in 1..=8 {
        let name = if number == 3 { "'wharf.pdf'" } else { "'x.pdf'" };
        let description = if number == 4 { "'A wharf'" } else { "''" };
        insert(&database, ada, number, &[("filename", name), ("description", description)]).await;
        page(&database, number, 1, "wharf").await;
    }
    page(&database, 5, 2, "wharf").await;
    index(&mut connection).await;
    let wanted = [3, 4, 5, 8, 7, 6, 2, 1];
    let query = Query::parse("wharf").unwrap();
    for limit in [1, 3, 100] {
        assert_eq!(pages(&mut connection, ada, Some(&query), BEST, limit).await, wanted, "by {limit}");
    }
    let sort = Sort { by: SortBy::Created, is_descending: false };
    assert_eq!(pages(&mut connection, ada, Some(&query), sort, 3).await, [1, 2, 3, 4, 5, 6, 7, 8]);
    let found = find(&mut connection, ada, "wharf").await;
    assert_eq!(found[5].key.value, found[6].key.value, "equals are told apart by their ids");
    assert!(matches!(found[0].key.value, KeyValue::Number(score) if score > 1_000_000));
}

#[tokio::test]
async fn the_index_follows_what_is_said() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    insert(&database, ada, 1, &[("filename", "'before.pdf'")]).await;
    page(&database, 1, 1, "text").await;
    index(&mut connection).await;
    let changes = DocumentChanges { filename: Some("after.pdf".into()), ..DocumentChanges::default() };
    library::update(&mut connection, ada, id(1), &changes).await.unwrap();
    let pending: i64 = database.query_one("select count(*) from search_pending").await;
    assert_eq!(pending, 1, "the text of its pages is the same");
    index(&mut connection).await;
    assert_eq!(sorted(&mut connection, ada, "before").await, [0; 0]);
    assert_eq!(sorted(&mut connection, ada, "after text").await, [1]);
    database.execute("delete from documents").await;
    let left: i64 = database.query_one("select count(*) from search_passages").await;
    assert_eq!(left, 0);
}

/// Two processors index side by side, and what changes meanwhile is seen.
#[tokio::test]
async fn indexing_waits_for_nobody_and_forgets_nothing() {
    let (database, mut connection) = database().await;
    let ada = user(&mut connection, "ada").await;
    insert(&database, ada, 1, &[]).await;
    insert(&database, ada, 2, &[]).await;
    let mut other = database.pool().get().await.unwrap();
    let (one, two) = (&mut connection, &mut other);
    use diesel_async::SimpleAsyncConnection;
    one.batch_execute(&format!("begin; select from documents where id = '{}' for update", id(1)))
        .await
        .unwrap();
    assert_eq!(search::index_pending(two, 10).await.unwrap(), 1, "what somebody has locked is left to them");
    one.batch_execute("rollback").await.unwrap();
    assert_eq!(search::index_pending(two, 10).await.unwrap(), 1);
    assert_eq!(search::index_pending(two, 10).await.unwrap(), 0);
}
