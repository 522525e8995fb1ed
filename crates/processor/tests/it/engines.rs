//! Engines for what the scripted one does not show.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use quire_ai::{
    AiError, Answer, Engine, EngineInfo, Progress, Request, RunContext, task::TaskType,
    testing::ScriptedEngine,
};
use quire_domain::failure::Failure;
use serde_json::Value;
use tokio::sync::Notify;

/// Runs until it is dropped, and then says so.
#[derive(Default)]
pub(crate) struct EndlessEngine {
    begun: Notify,
    dropped: Arc<AtomicBool>,
}

impl EndlessEngine {
    pub(crate) async fn begun(&self) {
        self.begun.notified().await;
    }

    pub(crate) fn was_dropped(&self) -> bool {
        self.dropped.load(Ordering::SeqCst)
    }
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Engine for EndlessEngine {
    fn info(&self) -> EngineInfo {
        EngineInfo { provider: "endless", model: "endless-1".into() }
    }

    fn supports(&self, _: &dyn TaskType, _: &Value) -> Result<(), Failure> {
        Ok(())
    }

    async fn run(&self, _: &Request, _: &RunContext) -> Result<Answer, AiError> {
        let _set_on_drop = SetOnDrop(self.dropped.clone());
        self.begun.notify_one();
        std::future::pending().await
    }
}

/// Reports half of its progress over and over, until it is told to go on.
pub(crate) struct HalfwayEngine {
    pub(crate) go_on: Notify,
    inner: Arc<ScriptedEngine>,
}

impl HalfwayEngine {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { go_on: Notify::new(), inner: ScriptedEngine::new([]) })
    }
}

#[async_trait]
impl Engine for HalfwayEngine {
    fn info(&self) -> EngineInfo {
        self.inner.info()
    }

    fn supports(&self, task: &dyn TaskType, params: &Value) -> Result<(), Failure> {
        self.inner.supports(task, params)
    }

    async fn run(&self, request: &Request, context: &RunContext) -> Result<Answer, AiError> {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(10));
        tokio::select! {
            () = self.go_on.notified() => {}
            () = async {
                loop {
                    ticks.tick().await;
                    (context.progress)(Progress { done: 1, total: 2 });
                }
            } => {}
        }
        self.inner.run(request, context).await
    }
}
