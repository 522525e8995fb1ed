//! `GET /documents` without a search.

use super::{insert, list, numbers, pages};
use crate::support::Setup;

#[tokio::test]
async fn lists_hold_only_what_was_asked_for() {
    let quire = Setup::new().await.start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let first = insert(&quire, &ada, 1, &[("kind", "'invoice'"), ("tags", "'{a,\"b c\"}'")]).await;
    insert(&quire, &ada, 2, &[("folder", "'Üb/er'"), ("tags", "'{a}'")]).await;
    insert(&quire, &ada, 3, &[("status", "'INITIATED'"), ("media_type", "'image/png'")]).await;
    insert(&quire, &ada, 4, &[("parent_id", &format!("'{first}'")), ("created_at", "'2020-02-03T10:00Z'")])
        .await;
    insert(&quire, &bob, 5, &[]).await;
    for (query, wanted) in [
        (String::new(), &[3, 2, 1, 4][..]),
        ("/".into(), &[3, 2, 1, 4]),
        ("?kind=rechnung".into(), &[1]),
        ("?status=INITIATED".into(), &[3]),
        ("?type=image/*".into(), &[3]),
        ("?type=application%2Fpdf&kind=other".into(), &[2, 4]),
        ("?tag=a".into(), &[2, 1]),
        ("?tag=a&tag=b%20c".into(), &[1]),
        ("?tag=a,b+c".into(), &[1]),
        ("?tag=nothing".into(), &[]),
        ("?folder=%C3%9Cb".into(), &[2]),
        ("?folder=%C3%9Cb/er/".into(), &[2]),
        (format!("?parent_id={first}"), &[4]),
        ("?created_before=2021-01-01".into(), &[4]),
        ("?created_after=2020-02-03T11:00:00%2B01:00&created_before=2020-02-04".into(), &[4]),
        ("?created_after=2020-02-03T10:00:01Z&created_before=2020-02-04".into(), &[]),
        ("?sort=size".into(), &[1, 2, 3, 4]),
        ("?sort=created_at&limit=100".into(), &[4, 1, 2, 3]),
    ] {
        let (documents, next) = list(&ada, &query).await;
        assert_eq!(numbers(&documents), wanted, "{query}");
        assert_eq!(next, None, "{query}");
        for document in documents {
            assert!(document.get("metadata").is_none() && document.get("matches").is_none(), "{document}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end_in_every_order() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    for number in 1..=7 {
        // Two names and two sizes, and all in one moment.
        let name = ["'a & b?.pdf'", "'Ü \"b\".pdf'"][number as usize % 2];
        let size = (number % 2).to_string();
        let columns = [("filename", name), ("size", &size), ("created_at", "'2026-01-01T00:00:00.123456Z'")];
        insert(&quire, &user, number, &columns).await;
    }
    for (sort, wanted) in [
        ("-created_at", [7, 6, 5, 4, 3, 2, 1]),
        ("created_at", [1, 2, 3, 4, 5, 6, 7]),
        ("filename", [2, 4, 6, 1, 3, 5, 7]),
        ("-filename", [7, 5, 3, 1, 6, 4, 2]),
        ("size", [2, 4, 6, 1, 3, 5, 7]),
        ("-size", [7, 5, 3, 1, 6, 4, 2]),
    ] {
        for limit in [1, 3, 7] {
            let pages = pages(&user, &format!("?sort={sort}&limit={limit}&type=application/*")).await;
            assert!(pages.iter().all(|page| page.len() <= limit), "{pages:?}");
            assert_eq!(pages.concat(), wanted, "{sort} by {limit}");
        }
    }
}

#[tokio::test]
async fn what_comes_and_goes_in_between_moves_nothing() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(insert(&quire, &user, number, &[]).await);
    }
    let (first, next) = list(&user, "?limit=2").await;
    assert_eq!(numbers(&first), [5, 4]);
    insert(&quire, &user, 6, &[]).await;
    // The place that the next page begins after is gone.
    user.client.delete(&format!("/documents/{}", ids[3])).await.assert_status(200);
    let (second, next) = list(&user, &next.unwrap()).await;
    assert_eq!(numbers(&second), [3, 2]);
    assert_eq!(numbers(&list(&user, &next.unwrap()).await.0), [1]);
}

#[tokio::test]
async fn wrong_questions_are_refused() {
    let quire = Setup::new().await.start().await;
    let user = quire.user("ada").await;
    insert(&quire, &user, 1, &[]).await;
    insert(&quire, &user, 2, &[]).await;
    let (_, next) = list(&user, "?limit=1&sort=size").await;
    let place = next.unwrap().split("after=").nth(1).unwrap().to_owned();
    for (query, field) in [
        ("limit=0".to_owned(), "limit"),
        ("limit=101".into(), "limit"),
        ("kind=poem".into(), "kind"),
        ("status=done".into(), "status"),
        ("type=pdf".into(), "type"),
        ("tag=%00".into(), "tag"),
        ("folder=a%00b".into(), "folder"),
        ("created_after=soon".into(), "created_after"),
        ("created_before=2026-13-01".into(), "created_before"),
        ("parent_id=1".into(), "parent_id"),
        ("sort=-relevance".into(), "sort"),
        ("sort=relevance".into(), "sort"),
        ("after=0".into(), "after"),
        (format!("after={place}"), "after"),
    ] {
        let answer = user.client.get(&format!("/documents?{query}")).await;
        let problem = answer.assert_problem(422, "validation_failed");
        let errors = problem["errors"].as_object().unwrap();
        assert_eq!(errors.keys().collect::<Vec<_>>(), [field], "{query}: {problem}");
    }
    let answer = user.client.get("/documents?limit=0&kind=poem&q=%00").await;
    let problem = answer.assert_problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_object().unwrap().len(), 2, "{problem}");
}
