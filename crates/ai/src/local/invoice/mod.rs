//! What an invoice says, by rules: labels and what stands beside or below them, the table of positions,
//! the summary.

mod columns;
mod dates;
mod labels;
mod lines;
mod numbers;
mod parties;
mod positions;

pub(crate) use self::numbers::{Number, currency};
use self::{
    dates::{Order, date_at},
    labels::Label,
    lines::{Labelled, Line, labelled},
    numbers::{Kind, tokens},
};

use crate::quote::Pages;

/// A value and the passage that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) value: String,
    pub(crate) quote: String,
}

/// What was sold. Numbers are decimal numbers with a point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) description: String,
    pub(crate) quantity: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) unit_price: Option<String>,
    /// In percent.
    pub(crate) tax_rate: Option<String>,
    pub(crate) amount: Option<String>,
    pub(crate) quote: String,
}

/// One tax of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tax {
    /// In percent.
    pub(crate) rate: Option<String>,
    pub(crate) amount: String,
    pub(crate) quote: String,
}

/// What the rules found. Dates are ISO 8601, amounts decimal numbers with a point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Invoice {
    /// Whether the text calls itself an invoice and has what one has.
    pub(crate) is_invoice: bool,
    pub(crate) number: Option<Value>,
    pub(crate) invoice_date: Option<Value>,
    pub(crate) due_date: Option<Value>,
    pub(crate) seller: Option<Value>,
    pub(crate) buyer: Option<Value>,
    pub(crate) seller_vat_id: Option<Value>,
    pub(crate) iban: Option<Value>,
    /// ISO 4217.
    pub(crate) currency: Option<Value>,
    pub(crate) net_total: Option<Value>,
    pub(crate) tax_total: Option<Value>,
    pub(crate) gross_total: Option<Value>,
    pub(crate) taxes: Vec<Tax>,
    pub(crate) positions: Vec<Position>,
}

/// Bytes; longer lines are prose, not parts of an invoice.
const LONGEST_LINE: usize = 1_000;
/// Shorter numbers of invoices need a label that says so.
const UNLABELLED_DIGITS: usize = 4;
const NUMBER_CHARS: usize = 40;
/// The shortest and the longest IBAN (ISO 13616).
const IBAN_CHARS: std::ops::RangeInclusive<usize> = 15..=34;

/// Reads an invoice.
pub(crate) fn read(pages: &Pages) -> Invoice {
    let all = pages.iter().flat_map(|(_, text)| text.lines());
    let lines: Vec<Line<'_>> = all.filter(|line| line.len() <= LONGEST_LINE).map(Line::of).collect();
    let mut labels = labelled(&lines);
    columns::pair(&lines, &mut labels);
    let currency = main_currency(&lines);
    let order = match &currency {
        Some(currency) if currency.value == "USD" => Order::MonthFirst,
        _ => Order::DayFirst,
    };
    let buyer = parties::buyer(&lines, &labels);
    let summary = columns::summary(&lines);
    let taxes = match &summary {
        Some(summary) => vec![summary.tax.clone()],
        None => taxes(&lines),
    };
    let (net, gross) = summary.map_or((None, None), |summary| (Some(summary.net), Some(summary.gross)));
    let mut invoice = Invoice {
        number: number(&lines, &labels),
        invoice_date: date(&lines, &labels, Label::Date, order).or_else(|| loose_date(&lines, order)),
        due_date: date(&lines, &labels, Label::Due, order),
        seller: parties::seller(&lines, &labels, buyer.as_ref()),
        seller_vat_id: vat_id(&lines, &labels),
        iban: lines.iter().find_map(|line| iban(line.text)),
        net_total: net.or_else(|| total(&lines, |label| (label == Label::Net).then_some(1))),
        gross_total: gross.or_else(|| total(&lines, gross_rank)),
        tax_total: tax_total(&taxes),
        positions: positions::positions(&lines),
        buyer,
        taxes,
        currency,
        is_invoice: false,
    };
    let says_so = labels.iter().any(|found| matches!(found.label, Label::Invoice | Label::Number));
    let has_sum = invoice.gross_total.is_some() || !invoice.positions.is_empty();
    invoice.is_invoice = says_so && has_sum && (invoice.number.is_some() || invoice.invoice_date.is_some());
    if !invoice.is_invoice {
        return Invoice::default();
    }
    invoice
}

