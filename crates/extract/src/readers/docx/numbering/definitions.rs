//! What the numbering part and the styles part of a document define.

use std::collections::HashMap;

use super::ListProperties;
use crate::{
    error::ExtractError,
    readers::{
        counting::{Numeral, bullet},
        xml_walk::{Element, Step, Visitor, walk},
    },
};

/// Levels of a list (ECMA-376 part 1, 17.9.6).
pub(super) const LEVELS: usize = 9;

/// Styles that are based on each other.
const MAX_STYLE_DEPTH: usize = 30;

/// The lists and styles of a document.
#[derive(Default)]
pub(super) struct Definitions {
    abstract_lists: HashMap<String, AbstractList>,
    lists: HashMap<String, List>,
    styles: HashMap<String, Style>,
}

#[derive(Default)]
struct AbstractList {
    levels: [Option<Level>; LEVELS],
    /// The style whose list this one stands for.
    style_link: Option<String>,
}

/// A list: an abstract list, and what differs from it.
#[derive(Default)]
pub(super) struct List {
    abstract_id: String,
    /// Numbers with which levels start.
    pub(super) starts: HashMap<usize, u32>,
    levels: [Option<Level>; LEVELS],
}

/// One level of a list.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) start: u32,
    /// How its number is written; `None` if it is not.
    pub(super) numeral: Option<Numeral>,
    pub(super) text: ListText,
    /// The number of the level after which it starts again; 0 for none.
    pub(super) restarts_after: Option<usize>,
    /// Whether all numbers are written as decimals.
    pub(super) is_legal: bool,
    /// The style that stands for this level.
    style: Option<String>,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            start: 0,
            numeral: Some(Numeral::Decimal),
            text: ListText::Pattern(String::new()),
            restarts_after: None,
            is_legal: false,
            style: None,
        }
    }
}

/// What stands before the paragraph.
#[derive(Debug)]
pub(super) enum ListText {
    Bullet(char),
    /// Characters, and `%1` to `%9` for the numbers of the levels.
    Pattern(String),
}

#[derive(Default)]
struct Style {
    based_on: Option<String>,
    list: Option<String>,
    level: Option<usize>,
}

impl Definitions {
    pub(super) fn parse(numbering: &str, styles: &str) -> Self {
        let mut parser = Parser::default();
        for xml in [numbering, styles] {
            match walk(xml, &mut parser) {
                // What comes before damage, or too deep elements, stays.
                Ok(_) | Err(_) => {}
            }
        }
        parser.definitions
    }

    /// The list and level of a paragraph, its own or those of its style.
    pub(super) fn list_of(&self, paragraph: &ListProperties) -> Option<(String, usize)> {
        if let Some(list) = &paragraph.list {
            return Some((list.clone(), paragraph.level.unwrap_or(0)));
        }
        let own_style = paragraph.style.as_deref()?;
        let mut level = paragraph.level;
        let mut name = own_style;
        for _ in 0..MAX_STYLE_DEPTH {
            let style = self.styles.get(name)?;
            level = level.or(style.level);
            if let Some(list) = &style.list {
                let level = level.or_else(|| self.level_of_style(list, own_style));
                return Some((list.clone(), level.unwrap_or(0)));
            }
            name = style.based_on.as_deref()?;
        }
        None
    }

    /// A list and the abstract list it is made from.
    pub(super) fn list(&self, id: &str) -> Option<(&List, String)> {
        let list = self.lists.get(id)?;
        let mut abstract_id = &list.abstract_id;
        let link = self.abstract_lists.get(abstract_id).and_then(|list| list.style_link.as_ref());
        if let Some(style) = link.and_then(|name| self.styles.get(name))
            && let Some(linked) = style.list.as_ref().and_then(|id| self.lists.get(id))
        {
            abstract_id = &linked.abstract_id;
        }
        Some((list, abstract_id.clone()))
    }

    /// The levels of a list.
    pub(super) fn levels<'a>(
        &'a self,
        list: &'a List,
        abstract_id: &str,
    ) -> Option<[Option<&'a Level>; LEVELS]> {
        let abstract_list = self.abstract_lists.get(abstract_id)?;
        Some(std::array::from_fn(|at| list.levels[at].as_ref().or(abstract_list.levels[at].as_ref())))
    }

    fn level_of_style(&self, list: &str, style: &str) -> Option<usize> {
        let (list, abstract_id) = self.list(list)?;
        let levels = self.levels(list, &abstract_id)?;
        levels.iter().position(|level| level.and_then(|level| level.style.as_deref()) == Some(style))
    }
}

