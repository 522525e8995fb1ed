//! The cells of a sheet as lines (ECMA-376 part 1, 18.3).

use std::borrow::Cow;

use super::{
    number_format::{Formats, Meaning},
    serial_date,
};
use crate::{
    error::ExtractError,
    readers::{
        grid::Grid,
        xml_walk::{self, Element, Ending, Step, Visitor},
    },
};

/// Significant digits that a spreadsheet shows of a number.
const DIGITS: usize = 15;

/// What the sheets of a workbook share.
pub(super) struct Context {
    pub(super) strings: Vec<String>,
    pub(super) formats: Formats,
    pub(super) counts_from_1904: bool,
}

/// The rows of a sheet, in at most `room` bytes, and whether the part ends as it should.
pub(super) fn text_of(xml: &str, context: &Context, room: u64) -> Result<(String, Ending), ExtractError> {
    if xml.is_empty() {
        return Ok((String::new(), Ending::Whole));
    }
    let mut walk = Walk {
        context,
        grid: Grid::new(room),
        cell: Cell::default(),
        value: String::new(),
        is_in_value: false,
        column: 0,
        row: 0,
    };
    let ending = xml_walk::walk(xml, &mut walk)?;
    Ok((walk.grid.finish(), ending))
}

struct Walk<'a> {
    context: &'a Context,
    grid: Grid,
    cell: Cell,
    value: String,
    is_in_value: bool,
    /// Where the next cell stands; the first column and row are 0 and 1.
    column: usize,
    row: u32,
}

#[derive(Default)]
struct Cell {
    kind: String,
    style: usize,
}

impl Visitor for Walk<'_> {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        match element.name() {
            "row" => self.begin_row(element),
            "c" => self.begin_cell(element),
            "v" | "t" => self.is_in_value = true,
            // Formulas, readings, and all that is beside the cells.
            "f"
            | "rPh"
            | "rPr"
            | "Fallback"
            | "cols"
            | "headerFooter"
            | "extLst"
            | "conditionalFormatting"
            | "dataValidations" => return Ok(Step::Over),
            _ => {}
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "v" | "t" => self.is_in_value = false,
            "c" => self.end_cell()?,
            "row" => self.grid.end_row(),
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if self.is_in_value {
            self.value.push_str(text);
        }
        Ok(())
    }
}

impl Walk<'_> {
    fn begin_row(&mut self, element: &Element<'_>) {
        let number = element.attribute("r").and_then(|number| number.parse().ok());
        let number = number.unwrap_or_else(|| self.row.saturating_add(1));
        if number > self.row.saturating_add(1) {
            self.grid.skip_rows();
        }
        self.row = number;
        self.column = 0;
        self.grid.begin_row();
    }

    fn begin_cell(&mut self, element: &Element<'_>) {
        let column = element.attribute("r").and_then(|reference| column(&reference));
        if let Some(column) = column.filter(|column| *column > self.column) {
            self.grid.skip_cells(column - self.column);
            self.column = column;
        }
        self.cell = Cell {
            kind: element.attribute("t").unwrap_or_default(),
            style: element.attribute("s").and_then(|style| style.parse().ok()).unwrap_or(0),
        };
        self.value.clear();
        self.is_in_value = false;
    }

    fn end_cell(&mut self) -> Result<(), ExtractError> {
        let text = self.context.show(&self.cell, &self.value);
        self.grid.cell(&text)?;
        self.column += 1;
        Ok(())
    }
}

impl Context {
    /// The value of a cell as a person would see it (18.18.11).
    fn show<'a>(&'a self, cell: &Cell, value: &'a str) -> Cow<'a, str> {
        match cell.kind.as_str() {
            "s" => {
                let string = value.trim().parse::<usize>().ok().and_then(|index| self.strings.get(index));
                string.map_or("", String::as_str).into()
            }
            "b" => if value.trim() == "1" { "TRUE" } else { "FALSE" }.into(),
            "str" | "inlineStr" | "e" | "d" => value.into(),
            _ => match value.trim().parse::<f64>() {
                Ok(number) => self.show_number(number, self.formats.meaning(cell.style), value.trim()),
                Err(_) => value.into(),
            },
        }
    }

