//! Answers that are given again, and replies that are not paid for twice.

use std::collections::HashSet;

use quire_testkit::{Answer, wait_until};
use serde_json::{Value, json};

use super::{
    engine::{LineEngine, Mood},
    submit,
};
use crate::support::{Setup, User};

fn id(answer: &Answer) -> String {
    answer.json::<Value>()["id"].as_str().unwrap().to_owned()
}

async fn order(user: &User, document: &str) -> String {
    id(&user.create_task(document).await.expect_status(202))
}

#[tokio::test]
async fn the_same_question_is_answered_at_once_and_costs_nothing() {
    let engine = LineEngine::new();
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let first = submit(&ada, "text", 3).await;
    let original = ada.ended(&first.task).await;
    assert_eq!((&original["input_tokens"], &original["cost"]), (&json!(150), &json!("0.0021")));
    // The same document, and another one with the same text.
    let again = [order(&ada, &first.document).await, submit(&ada, "text", 3).await.task];
    for task in again {
        let cached = ada.ended(&task).await;
        assert_eq!((&cached["status"], &cached["result"]), (&json!("completed"), &original["result"]));
        assert_eq!((&cached["provider"], &cached["model"]), (&original["provider"], &original["model"]));
        for (name, value) in [("input_tokens", json!(0)), ("output_tokens", json!(0)), ("cost", json!("0"))] {
            assert_eq!(cached[name], value, "{name}");
        }
        let output = &cached["output"];
        assert_eq!((&output["cached"], &output["usage"]["input_tokens"]), (&json!(true), &json!(0)));
        let saved = &output["saved"];
        assert_eq!((&saved["input_tokens"], &saved["output_tokens"]), (&json!(150), &json!(60)));
        assert_eq!(output["data"], original["output"]["data"]);
    }
    assert_eq!(engine.answered().len(), 3);
    // Nobody is answered by what somebody else asked, and other parameters are another question.
    bob.ended(&submit(&bob, "text", 3).await.task).await;
    assert_eq!(engine.answered().len(), 6);
    let translated = ada.order(&first.document, "translate", json!({})).await.expect_status(202);
    let translated = ada.ended(&id(&translated)).await;
    assert_eq!((&translated["status"], translated["output"].get("cached")), (&json!("completed"), None));
}

#[tokio::test]
async fn who_wants_a_fresh_answer_gets_one() {
    let engine = LineEngine::new();
    let quire = Setup::new().await.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    let first = submit(&user, "text", 2).await;
    user.ended(&first.task).await;
    // Neither the answer nor the replies that were kept do for it.
    let fresh = user.order(&first.document, "summarize", json!({"fresh": true})).await.expect_status(202);
    let answered = user.ended(&id(&fresh)).await;
    assert_eq!((&answered["status"], answered["output"].get("cached")), (&json!("completed"), None));
    assert_eq!(engine.answered().len(), 4);
    // What it found is the answer from now on.
    let again = user.ended(&order(&user, &first.document).await).await;
    assert_eq!((&again["output"]["cached"], engine.answered().len()), (&json!(true), 4));
}

#[tokio::test]
async fn an_operator_may_want_no_answers_again() {
    let engine = LineEngine::new();
    let setup = Setup::new().await.set("AI_ANSWER_CACHE", "off").engine(engine.clone());
    let quire = setup.worker().start().await;
    let user = quire.user("ada").await;
    let first = submit(&user, "text", 2).await;
    user.ended(&first.task).await;
    let again = user.ended(&order(&user, &first.document).await).await;
    assert_eq!((&again["status"], again["output"].get("cached")), (&json!("completed"), None));
}

/// A worker is lost in the middle: what was answered is kept, and nothing is paid for twice.
#[tokio::test]
async fn a_task_that_is_done_again_pays_only_for_what_is_missing() {
    let engine = LineEngine::new();
    let quire = Setup::new().await.engine(engine.clone()).start().await;
    let user = quire.user("ada").await;
    let submitted = submit(&user, "text", 6).await;
    let lost = quire.start_worker();
    engine.called(3).await;
    engine.set(Mood::Sleeps);
    wait_until("a reply is waited for", || async {
        let under_way = quire.count("reservations").await;
        under_way == 1 && quire.count("kept_replies").await == engine.answered().len() as i64
    })
    .await;
    let kept = engine.answered().len();
    assert!(kept < 6, "the provider fell asleep too late");
    drop(lost);
    wait_until("it was handed back", || async { user.task(&submitted.task).await["status"] == "pending" })
        .await;
    engine.set(Mood::Answers);
    let _worker = quire.start_worker();
    let done = user.ended(&submitted.task).await;
    assert_eq!(done["status"], "completed");
    let answered = engine.answered();
    assert_eq!((answered.len(), answered.iter().collect::<HashSet<_>>().len()), (6, 6));
    assert_eq!(done["input_tokens"], 50 * (6 - kept as i64));
}

#[tokio::test]
async fn replies_go_with_their_document_and_with_time() {
    let quire = Setup::new().await.engine(LineEngine::new()).worker().start().await;
    let user = quire.user("ada").await;
    let gone = submit(&user, "gone", 2).await;
    let stays = submit(&user, "stays", 3).await;
    for submitted in [&gone, &stays] {
        user.ended(&submitted.task).await;
    }
    assert_eq!(quire.count("kept_replies").await, 5);
    user.client.delete(&format!("/documents/{}", gone.document)).await.assert_status(200);
    assert_eq!(quire.count("kept_replies").await, 3);
    quire.database.execute("update kept_replies set created_at = now() - interval '29 days'").await;
    quire.housekeeping().clean_up().await.unwrap();
    assert_eq!(quire.count("kept_replies").await, 3);
    quire.database.execute("update kept_replies set created_at = now() - interval '31 days'").await;
    quire.housekeeping().clean_up().await.unwrap();
    assert_eq!(quire.count("kept_replies").await, 0);
}
