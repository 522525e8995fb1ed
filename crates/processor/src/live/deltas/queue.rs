//! Text that waits to be told, run by run.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use quire_ai::Delta;

use super::notice::{About, Notice};

/// The text of a run that waits at most, in bytes.
const WAITING_MAX: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    next_key: u64,
    runs: BTreeMap<u64, Run>,
}

struct Run {
    about: About,
    /// The number of the next piece.
    sequence: u32,
    /// What waits.
    text: String,
    /// Whether what was told counts no more, and nobody knows yet.
    begins_anew: bool,
    /// Whether there was more than could wait.
    overflowed: bool,
}

impl Queue {
    /// A place for the text of one run.
    pub(super) fn open(&self, about: About) -> u64 {
        let mut state = self.lock();
        let key = state.next_key;
        state.next_key += 1;
        let run = Run { about, sequence: 0, text: String::new(), begins_anew: false, overflowed: false };
        state.runs.insert(key, run);
        key
    }

    /// Takes more of the text of a run; whether there is something to tell.
    pub(super) fn hear(&self, key: u64, delta: Delta) -> bool {
        let mut state = self.lock();
        let Some(run) = state.runs.get_mut(&key) else { return false };
        match delta {
            Delta::Begin => run.begin(),
            Delta::Text(text) => run.write(&text),
        }
        run.has_news()
    }

    /// Forgets a run.
    pub(super) fn close(&self, key: u64) {
        self.lock().runs.remove(&key);
    }

    /// All that waits, as messages to all processes.
    pub(super) fn take(&self, now: DateTime<Utc>) -> Vec<String> {
        self.lock().runs.values_mut().flat_map(|run| run.take(now)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can panic halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn begin(&mut self) {
        self.begins_anew |= self.sequence > 0;
        self.sequence = 0;
        self.text.clear();
        self.overflowed = false;
    }

    fn write(&mut self, text: &str) {
        self.overflowed |= self.text.len() + text.len() > WAITING_MAX;
        if !self.overflowed {
            self.text.push_str(text);
        }
    }

    fn has_news(&self) -> bool {
        self.begins_anew || self.overflowed || !self.text.is_empty()
    }

    fn take(&mut self, now: DateTime<Utc>) -> Vec<String> {
        let text = mem::take(&mut self.text);
        let mut rest = text.as_str();
        let mut messages = Vec::new();
        // That an answer begins anew is told also without any text.
        while !rest.is_empty() || mem::take(&mut self.begins_anew) {
            let (message, more) = Notice::write(&self.about, self.sequence, now, rest);
            messages.extend(message);
            self.sequence = self.sequence.saturating_add(1);
            self.begins_anew = false;
            rest = more;
        }
        if mem::take(&mut self.overflowed) {
            // A number without a piece is how listeners see that there was more.
            self.sequence = self.sequence.saturating_add(1);
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> (Queue, u64) {
        let queue = Queue::default();
        let key = queue.open(About::example());
        (queue, key)
    }

    fn hear(queue: &Queue, key: u64, text: &str) -> bool {
        queue.hear(key, Delta::Text(text.to_owned()))
    }

    /// The numbers and texts that are told now.
    fn told(queue: &Queue) -> Vec<(u32, String)> {
        let notices = queue.take(DateTime::UNIX_EPOCH).into_iter().map(|m| Notice::read(&m).unwrap());
        notices.map(|notice| (notice.sequence, notice.delta)).collect()
    }

    #[test]
    fn what_gathers_goes_along_and_pieces_are_numbered() {
        let (queue, key) = queue();
        assert!(!queue.hear(key, Delta::Begin), "there is nothing to show");
        assert!(hear(&queue, key, "The har") && hear(&queue, key, "bour"));
        assert_eq!(told(&queue), [(0, "The harbour".to_owned())]);
        assert!(told(&queue).is_empty());
        hear(&queue, key, " of Bergen");
        assert_eq!(told(&queue), [(1, " of Bergen".to_owned())]);
    }

    #[test]
    fn an_answer_that_begins_anew_says_so() {
        let (queue, key) = queue();
        hear(&queue, key, "wrong");
        told(&queue);
        hear(&queue, key, "never told");
        assert!(queue.hear(key, Delta::Begin));
        assert_eq!(told(&queue), [(0, String::new())]);
        hear(&queue, key, "right");
        assert_eq!(told(&queue), [(1, "right".to_owned())]);
        queue.hear(key, Delta::Begin);
        hear(&queue, key, "at once");
        assert_eq!(told(&queue), [(0, "at once".to_owned())]);
    }

    #[test]
    fn long_text_is_told_in_pieces() {
        let (queue, key) = queue();
        let text = "ü\u{1}\"".repeat(5_000);
        hear(&queue, key, &text);
        let pieces = told(&queue);
        assert!(pieces.len() > 5, "{}", pieces.len());
        assert!(pieces.iter().enumerate().all(|(place, (number, _))| place == *number as usize));
        assert_eq!(pieces.into_iter().map(|(_, piece)| piece).collect::<String>(), text);
    }

    #[test]
    fn what_is_too_much_is_left_out_and_seen() {
        let (queue, key) = queue();
        hear(&queue, key, "begun");
        assert!(hear(&queue, key, &"x".repeat(WAITING_MAX)));
        hear(&queue, key, "left out, too");
        assert_eq!(told(&queue), [(0, "begun".to_owned())]);
        hear(&queue, key, "goes on");
        assert_eq!(told(&queue), [(2, "goes on".to_owned())]);
    }

    #[test]
    fn nothing_is_told_of_a_run_that_is_over() {
        let (queue, key) = queue();
        hear(&queue, key, "a");
        queue.close(key);
        assert!(!hear(&queue, key, "b"));
        assert!(told(&queue).is_empty());
    }
}
