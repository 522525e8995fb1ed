//! What clients read: one JSON object for each event, the same on every channel.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use quire_domain::{
    EventId,
    event::{Event, EventName},
    task::TaskStatus,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::deltas::{About, Notice};

/// One event. `event`, `id` and `timestamp` are always there; of the others, those that the
/// event has something to say about.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventMessage {
    /// What happened: `connected`, `task_queued`, `task_started`, `task_progress`, `task_delta`,
    /// `task_completed`, `task_failed`, `task_cancelled`, `document_ready`, `document_quarantined` or
    /// `ping`.
    #[schema(example = "task_completed")]
    pub event: &'static str,
    /// The place in the log, to resume after; in `connected` the place from which events
    /// follow; null in `ping` and `task_delta`, which are not stored.
    #[schema(required, example = 1234)]
    pub id: Option<i64>,
    /// The task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Uuid>,
    /// The document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<Uuid>,
    /// The document's file name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The type of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
    /// The state of the task or document after the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// A sentence for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How far the task is, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<i16>,
    /// Of `task_delta`: a piece of the answer's text, while it is being written. What the task answers is
    /// in its result alone, which replaces all pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
    /// Of `task_delta`: the number of the piece. With 0 the text begins, or begins anew; where a number is
    /// missing, text is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// When it happened (RFC 3339, milliseconds, UTC).
    #[schema(format = DateTime, example = "2026-11-22T09:30:00.123Z")]
    pub timestamp: String,
}

impl EventMessage {
    fn bare(name: EventName, at: DateTime<Utc>) -> Self {
        Self {
            event: name.as_str(),
            id: None,
            task_id: None,
            document_id: None,
            filename: None,
            task_type: None,
            status: None,
            message: None,
            progress: None,
            delta: None,
            sequence: None,
            timestamp: at.to_rfc3339_opts(SecondsFormat::Millis, true),
        }
    }

    /// The first message of a connection: events after `place` follow.
    pub fn connected(place: EventId, now: DateTime<Utc>) -> Self {
        Self { id: Some(place.0), ..Self::bare(EventName::Connected, now) }
    }

    /// The answer to a text `ping`.
    pub fn ping(now: DateTime<Utc>) -> Self {
        Self::bare(EventName::Ping, now)
    }
}

impl From<Event> for EventMessage {
    fn from(event: Event) -> Self {
        Self {
            id: Some(event.id.0),
            task_id: event.task_id.map(|id| id.0),
            document_id: event.document_id.map(|id| id.0),
            filename: event.filename,
            task_type: event.task_type,
            status: event.status,
            message: event.message,
            progress: event.progress,
            ..Self::bare(event.name, event.timestamp)
        }
    }
}

impl From<Notice> for EventMessage {
    fn from(notice: Notice) -> Self {
        let About { task_id, document_id, filename, task_type, .. } = notice.about;
        Self {
            task_id: Some(task_id.0),
            document_id: Some(document_id.0),
            filename: Some(filename),
            task_type: Some(task_type),
            status: Some(TaskStatus::Processing.as_str().to_owned()),
            delta: Some(notice.delta),
            sequence: Some(notice.sequence),
            ..Self::bare(EventName::TaskDelta, notice.timestamp)
        }
    }
}

/// A message written out once, for all who get it.
#[derive(Debug, PartialEq)]
pub struct Outgoing {
    /// Its place in the log, if it is stored.
    pub id: Option<EventId>,
    /// What happened.
    pub event: &'static str,
    /// The message as JSON, in one line.
    pub json: String,
}

/// A message that many connections share.
pub type SharedOutgoing = Arc<Outgoing>;

impl From<EventMessage> for Outgoing {
    fn from(message: EventMessage) -> Self {
        Self {
            id: message.id.map(EventId),
            event: message.event,
            // Text and numbers only: there is nothing in it that JSON could refuse.
            json: serde_json::to_string(&message).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use quire_domain::{DocumentId, TaskId, UserId};
    use serde_json::{Value, json};

    use super::*;

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap()
    }

    fn written(message: EventMessage) -> Value {
        serde_json::from_str(&Outgoing::from(message).json).unwrap()
    }

    #[test]
    fn a_stored_event_has_the_fields_of_the_contract() {
        let event = Event {
            id: EventId(7),
            user_id: UserId(1),
            name: EventName::TaskProgress,
            task_id: Some(TaskId(Uuid::nil())),
            document_id: Some(DocumentId(Uuid::max())),
            filename: Some("a\n\"b\".pdf".into()),
            task_type: Some("summarize".into()),
            status: Some("processing".into()),
            message: Some("Half of it is done.".into()),
            progress: Some(50),
            timestamp: at(),
        };
        assert_eq!(
            written(event.into()),
            json!({
                "event": "task_progress", "id": 7,
                "task_id": "00000000-0000-0000-0000-000000000000",
                "document_id": "ffffffff-ffff-ffff-ffff-ffffffffffff",
                "filename": "a\n\"b\".pdf", "task_type": "summarize", "status": "processing",
                "message": "Half of it is done.", "progress": 50,
                "timestamp": "2027-01-15T08:00:00.123Z",
            })
        );
    }

    #[test]
    fn what_an_event_does_not_have_is_left_out() {
        assert_eq!(
            written(EventMessage::connected(EventId(3), at())),
            json!({"event": "connected", "id": 3, "timestamp": "2027-01-15T08:00:00.123Z"})
        );
        assert_eq!(
            written(EventMessage::ping(at())),
            json!({"event": "ping", "id": null, "timestamp": "2027-01-15T08:00:00.123Z"})
        );
    }
}
