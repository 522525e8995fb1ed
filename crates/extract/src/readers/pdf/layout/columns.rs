//! Two columns of prose that were drawn row by row, across the gutter.

use super::line::Line;

/// The least width of a gutter, in ems.
const GUTTER: f64 = 0.9;
/// Rows that have to agree on a gutter.
const MIN_ROWS: usize = 6;
/// The least number of characters in the average half row: a row of a table or a date beside a title
/// has fewer.
const MIN_PROSE: usize = 22;
/// The part of its column that an average half row fills.
const MIN_FILL: f64 = 0.75;

/// Two halves of a row, left and right of a gutter.
struct Row {
    left: Line,
    right: Line,
}

/// Puts the left column of a stretch of such rows before its right one; leaves other lines as they are.
pub(super) fn in_reading_order(lines: Vec<Line>) -> Vec<Line> {
    let mut ordered = Vec::with_capacity(lines.len());
    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        match row(&line) {
            Some(row) if rows.last().is_none_or(|last| follows(last, &row)) => rows.push(row),
            other => {
                close(&mut rows, &mut ordered);
                match other {
                    Some(row) => rows.push(row),
                    None => ordered.push(line),
                }
            }
        }
    }
    close(&mut rows, &mut ordered);
    ordered
}

/// The halves of a line that has exactly one gap as wide as a gutter.
fn row(line: &Line) -> Option<Row> {
    if line.gaps(GUTTER) != 1 {
        return None;
    }
    let mut cells = line.cells(GUTTER).into_iter();
    let (left, right) = (cells.next()?, cells.next()?);
    Some(Row { left: line.part(left), right: line.part(right) })
}

/// Whether a row is below another and its right half begins where the other's does.
fn follows(last: &Row, row: &Row) -> bool {
    let size = last.left.size;
    let down = row.left.baseline - last.left.baseline;
    last.left.runs_with(&row.left)
        && down > 0.0
        && down < 3.0 * size
        && (last.right.start() - row.right.start()).abs() < 0.5 * size
}

/// Ends a stretch of rows: column by column if it is prose, else row by row.
fn close(rows: &mut Vec<Row>, ordered: &mut Vec<Line>) {
    let is_prose = rows.len() >= MIN_ROWS && is_prose(rows);
    let rows = std::mem::take(rows);
    if is_prose {
        let (left, right): (Vec<Line>, Vec<Line>) = rows.into_iter().map(|row| (row.left, row.right)).unzip();
        ordered.extend(left);
        ordered.extend(right);
    } else {
        ordered.extend(rows.into_iter().map(Row::whole));
    }
}

fn is_prose(rows: &[Row]) -> bool {
    let halves: [Vec<&Line>; 2] =
        [rows.iter().map(|row| &row.left).collect(), rows.iter().map(|row| &row.right).collect()];
    halves.iter().all(|column| {
        let characters: usize = column.iter().map(|line| line.characters().count()).sum();
        let start = column.iter().map(|line| line.start()).fold(f64::INFINITY, f64::min);
        let end = column.iter().map(|line| line.end()).fold(f64::NEG_INFINITY, f64::max);
        let filled: f64 = column.iter().map(|line| line.end() - line.start()).sum();
        characters >= MIN_PROSE * rows.len() && filled >= MIN_FILL * (end - start) * rows.len() as f64
    })
}

impl Row {
    fn whole(self) -> Line {
        let Self { mut left, right } = self;
        left.glyphs.extend(right.glyphs);
        left
    }
}

#[cfg(test)]
mod tests {
    use crate::readers::pdf::layout::tests::{line_at, read};

    fn rows(left: &[&str], right: &[&str], gutter: f64) -> String {
        let mut glyphs = Vec::new();
        for (index, (left, right)) in left.iter().zip(right).enumerate() {
            let y = 12.0 * index as f64;
            glyphs.extend(line_at(left, 0.0, y));
            glyphs.extend(line_at(right, 150.0 + gutter, y));
        }
        read(glyphs, Vec::new())
    }

    #[test]
    fn prose_drawn_across_the_gutter_is_read_column_by_column() {
        let left = ["alpha beta gamma delta epsilon"; 7];
        let right = ["one two three four five sixes"; 7];
        let text = rows(&left, &right, 15.0);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 14);
        assert!(lines[..7].iter().all(|line| *line == left[0]), "{text}");
        assert!(lines[7..].iter().all(|line| *line == right[0]), "{text}");
    }

    #[test]
    fn rows_of_a_table_stay_rows() {
        let left = ["Apples", "Pears", "Plums", "Quinces", "Cherries", "Grapes", "Figs"];
        let right = ["12.50", "9.00", "7.25", "3.10", "18.00", "4.40", "6.00"];
        let text = rows(&left, &right, 15.0);
        assert_eq!(text.lines().next(), Some("Apples\t12.50"));
        assert_eq!(text.lines().count(), 7);
    }

    #[test]
    fn a_few_rows_are_no_columns() {
        let text = rows(&["alpha beta gamma delta epsilon"; 3], &["one two three four five sixes"; 3], 15.0);
        assert_eq!(text.lines().count(), 3);
    }
}