/// A value with the line that holds it.
fn quoted(value: impl Into<String>, lines: &[Line<'_>], at: usize) -> Value {
    Value { value: value.into(), quote: lines.get(at).map(|line| line.cells.join(" ")).unwrap_or_default() }
}

/// The number after its label; else one that follows a word for "invoice" and looks like one.
fn number(lines: &[Line<'_>], labels: &[Labelled<'_>]) -> Option<Value> {
    let of = |wanted: Label, accept: fn(&str) -> bool| {
        let found = labels.iter().filter(move |found| found.label == wanted);
        found.flat_map(|found| &found.values).find_map(|(text, at)| {
            invoice_number(text).filter(|number| accept(number)).map(|number| quoted(number, lines, *at))
        })
    };
    of(Label::Number, |_| true).or_else(|| of(Label::Invoice, looks_like_a_number))
}

/// The first word with a digit, and what belongs to it before: `FT 2026/19`.
fn invoice_number(text: &str) -> Option<String> {
    let mut words = text.split_whitespace().map(|word| word.trim_matches([',', ';', ':', '(', ')', '.']));
    let first = words.next()?;
    let has_digit = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    let number = if has_digit(first) {
        first.to_owned()
    } else {
        let second = words.next().filter(|second| has_digit(second))?;
        let is_series = first.chars().count() <= 4 && first.chars().all(|c| c.is_ascii_uppercase());
        if is_series { format!("{first} {second}") } else { return None }
    };
    (number.chars().count() <= NUMBER_CHARS && date_at(&number, Order::DayFirst).is_none()).then_some(number)
}

fn looks_like_a_number(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    digits >= UNLABELLED_DIGITS && !number.contains([',', '€', '$', '£'])
}

fn date(lines: &[Line<'_>], labels: &[Labelled<'_>], wanted: Label, order: Order) -> Option<Value> {
    let found = labels.iter().filter(|found| found.label == wanted);
    found.flat_map(|found| &found.values).find_map(|(text, at)| {
        let text = text.trim_start_matches([':', ' ']);
        let text = text
            .strip_prefix("den ")
            .or_else(|| text.strip_prefix("on "))
            .or_else(|| text.strip_prefix("le "))
            .unwrap_or(text);
        date_at(text, order).map(|(date, _)| quoted(date.to_string(), lines, *at))
    })
}

/// `Leipzig, den 9. Januar 2026`: a date that ends its line, after a place.
fn loose_date(lines: &[Line<'_>], order: Order) -> Option<Value> {
    lines.iter().find_map(|line| {
        let (place, rest) = line.text.split_once(',')?;
        let rest = rest.trim_start();
        let rest = rest.strip_prefix("den ").or_else(|| rest.strip_prefix("le ")).unwrap_or(rest);
        let (date, end) = date_at(rest, order)?;
        let is_place = place.split_whitespace().count() <= 3 && !place.chars().any(|c| c.is_ascii_digit());
        (is_place && end == rest.len())
            .then(|| Value { value: date.to_string(), quote: line.text.to_owned() })
    })
}

fn gross_rank(label: Label) -> Option<u8> {
    if let Label::Gross(rank) = label { Some(rank) } else { None }
}

/// The amount of the summary's line of the highest rank; of equals the last.
fn total(lines: &[Line<'_>], rank: impl Fn(Label) -> Option<u8>) -> Option<Value> {
    let ranked = lines.iter().filter_map(|line| Some((rank(line.label()?)?, line)));
    let amounts = ranked.filter_map(|(rank, line)| Some((rank, amount(line)?, line)));
    let (_, amount, line) = amounts.max_by_key(|(rank, ..)| *rank)?;
    Some(Value { value: amount.to_string(), quote: line.cells.join(" ") })
}

/// The last amount of money of a line.
fn amount(line: &Line<'_>) -> Option<Number> {
    line.cells.iter().rev().find_map(|cell| {
        let tokens = tokens(cell);
        let has_currency = tokens.iter().any(|token| matches!(token.kind, Kind::Currency(_)));
        tokens.iter().rev().find_map(|token| match token.kind {
            Kind::Number(number) if number.is_money() || has_currency => Some(number),
            _ => None,
        })
    })
}

/// Lines of the summary that name a tax and an amount: `zzgl. 19 % USt. 744,71 €`.
fn taxes(lines: &[Line<'_>]) -> Vec<Tax> {
    let is_of_tax = |line: &Line<'_>| {
        let lower = labels::lower(line.text);
        let found = labels::occurrences(&lower, &labels::LABELS);
        let is_tax = |(label, range): &(Label, std::ops::Range<usize>)| {
            *label == Label::Tax || (*label == Label::VatId && matches!(&lower[range.clone()], "vat"))
        };
        found.iter().any(is_tax)
            && !found.iter().any(|(label, _)| matches!(label, Label::Net | Label::Gross(_)))
    };
    let read = |line: &Line<'_>| {
        let plain = line.text.replace(['(', ')'], " ");
        let rate = tokens(&plain).iter().find_map(|token| match token.kind {
            Kind::Percent(rate) => Some(trimmed(&rate.to_string())),
            _ => None,
        });
        let amount = amount(line)?;
        let is_short = line.cells.len() <= 2 && line.text.split_whitespace().count() <= 8;
        is_short.then(|| Tax { rate, amount: amount.to_string(), quote: line.cells.join(" ") })
    };
    lines.iter().filter(|line| is_of_tax(line)).filter_map(read).collect()
}

/// A rate without decimals that say nothing.
fn trimmed(number: &str) -> String {
    match number.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|b| b == b'0') => whole.to_owned(),
        _ => number.to_owned(),
    }
}

