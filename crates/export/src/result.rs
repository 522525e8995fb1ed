//! The result of a task of any type as a report.

use serde_json::{Map, Value};

use crate::{
    clean::{clean, one_line},
    report::{Block, Report, Section},
    words::words_of,
};

/// Levels of headings. What is nested deeper is written as JSON.
const MAX_LEVEL: u8 = 5;
/// Characters of a value that still stands in a line beside its name.
const SHORT: usize = 120;
/// Columns of a table that fits on a page.
const MAX_COLUMNS: usize = 6;
/// Characters of a cell of such a table.
const MAX_CELL: usize = 80;
/// What names an object among others of its kind, the best first.
const NAMING_KEYS: [&str; 8] =
    ["title", "name", "label", "heading", "position", "company", "topic", "question"];

impl Report {
    /// A report on the result of a task: its text, then its output by the names in it. Simple
    /// objects become facts, lists of words lists, lists of objects tables or sections. What is
    /// absent or empty is left out, and so is what only repeats the text.
    pub fn from_result(title: &str, subtitle: &[String], text: Option<&str>, output: &Value) -> Self {
        let mut report = Self {
            title: one_line(title),
            subtitle: subtitle.iter().map(|line| one_line(line)).filter(|line| !line.is_empty()).collect(),
            sections: Vec::new(),
        };
        let text = clean(text.unwrap_or_default());
        report.sections.extend(sections_of_text(&text));
        let mut writer = Walk { sections: &mut report.sections, text: text.trim() };
        writer.value(String::new(), 1, output);
        report.sections.retain(|section| !section.heading.is_empty() || !section.blocks.is_empty());
        report
    }
}

/// Text with the simplest of Markdown: headings and lists. All else stays as it is.
fn sections_of_text(text: &str) -> Vec<Section> {
    let mut sections = vec![Section { level: 1, ..Section::default() }];
    let mut is_paragraph_open = false;
    for line in text.lines() {
        let trimmed = line.trim();
        let Some(section) = sections.last_mut() else { break };
        let was_open = std::mem::replace(&mut is_paragraph_open, false);
        if trimmed.is_empty() {
            continue;
        }
        if let Some((level, heading)) = heading(trimmed) {
            sections.push(Section { heading: heading.to_owned(), level, blocks: Vec::new() });
        } else if let Some(item) = bullet(trimmed) {
            match section.blocks.last_mut() {
                Some(Block::List(items)) => items.push(item.to_owned()),
                _ => section.blocks.push(Block::List(vec![item.to_owned()])),
            }
        } else {
            is_paragraph_open = true;
            match section.blocks.last_mut() {
                Some(Block::Paragraph(paragraph)) if was_open => {
                    paragraph.push('\n');
                    paragraph.push_str(trimmed);
                }
                _ => section.blocks.push(Block::Paragraph(trimmed.to_owned())),
            }
        }
    }
    sections
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let text = line.trim_start_matches('#');
    let level = u8::try_from(line.len() - text.len()).ok().filter(|level| (1..=6).contains(level))?;
    let heading = text.strip_prefix(' ')?.trim();
    (!heading.is_empty()).then_some((level.min(MAX_LEVEL), heading))
}

fn bullet(line: &str) -> Option<&str> {
    let item = ["- ", "* ", "• ", "– "].iter().find_map(|mark| line.strip_prefix(mark))?.trim();
    (!item.is_empty()).then_some(item)
}

/// Goes through an output and notes sections.
struct Walk<'r> {
    sections: &'r mut Vec<Section>,
    /// What has been said already.
    text: &'r str,
}

