//! Text that grows from paragraphs, cells and marks.

use crate::error::{Excess, ExtractError};

/// Puts text together: lines for paragraphs and rows, tabs between cells, at most one empty line.
///
/// What separates two texts is written when the second one comes, so that the end of a cell can
/// replace the end of its last paragraph, and nothing trails at the end.
pub(crate) struct Flow {
    text: String,
    /// Ends of rows, and of what came before a row.
    row_ends: usize,
    /// Ends of paragraphs, since the last row or cell.
    newlines: usize,
    /// Ends of cells, since the last row.
    tabs: usize,
    is_in_row: bool,
    /// Whether the row or cell has just begun: ends of paragraphs do not count there.
    is_at_cell_start: bool,
    /// Bytes that the text may have.
    limit: usize,
}

impl Flow {
    /// An empty text that may grow to so many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            text: String::new(),
            row_ends: 0,
            newlines: 0,
            tabs: 0,
            is_in_row: false,
            is_at_cell_start: false,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    /// Adds characters. [`Excess::Output`] if the text gets too long.
    pub(crate) fn push(&mut self, text: &str) -> Result<(), ExtractError> {
        if text.is_empty() {
            return Ok(());
        }
        let newlines = if self.text.is_empty() { 0 } else { (self.row_ends + self.newlines).min(2) };
        if newlines + self.tabs > 0 {
            self.text.truncate(self.text.trim_end_matches(' ').len());
        }
        let size = self.text.len().saturating_add(newlines + self.tabs).saturating_add(text.len());
        if size > self.limit {
            return Err(ExtractError::TooComplex(Excess::Output));
        }
        self.text.extend(std::iter::repeat_n('\n', newlines));
        self.text.extend(std::iter::repeat_n('\t', self.tabs));
        self.text.push_str(text);
        (self.row_ends, self.newlines, self.tabs) = (0, 0, 0);
        self.is_at_cell_start = false;
        Ok(())
    }

    /// Adds characters in which white space is one space, and none at the start of a line.
    pub(crate) fn push_collapsed(&mut self, text: &str) -> Result<(), ExtractError> {
        let is_space = |c: char| c.is_ascii_whitespace();
        let mut rest = text;
        while !rest.is_empty() {
            let (word, after) = rest.split_at(rest.find(is_space).unwrap_or(rest.len()));
            self.push(word)?;
            rest = after.trim_start_matches(is_space);
            if rest.len() < after.len() && self.is_inside_line() && !self.text.ends_with(' ') {
                self.push(" ")?;
            }
        }
        Ok(())
    }

    /// The end of a paragraph: an empty one leaves an empty line.
    pub(crate) fn end_paragraph(&mut self) {
        if !self.is_at_cell_start {
            self.newlines += 1;
        }
    }

    /// What follows begins on a line of its own.
    pub(crate) fn break_line(&mut self) {
        if !self.is_at_cell_start && self.row_ends == 0 {
            self.newlines = self.newlines.max(1);
        }
    }

    /// What follows stands apart: an empty line precedes it, but for within a row.
    pub(crate) fn break_block(&mut self) {
        if self.is_in_row {
            self.break_line();
        } else {
            self.newlines = self.newlines.max(2);
        }
    }

    /// The start of a row.
    pub(crate) fn begin_row(&mut self) {
        if !self.is_at_cell_start {
            self.row_ends = (self.row_ends + self.newlines).max(1);
        }
        self.newlines = 0;
        self.is_in_row = true;
        self.is_at_cell_start = true;
    }

    /// The end of a cell.
    pub(crate) fn end_cell(&mut self) {
        self.newlines = 0;
        self.tabs += 1;
        self.is_at_cell_start = true;
    }

    /// The end of a row; empty cells at its end are left out.
    pub(crate) fn end_row(&mut self) {
        self.row_ends = self.row_ends.max(1);
        (self.newlines, self.tabs) = (0, 0);
        self.is_in_row = false;
        self.is_at_cell_start = false;
    }

    /// Whether a row has begun and not ended.
    pub(crate) fn is_in_row(&self) -> bool {
        self.is_in_row
    }

    /// Whether there is no text yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether more text would join the text before.
    pub(crate) fn is_inside_line(&self) -> bool {
        self.row_ends + self.newlines + self.tabs == 0
            && !self.text.is_empty()
            && !self.text.ends_with(['\n', '\t'])
    }

    /// The text.
    pub(crate) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_empty_line_and_none_at_the_ends() {
        let mut flow = Flow::new(100);
        flow.end_paragraph();
        for text in ["one", "", "", "two", "three", ""] {
            flow.push(text).unwrap();
            flow.end_paragraph();
        }
        assert_eq!(flow.finish(), "one\n\ntwo\nthree");
    }

    #[test]
    fn empty_cells_count_but_not_at_the_end_of_a_row() {
        let mut flow = Flow::new(100);
        for row in [["a", "", "c", ""], ["", "e", "", ""]] {
            flow.begin_row();
            for cell in row {
                flow.push(cell).unwrap();
                flow.end_paragraph();
                flow.end_cell();
            }
            flow.end_row();
        }
        assert_eq!(flow.finish(), "a\t\tc\n\te");
    }

    #[test]
    fn rows_stand_below_what_precedes_them() {
        let mut flow = Flow::new(100);
        flow.push("before").unwrap();
        flow.begin_row();
        flow.end_cell();
        flow.break_block();
        flow.push("b").unwrap();
        flow.break_block();
        flow.push("c").unwrap();
        flow.end_row();
        flow.begin_row();
        flow.end_cell();
        flow.end_row();
        flow.break_block();
        flow.push("after").unwrap();
        assert_eq!(flow.finish(), "before\n\tb\nc\n\nafter");
    }

    #[test]
    fn white_space_is_one_space_within_a_line() {
        let mut flow = Flow::new(100);
        for text in [" a", " \n ", "b ", " c", "d\n", "\u{a0}e "] {
            flow.push_collapsed(text).unwrap();
        }
        flow.end_paragraph();
        flow.push_collapsed("  f").unwrap();
        assert_eq!(flow.finish(), "a b cd \u{a0}e\nf");
    }

    #[test]
    fn a_text_has_a_largest_size() {
        let mut flow = Flow::new(5);
        flow.push("1234").unwrap();
        for _ in 0..9 {
            flow.end_cell();
        }
        assert!(matches!(flow.push("5"), Err(ExtractError::TooComplex(Excess::Output))));
    }
}
