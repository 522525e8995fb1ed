//! Which cells hold dates: a date is a number with a format (ECMA-376 part 1, 18.8.30).

use std::collections::HashMap;

use crate::{
    error::ExtractError,
    readers::xml_walk::{Element, Step, Visitor, walk},
};

/// How a number is to be understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Meaning {
    #[default]
    Number,
    Date,
    Time,
    DateTime,
    /// Hours that may be more than a day has.
    Elapsed,
}

/// The formats of a workbook.
#[derive(Default)]
pub(super) struct Formats {
    /// By the style of a cell.
    meanings: Vec<Meaning>,
}

impl Formats {
    /// The formats that the styles part defines.
    pub(super) fn parse(xml: &str) -> Result<Self, ExtractError> {
        let mut parser = Parser::default();
        walk(xml, &mut parser)?;
        Ok(parser.formats)
    }

    /// How a number in a cell of this style is to be understood.
    pub(super) fn meaning(&self, style: usize) -> Meaning {
        self.meanings.get(style).copied().unwrap_or_default()
    }
}

#[derive(Default)]
struct Parser {
    formats: Formats,
    codes: HashMap<u32, Meaning>,
    is_in_cell_formats: bool,
}

impl Visitor for Parser {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        let id = || element.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
        match element.name() {
            "numFmt" => {
                let code = element.attribute("formatCode").unwrap_or_default();
                self.codes.insert(id(), of_code(&code));
            }
            "cellXfs" => self.is_in_cell_formats = true,
            "xf" if self.is_in_cell_formats => {
                let id = id();
                let meaning = self.codes.get(&id).copied().unwrap_or_else(|| of_built_in(id));
                self.formats.meanings.push(meaning);
            }
            _ => {}
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        if name == "cellXfs" {
            self.is_in_cell_formats = false;
        }
        Ok(())
    }

    fn characters(&mut self, _text: &str) -> Result<(), ExtractError> {
        Ok(())
    }
}

/// The formats that every workbook has.
fn of_built_in(id: u32) -> Meaning {
    match id {
        14..=17 | 27..=31 | 36 | 50..=58 => Meaning::Date,
        18..=21 | 32..=35 | 45 | 47 => Meaning::Time,
        22 => Meaning::DateTime,
        46 => Meaning::Elapsed,
        _ => Meaning::Number,
    }
}

/// What the letters of a format code mean, outside of quotes, escapes and conditions.
fn of_code(code: &str) -> Meaning {
    // The first section is for positive numbers, unless it is for one number alone.
    let code = code.split(';').find(|section| !section.starts_with("[=")).unwrap_or(code);
    let mut characters = code.chars();
    let (mut date, mut time, mut month_or_minute) = (false, false, false);
    while let Some(c) = characters.next() {
        match c.to_ascii_lowercase() {
            '"' => {
                characters.by_ref().find(|c| *c == '"');
            }
            '\\' | '_' | '*' => {
                characters.next();
            }
            '[' => {
                let condition: String = characters.by_ref().take_while(|c| *c != ']').collect();
                let condition = condition.to_ascii_lowercase();
                let is_elapsed = ['h', 'm', 's']
                    .iter()
                    .any(|unit| !condition.is_empty() && condition.chars().all(|c| c == *unit));
                if is_elapsed {
                    return Meaning::Elapsed;
                }
            }
            'g' if code.eq_ignore_ascii_case("general") => return Meaning::Number,
            'y' | 'd' => date = true,
            'h' | 's' => time = true,
            'm' => month_or_minute = true,
            // Digits that are asked for are digits of a number, but for those of a second.
            '#' | '?' => return Meaning::Number,
            _ => {}
        }
    }
    match (date, time) {
        (true, true) => Meaning::DateTime,
        (true, false) => Meaning::Date,
        (false, true) => Meaning::Time,
        (false, false) if month_or_minute => Meaning::Date,
        (false, false) => Meaning::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_tell_dates_from_numbers() {
        for (code, expected) in [
            ("General", Meaning::Number),
            ("0.00", Meaning::Number),
            ("#,##0.00 \"days\"", Meaning::Number),
            ("0.0E+00", Meaning::Number),
            ("[Red]#,##0;[Blue]-#,##0", Meaning::Number),
            ("[$-407]d. mmmm yyyy;@", Meaning::Date),
            ("yyyy\\-mm\\-dd", Meaning::Date),
            ("mmm", Meaning::Date),
            ("dd/mm/yyyy hh:mm", Meaning::DateTime),
            ("h:mm AM/PM", Meaning::Time),
            ("mm:ss.0", Meaning::Time),
            ("[h]:mm:ss", Meaning::Elapsed),
            ("[=0]?;hh:mm", Meaning::Time),
            ("\\d0", Meaning::Number),
            ("\"unclosed", Meaning::Number),
            ("[unclosed", Meaning::Number),
        ] {
            assert_eq!(of_code(code), expected, "{code}");
        }
    }

    #[test]
    fn styles_refer_to_formats() {
        let xml = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy"/></numFmts>
            <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
            <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/></cellXfs></styleSheet>"#;
        let formats = Formats::parse(xml).unwrap();
        let meanings: Vec<_> = (0..4).map(|style| formats.meaning(style)).collect();
        assert_eq!(meanings, [Meaning::Number, Meaning::Date, Meaning::DateTime, Meaning::Number]);
    }
}
