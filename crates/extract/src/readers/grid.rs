//! The rows of a sheet as lines.

use super::flow::Flow;
use crate::error::ExtractError;

/// Empty cells in front of a cell that are kept; more say nothing.
const MAX_GAP: usize = 32;

/// Puts rows together from their cells: a tab between two cells, none after the last one that holds
/// something; a line for each row that holds something, one empty line for any number that do not.
pub(crate) struct Grid {
    flow: Flow,
    is_row_empty: bool,
}

impl Grid {
    /// A sheet without rows, whose text may grow to so many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self { flow: Flow::new(limit), is_row_empty: true }
    }

    /// Rows that are empty come next.
    pub(crate) fn skip_rows(&mut self) {
        self.flow.break_block();
    }

    /// A row begins.
    pub(crate) fn begin_row(&mut self) {
        self.flow.begin_row();
        self.is_row_empty = true;
    }

    /// Cells that are empty come next.
    pub(crate) fn skip_cells(&mut self, count: usize) {
        for _ in 0..count.min(MAX_GAP) {
            self.flow.end_cell();
        }
    }

    /// A cell. Ends of lines in it would look like ends of rows: they become spaces.
    pub(crate) fn cell(&mut self, text: &str) -> Result<(), ExtractError> {
        let lines = text.split(['\r', '\n', '\t']).filter(|line| !line.is_empty());
        for (number, line) in lines.enumerate() {
            if number > 0 {
                self.flow.push(" ")?;
            }
            self.flow.push(line)?;
            self.is_row_empty = false;
        }
        self.flow.end_cell();
        Ok(())
    }

    /// The row ends.
    pub(crate) fn end_row(&mut self) {
        self.flow.end_row();
        if self.is_row_empty {
            self.skip_rows();
        }
    }

    /// The text of the sheet.
    pub(crate) fn finish(self) -> String {
        self.flow.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_and_rows_keep_only_what_tells_something() {
        let mut grid = Grid::new(1000);
        for row in [&["", ""][..], &["", "a", "", "b\r\nc", ""], &[""], &[], &["d"], &["e"]] {
            grid.begin_row();
            for cell in row {
                grid.cell(cell).unwrap();
            }
            grid.end_row();
        }
        grid.begin_row();
        grid.skip_cells(1_000_000);
        grid.cell("far").unwrap();
        let far = "\t".repeat(MAX_GAP);
        assert_eq!(grid.finish(), format!("\ta\t\tb c\n\nd\ne\n{far}far"));
    }
}
