//! Texts of any length.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use quire_ai::{AiError, Caps, Engine, Limits, RunContext};
use serde_json::{Value, json};

use super::counting::{Act, CAPS, Counting, pages, summary};
use crate::request;

fn asked(pages: &[String]) -> quire_ai::Request {
    request("summarize", Value::Null, &pages.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_thousand_pages_are_answered_on_several_levels() {
    let caps = Caps { context_tokens: 6_000, max_output_tokens: 1_000, ..CAPS };
    let client =
        Counting::new(|_, _| summary(&["A sentence of the summary of this part."; 5])).with_caps(caps);
    let answer = client.engine().run(&asked(&pages(1_000, 40)), &RunContext::default()).await.unwrap();
    assert_eq!(answer.output["partial"], false);
    assert!(answer.warnings.is_empty());
    let calls = client.calls.lock().unwrap();
    let of_document = calls.iter().filter(|call| call.user.contains("tells of the harvest")).count();
    assert!((100..400).contains(&of_document), "{of_document}");
    assert!(calls.len() - of_document > 2, "the summaries are longer than a piece");
    for page in [1, 500, 1_000] {
        let first = format!("Sentence 1 on page {page} ");
        assert_eq!(calls.iter().filter(|call| call.user.contains(&first)).count(), 1, "{page}");
    }
}

#[tokio::test]
async fn what_a_limit_leaves_out_is_said() {
    let client = Counting::new(|_, _| summary(&["One.", "Two.", "Three."]));
    let engine = client.engine_within(Limits { most_pieces: 3, ..Limits::default() });
    let answer = engine.run(&asked(&pages(20, 25)), &RunContext::default()).await.unwrap();
    assert_eq!(answer.output["partial"], true);
    let warning = &answer.warnings[0];
    assert_eq!(warning.code, "text_left_out");
    assert_eq!(answer.output["warnings"][0]["message"], warning.message);
    assert!(warning.message.contains("to 20."), "{}", warning.message);
    let calls = client.calls.lock().unwrap();
    assert_eq!(calls.len(), 4, "three pieces, and their summaries");
    let (_, pages) = warning.message.split_once("pages ").unwrap();
    let first: usize = pages.split(' ').next().unwrap().parse().unwrap();
    let read = |page: usize| calls.iter().any(|call| call.user.contains(&format!(" 25 on page {page} ")));
    assert!(read(first - 1) && !read(first), "{}", warning.message);
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    for allowed in [1, 3] {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let client = Slow { now: now.clone(), most: most.clone() };
        let parts = Counting::new(|_, _| Act::Hang).parts(Limits { in_flight: allowed, ..Limits::default() });
        let engine = quire_ai::ModelEngine::new(quire_ai::ModelParts {
            client,
            info: parts.info,
            retry: parts.retry,
            timeouts: parts.timeouts,
            prices: parts.prices,
            prompts: parts.prompts,
            limits: parts.limits,
        });
        engine.run(&asked(&pages(12, 30)), &RunContext::default()).await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), allowed);
        assert_eq!(now.load(Ordering::SeqCst), 0);
    }
}

/// Counts the calls under way.
struct Slow {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl quire_ai::ChatClient for Slow {
    fn caps(&self) -> Caps {
        CAPS
    }

    async fn complete(
        &self,
        _call: &quire_ai::ChatCall,
        _written: quire_ai::TextSink<'_>,
    ) -> Result<quire_ai::ChatReply, AiError> {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(quire_ai::ChatReply {
            text: json!({"sentences": ["One."]}).to_string(),
            finish: quire_ai::Finish::Complete,
            usage: quire_ai::TokenUsage::default(),
        })
    }
}

#[tokio::test]
async fn a_text_without_a_stop_is_answered_too() {
    let client = Counting::new(|_, _| summary(&["One."]));
    for text in ["word ".repeat(20_000), "x".repeat(100_000), format!("{}x", "\u{1F600}".repeat(10_000))] {
        let answer = client.engine().run(&asked(&[text]), &RunContext::default()).await.unwrap();
        assert_eq!(answer.result, "One.");
    }
}
