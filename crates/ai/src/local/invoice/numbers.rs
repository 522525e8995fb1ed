//! Numbers, amounts and currencies as invoices print them: `2.480,00 €`, `$4,200.00`, `1 556,00`, `CHF 95.–`.

use std::{fmt, ops::Range};

/// Units of a [`Number`]: four decimals.
const SCALE: i64 = 10_000;
const DECIMALS: usize = 4;
/// Longer runs of digits are no amounts.
const MOST_DIGITS: usize = 13;

/// What may stand between digits.
const SEPARATORS: [char; 7] = ['.', ',', '\'', '’', ' ', '\u{A0}', '\u{202F}'];

/// A decimal number, exact to four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number {
    /// In ten-thousandths.
    units: i64,
    /// Decimals as printed.
    decimals: usize,
}

impl Number {
    /// Reads a whole text. A lone separator before exactly three digits groups thousands.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.trim().strip_prefix(['-', '−']) {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text.trim()),
        };
        if !digits.starts_with(|c: char| c.is_ascii_digit())
            || !digits.ends_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        let is_part = |c: char| c.is_ascii_digit() || SEPARATORS.contains(&c);
        if !digits.chars().all(is_part) {
            return None;
        }
        let point = decimal_point(digits);
        let (whole, fraction) = point.map_or((digits, ""), |at| (&digits[..at], &digits[at + 1..]));
        let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
        if whole.len() > MOST_DIGITS || fraction.len() > DECIMALS {
            return None;
        }
        let units: i64 = format!("{whole}{fraction:0<DECIMALS$}").parse().ok()?;
        Some(Self { units: if is_negative { -units } else { units }, decimals: fraction.len() })
    }

    /// In ten-thousandths.
    pub(crate) fn units(self) -> i64 {
        self.units
    }

    /// Whether it has two decimals, as amounts of money do.
    pub(super) fn is_money(self) -> bool {
        self.decimals == 2
    }
}

impl fmt::Display for Number {
    /// With a point and as many decimals as were printed: `3919.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let (whole, rest) = (
            self.units.unsigned_abs() / SCALE.unsigned_abs(),
            self.units.unsigned_abs() % SCALE.unsigned_abs(),
        );
        if self.decimals == 0 {
            return write!(f, "{sign}{whole}");
        }
        let rest = format!("{rest:0>DECIMALS$}");
        write!(f, "{sign}{whole}.{}", &rest[..self.decimals.min(DECIMALS)])
    }
}

/// Where the decimals begin: at the last point or comma, unless it groups thousands.
fn decimal_point(digits: &str) -> Option<usize> {
    let last = digits.rfind(['.', ','])?;
    let separator = &digits[last..=last];
    let is_repeated = digits.matches(separator).count() > 1;
    let is_only = !digits[..last].contains(['.', ',', '\'', '’']);
    let groups = digits.len() - last - 1 == 3 && (is_repeated || (is_only && !digits.starts_with("0")));
    (!is_repeated && !groups).then_some(last)
}

