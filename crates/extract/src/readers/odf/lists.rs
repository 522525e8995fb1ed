//! The labels of list items (part 3, 16.30 and 19.796).

use std::collections::HashMap;

use crate::{
    error::ExtractError,
    readers::{
        counting::{Numeral, bullet},
        xml_walk::{Element, Step, Visitor, walk},
    },
};

/// Characters around a number that are kept.
const MAX_AFFIX: usize = 20;

/// How lists look, by the name of their style and their level; the first is 1.
#[derive(Default)]
pub(super) struct ListStyles {
    levels: HashMap<(String, usize), LevelStyle>,
    /// The style whose levels are read.
    current: String,
}

enum LevelStyle {
    Bullet(char),
    Number { numeral: Numeral, prefix: String, suffix: String, start: u32, shown_levels: usize },
}

/// The lists that are open, one in the other, and how far each has counted.
pub(super) struct Lists {
    styles: ListStyles,
    open: Vec<OpenList>,
    /// The last number of lists that have ended, which others may continue.
    ended: HashMap<String, u32>,
}

struct OpenList {
    style: String,
    number: Option<u32>,
}

impl Lists {
    /// The lists of a document whose styles are in these parts.
    pub(super) fn new(parts: &[&str]) -> Self {
        let mut styles = ListStyles::default();
        for xml in parts {
            match walk(xml, &mut styles) {
                // What comes before damage, or too deep elements, stays.
                Ok(_) | Err(_) => {}
            }
        }
        Self { styles, open: Vec::new(), ended: HashMap::new() }
    }

    /// A list begins. Without a style of its own it has that of the list it is in.
    pub(super) fn begin(&mut self, list: &Element<'_>) {
        let style = list.attribute("style-name");
        let style = style.or_else(|| self.open.last().map(|outer| outer.style.clone())).unwrap_or_default();
        let continues = list.attribute("continue-numbering").is_some_and(|value| value == "true")
            || list.attribute("continue-list").is_some();
        let number = if continues { self.ended.get(&style).copied() } else { None };
        self.open.push(OpenList { style, number });
    }

    /// The innermost list ends.
    pub(super) fn end(&mut self) {
        if let Some(OpenList { style, number: Some(number) }) = self.open.pop() {
            self.ended.insert(style, number);
        }
    }

    /// An item of the innermost list begins; its label, if it has one.
    pub(super) fn next_label(&mut self, item: &Element<'_>) -> Option<String> {
        let level = self.open.len();
        let list = self.open.last_mut()?;
        match self.styles.levels.get(&(list.style.clone(), level))? {
            LevelStyle::Bullet(bullet) => Some(bullet.to_string()),
            LevelStyle::Number { prefix, suffix, start, shown_levels, .. } => {
                let own_start = item.attribute("start-value").and_then(|value| value.parse().ok());
                let next = list.number.map_or(*start, |number| number.saturating_add(1));
                list.number = Some(own_start.unwrap_or(next));
                let outermost = level.saturating_sub(*shown_levels);
                let numbers: Vec<_> = (outermost..level).filter_map(|at| self.written(at)).collect();
                Some(format!("{prefix}{}{suffix}", numbers.join(".")))
            }
        }
    }

    /// The number of an open list.
    fn written(&self, at: usize) -> Option<String> {
        let list = self.open.get(at)?;
        match self.styles.levels.get(&(list.style.clone(), at + 1))? {
            LevelStyle::Number { numeral, .. } => Some(numeral.write(list.number?)),
            LevelStyle::Bullet(_) => None,
        }
    }
}

impl Visitor for ListStyles {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        let style = match element.name() {
            "body" | "master-styles" | "font-face-decls" => return Ok(Step::Over),
            "list-style" => {
                self.current = element.attribute("name").unwrap_or_default();
                None
            }
            "list-level-style-bullet" => {
                Some(LevelStyle::Bullet(bullet(&element.attribute("bullet-char").unwrap_or_default())))
            }
            "list-level-style-number" => number_style(element),
            _ => None,
        };
        if let Some(style) = style {
            let level = element.attribute("level").and_then(|level| level.parse().ok()).unwrap_or(1);
            self.levels.insert((self.current.clone(), level), style);
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, _name: &str) -> Result<(), ExtractError> {
        Ok(())
    }

    fn characters(&mut self, _text: &str) -> Result<(), ExtractError> {
        Ok(())
    }
}

fn number_style(element: &Element<'_>) -> Option<LevelStyle> {
    let numeral = match element.attribute("num-format")?.as_str() {
        "" => return None,
        "a" => Numeral::LowerLetter,
        "A" => Numeral::UpperLetter,
        "i" => Numeral::LowerRoman,
        "I" => Numeral::UpperRoman,
        _ => Numeral::Decimal,
    };
    let affix = |name| element.attribute(name).unwrap_or_default().chars().take(MAX_AFFIX).collect();
    Some(LevelStyle::Number {
        numeral,
        prefix: affix("num-prefix"),
        suffix: affix("num-suffix"),
        start: element.attribute("start-value").and_then(|value| value.parse().ok()).unwrap_or(1),
        shown_levels: element.attribute("display-levels").and_then(|value| value.parse().ok()).unwrap_or(1),
    })
}
