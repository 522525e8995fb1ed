//! The sheets of an OpenDocument spreadsheet (part 3, chapter 9).

use super::walk::Walked;
use crate::{
    error::ExtractError,
    readers::{
        grid::Grid,
        xml_walk::{self, Element, Step, Visitor},
    },
};

/// How often a cell or row that holds something is repeated at most.
const MAX_REPEATS: usize = 1000;

/// Elements without text of the cells: comments, drawings, and what a table looks like.
const SKIPPED: &[&str] = &["annotation", "shapes", "forms", "tracked-changes", "automatic-styles", "frame"];

/// A page for each sheet, of `limit` bytes in all: its name, then a line for each row.
pub(super) fn pages_of(xml: &str, limit: u64) -> Result<Walked, ExtractError> {
    let mut walk = Walk {
        pages: Vec::new(),
        name: String::new(),
        grid: Grid::new(limit),
        row: Vec::new(),
        row_repeats: 1,
        cell: Cell::default(),
        tables: 0,
        is_in_paragraph: false,
        limit,
    };
    let ending = xml_walk::walk(xml, &mut walk)?;
    if walk.tables > 0 {
        // The sheet that the end of the part cut off.
        walk.end_row()?;
        walk.end_sheet();
    }
    Ok(Walked { pages: walk.pages, ending })
}

struct Walk {
    pages: Vec<String>,
    name: String,
    grid: Grid,
    row: Vec<Cell>,
    row_repeats: usize,
    cell: Cell,
    /// Tables the walk is in; only the outermost is a sheet.
    tables: usize,
    is_in_paragraph: bool,
    limit: u64,
}

/// A cell as it is shown, and how often.
#[derive(Default)]
struct Cell {
    text: String,
    repeats: usize,
}

impl Visitor for Walk {
    fn enter(&mut self, element: &Element<'_>) -> Result<Step, ExtractError> {
        let repeats = |name| element.attribute(name).and_then(|count| count.parse().ok()).unwrap_or(1);
        match element.name() {
            name if SKIPPED.contains(&name) => return Ok(Step::Over),
            "table" => {
                if self.tables == 0 {
                    self.name = element.attribute("name").unwrap_or_default();
                }
                self.tables += 1;
            }
            "table-row" => {
                self.row.clear();
                self.row_repeats = repeats("number-rows-repeated");
            }
            "table-cell" | "covered-table-cell" => {
                self.cell = Cell { text: String::new(), repeats: repeats("number-columns-repeated") };
            }
            "p" | "h" => {
                self.is_in_paragraph = true;
                if !self.cell.text.is_empty() {
                    self.cell.text.push(' ');
                }
            }
            "s" | "tab" | "line-break" => self.cell.text.push(' '),
            _ => {}
        }
        Ok(Step::Into)
    }

    fn leave(&mut self, name: &str) -> Result<(), ExtractError> {
        match name {
            "p" | "h" => self.is_in_paragraph = false,
            "table-cell" | "covered-table-cell" => self.row.push(std::mem::take(&mut self.cell)),
            "table-row" => self.end_row()?,
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.end_sheet();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), ExtractError> {
        if self.is_in_paragraph {
            self.cell.text.push_str(text);
        }
        Ok(())
    }
}

impl Walk {
    fn end_row(&mut self) -> Result<(), ExtractError> {
        let row = std::mem::take(&mut self.row);
        let is_empty = row.iter().all(|cell| cell.text.is_empty());
        let repeats = if is_empty { 1 } else { self.row_repeats.min(MAX_REPEATS) };
        for _ in 0..repeats {
            self.grid.begin_row();
            for cell in &row {
                if cell.text.is_empty() {
                    self.grid.skip_cells(cell.repeats);
                } else {
                    for _ in 0..cell.repeats.min(MAX_REPEATS) {
                        self.grid.cell(&cell.text)?;
                    }
                }
            }
            self.grid.end_row();
        }
        Ok(())
    }

    fn end_sheet(&mut self) {
        let rows = std::mem::replace(&mut self.grid, Grid::new(0)).finish();
        let text = if rows.is_empty() { rows } else { format!("{}\n{rows}", self.name) };
        self.limit = self.limit.saturating_sub(text.len() as u64);
        self.grid = Grid::new(self.limit);
        self.pages.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Excess, readers::xml_walk::Ending};

    fn cell(text: &str, repeats: usize) -> String {
        format!(
            "<table:table-cell table:number-columns-repeated=\"{repeats}\"><text:p>{text}</text:p></table:table-cell>"
        )
    }

    fn row(cells: &str, repeats: usize) -> String {
        format!("<table:table-row table:number-rows-repeated=\"{repeats}\">{cells}</table:table-row>")
    }

    #[test]
    fn sheets_are_pages_and_repeated_emptiness_is_little() {
        let empty = "<table:table-cell table:number-columns-repeated=\"2\"/>";
        let rows = [
            row(&(cell("a", 1) + empty + &cell("b", 2)), 1),
            row(empty, 1_048_000),
            row(&cell("c", 1), 2),
            row("<table:table-cell table:number-columns-repeated=\"16384\"/>", 1),
        ];
        let xml = format!(
            "<x><table:table table:name=\"One\">{}</table:table><table:table table:name=\"Two\"/></x>",
            rows.concat()
        );
        let walked = pages_of(&xml, 1000).unwrap();
        assert_eq!(walked.pages, ["One\na\t\t\tb\tb\n\nc\nc", ""]);
        assert_eq!(walked.ending, Ending::Whole);
    }

    #[test]
    fn what_is_repeated_too_often_is_too_much() {
        let xml = format!("<table:table>{}</table:table>", row(&cell("words", 4_000_000), 4_000_000));
        assert!(matches!(pages_of(&xml, 100_000), Err(ExtractError::TooComplex(Excess::Output))));
    }
}