/// A part of a line that an invoice's table or totals are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number(Number),
    Percent(Number),
    /// ISO 4217.
    Currency(&'static str),
    Word,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

const CURRENCIES: [(&str, &str); 24] = [
    ("€", "EUR"),
    ("$", "USD"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("Euro", "EUR"),
    ("EUR", "EUR"),
    ("USD", "USD"),
    ("GBP", "GBP"),
    ("CHF", "CHF"),
    ("JPY", "JPY"),
    ("SEK", "SEK"),
    ("NOK", "NOK"),
    ("DKK", "DKK"),
    ("PLN", "PLN"),
    ("CZK", "CZK"),
    ("HUF", "HUF"),
    ("CAD", "CAD"),
    ("AUD", "AUD"),
    ("NZD", "NZD"),
    ("BRL", "BRL"),
    ("INR", "INR"),
    ("Fr.", "CHF"),
];

/// The ISO 4217 code of a currency's code or sign.
pub(crate) fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim();
    CURRENCIES.iter().find(|(sign, _)| text.eq_ignore_ascii_case(sign)).map(|(_, code)| *code)
}

/// The tokens of a cell of a table.
pub(super) fn tokens(cell: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = cell[at..].chars().next() {
        let rest = &cell[at..];
        let before = cell[..at].chars().next_back();
        let token = if c.is_whitespace() {
            None
        } else if let Some((code, length)) = currency_at(rest, before) {
            Some((Kind::Currency(code), length))
        } else if let Some((number, length)) = number_at(rest) {
            Some(percent_at(rest, number, length))
        } else {
            Some((Kind::Word, rest.find(char::is_whitespace).unwrap_or(rest.len())))
        };
        let length = token.as_ref().map_or(c.len_utf8(), |(_, length)| *length);
        found.extend(token.map(|(kind, _)| Token { kind, range: at..at + length }));
        at += length;
    }
    found
}

fn currency_at(rest: &str, before: Option<char>) -> Option<(&'static str, usize)> {
    CURRENCIES.iter().find_map(|(sign, code)| {
        let after = rest.strip_prefix(sign)?.chars().next();
        let is_word = sign.starts_with(char::is_alphabetic);
        let is_joined = [before, after].iter().flatten().any(|c| c.is_alphabetic());
        (!is_word || !is_joined).then_some((*code, sign.len()))
    })
}

/// A number at the beginning of a text, and its length. Spaces group thousands when three digits follow
/// and it ends in two decimals.
fn number_at(rest: &str) -> Option<(Number, usize)> {
    let sign = rest.len() - rest.strip_prefix(['-', '−']).unwrap_or(rest).len();
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = sign + digits(sign);
    if end == sign {
        return None;
    }
    let mut spaced = end;
    while let Some(separator) = rest[end..].chars().next() {
        let next = end + separator.len_utf8();
        let count = digits(next);
        match separator {
            '.' | ',' | '\'' | '’' if count > 0 => end = next + count,
            ' ' | '\u{A0}' | '\u{202F}' if count == 3 && digits_before(&rest[sign..end]) <= 3 => {
                end = next + count
            }
            _ => break,
        }
        if !rest[sign..end].contains([' ', '\u{A0}', '\u{202F}']) {
            spaced = end;
        }
    }
    let read = |end: usize| {
        let after = rest[end..].chars().next();
        let is_whole = !after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | ':'));
        Number::parse(&rest[..end]).filter(|_| is_whole).map(|number| (number, end))
    };
    read(end).filter(|(number, _)| end == spaced || number.is_money()).or_else(|| read(spaced))
}

fn digits_before(text: &str) -> usize {
    text.bytes().rev().take_while(u8::is_ascii_digit).count()
}

fn percent_at(rest: &str, number: Number, length: usize) -> (Kind, usize) {
    let after = &rest[length..];
    match after.trim_start().strip_prefix('%') {
        Some(behind) => (Kind::Percent(number), rest.len() - behind.len()),
        None => (Kind::Number(number), length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_the_forms_of_several_countries() {
        for (text, wanted) in [
            ("2.480,00", "2480.00"),
            ("4,200.00", "4200.00"),
            ("1 556,00", "1556.00"),
            ("1'234.50", "1234.50"),
            ("8,5", "8.5"),
            ("12", "12"),
            ("1.000", "1000"),
            ("0.125", "0.125"),
            ("-57.00", "-57.00"),
            ("1.234.567", "1234567"),
            ("8.25", "8.25"),
        ] {
            assert_eq!(Number::parse(text).map(|n| n.to_string()).as_deref(), Some(wanted), "{text}");
        }
        for text in ["", "abc", "12-3", ".5", "12345678901234567", "1.23456"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_falls_into_tokens() {
        let kinds = |text: &str| -> Vec<String> {
            let show = |token: &Token| match token.kind {
                Kind::Number(number) => number.to_string(),
                Kind::Percent(number) => format!("{number}%"),
                Kind::Currency(code) => code.to_owned(),
                Kind::Word => text[token.range.clone()].to_owned(),
            };
            tokens(text).iter().map(show).collect()
        };
        assert_eq!(kinds("6 $350.00 $2,100.00"), ["6", "USD", "350.00", "USD", "2100.00"]);
        assert_eq!(kinds("1 556,00 €"), ["1556.00", "EUR"]);
        assert_eq!(kinds("4 389 Stück"), ["4", "389", "Stück"]);
        assert_eq!(kinds("zzgl. 19 % USt."), ["zzgl.", "19%", "USt."]);
        assert_eq!(kinds("A2 poster, 170 gsm"), ["A2", "poster,", "170", "gsm"]);
        assert_eq!(kinds("CHF 128.95 due 2026-02-15"), ["CHF", "128.95", "due", "2026-02-15"]);
    }
}
