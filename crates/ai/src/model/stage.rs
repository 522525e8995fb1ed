//! Letting people read an answer while it is written: the texts of several pieces in their order, begun anew
//! where a call is.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

use crate::{
    clean::clean,
    context::{Delta, DeltaSink},
};

use super::scan::{Scanner, text_of};

/// Between the texts of two pieces.
const BREAK: &str = "\n\n";

/// Where a piece stands among all: `[2]` is the third, `[2, 0]` the first half of it.
pub(super) type Place = Vec<u32>;

/// What is read while it is written: the text of one property of the replies to some pieces.
pub(super) struct Stage {
    property: &'static str,
    play: Mutex<Play>,
}

struct Play {
    sink: DeltaSink,
    parts: BTreeMap<Place, Part>,
    has_begun: bool,
    /// Whether any text was shown since the last beginning.
    has_text: bool,
}

#[derive(Default)]
struct Part {
    text: String,
    is_done: bool,
}

impl Stage {
    /// A stage for so many pieces.
    pub(super) fn new(sink: DeltaSink, property: &'static str, pieces: usize) -> Self {
        let parts = (0..).take(pieces).map(|place| (vec![place], Part::default())).collect();
        Self { property, play: Mutex::new(Play { sink, parts, has_begun: false, has_text: false }) }
    }

    /// A piece is done in so many parts instead.
    pub(super) fn divide(&self, place: &Place, into: usize) {
        self.with(|play| {
            play.parts.remove(place);
            for part in (0..).take(into) {
                play.parts.insert([place.as_slice(), &[part]].concat(), Part::default());
            }
        });
    }

    /// The voice of one piece.
    pub(super) fn voice(&self, place: Place) -> Voice<'_> {
        let scanner = Mutex::new(Scanner::new(self.property));
        Voice(Some(Speaking { stage: self, place, scanner }))
    }

    fn with(&self, change: impl FnOnce(&mut Play)) {
        change(&mut self.play.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Play {
    /// Whether it is this part's turn: all before it are done.
    fn is_on(&self, place: &Place) -> bool {
        self.parts.iter().find(|(_, part)| !part.is_done).is_some_and(|(first, _)| first == place)
    }

    fn say(&mut self, place: &Place, text: String) {
        let is_on = self.is_on(place);
        let Some(part) = self.parts.get_mut(place) else { return };
        let is_first = part.text.is_empty();
        part.text.push_str(&text);
        if is_on {
            self.show(text, is_first);
        }
    }

    fn restart(&mut self, place: &Place) {
        let is_on = self.is_on(place);
        let Some(part) = self.parts.get_mut(place) else { return };
        if std::mem::take(&mut part.text).is_empty() || !is_on {
            return;
        }
        (self.sink)(Delta::Begin);
        self.has_text = false;
        let done: Vec<_> = self.parts.range(..place.clone()).map(|(_, part)| part.text.clone()).collect();
        for text in done {
            self.show(text, true);
        }
    }

    fn done(&mut self, place: &Place) {
        let was_on = self.is_on(place);
        let Some(part) = self.parts.get_mut(place) else { return };
        part.is_done = true;
        if !was_on {
            return;
        }
        let mut waiting = Vec::new();
        for (_, part) in self.parts.range(place.clone()..).skip(1) {
            waiting.push(part.text.clone());
            if !part.is_done {
                break;
            }
        }
        for text in waiting {
            self.show(text, true);
        }
    }

    fn show(&mut self, text: String, is_first: bool) {
        if text.is_empty() {
            return;
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            (self.sink)(Delta::Begin);
        }
        if std::mem::replace(&mut self.has_text, true) && is_first {
            (self.sink)(Delta::Text(BREAK.into()));
        }
        (self.sink)(Delta::Text(text));
    }
}

/// What one piece says, if it is heard at all.
pub(super) struct Voice<'a>(Option<Speaking<'a>>);

struct Speaking<'a> {
    stage: &'a Stage,
    place: Place,
    scanner: Mutex<Scanner>,
}

