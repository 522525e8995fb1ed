//! A client that answers by a function and counts, a keeper of replies in memory, and a gate that notes what
//! passes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use quire_ai::{
    AiError, Caps, ChatCall, ChatClient, ChatReply, EngineInfo, Finish, Limits, ModelEngine, ModelParts,
    RetryPolicy, TextSink, Timeouts, TokenUsage,
    ports::{CallOutcome, Gate, KeptReply, Pass, PlannedCall, Replies, ReplyKey},
};
use serde_json::json;
use tokio::sync::Notify;

/// What each call takes.
pub(crate) const USAGE: TokenUsage =
    TokenUsage { input_tokens: 1_000, cached_input_tokens: 0, output_tokens: 100, reasoning_tokens: 0 };
pub(crate) const CAPS: Caps =
    Caps { context_tokens: 2_000, max_output_tokens: 300, tokens_per_counted: 1.0, enforces_schema: false };

/// What becomes of one call.
pub(crate) enum Act {
    /// This is written, in these pieces.
    Write(Vec<String>),
    /// This is written, and cut off there.
    Cut(String),
    /// This is written, then the call fails.
    Fail(String, AiError),
    /// The call never ends.
    Hang,
}

type Script = dyn Fn(usize, &ChatCall) -> Act + Send + Sync;

/// Answers by a script, which gets the number of the call, from 0.
#[derive(Clone)]
pub(crate) struct Counting {
    script: Arc<Script>,
    pub(crate) calls: Arc<Mutex<Vec<ChatCall>>>,
    pub(crate) hangs: Arc<Notify>,
    caps: Caps,
}

impl Counting {
    pub(crate) fn new(script: impl Fn(usize, &ChatCall) -> Act + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), calls: Arc::default(), hangs: Arc::default(), caps: CAPS }
    }

    pub(crate) fn with_caps(self, caps: Caps) -> Self {
        Self { caps, ..self }
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    pub(crate) fn engine(&self) -> ModelEngine<Self> {
        self.engine_within(Limits::default())
    }

    pub(crate) fn engine_within(&self, limits: Limits) -> ModelEngine<Self> {
        ModelEngine::new(self.parts(limits))
    }

    /// An engine's parts for `gpt-6-luna`, whose price is known.
    pub(crate) fn parts(&self, limits: Limits) -> ModelParts<Self> {
        ModelParts {
            client: self.clone(),
            info: EngineInfo { provider: "openai", model: "gpt-6-luna".into() },
            retry: RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() },
            timeouts: Timeouts::default(),
            prices: Arc::default(),
            prompts: Arc::default(),
            limits,
        }
    }
}

#[async_trait]
impl ChatClient for Counting {
    fn caps(&self) -> Caps {
        self.caps
    }

    async fn complete(&self, call: &ChatCall, written: TextSink<'_>) -> Result<ChatReply, AiError> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(call.clone());
            calls.len() - 1
        };
        tokio::task::yield_now().await;
        let reply = |text: String, finish| Ok(ChatReply { text, finish, usage: USAGE });
        match (self.script)(number, call) {
            Act::Write(pieces) => {
                for piece in &pieces {
                    written(piece);
                }
                reply(pieces.concat(), Finish::Complete)
            }
            Act::Cut(text) => {
                written(&text);
                reply(text, Finish::Truncated)
            }
            Act::Fail(text, error) => {
                written(&text);
                Err(error)
            }
            Act::Hang => {
                self.hangs.notify_one();
                std::future::pending().await
            }
        }
    }
}

/// A good reply to `summarize`.
pub(crate) fn summary(sentences: &[&str]) -> Act {
    Act::Write(vec![json!({ "sentences": sentences }).to_string()])
}

/// Keeps replies in memory.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) kept: Mutex<HashMap<ReplyKey, KeptReply>>,
}

#[async_trait]
impl Replies for Memory {
    async fn find(&self, key: ReplyKey) -> Result<Option<KeptReply>, AiError> {
        Ok(self.kept.lock().unwrap().get(&key).cloned())
    }

    async fn keep(&self, key: ReplyKey, kept: &KeptReply) -> Result<(), AiError> {
        self.kept.lock().unwrap().entry(key).or_insert_with(|| kept.clone());
        Ok(())
    }
}

/// A keeper that cannot be reached, for finding or for keeping.
pub(crate) struct Unreachable {
    pub(crate) finds: bool,
}

#[async_trait]
impl Replies for Unreachable {
    async fn find(&self, _key: ReplyKey) -> Result<Option<KeptReply>, AiError> {
        if self.finds { Ok(None) } else { Err(AiError::Shared("the keeper is away".into())) }
    }

    async fn keep(&self, _key: ReplyKey, _kept: &KeptReply) -> Result<(), AiError> {
        Err(AiError::Shared("the keeper is away".into()))
    }
}

/// What passed a gate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Passed {
    Entered { pass: i64, input: u32, output: u32, cost: Option<String> },
    Left(i64, CallOutcome),
}

/// A gate that notes what passes; it first refuses as often as it is told to.
#[derive(Default)]
pub(crate) struct Noting {
    pub(crate) refusals: Mutex<Vec<AiError>>,
    pub(crate) passed: Mutex<Vec<Passed>>,
    pub(crate) left: Notify,
    next: AtomicI64,
}

impl Noting {
    pub(crate) fn refusing(refusals: Vec<AiError>) -> Self {
        Self { refusals: Mutex::new(refusals), ..Self::default() }
    }

    pub(crate) fn outcomes(&self) -> Vec<CallOutcome> {
        let left = |passed: &Passed| match passed {
            Passed::Left(_, outcome) => Some(*outcome),
            Passed::Entered { .. } => None,
        };
        self.passed.lock().unwrap().iter().filter_map(left).collect()
    }

    pub(crate) fn entered(&self) -> usize {
        let passed = self.passed.lock().unwrap();
        passed.iter().filter(|passed| matches!(passed, Passed::Entered { .. })).count()
    }
}

#[async_trait]
impl Gate for Noting {
    async fn enter(&self, call: &PlannedCall<'_>) -> Result<Pass, AiError> {
        assert_eq!((call.provider, call.model), ("openai", "gpt-6-luna"));
        if let Some(error) = self.refusals.lock().unwrap().pop() {
            return Err(error);
        }
        let pass = self.next.fetch_add(1, Ordering::SeqCst);
        let cost = call.cost.map(|cost| cost.to_string());
        let entered = Passed::Entered { pass, input: call.input_tokens, output: call.output_tokens, cost };
        self.passed.lock().unwrap().push(entered);
        Ok(Pass(pass))
    }

    async fn leave(&self, _call: &PlannedCall<'_>, pass: Pass, outcome: CallOutcome) {
        tokio::task::yield_now().await;
        self.passed.lock().unwrap().push(Passed::Left(pass.0, outcome));
        self.left.notify_one();
    }
}

/// Pages of sentences that all differ.
pub(crate) fn pages(count: usize, sentences: usize) -> Vec<String> {
    let sentence = |page, number| format!("Sentence {number} on page {page} tells of the harvest. ");
    (1..=count).map(|page| (1..=sentences).map(|number| sentence(page, number)).collect()).collect()
}