impl Walk<'_> {
    fn value(&mut self, heading: String, level: u8, value: &Value) {
        match value {
            Value::Object(object) if level <= MAX_LEVEL => self.object(heading, level, object),
            Value::Array(items) if level <= MAX_LEVEL && items.iter().any(is_nested) => {
                self.list_of_objects(heading, level, items);
            }
            Value::Array(items) if !items.iter().any(is_nested) => {
                let items: Vec<String> = items.iter().filter_map(|item| self.words(item)).collect();
                if !items.is_empty() {
                    self.section(heading, level, Block::List(items));
                }
            }
            value => {
                if let Some(words) = self.words(value) {
                    self.section(heading, level, Block::Paragraph(words));
                }
            }
        }
    }

    /// Facts first, then what needs a heading of its own.
    fn object(&mut self, heading: String, level: u8, object: &Map<String, Value>) {
        let mut facts = Vec::new();
        let mut longer = Vec::new();
        for (key, value) in object {
            match self.words(value) {
                _ if is_nested(value) => longer.push((key, value)),
                Some(words) if words.contains('\n') || words.chars().count() > SHORT => {
                    longer.push((key, value))
                }
                Some(words) => facts.push((words_of(key), words)),
                None => {}
            }
        }
        let place = self.sections.len();
        if !facts.is_empty() {
            self.section(heading.clone(), level, Block::Facts(facts));
        }
        let below = if heading.is_empty() { level } else { level + 1 };
        let is_headed = self.sections.len() > place;
        let first = self.sections.len();
        for (key, value) in longer {
            self.value(words_of(key), below, value);
        }
        // A heading of its own only where something stands below it.
        if !is_headed && !heading.is_empty() && self.sections.len() > first {
            self.sections.insert(first, Section { heading, level, blocks: Vec::new() });
        }
    }

    fn list_of_objects(&mut self, heading: String, level: u8, items: &[Value]) {
        if let Some(table) = self.table(items) {
            return self.section(heading, level, table);
        }
        let first = self.sections.len();
        let below = if heading.is_empty() { level } else { level + 1 };
        for (number, item) in (1..).zip(items) {
            let (name, item) = named(item, number);
            self.value(name, below, &item);
        }
        if !heading.is_empty() && self.sections.len() > first {
            self.sections.insert(first, Section { heading, level, blocks: Vec::new() });
        }
    }

    /// A table, if all are objects of few short values.
    fn table(&self, items: &[Value]) -> Option<Block> {
        let mut keys: Vec<&String> = Vec::new();
        for item in items {
            for (key, value) in item.as_object()? {
                if is_nested(value) && !is_empty(value) {
                    return None;
                }
                let cell = self.words(value).unwrap_or_default();
                if cell.contains('\n') || cell.chars().count() > MAX_CELL {
                    return None;
                }
                if !cell.is_empty() && !keys.contains(&key) {
                    keys.push(key);
                }
            }
            if keys.len() > MAX_COLUMNS {
                return None;
            }
        }
        if keys.is_empty() || items.len() < 2 {
            return None;
        }
        let cell = |item: &Value, key: &String| {
            item.get(key).and_then(|value| self.words(value)).unwrap_or_default()
        };
        let row = |item: &Value| keys.iter().map(|key| cell(item, key)).collect();
        Some(Block::Table {
            columns: keys.iter().map(|key| words_of(key)).collect(),
            rows: items.iter().map(row).collect(),
        })
    }

    fn section(&mut self, heading: String, level: u8, block: Block) {
        self.sections.push(Section { heading, level, blocks: vec![block] });
    }

    /// A value in words; `None` if there is nothing to say, or nothing new.
    fn words(&self, value: &Value) -> Option<String> {
        let words = match value {
            Value::Null => return None,
            Value::Bool(true) => "Yes".to_owned(),
            Value::Bool(false) => "No".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => clean(text).trim().to_owned(),
            nested if is_empty(nested) => return None,
            nested => clean(&nested.to_string()),
        };
        let is_new = self.text.is_empty() || words != self.text;
        (!words.is_empty() && is_new).then_some(words)
    }
}

/// The words that name an item, and the item without them.
fn named(item: &Value, number: usize) -> (String, Value) {
    let unnamed = || (format!("Item {number}"), item.clone());
    let Value::Object(object) = item else { return unnamed() };
    let name = NAMING_KEYS.iter().find_map(|key| {
        let words = one_line(object.get(*key)?.as_str()?);
        (!words.is_empty() && words.chars().count() <= SHORT).then_some((*key, words))
    });
    let Some((key, words)) = name else { return unnamed() };
    let mut rest = object.clone();
    rest.shift_remove(key);
    // A name alone is a fact, not a heading with nothing below.
    if rest.values().all(is_empty) { (String::new(), item.clone()) } else { (words, Value::Object(rest)) }
}

/// Whether a value is an object, or a list with one in it.
fn is_nested(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(object) => object.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
