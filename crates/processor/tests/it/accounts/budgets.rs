//! What users may spend, and how they see it.

use serde_json::{Value, json};

use super::{engine::LineEngine, submit};
use crate::support::{Quire, Setup, User};

/// What is left for today.
async fn today(user: &User) -> Value {
    user.client.get("/process/usage").await.expect_status(200).json::<Value>()["today"].clone()
}

/// The sum of a column over all days.
async fn sum(user: &User, name: &str) -> i64 {
    let usage: Value = user.client.get("/process/usage").await.expect_status(200).json();
    usage["days"].as_array().unwrap().iter().map(|day| day[name].as_i64().unwrap()).sum()
}

async fn start(setup: Setup, engine: std::sync::Arc<LineEngine>) -> Quire {
    setup.engine(engine).worker().start().await
}

#[tokio::test]
async fn a_budget_of_tokens_is_not_exceeded_and_is_each_users_own() {
    let engine = LineEngine::new();
    let quire = start(Setup::new().await.set("AI_TOKENS_PER_USER_PER_DAY", 300), engine.clone()).await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let spent = submit(&ada, "ada", 9).await;
    let failed = ada.ended(&spent.task).await;
    assert_eq!((&failed["error_code"], &failed["attempt"]), (&json!("budget_spent"), &json!(1)));
    assert!(failed["error_message"].as_str().unwrap().contains("tomorrow"), "{failed}");
    // Three calls of 70 tokens; a fourth might have taken 100.
    assert_eq!(engine.answered().len(), 3);
    assert_eq!(today(&ada).await["tokens"], json!({"limit": 300, "left": 90}));
    assert_eq!((sum(&ada, "tasks").await, sum(&ada, "calls").await), (0, 3));
    assert_eq!(quire.count("reservations").await, 0);

    let done = submit(&bob, "bob", 1).await;
    assert_eq!(bob.ended(&done.task).await["status"], "completed");
    assert_eq!(today(&bob).await["tokens"], json!({"limit": 300, "left": 230}));

    // The operator gives more: what was paid for is not paid for again.
    quire.database.execute("delete from spending").await;
    ada.act(&spent.task, "retry").await.assert_status(202);
    assert_eq!(ada.ended(&spent.task).await["error_code"], "budget_spent");
    assert_eq!(engine.answered().len(), 1 + 3 + 3);
}

#[tokio::test]
async fn a_budget_of_dollars_wants_models_with_a_price() {
    let budget = || async { Setup::new().await.set("AI_BUDGET_PER_USER_PER_DAY", "0.0025") };
    let quire = start(budget().await, LineEngine::without_price()).await;
    let user = quire.user("ada").await;
    let failed = user.ended(&submit(&user, "ada", 2).await.task).await;
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("price_unknown")));
    let message = failed["error_message"].as_str().unwrap();
    assert!(message.contains("lines-1") && message.contains("operator"), "{message}");

    let quire = start(budget().await, LineEngine::new()).await;
    let user = quire.user("ada").await;
    let done = user.ended(&submit(&user, "ada", 2).await.task).await;
    assert_eq!((&done["status"], &done["cost"]), (&json!("completed"), &json!("0.0014")));
    assert_eq!(today(&user).await["cost"], json!({"limit": "0.0025", "left": "0.0011"}));
    let failed = user.ended(&submit(&user, "more", 9).await.task).await;
    assert_eq!(failed["error_code"], "budget_spent");
    assert_eq!(today(&user).await["cost"], json!({"limit": "0.0025", "left": "0.0004"}));
}

#[tokio::test]
async fn usage_is_told_by_day_to_its_user_alone() {
    let quire = start(Setup::new().await, LineEngine::new()).await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    for name in ["first", "second"] {
        ada.ended(&submit(&ada, name, 2).await.task).await;
    }
    for (name, expected) in [
        ("tasks", 2),
        ("calls", 4),
        ("input_tokens", 200),
        ("cached_input_tokens", 40),
        ("output_tokens", 80),
    ] {
        assert_eq!(sum(&ada, name).await, expected, "{name}");
    }
    let usage: Value = ada.client.get("/process/usage").await.expect_status(200).json();
    assert_eq!((&usage["today"]["tokens"], &usage["today"]["cost"]), (&Value::Null, &Value::Null));
    assert!(usage["today"]["resets_at"].as_str().unwrap().ends_with("T00:00:00Z"), "{usage}");
    let usage: Value = bob.client.get("/process/usage").await.expect_status(200).json();
    assert_eq!(usage["days"], json!([]));

    quire
        .database
        .execute(
            "update spending set day = '2026-01-31';
             insert into spending (user_id, day, calls, unpriced_calls, cost)
                 select user_id, '2026-02-01', 2, 1, 0.5 from spending",
        )
        .await;
    let path = "/process/usage?from=2026-01-31&to=2026-02-28";
    let usage: Value = ada.client.get(path).await.expect_status(200).json();
    assert_eq!((&usage["from"], &usage["to"]), (&json!("2026-01-31"), &json!("2026-02-28")));
    let days: Vec<_> =
        usage["days"].as_array().unwrap().iter().map(|day| (&day["day"], &day["cost"])).collect();
    let told = [(json!("2026-02-01"), Value::Null), (json!("2026-01-31"), json!("0.0028"))];
    assert_eq!(days, told.iter().map(|(day, cost)| (day, cost)).collect::<Vec<_>>());
    for query in ["from=yesterday", "to=2026-02-30", "from=2026-02-01&to=2026-01-01", "from=1999-01-01"] {
        ada.client.get(&format!("/process/usage?{query}")).await.assert_problem(422, "validation_failed");
    }
}