    fn show_number<'a>(&self, number: f64, meaning: Meaning, written: &'a str) -> Cow<'a, str> {
        if let Some(date) = serial_date::write(number, meaning, self.counts_from_1904) {
            return date.into();
        }
        if written.len() <= DIGITS {
            return written.into();
        }
        // 0.30000000000000004 is how a computer writes 0.3.
        let rounded = format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number);
        let is_handy = rounded == 0.0 || (1e-9..1e21).contains(&rounded.abs());
        if is_handy { rounded.to_string() } else { format!("{rounded:e}") }.into()
    }
}

/// The column of a reference such as `BC12`; the first is 0. There are 16,384 of them.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let number =
        letters.fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1).filter(|column| *column < 16_384)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Excess;

    fn context() -> Context {
        let formats = "<s><cellXfs><xf/><xf numFmtId='14'/></cellXfs></s>";
        Context {
            strings: vec!["shared".into(), "x".repeat(1000)],
            formats: Formats::parse(formats).unwrap(),
            counts_from_1904: false,
        }
    }

    fn rows(cells: &str) -> String {
        text_of(&format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"), &context(), 10_000)
            .unwrap()
            .0
    }

    #[test]
    fn values_are_shown_as_a_person_sees_them() {
        for (cell, expected) in [
            ("<c t='s'><v>0</v></c>", "shared"),
            ("<c t='s'><v>99</v></c>", ""),
            ("<c t='b'><v>0</v></c>", "FALSE"),
            ("<c t='e'><v>#DIV/0!</v></c>", "#DIV/0!"),
            ("<c><f>1+1</f><v>2</v></c>", "2"),
            ("<c><v>0.30000000000000004</v></c>", "0.3"),
            ("<c><v>1.2345678901234567E-30</v></c>", "1.23456789012346e-30"),
            ("<c><v>12345678901234567890</v></c>", "12345678901234600000"),
            ("<c s='1'><v>45292</v></c>", "2024-01-01"),
            ("<c s='1'><v>-5</v></c>", "-5"),
            ("<c t='inlineStr'><is><r><t>in</t></r><r><t>line</t></r></is></c>", "inline"),
            ("<c t='str'><v>two\nlines</v></c>", "two lines"),
        ] {
            assert_eq!(rows(&format!("<row>{cell}</row>")), expected, "{cell}");
        }
    }

    #[test]
    fn columns_keep_their_place_and_empty_rows_are_one_line() {
        let cells = "<row r='2'><c r='B2'><v>1</v></c><c r='D2'><v>2</v></c><c r='E2' s='1'/></row>\
            <row r='3'><c r='A3'/></row>\
            <row r='900000'><c r='A900000'><v>3</v></c><c r='XFD900000'><v>4</v></c></row>\
            <row><c><v>5</v></c><c><v>6</v></c></row>";
        let expected = format!("\t1\t\t2\n\n3{}4\n5\t6", "\t".repeat(33));
        assert_eq!(rows(cells), expected);
    }

    #[test]
    fn references_name_columns() {
        assert_eq!(column("A1"), Some(0));
        assert_eq!(column("xfd1"), Some(16_383));
        for reference in ["XFE1", "1", "", "ZZZZZZZZZZZZ1"] {
            assert_eq!(column(reference), None, "{reference}");
        }
    }

    #[test]
    fn a_long_string_shown_often_is_too_much() {
        let cells = "<c t='s'><v>1</v></c>".repeat(20);
        let xml = format!("<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>");
        assert!(matches!(text_of(&xml, &context(), 10_000), Err(ExtractError::TooComplex(Excess::Output))));
    }
}
