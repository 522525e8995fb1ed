//! The table of positions: what was sold, how much of it, at which price.

use super::{
    Position,
    labels::{COLUMNS, Column, Label, lower, occurrences},
    lines::Line,
    numbers::{Kind, Number, Token, tokens},
};

/// Positions of one invoice.
const MOST_POSITIONS: usize = 2_000;
/// A description goes on over so many lines at most.
const MOST_CONTINUATIONS: usize = 3;
const UNIT_CHARS: usize = 12;
/// Of the letters of a heading, this part belongs to names of columns.
const HEADING_SHARE: f64 = 0.6;

/// The positions of the table, or of lines that look like one.
pub(super) fn positions(lines: &[Line<'_>]) -> Vec<Position> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() && found.len() < MOST_POSITIONS {
        match heading(&lines[at]) {
            Some(columns) => at = table(lines, at + 1, &columns, &mut found),
            None => at += 1,
        }
    }
    if found.is_empty() { without_heading(lines) } else { found }
}

/// The columns that a line names.
fn heading(line: &Line<'_>) -> Option<Vec<Column>> {
    let lower = lower(line.text);
    let names = occurrences(&lower, &COLUMNS);
    let columns: Vec<_> = names.iter().map(|(column, _)| *column).collect();
    let has = |column| columns.contains(&column);
    if !has(Column::Description) || !(has(Column::Amount) || has(Column::UnitPrice)) {
        return None;
    }
    let letters = |text: &str| {
        f64::from(u32::try_from(text.chars().filter(|c| c.is_alphabetic()).count()).unwrap_or(u32::MAX))
    };
    let named: f64 = names.iter().map(|(_, range)| letters(&lower[range.clone()])).sum();
    (named >= HEADING_SHARE * letters(&lower)).then_some(columns)
}

