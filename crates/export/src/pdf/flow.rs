//! Lines on pages.

use super::text::{TextLine, Typesetter};

/// A page of A4, in points.
pub(super) const PAGE: (f32, f32) = (595.0, 842.0);
/// The margin on each side.
pub(super) const MARGIN: f32 = 62.0;
/// The width of text.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
const BOTTOM: f32 = PAGE.1 - MARGIN;

/// Something on a page.
pub(super) enum Mark {
    /// A line of text; its left and its baseline.
    Text { line: TextLine, x: f32, y: f32 },
    /// A rule over the width of text.
    Rule { y: f32 },
}

/// A heading and its place.
pub(super) struct Heading {
    pub(super) text: String,
    pub(super) level: u8,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// Pages that are being filled from top to bottom.
pub(super) struct Flow {
    pub(super) pages: Vec<Vec<Mark>>,
    pub(super) headings: Vec<Heading>,
    pub(super) typesetter: Typesetter,
    y: f32,
}

/// Text in a column of a row.
pub(super) struct Cell {
    /// From the left of the text.
    pub(super) x: f32,
    pub(super) lines: Vec<TextLine>,
}

impl Flow {
    pub(super) fn new(typesetter: Typesetter) -> Self {
        Self { pages: vec![Vec::new()], headings: Vec::new(), typesetter, y: MARGIN }
    }

    /// Leaves room, but not at the top of a page.
    pub(super) fn space(&mut self, height: f32) {
        if self.y > MARGIN {
            self.y += height;
        }
    }

    /// Begins a page unless so much room is left.
    pub(super) fn keep_together(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > MARGIN {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    pub(super) fn lines(&mut self, x: f32, lines: Vec<TextLine>) {
        self.row(vec![Cell { x, lines }]);
    }

    /// Notes that the text of a heading follows.
    pub(super) fn heading(&mut self, text: &str, level: u8) {
        let (page, y) = (self.pages.len() - 1, self.y);
        self.headings.push(Heading { text: text.to_owned(), level, page, y });
    }

    pub(super) fn rule(&mut self) {
        let y = self.y;
        self.mark(Mark::Rule { y });
    }

    /// Writes cells beside each other. A row that fits on a page stays on one; a longer one goes on
    /// where it has to.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        let height = |cell: &Cell| cell.lines.iter().map(|line| line.height).sum::<f32>();
        let height = cells.iter().map(height).fold(0.0, f32::max);
        if cells.len() > 1 && height <= BOTTOM - MARGIN {
            self.keep_together(height);
        }
        let mut cells: Vec<_> =
            cells.into_iter().map(|cell| (cell.x, cell.lines.into_iter().peekable())).collect();
        loop {
            let top = self.y;
            let mut lowest = top;
            for (x, lines) in &mut cells {
                let mut y = top;
                // A line that is higher than a page gets a page.
                while let Some(line) = lines.next_if(|line| y + line.height <= BOTTOM || y <= MARGIN) {
                    let (baseline, height) = (y + line.ascent, line.height);
                    self.mark(Mark::Text { line, x: MARGIN + *x, y: baseline });
                    y += height;
                }
                lowest = lowest.max(y);
            }
            self.y = lowest;
            if cells.iter_mut().all(|(_, lines)| lines.peek().is_none()) {
                return;
            }
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }
}
