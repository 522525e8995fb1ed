//! A piece of an answer on its way from one process to the others.

use chrono::{DateTime, Utc};
use quire_domain::{DocumentId, TaskId, UserId};
use quire_store::listen::MESSAGE_MAX;
use serde::{Deserialize, Serialize};

/// Whose answer it is, and to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) user_id: UserId,
    pub(crate) task_id: TaskId,
    pub(crate) document_id: DocumentId,
    pub(crate) filename: String,
    pub(crate) task_type: String,
}

/// A piece of an answer.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Notice {
    #[serde(flatten)]
    pub(crate) about: About,
    /// Its number; the text begins, or begins anew, with 0.
    pub(crate) sequence: u32,
    pub(crate) timestamp: DateTime<Utc>,
    pub(crate) delta: String,
}

/// A notice that is being written.
#[derive(Serialize)]
struct Borrowed<'a> {
    #[serde(flatten)]
    about: &'a About,
    sequence: u32,
    timestamp: DateTime<Utc>,
    delta: &'a str,
}

impl Notice {
    /// A message with as much of the text as it can hold, and what is left of the text. No message if not
    /// even a character fits.
    pub(super) fn write<'a>(
        about: &About,
        sequence: u32,
        timestamp: DateTime<Utc>,
        text: &'a str,
    ) -> (Option<String>, &'a str) {
        let write = |delta| serde_json::to_string(&Borrowed { about, sequence, timestamp, delta }).ok();
        let frame = write("").map_or(usize::MAX, |frame| frame.len());
        let Some(room) = MESSAGE_MAX.checked_sub(frame) else { return (None, "") };
        let (delta, rest) = text.split_at(fitting(text, room));
        if delta.is_empty() && !rest.is_empty() { (None, "") } else { (write(delta), rest) }
    }

    /// Reads a message; `None` if it is of another version, or none of ours.
    pub(crate) fn read(message: &str) -> Option<Self> {
        serde_json::from_str(message).ok()
    }
}

/// How many bytes of the text take at most `room` bytes in a JSON string.
fn fitting(text: &str, room: usize) -> usize {
    let mut taken = 0;
    for (place, c) in text.char_indices() {
        taken += match c {
            '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
            c if u32::from(c) < 0x20 => 6,
            c => c.len_utf8(),
        };
        if taken > room {
            return place;
        }
    }
    text.len()
}

#[cfg(test)]
impl About {
    pub(super) fn example() -> Self {
        Self {
            user_id: UserId(1),
            task_id: TaskId(uuid::Uuid::nil()),
            document_id: DocumentId(uuid::Uuid::max()),
            filename: "a.pdf".into(),
            task_type: "summarize".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<'a>(about: &About, text: &'a str) -> (Option<String>, &'a str) {
        Notice::write(about, 7, DateTime::UNIX_EPOCH, text)
    }

    #[test]
    fn what_is_written_reads_back() {
        let about = About::example();
        let (message, rest) = written(&about, "a\n\"b\" \u{0}");
        assert_eq!(rest, "");
        let notice = Notice::read(&message.unwrap()).unwrap();
        assert_eq!((notice.about, notice.sequence), (about, 7));
        assert_eq!((notice.delta.as_str(), notice.timestamp), ("a\n\"b\" \u{0}", DateTime::UNIX_EPOCH));
        assert_eq!(Notice::read("{}"), None);
    }

    #[test]
    fn messages_are_full_and_never_too_long() {
        let about = About { filename: "\\".repeat(255), ..About::example() };
        for character in ["a", "ü", "😀", "\"", "\n", "\u{1}", "\u{7f}"] {
            let text = character.repeat(9_000);
            let (message, rest) = written(&about, &text);
            let length = message.unwrap().len();
            assert!((MESSAGE_MAX - 6..=MESSAGE_MAX).contains(&length), "{character:?}: {length}");
            assert!(!rest.is_empty());
        }
        let about = About { filename: "a".repeat(9_000), ..about };
        assert_eq!(written(&about, "text"), (None, ""));
    }
}