/// Reads rows until the summary begins; gives the line after the last.
fn table(lines: &[Line<'_>], from: usize, columns: &[Column], found: &mut Vec<Position>) -> usize {
    let mut continued = 0;
    for (at, line) in lines.iter().enumerate().skip(from) {
        if is_summary(line) || heading(line).is_some() {
            return at;
        }
        if let Some(position) = row(line, columns) {
            found.push(position);
            continued = 0;
        } else if goes_on(lines, at, continued) && !found.is_empty() {
            if let Some(last) = found.last_mut() {
                last.description = format!("{} {}", last.description, line.text);
            }
            continued += 1;
        } else {
            continued = MOST_CONTINUATIONS;
        }
    }
    lines.len()
}

fn is_summary(line: &Line<'_>) -> bool {
    matches!(line.label(), Some(Label::Net | Label::Gross(_) | Label::Other))
        || (line.label() == Some(Label::Tax) && tokens(line.text).iter().any(|token| is_money(token.kind)))
}

/// Whether a line is more of the description above it.
fn goes_on(lines: &[Line<'_>], at: usize, continued: usize) -> bool {
    let follows =
        at.checked_sub(1).and_then(|before| lines.get(before)).is_some_and(|before| !before.is_blank());
    let line = &lines[at];
    let is_words = line.cells.len() == 1 && !tokens(line.text).iter().any(|token| is_money(token.kind));
    follows && is_words && continued < MOST_CONTINUATIONS && line.label().is_none()
}

fn is_money(kind: Kind) -> bool {
    matches!(kind, Kind::Number(number) if number.is_money())
}

/// A row, read from its right end, where its numbers are, to the description, and then from the left.
fn row(line: &Line<'_>, columns: &[Column]) -> Option<Position> {
    let mut cursor = Cursor::new(line);
    let description = columns.iter().position(|column| *column == Column::Description)?;
    let mut position = Position::default();
    for column in columns[description + 1..].iter().rev() {
        match column {
            Column::Amount => position.amount = Some(cursor.number()?.to_string()),
            Column::UnitPrice => position.unit_price = Some(cursor.number()?.to_string()),
            Column::Tax => position.tax_rate = Some(cursor.rate()?.to_string()),
            Column::Unit => position.unit = cursor.word(),
            Column::Quantity => {
                position.unit = position.unit.or_else(|| cursor.word_after_number());
                position.quantity = Some(cursor.number()?.to_string());
            }
            Column::Position | Column::Description => {}
        }
    }
    for column in &columns[..description] {
        match column {
            Column::Quantity => position.quantity = Some(cursor.first_number()?.to_string()),
            Column::Unit => position.unit = cursor.first_cell(),
            _ => {
                cursor.first_cell()?;
            }
        }
    }
    position.description = cursor.rest();
    position.quote = line.cells.join(" ");
    position.description.chars().any(char::is_alphabetic).then_some(position)
}

/// A row that is eaten from both ends.
struct Cursor<'a> {
    /// Each token with its cell.
    tokens: Vec<(&'a str, usize, Token)>,
    begin: usize,
}

impl<'a> Cursor<'a> {
    fn new(line: &Line<'a>) -> Self {
        let cells = line.cells.iter().enumerate();
        let tokens = cells
            .flat_map(|(number, cell)| tokens(cell).into_iter().map(move |token| (*cell, number, token)));
        Self { tokens: tokens.collect(), begin: 0 }
    }

    fn last(&self) -> Option<Kind> {
        self.tokens[self.begin..].last().map(|(_, _, token)| token.kind)
    }

    /// The last number, with the currency around it.
    fn number(&mut self) -> Option<Number> {
        self.skip_currency();
        let Some(Kind::Number(number)) = self.last() else { return None };
        self.tokens.pop();
        self.skip_currency();
        Some(number)
    }

    fn skip_currency(&mut self) {
        if let Some(Kind::Currency(_)) = self.last() {
            self.tokens.pop();
        }
    }

    fn rate(&mut self) -> Option<Number> {
        let Some(Kind::Percent(number) | Kind::Number(number)) = self.last() else { return None };
        self.tokens.pop();
        Some(number)
    }

    fn word(&mut self) -> Option<String> {
        let Some(Kind::Word) = self.last() else { return None };
        let (cell, _, token) = self.tokens.pop()?;
        Some(cell[token.range].to_owned()).filter(|word| word.chars().count() <= UNIT_CHARS)
    }

    /// The last word, if a number stands before it.
    fn word_after_number(&mut self) -> Option<String> {
        let (_, _, before) = self.tokens[self.begin..].iter().rev().nth(1)?;
        if matches!(before.kind, Kind::Number(_)) { self.word() } else { None }
    }

    fn first_number(&mut self) -> Option<Number> {
        let (_, _, token) = self.tokens.get(self.begin)?;
        let Kind::Number(number) = token.kind else { return None };
        self.begin += 1;
        Some(number)
    }

    /// The first cell; of a row that is one cell, its first word.
    fn first_cell(&mut self) -> Option<String> {
        let (cell, number, token) = self.tokens.get(self.begin)?;
        let (cell, number, range) = (*cell, *number, token.range.clone());
        let is_single = self.tokens.iter().all(|(_, other, _)| *other == number);
        if is_single {
            self.begin += 1;
            return Some(cell[range].to_owned());
        }
        self.begin += self.tokens[self.begin..].iter().take_while(|(_, other, _)| *other == number).count();
        Some(cell.to_owned())
    }

    /// What is left, as it is printed.
    fn rest(&self) -> String {
        let left = &self.tokens[self.begin.min(self.tokens.len())..];
        let mut parts: Vec<&str> = Vec::new();
        for cell in left.chunk_by(|a, b| a.1 == b.1) {
            if let (Some((text, _, first)), Some((_, _, last))) = (cell.first(), cell.last()) {
                parts.push(&text[first.range.start..last.range.end]);
            }
        }
        parts.join(" ")
    }
}

/// Lines of words and an amount before the summary; some have `8000 x EUR 0.08` between.
fn without_heading(lines: &[Line<'_>]) -> Vec<Position> {
    let end = lines
        .iter()
        .position(|line| is_summary(line) && tokens(line.text).iter().any(|token| is_money(token.kind)));
    let candidates =
        lines[..end.unwrap_or(0)].iter().filter(|line| line.cells.len() > 1 && line.label().is_none());
    candidates.filter_map(simple_row).take(MOST_POSITIONS).collect()
}

fn simple_row(line: &Line<'_>) -> Option<Position> {
    let (last, before) = line.cells.split_last()?;
    let amount = lone_amount(last)?;
    let mut position =
        Position { amount: Some(amount.to_string()), quote: line.cells.join(" "), ..Position::default() };
    let mut words = before.to_vec();
    if let Some((quantity, price)) = words.last().and_then(|cell| times(cell)) {
        position.quantity = Some(quantity.to_string());
        position.unit_price = Some(price.to_string());
        words.pop();
    }
    position.description = words.join(" ");
    position.description.chars().any(char::is_alphabetic).then_some(position)
}

/// The money in a cell that holds nothing else.
fn lone_amount(cell: &str) -> Option<Number> {
    let mut amount = None;
    for token in tokens(cell) {
        match token.kind {
            Kind::Number(number) if number.is_money() && amount.is_none() => amount = Some(number),
            Kind::Currency(_) => {}
            _ => return None,
        }
    }
    amount
}

/// Quantity and price of `8000 x EUR 0.08`.
fn times(cell: &str) -> Option<(Number, Number)> {
    let (left, right) = cell
        .split_once([' ', '\u{A0}'])
        .and_then(|(left, rest)| Some((left, rest.trim_start().strip_prefix(['x', 'X', '×', '*', '@'])?)))?;
    let price = tokens(right).iter().find_map(|token| match token.kind {
        Kind::Number(number) => Some(number),
        _ => None,
    });
    Number::parse(left).zip(price)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<[String; 6]> {
        let lines: Vec<_> = text.lines().map(Line::of).collect();
        let show = |field: Option<String>| field.unwrap_or_default();
        positions(&lines)
            .into_iter()
            .map(|p| {
                [
                    p.description,
                    show(p.quantity),
                    show(p.unit),
                    show(p.unit_price),
                    show(p.tax_rate),
                    show(p.amount),
                ]
            })
            .collect()
    }

    #[test]
    fn tables_are_read_with_columns_on_either_side_of_the_description() {
        assert_eq!(
            read(
                "Pos.\tBezeichnung\tMenge Einheit\tEinzelpreis\tGesamtpreis\n1\tRegal\t3 Stück\t315,50 €\t946,50 €\nNettobetrag\t946,50 €"
            ),
            [["Regal", "3", "Stück", "315.50", "", "946.50"].map(str::to_owned)]
        );
        assert_eq!(
            read("Aantal\tOmschrijving\tPrijs\tBTW\tBedrag\n\n15\tOnderhoud\t€ 65,00\t21%\t€ 975,00"),
            [["Onderhoud", "15", "", "65.00", "21", "975.00"].map(str::to_owned)]
        );
    }

    #[test]
    fn tables_whose_columns_ran_together_are_read_from_the_right() {
        assert_eq!(
            read(
                "Description Qty Rate Amount\nTemplates (12 oz and 2 lb) 6 $350.00 $2,100.00\nwith revisions\nTotal $2,100.00"
            ),
            [["Templates (12 oz and 2 lb) with revisions", "6", "", "350.00", "", "2100.00"]
                .map(str::to_owned)]
        );
    }

    #[test]
    fn lines_with_an_amount_are_positions_where_there_is_no_table() {
        assert_eq!(
            read("Translation    8000 x EUR 0.08    EUR 640.00\nExposé\t120,00 €\nTotal: EUR 760.00"),
            [["Translation", "8000", "", "0.08", "", "640.00"], ["Exposé", "", "", "", "", "120.00"]]
                .map(|row| row.map(str::to_owned))
        );
        assert!(read("No table here.\nA\tB").is_empty());
    }
}