#[derive(Default)]
struct Parser {
    definitions: Definitions,
    /// What the elements that are read now belong to.
    abstract_list: Option<String>,
    list: Option<String>,
    style: Option<String>,
    level: Option<usize>,
}

impl Parser {
    fn level(&mut self) -> Option<&mut Level> {
        let at = self.level?;
        let levels = if let Some(id) = &self.list {
            &mut self.definitions.lists.get_mut(id)?.levels
        } else {
            &mut self.definitions.abstract_lists.get_mut(self.abstract_list.as_ref()?)?.levels
        };
        Some(levels.get_mut(at)?.get_or_insert_default())
    }

    fn abstract_list(&mut self) -> Option<&mut AbstractList> {
        self.definitions.abstract_lists.get_mut(self.abstract_list.as_ref()?)
    }

    fn list(&mut self) -> Option<&mut List> {
        self.definitions.lists.get_mut(self.list.as_ref()?)
    }

    fn style(&mut self) -> Option<&mut Style> {
        self.definitions.styles.get_mut(self.style.as_ref()?)
    }

    /// Something that has an id begins.
    fn begin(&mut self, element: &Element<'_>) {
        match element.name() {
            "abstractNum" => {
                let id = element.attribute("abstractNumId").unwrap_or_default();
                self.definitions.abstract_lists.insert(id.clone(), AbstractList::default());
                self.abstract_list = Some(id);
            }
            "num" => {
                let id = element.attribute("numId").unwrap_or_default();
                self.definitions.lists.insert(id.clone(), List::default());
                self.list = Some(id);
            }
            "style" => {
                let id = element.attribute("styleId").unwrap_or_default();
                self.definitions.styles.insert(id.clone(), Style::default());
                self.style = Some(id);
            }
            "lvl" | "lvlOverride" => {
                self.level = element.attribute("ilvl").and_then(|level| level.parse().ok())
            }
            _ => {}
        }
        if element.name() == "lvl" {
            // It is there even if it says nothing.
            self.level();
        }
    }

    /// One value of what was begun.
    fn set(&mut self, name: &str, value: String) -> Option<()> {
        match name {
            "start" => self.level()?.start = value.parse().ok()?,
            "numFmt" => {
                let level = self.level()?;
                level.numeral = numeral(&value);
                if value == "bullet" {
                    level.text = ListText::Bullet(bullet(""));
                }
            }
            "lvlText" => {
                let text = &mut self.level()?.text;
                *text = match text {
                    ListText::Bullet(_) => ListText::Bullet(bullet(&value)),
                    ListText::Pattern(_) => ListText::Pattern(value),
                };
            }
            "lvlRestart" => self.level()?.restarts_after = Some(value.parse().ok()?),
            "isLgl" => self.level()?.is_legal = !matches!(value.as_str(), "0" | "false" | "off"),
            "pStyle" => self.level()?.style = Some(value),
            "numStyleLink" => self.abstract_list()?.style_link = Some(value),
            "abstractNumId" => self.list()?.abstract_id = value,
            "startOverride" => {
                let (level, start) = (self.level?, value.parse().ok()?);
                self.list()?.starts.insert(level, start);
            }
            "basedOn" => self.style()?.based_on = Some(value),
            "numId" => self.style()?.list = Some(value),
            "ilvl" => self.style()?.level = value.parse().ok(),
            _ => {}
        }
        Some(())
    }
}

impl Visitor for Parser {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        match element.name() {
            "abstractNum" | "num" | "style" | "lvl" | "lvlOverride" => self.begin(element),
            "rPr" | "tblPr" | "tblStylePr" | "Fallback" => return Ok(Step::Over),
            name => {
                // A value that cannot be understood is as good as none.
                self.set(name, element.attribute("val").unwrap_or_default());
            }
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "abstractNum" => self.abstract_list = None,
            "num" => self.list = None,
            "style" => self.style = None,
            "lvlOverride" => self.level = None,
            "lvl" if self.list.is_none() => self.level = None,
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, _text: &str) -> Result<(), ExtractError> {
        Ok(())
    }
}

/// ECMA-376 part 1, 17.18.59. Scripts that are not known are written in digits.
fn numeral(format: &str) -> Option<Numeral> {
    Some(match format {
        "none" | "bullet" => return None,
        "decimalZero" => Numeral::PaddedDecimal,
        "upperRoman" => Numeral::UpperRoman,
        "lowerRoman" => Numeral::LowerRoman,
        "upperLetter" => Numeral::UpperLetter,
        "lowerLetter" => Numeral::LowerLetter,
        "ordinal" => Numeral::Ordinal,
        _ => Numeral::Decimal,
    })
}
