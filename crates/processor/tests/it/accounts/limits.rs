//! Limits towards a provider, and the circuit breaker.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use quire_ai::{
    AiError, TokenUsage,
    ports::{CallOutcome, Pass, PlannedCall},
};
use quire_domain::UserId;
use quire_processor::accounts::Accounts;
use quire_testkit::wait_until;
use serde_json::json;

use super::{
    clock,
    engine::{LineEngine, Mood, PROVIDER},
    make_due, setup_at, submit, waits,
};
use crate::support::{Quire, Setup};

const CALL: PlannedCall<'_> =
    PlannedCall { provider: PROVIDER, model: "lines-1", input_tokens: 60, output_tokens: 40, cost: None };

fn accounts(quire: &Quire) -> Accounts {
    let (pool, clock) = (quire.database.pool(), quire.surroundings.clock.clone());
    Accounts::new(pool, clock, quire.config.ai_limits.clone(), Duration::from_secs(300))
}

async fn enter(quire: &Quire, user: UserId) -> Result<Pass, AiError> {
    accounts(quire).gate(user).enter(&CALL).await
}

async fn leave(quire: &Quire, user: UserId, pass: Pass, outcome: CallOutcome) {
    accounts(quire).gate(user).leave(&CALL, pass, outcome).await;
}

/// For how many seconds nothing is let through.
async fn busy(quire: &Quire, user: UserId) -> u64 {
    match enter(quire, user).await {
        Err(AiError::Busy { provider: PROVIDER, after }) => after.as_secs(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn workers_share_a_limit_and_tasks_wait_for_it() {
    let (clock, engine) = (clock(), LineEngine::new());
    let setup = setup_at(Setup::new().await, &clock).set("AI_REQUESTS_PER_MINUTE", 3);
    let quire = setup.engine(engine.clone()).start().await;
    let (ada, bob) = (quire.user("ada").await, quire.user("bob").await);
    let (first, second) = (submit(&ada, "ada", 7).await, submit(&bob, "bob", 7).await);
    let _workers = [quire.start_worker(), quire.start_worker()];
    for calls in [3, 6] {
        waits(&ada, &first.task).await;
        waits(&bob, &second.task).await;
        assert_eq!(engine.answered().len(), calls);
        clock.advance(TimeDelta::seconds(60));
        let begun = engine.answered().len();
        make_due(&quire).await;
        wait_until("they have gone on", || async { engine.answered().len() > begun }).await;
    }
    wait_until("both are done", || async {
        clock.advance(TimeDelta::seconds(60));
        make_due(&quire).await;
        quire.count("tasks where status = 'completed'").await == 2
    })
    .await;
    for (user, task) in [(&ada, &first.task), (&bob, &second.task)] {
        let task = user.task(task).await;
        // Waiting is not trying.
        assert_eq!((&task["status"], &task["attempt"]), (&json!("completed"), &json!(1)));
    }
    let answered = engine.answered();
    assert_eq!((answered.len(), answered.iter().collect::<HashSet<_>>().len()), (14, 14));
    let told = ["task_queued", "task_started", "task_queued", "task_completed"];
    assert_eq!(quire.events(&first.task).await, told);
    let said: String = quire
        .database
        .query_one(&format!(
            "select message from events where task_id = '{}' and name = 'task_queued' order by id desc limit 1",
            first.task
        ))
        .await;
    assert!(said.contains("goes on by itself"), "{said}");
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_until_a_probe_works() {
    let (clock, engine) = (clock(), LineEngine::new());
    let setup = setup_at(Setup::new().await, &clock).set("AI_BREAKER_FAILURES", 3);
    let quire = setup.engine(engine.clone()).worker().start().await;
    let user = quire.user("ada").await;
    engine.set(Mood::Fails);
    let task = submit(&user, "ada", 2).await.task;
    for failures in 1..=3 {
        wait_until("the attempt is over", || async {
            let ended = quire.count("tasks where status = 'pending' and error_code = 'provider_unavailable'");
            ended.await == 1 && quire.count(&format!("throttles where failures = {failures}")).await == 1
        })
        .await;
        make_due(&quire).await;
        engine.called(1).await;
    }
    waits(&user, &task).await;
    assert_eq!(user.task(&task).await["attempt"], 3);
    assert!((29..=38).contains(&busy(&quire, user.id).await));

    // The first probe fails: it rests for twice as long.
    clock.advance(TimeDelta::seconds(30));
    make_due(&quire).await;
    engine.called(1).await;
    wait_until("it has opened again", || async { quire.count("throttles where openings = 2").await == 1 })
        .await;
    assert!((59..=75).contains(&busy(&quire, user.id).await));

    // The second one works.
    engine.set(Mood::Answers);
    clock.advance(TimeDelta::seconds(60));
    wait_until("it waits", || async { user.task(&task).await["status"] == "pending" }).await;
    make_due(&quire).await;
    assert_eq!(user.ended(&task).await["status"], "completed");
    assert_eq!(quire.count("throttles where open_until is null and failures = 0").await, 1);
}

#[tokio::test]
async fn one_probe_at_a_time_and_a_lost_one_expires() {
    let clock = clock();
    let quire = setup_at(Setup::new().await, &clock).set("AI_BREAKER_FAILURES", 1).start().await;
    let (ada, bob) = (quire.user("ada").await.id, quire.user("bob").await.id);
    let pass = enter(&quire, ada).await.unwrap();
    leave(&quire, ada, pass, CallOutcome::Failed).await;
    assert!((30..=38).contains(&busy(&quire, bob).await));
    clock.advance(TimeDelta::seconds(30));
    enter(&quire, ada).await.unwrap();
    // The gate itself has patience for the seconds that a probe takes.
    let other = tokio::time::timeout(Duration::from_millis(300), enter(&quire, bob)).await;
    assert!(other.is_err(), "{other:?}");
    clock.advance(TimeDelta::seconds(360));
    let probe = enter(&quire, bob).await.unwrap();
    leave(&quire, bob, probe, CallOutcome::Refused).await;
    enter(&quire, ada).await.unwrap();
    enter(&quire, bob).await.unwrap();
}

#[tokio::test]
async fn a_provider_is_left_alone_as_long_as_it_asks() {
    let clock = clock();
    let quire = setup_at(Setup::new().await, &clock).start().await;
    let ada = quire.user("ada").await.id;
    let pass = enter(&quire, ada).await.unwrap();
    let retry_after = Some(Duration::from_secs(80));
    leave(&quire, ada, pass, CallOutcome::Limited { retry_after }).await;
    assert!((80..=100).contains(&busy(&quire, ada).await));
    clock.advance(TimeDelta::seconds(80));
    enter(&quire, ada).await.unwrap();
}

#[tokio::test]
async fn a_call_waits_for_what_another_one_of_its_user_gives_back() {
    let quire = Setup::new().await.set("AI_TOKENS_PER_USER_PER_DAY", 150).start().await;
    let ada = quire.user("ada").await.id;
    let first = enter(&quire, ada).await.unwrap();
    let usage = TokenUsage { input_tokens: 30, output_tokens: 20, ..TokenUsage::default() };
    let settled = leave(&quire, ada, first, CallOutcome::Answered { usage, cost: None });
    let (second, ()) = tokio::join!(enter(&quire, ada), settled);
    // One whose end is not known keeps what was reserved until it expires.
    leave(&quire, ada, second.unwrap(), CallOutcome::Abandoned).await;
    assert_eq!(quire.count("reservations").await, 1);
    assert_eq!(
        quire.database.query_one::<i64>("select input_tokens + output_tokens from spending").await,
        50
    );
}
