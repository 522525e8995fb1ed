//! The text of a document, put together from the parts of its file.

use std::collections::HashMap;

use encoding_rs::{Encoding, WINDOWS_1252};

use super::{
    charset,
    groups::{Destination, Group, Property},
    tokens::Token,
    words,
};
use crate::{
    document::Metadata,
    error::{Excess, ExtractError},
    readers::flow::Flow,
};

/// Groups within groups. Word nests some dozens.
const MAX_GROUPS: usize = 1000;

/// Bytes of one thing that a document says about itself.
const MAX_PROPERTY: usize = 10_000;

/// Characters in another form that one in Unicode may have.
const MAX_FALLBACK: usize = 100;

pub(super) struct Document {
    groups: Vec<Group>,
    has_begun: bool,
    /// The text, and the asides that are open.
    flows: Vec<Flow>,
    asides: Vec<String>,
    /// The encoding of the document, and those of its fonts.
    encoding: &'static Encoding,
    fonts: HashMap<i32, Option<&'static Encoding>>,
    /// The font whose encoding the font table tells next, and the one of plain text.
    font: i32,
    default_font: i32,
    /// Bytes whose encoding is known, not yet decoded: a character may have two.
    pending: Vec<u8>,
    /// The first half of a character outside the basic plane.
    surrogate: Option<u16>,
    /// Characters that were given in Unicode already.
    fallback: usize,
    property: String,
    moment: [Option<i32>; 5],
    metadata: Metadata,
    limit: u64,
}