fn tax_total(taxes: &[Tax]) -> Option<Value> {
    let sum =
        taxes.iter().try_fold(0_i64, |sum, tax| sum.checked_add(Number::parse(&tax.amount)?.units()))?;
    let first = taxes.first()?;
    let value = if taxes.len() == 1 { first.amount.clone() } else { cents(sum) };
    Some(Value { value, quote: first.quote.clone() })
}

fn cents(units: i64) -> String {
    let cents = units / 100;
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// The currency that is named most often.
fn main_currency(lines: &[Line<'_>]) -> Option<Value> {
    let mut counts: Vec<(&'static str, usize, String)> = Vec::new();
    for token_line in lines {
        for cell in &token_line.cells {
            for token in tokens(cell) {
                let Kind::Currency(code) = token.kind else { continue };
                match counts.iter_mut().find(|(known, ..)| *known == code) {
                    Some((_, count, _)) => *count += 1,
                    None => counts.push((code, 1, token_line.cells.join(" "))),
                }
            }
        }
    }
    let most = counts.iter().map(|(_, count, _)| *count).max()?;
    let (code, _, quote) = counts.into_iter().find(|(_, count, _)| *count == most)?;
    Some(Value { value: code.to_owned(), quote })
}

/// The first number after a label of a VAT id, without spaces.
fn vat_id(lines: &[Line<'_>], labels: &[Labelled<'_>]) -> Option<Value> {
    let found = labels.iter().filter(|found| found.label == Label::VatId);
    found.flat_map(|found| &found.values).find_map(|(text, at)| {
        let mut id = String::new();
        for word in text.split_whitespace() {
            let word = word.trim_matches([',', ';', ':', '·']);
            let fits =
                word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
            if !fits || word.is_empty() || (!id.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()))
            {
                break;
            }
            id.push_str(word);
        }
        let digits = id.chars().filter(char::is_ascii_digit).count();
        ((7..=12).contains(&digits) && id.len() <= 20).then(|| quoted(id, lines, *at))
    })
}

/// An IBAN of a line whose check digits are right (ISO 13616: the rest of a division by 97 is 1).
fn iban(line: &str) -> Option<Value> {
    let words: Vec<&str> =
        line.split_whitespace().map(|word| word.trim_matches([',', ';', '.', ':', '·'])).collect();
    (0..words.len()).find_map(|from| {
        let begins = words[from].len() >= 4
            && words[from]
                .bytes()
                .zip(0..)
                .all(|(b, at)| if at < 2 { b.is_ascii_uppercase() } else { b.is_ascii_alphanumeric() });
        if !begins {
            return None;
        }
        let mut joined = String::new();
        let mut longest = None;
        for word in words[from..].iter().take_while(|word| word.bytes().all(|b| b.is_ascii_alphanumeric())) {
            joined.push_str(word);
            if IBAN_CHARS.contains(&joined.len()) && has_right_check_digits(&joined) {
                longest = Some(joined.clone());
            }
        }
        longest.map(|value| Value { value, quote: line.replace('\t', " ") })
    })
}

fn has_right_check_digits(iban: &str) -> bool {
    let (head, body) = iban.split_at(4);
    let rest = body.chars().chain(head.chars()).try_fold(0_u32, |rest, c| {
        let digit = c.to_digit(36)?;
        Some(if digit < 10 { (rest * 10 + digit) % 97 } else { (rest * 100 + digit) % 97 })
    });
    rest == Some(1) && iban.is_ascii()
}
