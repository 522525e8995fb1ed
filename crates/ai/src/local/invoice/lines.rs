//! The lines of an invoice, and the values that stand beside or below their labels.

use super::labels::{LABELS, Label, lower, occurrences};

/// A line of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// Its cells: tabs, or two spaces and more, lie between them.
    pub(super) cells: Vec<&'a str>,
}

impl<'a> Line<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let cells =
            text.split('\t').flat_map(|cell| cell.split("  ")).map(str::trim).filter(|cell| !cell.is_empty());
        Self { text: text.trim(), cells: cells.collect() }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.cells.is_empty()
    }

    /// The label with which the line begins.
    pub(super) fn label(&self) -> Option<Label> {
        let lower = lower(self.text);
        occurrences(&lower, &LABELS).first().filter(|(_, range)| range.start == 0).map(|(label, _)| *label)
    }
}

/// A label and what may be its value: first what follows in the same cell, then the next cell, then what
/// stands below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labelled<'a> {
    pub(super) label: Label,
    /// The line that holds the label.
    pub(super) line: usize,
    /// Candidates, the likeliest first, each with the line that holds it.
    pub(super) values: Vec<(&'a str, usize)>,
}

/// All labels of the lines, in order.
pub(super) fn labelled<'a>(lines: &[Line<'a>]) -> Vec<Labelled<'a>> {
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        for (place, cell) in line.cells.iter().enumerate() {
            let lower = lower(cell);
            let labels = occurrences(&lower, &LABELS);
            for (at, (label, range)) in labels.iter().enumerate() {
                let end = labels.get(at + 1).map_or(cell.len(), |(_, next)| next.start);
                let inside =
                    cell[range.end..end].trim_start_matches([' ', ':', '.', '#', '°', 'º', '=', '-']).trim();
                let mut values = Vec::new();
                if !inside.is_empty() {
                    values.push((inside, number));
                }
                if end == cell.len() {
                    values.extend(line.cells.get(place + 1).map(|next| (*next, number)));
                    values.extend(below(lines, number, place).map(|value| (value, number + 1)));
                }
                found.push(Labelled { label: *label, line: number, values });
            }
        }
    }
    found
}

/// The cell below, in a line of as many cells.
fn below<'a>(lines: &[Line<'a>], number: usize, place: usize) -> Option<&'a str> {
    let (line, next) = (lines.get(number)?, lines.get(number + 1)?);
    let is_value = next.cells.len() == line.cells.len() && (next.cells.len() > 1 || next.label().is_none());
    next.cells.get(place).filter(|_| is_value).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_after_beside_or_below_their_labels() {
        let lines: Vec<_> =
            ["Due: 5 May", "Date\t3 May", "Invoice no\tDate", "17\t4 May"].map(Line::of).into();
        let found = labelled(&lines);
        let first = |at: usize| found[at].values.first().map(|(value, _)| *value);
        assert_eq!((found[0].label, first(0)), (Label::Due, Some("5 May")));
        assert_eq!((found[1].label, first(1)), (Label::Date, Some("3 May")));
        assert!(found[2].values.contains(&("17", 3)) && found[3].values.contains(&("4 May", 3)));
    }
}