impl Document {
    /// An empty document, whose text may grow to so many bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self {
            groups: Vec::new(),
            has_begun: false,
            flows: vec![Flow::new(limit)],
            asides: Vec::new(),
            encoding: WINDOWS_1252,
            fonts: HashMap::new(),
            font: 0,
            default_font: 0,
            pending: Vec::new(),
            surrogate: None,
            fallback: 0,
            property: String::new(),
            moment: [None; 5],
            metadata: Metadata::default(),
            limit,
        }
    }

    /// Whether the group of the document has been closed.
    pub(super) fn has_ended(&self) -> bool {
        self.has_begun && self.groups.is_empty()
    }

    /// Takes the next part of the file.
    pub(super) fn take(&mut self, token: Token<'_>) -> Result<(), ExtractError> {
        if !matches!(token, Token::Hex(_) | Token::Plain(_)) {
            self.decode_pending()?;
        }
        match token {
            Token::Open => self.open(),
            Token::Close => self.close(),
            Token::Word(word, number) => self.word(word, number),
            Token::Symbol(symbol) => self.symbol(symbol),
            Token::Hex(byte) => {
                self.bytes(&[byte]);
                Ok(())
            }
            Token::Plain(bytes) => {
                self.bytes(bytes);
                Ok(())
            }
        }
    }

    /// The text with its asides, and what the document says about itself.
    pub(super) fn finish(mut self) -> Result<(String, Metadata), ExtractError> {
        self.decode_pending()?;
        let mut texts: Vec<_> = self.flows.into_iter().map(Flow::finish).collect();
        texts.append(&mut self.asides);
        texts.retain(|text| !text.trim().is_empty());
        Ok((texts.join("\n\n"), self.metadata))
    }

    fn group(&self) -> Group {
        self.groups.last().copied().unwrap_or(Group::outermost())
    }

    fn change_group(&mut self, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.last_mut() {
            change(group);
        }
    }

    fn open(&mut self) -> Result<(), ExtractError> {
        if self.groups.len() >= MAX_GROUPS {
            return Err(ExtractError::TooComplex(Excess::Nesting));
        }
        self.has_begun = true;
        self.fallback = 0;
        let inner = self.groups.last().map_or(Group::outermost(), |outer| outer.inner());
        self.groups.push(inner);
        Ok(())
    }

    fn close(&mut self) -> Result<(), ExtractError> {
        self.fallback = 0;
        let Some(group) = self.groups.pop() else { return Ok(()) };
        let outer = self.group().destination;
        match group.destination {
            Destination::Aside if group.owns_aside && self.flows.len() > 1 => {
                let aside = self.flows.pop().map(Flow::finish).unwrap_or_default();
                if !self.asides.contains(&aside) {
                    self.asides.push(aside);
                }
            }
            Destination::Property(property) if outer != group.destination => self.end_property(property),
            _ => {}
        }
        Ok(())
    }

    fn word(&mut self, word: &str, number: Option<i32>) -> Result<(), ExtractError> {
        if self.fallback > 0 && word != "u" && word != "uc" {
            self.fallback -= 1;
            return Ok(());
        }
        let was_optional = self.group().is_optional;
        self.change_group(|group| group.is_optional = false);
        if let Some(destination) = words::destination(word) {
            self.begin_destination(destination);
            return Ok(());
        }
        if self.state_word(word, number) {
            return Ok(());
        }
        // The end of a row within a cell stands in a group that older readers leave out.
        if word == "nestrow" {
            self.flow(Flow::end_row);
        } else if was_optional {
            self.change_group(|group| group.destination = Destination::Nowhere);
        } else if word == "u" {
            return self.unicode(number.unwrap_or(0));
        } else if self.group().is_text() {
            return self.text_word(word);
        }
        Ok(())
    }

    /// Words that change what the next ones mean. Whether it was one.
    fn state_word(&mut self, word: &str, number: Option<i32>) -> bool {
        let value = number.unwrap_or(0);
        let destination = self.group().destination;
        match word {
            "ansicpg" => self.encoding = charset::of_code_page(value).unwrap_or(WINDOWS_1252),
            "mac" => self.encoding = encoding_rs::MACINTOSH,
            "deff" => self.default_font = value,
            "f" if destination == Destination::Fonts => self.font = value,
            "fcharset" => {
                self.fonts.insert(self.font, charset::of_font(value));
            }
            "f" => self.set_font(value),
            "plain" => {
                self.set_font(self.default_font);
                self.change_group(|group| group.is_hidden = false);
            }
            "uc" => {
                let len = usize::try_from(value).unwrap_or(0).min(MAX_FALLBACK);
                self.change_group(|group| group.fallback_len = len);
            }
            "v" | "deleted" => self.change_group(|group| group.is_hidden = number != Some(0)),
            "nofpages" if destination == Destination::Info => {
                self.metadata.pages = u32::try_from(value).ok().filter(|pages| *pages > 0);
            }
            _ => match (destination, words::property(word)) {
                (Destination::Info, Some(property)) => {
                    self.change_group(|group| group.destination = Destination::Property(property));
                    self.property.clear();
                    self.moment = [None; 5];
                }
                (Destination::Property(_), None) => {
                    let unit = ["yr", "mo", "dy", "hr", "min"].iter().position(|unit| *unit == word);
                    match unit.and_then(|unit| self.moment.get_mut(unit)) {
                        Some(part) => *part = number,
                        None => return false,
                    }
                }
                _ => return false,
            },
        }
        true
    }

    fn begin_destination(&mut self, destination: Destination) {
        // Nothing comes back to light within what is left out, but for the second of two forms.
        let current = self.group().destination;
        let is_second_form = destination == Destination::Text
            && self
                .groups
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|outer| outer.destination == Destination::TwoForms);
        let is_kept = matches!(current, Destination::Text | Destination::Aside | Destination::Label);
        if !is_kept && !is_second_form {
            return;
        }
        if destination == Destination::Aside {
            self.flows.push(Flow::new(self.limit));
        }
        // Text within an aside is text of the aside.
        let destination = if destination == Destination::Text && is_kept { current } else { destination };
        self.change_group(|group| {
            group.destination = destination;
            group.owns_aside |= destination == Destination::Aside && current != Destination::Aside;
        });
    }

    fn text_word(&mut self, word: &str) -> Result<(), ExtractError> {
        match word {
            "par" | "line" => self.flow(Flow::end_paragraph),
            "sect" | "page" | "column" => self.flow(Flow::break_block),
            "cell" | "nestcell" => self.flow(Flow::end_cell),
            "row" => self.flow(Flow::end_row),
            "trowd" => self.flow(|flow| {
                if !flow.is_in_row() {
                    flow.begin_row();
                }
            }),
            _ => {
                if let Some(character) = words::character(word) {
                    return self.text(character);
                }
            }
        }
        Ok(())
    }

    fn symbol(&mut self, symbol: u8) -> Result<(), ExtractError> {
        if self.fallback > 0 && symbol != b'*' {
            self.fallback -= 1;
            return Ok(());
        }
        match symbol {
            b'*' => {
                self.change_group(|group| group.is_optional = true);
                Ok(())
            }
            b'~' => self.text("\u{a0}"),
            b'_' => self.text("-"),
            b'{' => self.text("{"),
            b'}' => self.text("}"),
            b'\\' => self.text("\\"),
            b'\r' | b'\n' if self.group().is_text() => {
                self.flow(Flow::end_paragraph);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn set_font(&mut self, font: i32) {
        let encoding = self.fonts.get(&font).copied().flatten();
        self.change_group(|group| group.encoding = encoding);
    }

    /// Characters in the encoding of the font.
    fn bytes(&mut self, bytes: &[u8]) {
        let covered = self.fallback.min(bytes.len());
        self.fallback -= covered;
        let group = self.group();
        if group.is_text() || matches!(group.destination, Destination::Property(_)) {
            self.pending.extend_from_slice(&bytes[covered..]);
        }
    }

    fn decode_pending(&mut self) -> Result<(), ExtractError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.pending);
        let encoding = self.group().encoding.unwrap_or(self.encoding);
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        self.text(&text)
    }

    /// A unit of UTF-16, as a number that may be negative.
    fn unicode(&mut self, number: i32) -> Result<(), ExtractError> {
        self.fallback = self.group().fallback_len;
        let unit = (number & 0xffff) as u16;
        let units = [self.surrogate.take(), Some(unit)];
        if matches!(unit, 0xd800..=0xdbff) {
            self.surrogate = Some(unit);
            return Ok(());
        }
        let text: String = char::decode_utf16(units.into_iter().flatten())
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.text(&text)
    }

    fn text(&mut self, text: &str) -> Result<(), ExtractError> {
        let group = self.group();
        match group.destination {
            Destination::Property(_) => {
                let room = MAX_PROPERTY.saturating_sub(self.property.len());
                self.property.push_str(&text[..text.floor_char_boundary(room.min(text.len()))]);
                Ok(())
            }
            // The tab behind the number of a list item separates no cells.
            Destination::Label if text == "\t" => self.push(" "),
            _ if group.is_text() => self.push(text),
            _ => Ok(()),
        }
    }

    fn push(&mut self, text: &str) -> Result<(), ExtractError> {
        self.flows.last_mut().map_or(Ok(()), |flow| flow.push(text))
    }

    fn flow(&mut self, act: impl FnOnce(&mut Flow)) {
        if let Some(flow) = self.flows.last_mut() {
            act(flow);
        }
    }

    fn end_property(&mut self, property: Property) {
        let text = std::mem::take(&mut self.property).trim().to_owned();
        let text = (!text.is_empty()).then_some(text);
        match property {
            Property::Title => self.metadata.title = text,
            Property::Author => self.metadata.author = text,
            Property::Subject => self.metadata.subject = text,
            Property::Keywords => self.metadata.keywords = text,
            Property::Created => self.metadata.created = moment(self.moment),
            Property::Modified => self.metadata.modified = moment(self.moment),
        }
    }
}

/// A date, with the time if there is one.
fn moment(parts: [Option<i32>; 5]) -> Option<String> {
    let [year, month, day, hour, minute] = parts;
    let (year, month, day) = (year?, month?, day?);
    let (hour, minute) = (hour.unwrap_or(0), minute.unwrap_or(0));
    let is_moment = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute);
    is_moment.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00"))
}
