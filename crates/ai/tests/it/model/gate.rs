//! Every try of a call goes through the gate, and comes out again whatever happens.

use std::{sync::Arc, time::Duration};

use quire_ai::{
    AiError, Engine, Limits, ModelEngine, ModelParts, RunContext, Timeouts, Verdict,
    ports::{CallOutcome, Gate, Pass, PlannedCall},
};
use serde_json::Value;
use tokio::sync::Notify;

use super::counting::{Act, Counting, Noting, Passed, USAGE, summary};
use crate::request;

fn asked() -> quire_ai::Request {
    request("summarize", Value::Null, &["A text of few words."])
}

fn context(gate: &Arc<Noting>) -> RunContext {
    RunContext::default().with_gate(gate.clone())
}

fn answered() -> CallOutcome {
    CallOutcome::Answered { usage: USAGE, cost: Some(quire_ai::Cost(150_000_000)) }
}

#[tokio::test(start_paused = true)]
async fn every_try_enters_and_leaves() {
    let provider = "openai";
    let after = Some(Duration::from_secs(2));
    let client = Counting::new(move |number, _| match number {
        0 => Act::Fail(String::new(), AiError::Unavailable { provider }),
        1 => Act::Fail(String::new(), AiError::RateLimited { provider, retry_after: after }),
        2 => Act::Cut("{\"sent".into()),
        3 => Act::Write(vec!["no json".into()]),
        _ => summary(&["One.", "Two.", "Three."]),
    });
    let gate = Arc::new(Noting::default());
    let answer = client.engine().run(&asked(), &context(&gate)).await.unwrap();
    let limited = CallOutcome::Limited { retry_after: after };
    assert_eq!(gate.outcomes(), [CallOutcome::Failed, limited, answered(), answered(), answered()]);
    assert_eq!((gate.entered(), client.count()), (5, 5));
    assert_eq!(answer.output["attempts"], 5);
    assert_eq!(answer.cost.as_deref(), Some("0.00045"), "three calls were paid for");
    assert_eq!(answer.output["cost"]["amount"], "0.00045");
    assert_eq!(answer.output["cost"]["price_date"], "2026-09-22");

    let passed = gate.passed.lock().unwrap().clone();
    let rooms: Vec<_> = passed
        .iter()
        .filter_map(|passed| match passed {
            Passed::Entered { output, cost, .. } => Some((*output, cost.is_some())),
            Passed::Left(..) => None,
        })
        .collect();
    assert_eq!(rooms, [300, 300, 300, 600, 600].map(|room| (room, true)));
}

#[tokio::test(start_paused = true)]
async fn a_busy_gate_is_waited_for_or_gives_the_worker_free() {
    let client = Counting::new(|_, _| summary(&["One.", "Two.", "Three."]));
    let busy = |seconds| AiError::Busy { provider: "openai", after: Duration::from_secs(seconds) };
    let gate = Arc::new(Noting::refusing(vec![busy(20); 5]));
    let answer = client.engine().run(&asked(), &context(&gate)).await.unwrap();
    assert_eq!((client.count(), &answer.output["attempts"]), (1, &Value::from(1)));

    let gate = Arc::new(Noting::refusing(vec![busy(60)]));
    let error = client.engine().run(&asked(), &context(&gate)).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Wait { after: Duration::from_secs(60) });
    assert_eq!((client.count(), gate.entered()), (1, 0));

    let gate = Arc::new(Noting::refusing(vec![AiError::BudgetSpent]));
    assert_eq!(client.engine().run(&asked(), &context(&gate)).await.unwrap_err(), AiError::BudgetSpent);
    assert_eq!(client.count(), 1);
}

#[tokio::test]
async fn a_cancelled_or_dropped_call_is_abandoned() {
    let client = Counting::new(|_, _| Act::Hang);
    let gate = Arc::new(Noting::default());
    let (engine, context, asked) = (client.engine(), context(&gate), asked());
    let cancel = async {
        client.hangs.notified().await;
        context.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(engine.run(&asked, &context), cancel);
    assert_eq!(outcome.unwrap_err(), AiError::Cancelled);
    gate.left.notified().await;
    assert_eq!(gate.outcomes(), [CallOutcome::Abandoned]);

    let context = RunContext::default().with_gate(gate.clone());
    tokio::select! {
        _ = engine.run(&asked, &context) => panic!("the call never ends"),
        () = client.hangs.notified() => {}
    }
    gate.left.notified().await;
    assert_eq!(gate.outcomes(), [CallOutcome::Abandoned; 2]);
}

/// A gate that lets a call through after a while.
#[derive(Default)]
struct Slow {
    asked: Notify,
    open: Notify,
    noting: Noting,
}

#[async_trait::async_trait]
impl Gate for Slow {
    async fn enter(&self, call: &PlannedCall<'_>) -> Result<Pass, AiError> {
        self.asked.notify_one();
        self.open.notified().await;
        self.noting.enter(call).await
    }

    async fn leave(&self, call: &PlannedCall<'_>, pass: Pass, outcome: CallOutcome) {
        self.noting.leave(call, pass, outcome).await;
    }
}

#[tokio::test]
async fn a_pass_for_which_nobody_waits_any_more_is_given_back() {
    let client = Counting::new(|_, _| Act::Hang);
    let gate = Arc::new(Slow::default());
    let (engine, context, asked) = (client.engine(), RunContext::default().with_gate(gate.clone()), asked());
    tokio::select! {
        _ = engine.run(&asked, &context) => panic!("the gate is closed"),
        () = gate.asked.notified() => {}
    }
    gate.open.notify_one();
    gate.noting.left.notified().await;
    assert_eq!(gate.noting.outcomes(), [CallOutcome::Abandoned]);
    assert_eq!(client.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_all_the_time_is_the_providers_failure() {
    let client = Counting::new(|_, _| Act::Hang);
    for (header, outcome) in [(60, CallOutcome::Failed), (600, CallOutcome::Abandoned)] {
        let gate = Arc::new(Noting::default());
        let timeouts = Timeouts { header: Duration::from_secs(header), ..Timeouts::default() };
        let engine = ModelEngine::new(ModelParts { timeouts, ..client.parts(Limits::default()) });
        let error = engine.run(&asked(), &context(&gate)).await.unwrap_err();
        assert_eq!(error, AiError::Timeout { provider: "openai" });
        assert_eq!(gate.outcomes(), [outcome]);
    }
}

#[tokio::test]
async fn an_unknown_price_is_no_price() {
    let client = Counting::new(|_, _| summary(&["One.", "Two.", "Three."]));
    let mut parts = client.parts(Limits::default());
    parts.info.model = "a-model-of-tomorrow".into();
    let answer = ModelEngine::new(parts).run(&asked(), &RunContext::default()).await.unwrap();
    assert_eq!((answer.cost, &answer.output["cost"]), (None, &Value::Null));
    assert_eq!(answer.input_tokens, Some(USAGE.input_tokens));
}
