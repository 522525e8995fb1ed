//! What invoices call their parts, in English, German, French, Spanish, Italian, Portuguese and Dutch.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

/// What a label says about the text that follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Number,
    /// A word for "invoice", which may stand before its number.
    Invoice,
    Date,
    Due,
    Net,
    Tax,
    /// The greater the rank, the surer it is what has to be paid.
    Gross(u8),
    /// Other lines of a summary: discounts, delivery.
    Other,
    Buyer,
    Seller,
    VatId,
    /// A number of something else: of a customer, an order, a tax office.
    OtherNumber,
}

/// A column of the table of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Position,
    Description,
    Quantity,
    Unit,
    UnitPrice,
    Tax,
    Amount,
}

/// Phrases and what they stand for.
pub(super) struct Table<K> {
    /// By their first character.
    phrases: HashMap<char, Vec<(&'static str, K)>>,
}

/// Labels of single values.
pub(super) static LABELS: LazyLock<Table<Label>> = LazyLock::new(|| Table::read("[labels]", Label::parse));
/// Names of columns.
pub(super) static COLUMNS: LazyLock<Table<Column>> = LazyLock::new(|| Table::read("[columns", Column::parse));

const PHRASES: &str = include_str!("labels.txt");

impl Label {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "number" => Self::Number,
            "invoice" => Self::Invoice,
            "date" => Self::Date,
            "due" => Self::Due,
            "net" => Self::Net,
            "tax" => Self::Tax,
            "gross 3" => Self::Gross(3),
            "gross 2" => Self::Gross(2),
            "gross 1" => Self::Gross(1),
            "other" => Self::Other,
            "buyer" => Self::Buyer,
            "seller" => Self::Seller,
            "vat id" => Self::VatId,
            "other number" => Self::OtherNumber,
            _ => return None,
        })
    }
}

impl Column {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "position" => Self::Position,
            "description" => Self::Description,
            "quantity" => Self::Quantity,
            "unit" => Self::Unit,
            "unit price" => Self::UnitPrice,
            "tax rate" => Self::Tax,
            "amount" => Self::Amount,
            _ => return None,
        })
    }
}

impl<K: Copy> Table<K> {
    /// Reads the section that begins with this line; what its lines name is read by `parse`.
    fn read(section: &str, parse: fn(&str) -> Option<K>) -> Self {
        let mut phrases: HashMap<char, Vec<(&'static str, K)>> = HashMap::new();
        let lines = PHRASES.lines().skip_while(|line| !line.starts_with(section)).skip(1);
        for line in lines.take_while(|line| !line.starts_with('[')) {
            let Some((kind, list)) =
                line.split_once(" = ").and_then(|(name, list)| Some((parse(name)?, list)))
            else {
                continue;
            };
            for phrase in list.split(" | ") {
                if let Some(first) = phrase.chars().next() {
                    phrases.entry(first).or_default().push((phrase, kind));
                }
            }
        }
        Self { phrases }
    }

    /// The longest phrase at the beginning of a text that ends with a word, and its length.
    fn longest_at(&self, rest: &str) -> Option<(K, usize)> {
        let candidates = self.phrases.get(&rest.chars().next()?)?;
        let fits = |phrase: &str| {
            rest.strip_prefix(phrase).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        };
        let fitting = candidates.iter().filter(|(phrase, _)| fits(phrase));
        fitting.max_by_key(|(phrase, _)| phrase.len()).map(|(phrase, kind)| (*kind, phrase.len()))
    }
}

/// Where the phrases of a table stand in a text of lower case, from left to right, none within another.
pub(super) fn occurrences<K: Copy>(lower: &str, table: &Table<K>) -> Vec<(K, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut is_start = true;
    while let Some(c) = lower[at..].chars().next() {
        let longest = if is_start { table.longest_at(&lower[at..]) } else { None };
        if let Some((kind, length)) = longest {
            found.push((kind, at..at + length));
            at += length;
            is_start = false;
            continue;
        }
        is_start = !c.is_alphanumeric();
        at += c.len_utf8();
    }
    found
}

/// Lower case, each character in as many bytes as before.
pub(super) fn lower(text: &str) -> String {
    let small = |c: char| {
        let mut lower = c.to_lowercase();
        let first = lower.next().filter(|first| first.len_utf8() == c.len_utf8() && lower.next().is_none());
        match first.unwrap_or(c) {
            '’' => c,
            small => small,
        }
    };
    text.chars().map(small).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let lines = PHRASES.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
        let known = |name: &str| Label::parse(name).is_some() || Column::parse(name).is_some();
        assert!(lines.clone().count() > 20);
        for line in lines {
            let (name, phrases) = line.split_once(" = ").unwrap();
            assert!(known(name) && phrases.split(" | ").all(|phrase| lower(phrase) == phrase), "{line}");
        }
    }

    #[test]
    fn the_longest_label_counts_and_words_are_whole() {
        let found = |text: &str| -> Vec<(Label, String)> {
            let lower = lower(text);
            occurrences(&lower, &LABELS)
                .into_iter()
                .map(|(label, range)| (label, text[range].to_owned()))
                .collect()
        };
        assert_eq!(found("Due Date: May 1"), [(Label::Due, "Due Date".to_owned())]);
        assert_eq!(found("Data fattura: 1 Scadenza: 2").len(), 2);
        assert_eq!(found("Total net £5")[0].0, Label::Net);
        assert_eq!(found("Updates to totals")[0], (Label::Buyer, "to".to_owned()));
        assert_eq!(found("Totally vatted"), []);
        assert_eq!(found("ÉCHÉANCE : 5")[0].0, Label::Due);
    }
}
