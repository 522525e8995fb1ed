//! Reading one property of a JSON object while the object is still being written.

use serde_json::Value;

/// Characters of a property's name that are looked at.
const NAME_CHARS: usize = 128;
/// Between the texts of a list.
const SEPARATOR: &str = " ";

/// The text of a property: a text, or the texts of a list.
pub(super) fn text_of(reply: &Value, property: &str) -> String {
    match reply.get(property) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(SEPARATOR)
        }
        _ => String::new(),
    }
}

/// Finds the text of one property of an object in JSON that comes in pieces; what stands before the object
/// (models like Markdown fences) is passed over. On JSON that is none it finds something or nothing, and that
/// does no harm: the whole answer is checked when it is there.
pub(super) struct Scanner {
    property: &'static str,
    state: State,
    letters: Letters,
    name: String,
    depth: u32,
    /// Whether the list of the property is being read.
    in_list: bool,
    items: u32,
    is_found: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the object.
    Start,
    /// In the object, before a name.
    Names,
    /// In a name.
    Name,
    /// After a name.
    Colon,
    /// Before a value.
    Value,
    /// In a text that is wanted.
    Text,
    /// In a text that is not.
    OtherText,
    /// In the list that is wanted, between its items.
    List,
    /// In a number or a word.
    Word,
    /// In an object or list that is not wanted.
    Nested,
    /// In a text therein.
    NestedText,
    /// Behind the object.
    End,
}

impl Scanner {
    pub(super) fn new(property: &'static str) -> Self {
        Self {
            property,
            state: State::Start,
            letters: Letters::default(),
            name: String::new(),
            depth: 0,
            in_list: false,
            items: 0,
            is_found: false,
        }
    }

    /// Takes more JSON; returns what it adds to the text.
    pub(super) fn feed(&mut self, json: &str) -> String {
        let mut out = String::new();
        for c in json.chars() {
            self.state = self.next(c, &mut out);
        }
        out
    }

    fn next(&mut self, c: char, out: &mut String) -> State {
        match (self.state, c) {
            (State::Start, '{') => State::Names,
            (State::Names, '"') => {
                self.name.clear();
                State::Name
            }
            (State::Names, '}') => State::End,
            (State::Name, c) => self.in_name(c),
            (State::Colon, ':') => State::Value,
            (State::Value, c) => self.value(c),
            (State::Text, c) if self.letters.take(c, out) => self.after_value(),
            (State::OtherText, c) if self.letters.take(c, &mut String::new()) => self.after_value(),
            (State::List, c) => self.item(c, out),
            (State::Word, ',') => self.after_value(),
            (State::Word, '}') => State::End,
            (State::Word, ']') => self.after_list(),
            (State::Nested, c) => self.nested(c),
            (State::NestedText, c) if self.letters.take(c, &mut String::new()) => State::Nested,
            (state, _) => state,
        }
    }

    fn in_name(&mut self, c: char) -> State {
        let is_end = self.letters.take(c, &mut self.name);
        if self.name.len() > NAME_CHARS * 4 {
            // Longer than any name of ours, and no reason to keep it.
            self.name.truncate(0);
            self.name.push('\0');
        }
        if is_end { State::Colon } else { State::Name }
    }

    fn value(&mut self, c: char) -> State {
        let is_wanted = !self.is_found && self.name == self.property;
        if !c.is_whitespace() {
            self.is_found |= is_wanted;
        }
        match c {
            '"' if is_wanted => State::Text,
            '"' => State::OtherText,
            '[' if is_wanted => {
                self.in_list = true;
                State::List
            }
            '[' | '{' => self.descend(),
            c if c.is_whitespace() => State::Value,
            _ => State::Word,
        }
    }

    fn item(&mut self, c: char, out: &mut String) -> State {
        match c {
            '"' => {
                if self.items > 0 {
                    out.push_str(SEPARATOR);
                }
                self.items += 1;
                State::Text
            }
            '[' | '{' => self.descend(),
            ']' => self.after_list(),
            ',' => State::List,
            c if c.is_whitespace() => State::List,
            _ => State::Word,
        }
    }

    fn nested(&mut self, c: char) -> State {
        match c {
            '"' => return State::NestedText,
            '[' | '{' => self.depth += 1,
            ']' | '}' => self.depth -= 1,
            _ => {}
        }
        if self.depth == 0 { self.after_value() } else { State::Nested }
    }

    fn descend(&mut self) -> State {
        self.depth = 1;
        State::Nested
    }

    fn after_value(&self) -> State {
        if self.in_list { State::List } else { State::Names }
    }

    fn after_list(&mut self) -> State {
        self.in_list = false;
        State::Names
    }
}

