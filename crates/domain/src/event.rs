//! Events: facts about a task or document, delivered over WebSocket and SSE from one stored log.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{DocumentId, EventId, TaskId, UserId};

macro_rules! event_names {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventName { $($(#[$doc])* $variant,)* }

        impl EventName {
            /// Every name.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The event with that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|event| event.as_str() == name)
            }
        }
    };
}

event_names! {
    /// The first message on every connection; not stored.
    Connected = "connected";
    /// A task was accepted, or put back to wait.
    TaskQueued = "task_queued";
    /// A worker has begun.
    TaskStarted = "task_started";
    /// A task got further.
    TaskProgress = "task_progress";
    /// A piece of an answer while it is being written; not stored.
    TaskDelta = "task_delta";
    /// The result is there.
    TaskCompleted = "task_completed";
    /// It could not be done; the task says why.
    TaskFailed = "task_failed";
    /// It was cancelled.
    TaskCancelled = "task_cancelled";
    /// The document has been read: text and metadata are there.
    DocumentReady = "document_ready";
    /// A virus was found.
    DocumentQuarantined = "document_quarantined";
    /// The answer to a text `ping`, and a sign of life; not stored.
    Ping = "ping";
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One stored event, with the fields that clients read.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place in the log.
    pub id: EventId,
    /// Whose it is.
    pub user_id: UserId,
    /// What happened.
    pub name: EventName,
    /// The task, if it is about one.
    pub task_id: Option<TaskId>,
    /// The document, if it is about one.
    pub document_id: Option<DocumentId>,
    /// The document's file name.
    pub filename: Option<String>,
    /// The type of the task.
    pub task_type: Option<String>,
    /// The state of the task or document after the event.
    pub status: Option<String>,
    /// A sentence for a person.
    pub message: Option<String>,
    /// How far the task is, in percent.
    pub progress: Option<i16>,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
}