impl Voice<'_> {
    /// Nobody hears it.
    pub(super) fn silent() -> Self {
        Self(None)
    }

    /// A call begins: what was heard of it so far counts no more.
    pub(super) fn restart(&self) {
        self.speak(|speaking, scanner| {
            *scanner = Scanner::new(speaking.stage.property);
            speaking.stage.with(|play| play.restart(&speaking.place));
        });
    }

    /// More of the reply, as JSON.
    pub(super) fn written(&self, json: &str) {
        self.speak(|speaking, scanner| {
            let text = clean(&scanner.feed(json));
            if !text.is_empty() {
                speaking.stage.with(|play| play.say(&speaking.place, text));
            }
        });
    }

    /// The whole reply, which was there already.
    pub(super) fn whole(&self, reply: &Value) {
        self.restart();
        self.speak(|speaking, _| {
            let text = text_of(reply, speaking.stage.property);
            speaking.stage.with(|play| play.say(&speaking.place, text));
        });
        self.done();
    }

    /// The reply is complete and stays.
    pub(super) fn done(&self) {
        self.speak(|speaking, _| speaking.stage.with(|play| play.done(&speaking.place)));
    }

    fn speak(&self, how: impl FnOnce(&Speaking<'_>, &mut Scanner)) {
        if let Some(speaking) = &self.0 {
            how(speaking, &mut speaking.scanner.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    /// A stage, and what is heard of it: `|` for each beginning.
    fn stage(pieces: usize) -> (Stage, Arc<Mutex<String>>) {
        let heard = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&heard);
        let sink = move |delta| match delta {
            Delta::Begin => hears.lock().unwrap().push('|'),
            Delta::Text(text) => hears.lock().unwrap().push_str(&text),
        };
        (Stage::new(Arc::new(sink), "text", pieces), heard)
    }

    #[test]
    fn the_text_is_heard_while_it_is_written_and_begun_anew() {
        let (stage, heard) = stage(1);
        let voice = stage.voice(vec![0]);
        voice.restart();
        assert_eq!(*heard.lock().unwrap(), "");
        voice.written("{\"text\": \"He");
        voice.written("l\u{202E}lo");
        assert_eq!(*heard.lock().unwrap(), "|Hello");
        voice.restart();
        voice.written("{\"text\": \"Bye\"}");
        voice.done();
        assert_eq!(*heard.lock().unwrap(), "|Hello|Bye");
    }

    #[test]
    fn pieces_are_heard_in_order_whatever_comes_first() {
        let (stage, heard) = stage(3);
        let [one, two, three] = [0, 1, 2].map(|place| stage.voice(vec![place]));
        three.whole(&json!({"text": "three"}));
        two.written("{\"text\": \"tw");
        one.written("{\"text\": \"one\"}");
        assert_eq!(*heard.lock().unwrap(), "|one");
        one.done();
        assert_eq!(*heard.lock().unwrap(), "|one\n\ntw");
        two.written("o\"}");
        two.restart();
        assert_eq!(*heard.lock().unwrap(), "|one\n\ntwo|one");
        two.whole(&json!({"text": ["two", "again"]}));
        assert_eq!(*heard.lock().unwrap(), "|one\n\ntwo|one\n\ntwo again\n\nthree");
    }

    #[test]
    fn a_piece_that_was_divided_is_heard_part_by_part() {
        let (stage, heard) = stage(2);
        stage.voice(vec![1]).whole(&json!({"text": "end"}));
        stage.divide(&vec![0], 2);
        stage.voice(vec![0, 1]).whole(&json!({"text": "b"}));
        stage.voice(vec![0, 0]).whole(&json!({"text": "a"}));
        assert_eq!(*heard.lock().unwrap(), "|a\n\nb\n\nend");
    }
}