/// Decodes the inside of a JSON text, letter by letter (RFC 8259, 7).
#[derive(Default)]
struct Letters {
    escape: Escape,
    /// The first half of a surrogate pair.
    high: Option<u32>,
}

#[derive(Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    Begun,
    /// Digits seen, and their value.
    Unicode(u32, u32),
}

impl Letters {
    /// Takes a character; returns whether it ended the text.
    fn take(&mut self, c: char, out: &mut String) -> bool {
        match (self.escape, c) {
            (Escape::None, '"') => {
                self.unpaired(out);
                return true;
            }
            (Escape::None, '\\') => self.escape = Escape::Begun,
            (Escape::None, c) => self.plain(c, out),
            (Escape::Begun, 'u') => self.escape = Escape::Unicode(0, 0),
            (Escape::Begun, c) => {
                self.escape = Escape::None;
                self.plain(escaped(c), out);
            }
            (Escape::Unicode(seen, value), c) => {
                let Some(digit) = c.to_digit(16) else {
                    self.escape = Escape::None;
                    self.plain(char::REPLACEMENT_CHARACTER, out);
                    return false;
                };
                let value = value * 16 + digit;
                self.escape = if seen == 3 { Escape::None } else { Escape::Unicode(seen + 1, value) };
                if seen == 3 {
                    self.unit(value, out);
                }
            }
        }
        false
    }

    /// Takes a unit of UTF-16.
    fn unit(&mut self, unit: u32, out: &mut String) {
        match (self.high, unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                self.high = None;
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (_, 0xD800..=0xDBFF) => {
                self.unpaired(out);
                self.high = Some(unit);
            }
            // A second half alone is no character.
            _ => self.plain(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), out),
        }
    }

    fn plain(&mut self, c: char, out: &mut String) {
        self.unpaired(out);
        out.push(c);
    }

    /// A first half that nothing followed is no character.
    fn unpaired(&mut self, out: &mut String) {
        if self.high.take().is_some() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

fn escaped(c: char) -> char {
    match c {
        'b' => '\u{8}',
        'f' => '\u{C}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// JSON in which everything but ASCII is escaped.
    fn ascii(json: &str) -> String {
        let escape = |c: char| {
            let mut units = [0; 2];
            if c.is_ascii() {
                return c.to_string();
            }
            c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        };
        json.chars().map(escape).collect()
    }

    /// The text found when `json` comes in pieces of these many characters in turn.
    fn found(json: &str, sizes: &[usize]) -> String {
        let (mut scanner, mut out) = (Scanner::new("text"), String::new());
        let letters: Vec<char> = json.chars().collect();
        let (mut rest, mut sizes) = (letters.as_slice(), sizes.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(sizes.next().map_or(1, |size| (*size).clamp(1, rest.len())));
            out.push_str(&scanner.feed(&now.iter().collect::<String>()));
            rest = later;
        }
        out
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(json!("\u{1F600} \"quoted\" \\ back\nslash")),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name(), inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![Just("text".to_owned()), Just("te\"xt".to_owned()), any::<String>()]
    }

    proptest! {
        #[test]
        fn any_split_of_any_object_gives_the_property(
            fields in prop::collection::vec((name(), any_value()), 0..5),
            sizes in prop::collection::vec(1_usize..9, 1..5),
        ) {
            let value = Value::Object(fields.into_iter().collect());
            let expected = text_of(&value, "text");
            let compact = value.to_string();
            for json in [ascii(&compact), serde_json::to_string_pretty(&value).unwrap(), compact] {
                prop_assert_eq!(&found(&json, &sizes), &expected, "{}", json);
            }
        }

        #[test]
        fn what_is_no_json_does_no_harm(text in "[{}\\[\\]\",:\\\\utex0-9 ]{0,60}", size in 1_usize..5) {
            let out = found(&text, &[size]);
            prop_assert!(out.chars().count() <= text.chars().count());
        }
    }

    #[test]
    fn fences_are_passed_over_and_half_pairs_replaced() {
        assert_eq!(found("```json\n{\"a\": [{\"text\": \"no\"}], \"text\": \"yes\"}\n```", &[3]), "yes");
        assert_eq!(
            found(r#"{"text": "\ud83d\ud83d\ude00\ude00 \ud83d"}"#, &[2]),
            "\u{FFFD}\u{1F600}\u{FFFD} \u{FFFD}"
        );
        assert_eq!(found(r#"{"text": ["a", 1, {"text": "no"}, ["no"], "b"], "text": "no"}"#, &[1]), "a b");
        assert_eq!(found(r#"{"text": "half"#, &[1]), "half");
    }
}
