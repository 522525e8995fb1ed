//! Answers that are heard while they are being written.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use quire_ai::Delta;
use quire_domain::{DocumentId, TaskId, UserId};
use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

/// What is written within this time is told at once.
const GATHER: Duration = Duration::from_millis(100);
/// Bytes that may wait to be told; what is beyond comes with the result.
const MOST_WAITING: usize = 64 * 1024;

/// A piece of an answer that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDelta {
    /// Whose task it is.
    pub user: UserId,
    /// Which one.
    pub task: TaskId,
    /// Its document.
    pub document: DocumentId,
    /// What was written.
    pub text: String,
    /// The answer begins, or begins anew: what was told before counts no more.
    pub restart: bool,
}

/// Hears answers while they are being written.
#[async_trait]
pub trait DeltaListener: Send + Sync {
    /// Hears a piece. What comes while it is busy is gathered.
    async fn publish(&self, delta: TaskDelta);
}

#[derive(Default)]
struct Waiting {
    restart: bool,
    text: String,
    /// Something did not fit: what follows it would not fit to what was told.
    is_broken: bool,
}

/// What was written and not told yet. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<(Mutex<Waiting>, Notify)>);

impl Written {
    /// Takes in a piece, and never blocks.
    pub(super) fn hear(&self, delta: Delta) {
        let (waiting, notify) = &*self.0;
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match delta {
            Delta::Begin => *waiting = Waiting { restart: true, ..Waiting::default() },
            Delta::Text(_) if waiting.is_broken => {}
            Delta::Text(text) if waiting.text.len() + text.len() > MOST_WAITING => waiting.is_broken = true,
            Delta::Text(text) => waiting.text.push_str(&text),
        }
        notify.notify_one();
    }

    /// Whether the answer begins, and what was written since the last time.
    fn take(&self) -> (bool, String) {
        let mut waiting = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut waiting.restart), std::mem::take(&mut waiting.text))
    }

    /// Tells what is written, as it comes.
    pub(super) async fn tell(&self, source: Source, listener: &dyn DeltaListener) -> Infallible {
        loop {
            self.0.1.notified().await;
            sleep(GATHER).await;
            let (restart, text) = self.take();
            if restart || !text.is_empty() {
                let Source { user, task, document } = source;
                listener.publish(TaskDelta { user, task, document, text, restart }).await;
            }
        }
    }
}

/// What is being answered, for whom.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) user: UserId,
    pub(super) task: TaskId,
    pub(super) document: DocumentId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(written: &Written, text: &str) {
        written.hear(Delta::Text(text.to_owned()));
    }

    #[test]
    fn pieces_are_gathered_and_a_new_beginning_drops_them() {
        let written = Written::default();
        hear(&written, "a");
        hear(&written, "b");
        assert_eq!(written.take(), (false, "ab".to_owned()));
        hear(&written, "c");
        written.hear(Delta::Begin);
        hear(&written, "d");
        assert_eq!(written.take(), (true, "d".to_owned()));
        assert_eq!(written.take(), (false, String::new()));
    }

    #[test]
    fn nobody_who_listens_slowly_lets_it_grow() {
        let written = Written::default();
        for _ in 0..100 {
            hear(&written, &"x".repeat(1_000));
        }
        assert_eq!(written.take().1.len(), 65_000);
        // A gap would spoil what was told; it goes on with the next beginning.
        hear(&written, "late");
        assert_eq!(written.take().1, "");
        written.hear(Delta::Begin);
        hear(&written, "anew");
        assert_eq!(written.take(), (true, "anew".to_owned()));
    }

    struct Heard(tokio::sync::mpsc::UnboundedSender<TaskDelta>);

    #[async_trait]
    impl DeltaListener for Heard {
        async fn publish(&self, delta: TaskDelta) {
            self.0.send(delta).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_together_is_told_at_once() {
        let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let id = quire_domain::ids::uuid_v7(chrono::DateTime::UNIX_EPOCH);
        let source = Source { user: UserId(7), task: TaskId(id), document: DocumentId(id) };
        let (written, listener) = (Written::default(), Heard(sender));
        let hearing = async {
            written.hear(Delta::Begin);
            hear(&written, "One ");
            hear(&written, "two.");
            let first = heard.recv().await.unwrap();
            hear(&written, " Three.");
            (first, heard.recv().await.unwrap())
        };
        let (first, second) = tokio::select! {
            never = written.tell(source, &listener) => match never {},
            told = hearing => told,
        };
        assert_eq!((first.user, first.restart, first.text.as_str()), (UserId(7), true, "One two."));
        assert_eq!((second.task, second.restart, second.text.as_str()), (TaskId(id), false, " Three."));
    }
}
