//! Columns that were read one after the other, as scans often are: first all labels, later all values.

use super::{
    Tax, Value,
    dates::{Order, date_at},
    labels::Label,
    lines::{Labelled, Line},
    numbers::{Kind, Number, tokens},
};

/// The sums of an invoice, which add up.
pub(super) struct Summary {
    pub(super) net: Value,
    pub(super) tax: Tax,
    pub(super) gross: Value,
}

/// Sums may differ by this much, in ten-thousandths: by two cents, for rounding.
const TOLERANCE: i64 = 200;

/// Gives labels that have no value that of the same place in a later block of as many lines, if what
/// stands beside dates there is a date.
pub(super) fn pair<'a>(lines: &[Line<'a>], labels: &mut [Labelled<'a>]) {
    for run in runs(lines, |line| is_lone_label(line) && line.label().is_some_and(is_of_head)) {
        let wanted: Vec<Option<Label>> = run.iter().map(|at| lines[*at].label()).collect();
        let is_free = |line: &Line<'_>| line.label().is_none() && line.cells.len() == 1;
        let last = run.last().copied().unwrap_or_default();
        let blocks = runs(lines, is_free);
        let block = blocks.iter().flat_map(|block| block.windows(run.len())).find(|block| {
            let fits = |(label, at): (&Option<Label>, &usize)| {
                let is_date = date_at(lines[*at].text, Order::DayFirst).is_some();
                matches!(label, Some(Label::Date | Label::Due)) == is_date
            };
            block.first().is_some_and(|first| *first > last) && wanted.iter().zip(*block).all(fits)
        });
        let Some(block) = block.filter(|_| wanted.contains(&Some(Label::Date))) else {
            continue;
        };
        for (label_line, value_line) in run.iter().zip(block) {
            let without_value =
                labels.iter_mut().filter(|found| found.line == *label_line && found.values.is_empty());
            without_value.for_each(|found| found.values.push((lines[*value_line].text, *value_line)));
        }
    }
}

/// The last three of a column of amounts, where net, tax and total stand in another column and add up.
pub(super) fn summary(lines: &[Line<'_>]) -> Option<Summary> {
    let labels = runs(lines, |line| {
        amounts(line).is_empty() && line.label().is_some_and(is_of_summary) || is_tax(line)
    });
    let labels = labels.iter().flat_map(|run| run.windows(3)).find(|three| is_tax(&lines[three[1]]))?;
    let columns = runs(lines, |line| lone_amount(line).is_some());
    let column = columns.iter().find(|run| run.len() >= 3 && run[0] > labels[2])?;
    let [net, tax, gross] = column.last_chunk::<3>()?.map(|at| Some((lone_amount(&lines[at])?, at)));
    let ((net, net_at), (tax, tax_at), (gross, gross_at)) = (net?, tax?, gross?);
    if (net.units() + tax.units() - gross.units()).abs() > TOLERANCE {
        return None;
    }
    let value =
        |number: Number, at: usize| Value { value: number.to_string(), quote: lines[at].text.to_owned() };
    let rate = tokens(lines[labels[1]].text).iter().find_map(|token| match token.kind {
        Kind::Percent(rate) => Some(rate.to_string()),
        _ => None,
    });
    let tax = Tax { rate, amount: tax.to_string(), quote: lines[tax_at].text.to_owned() };
    Some(Summary { net: value(net, net_at), tax, gross: value(gross, gross_at) })
}

/// Runs of two lines and more that fit; one blank line between two does not end a run.
fn runs(lines: &[Line<'_>], fits: impl Fn(&Line<'_>) -> bool) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| fits(line)) {
        let follows = |last: usize| at == last + 1 || (at == last + 2 && lines[last + 1].is_blank());
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| follows(*last)) => run.push(at),
            _ if line.is_blank() => {}
            _ => runs.push(vec![at]),
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

/// Whether a line is a label and nothing else.
fn is_lone_label(line: &Line<'_>) -> bool {
    let words = line.text.trim_end_matches(':').split_whitespace().count();
    line.cells.len() == 1 && words <= 3 && !line.text.chars().any(|c| c.is_ascii_digit())
}

fn is_of_head(label: Label) -> bool {
    matches!(label, Label::Number | Label::Date | Label::Due | Label::OtherNumber)
}

fn is_of_summary(label: Label) -> bool {
    matches!(label, Label::Net | Label::Gross(_))
}

fn is_tax(line: &Line<'_>) -> bool {
    let has_rate = tokens(line.text).iter().any(|token| matches!(token.kind, Kind::Percent(_)));
    has_rate && amounts(line).is_empty() && line.text.split_whitespace().count() <= 6
}

fn amounts(line: &Line<'_>) -> Vec<Number> {
    let numbers = tokens(line.text).into_iter().filter_map(|token| match token.kind {
        Kind::Number(number) if number.is_money() => Some(number),
        _ => None,
    });
    numbers.collect()
}

/// The amount of a line that holds nothing else.
fn lone_amount(line: &Line<'_>) -> Option<Number> {
    let is_plain =
        tokens(line.text).iter().all(|token| matches!(token.kind, Kind::Number(_) | Kind::Currency(_)));
    let mut amounts = amounts(line).into_iter();
    amounts.next().filter(|_| is_plain && amounts.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::invoice::lines::labelled;

    #[test]
    fn values_of_a_later_column_come_to_their_labels() {
        let text =
            "Rechnungsnummer\nRechnungsdatum\nKundennummer\n\nAnna\nBerta\nCora\n\nRE-1\n03.03.2026\n10277";
        let lines: Vec<_> = text.lines().map(Line::of).collect();
        let mut labels = labelled(&lines);
        pair(&lines, &mut labels);
        let values: Vec<_> =
            labels.iter().map(|label| label.values.first().map(|(value, _)| *value)).collect();
        assert_eq!(values, [Some("RE-1"), Some("03.03.2026"), Some("10277")]);
    }

    #[test]
    fn sums_of_a_later_column_count_when_they_add_up() {
        let read = |gross: &str| {
            let text = format!(
                "Nettobetrag\n\nzzgl. 19 % USt.\n\nRechnungsbetrag\n\nGesamt\n50,00 €\n100,00 €\n19,00 €\n{gross}"
            );
            let lines: Vec<_> = text.lines().map(Line::of).collect();
            summary(&lines).map(|sums| (sums.net.value, sums.tax.amount, sums.gross.value))
        };
        assert_eq!(read("119,00 €"), Some(("100.00".into(), "19.00".into(), "119.00".into())));
        assert_eq!(read("120,00 €"), None);
    }
}
