//! Dates as invoices print them.

use chrono::NaiveDate;

use crate::{clean::key, local::months::MONTHS};

/// How `02/03/2026` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

/// Words that may stand within a date.
const FILLERS: [&str; 6] = ["de", "den", "of", "the", "le", "del"];

/// The date at the beginning of a text, and how many bytes it takes.
pub(super) fn date_at(text: &str, order: Order) -> Option<(NaiveDate, usize)> {
    let words = words(text);
    numeric(&words, order).or_else(|| written(&words))
}

/// Words with their ends in the text; at most those that a date can have.
fn words(text: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < 6 {
        let start = at + text[at..].len() - text[at..].trim_start().len();
        let length = text[start..].find(char::is_whitespace).unwrap_or(text.len() - start);
        if length == 0 {
            break;
        }
        at = start + length;
        found.push((&text[start..at], at));
    }
    found
}

/// `03.03.2026`, `05/02/2026`, `12-01-2026`, `2026-02-01`.
fn numeric(words: &[(&str, usize)], order: Order) -> Option<(NaiveDate, usize)> {
    let (word, end) = words.first()?;
    let bare = word.trim_end_matches([',', ';', '.', ')']);
    let parts: Vec<&str> = bare.split(['.', '/', '-']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 4);
    let (a, b, c) = (number(a)?, number(b)?, number(c)?);
    let date = if parts.first()?.len() == 4 {
        ymd(a, b, c)
    } else if (order == Order::MonthFirst && bare.contains('/') && a <= 12) || b > 12 {
        ymd(c, a, b)
    } else {
        ymd(c, b, a)
    };
    Some((date?, end - (word.len() - bare.len())))
}

/// `3. März 2026`, `14 February 2026`, `March 3, 2026`, `9 de enero de 2026`.
fn written(words: &[(&str, usize)]) -> Option<(NaiveDate, usize)> {
    let mut parts = words.iter().filter(|(word, _)| !FILLERS.contains(&word.to_lowercase().as_str()));
    let (first, second, (third, end)) = (parts.next()?.0, parts.next()?.0, *parts.next()?);
    let (day, month) = match (day(first), month(second)) {
        (Some(day), Some(month)) => (day, month),
        _ => (day(second)?, month(first)?),
    };
    let year: String = third.chars().take_while(char::is_ascii_digit).collect();
    let date = ymd(year.parse().ok().filter(|_| year.len() == 4)?, month, day)?;
    Some((date, end - (third.len() - year.len())))
}

fn day(word: &str) -> Option<u32> {
    let word = word.trim_end_matches([',', '.', 'º', '°']);
    let digits =
        ["st", "nd", "rd", "th", "er"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn month(word: &str) -> Option<u32> {
    let word = key(word);
    let at = MONTHS.iter().position(|names| names.contains(&word.as_str()))?;
    u32::try_from(at + 1).ok()
}

fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = if year < 100 { year + 2000 } else { year };
    if !(1900..2200).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_seven_languages() {
        for (text, wanted) in [
            ("03.03.2026", "2026-03-03"),
            ("2026-02-01", "2026-02-01"),
            ("12-01-2026", "2026-01-12"),
            ("March 3, 2026", "2026-03-03"),
            ("14 February 2026", "2026-02-14"),
            ("9. Januar 2026", "2026-01-09"),
            ("9 de enero de 2026", "2026-01-09"),
            ("1er août 2026", "2026-08-01"),
            ("3 maggio 2026", "2026-05-03"),
            ("5 de março de 2026", "2026-03-05"),
            ("12 mei 2026", "2026-05-12"),
            ("17.03.26", "2026-03-17"),
            ("3rd of June 2026", "2026-06-03"),
            ("02/28/2026", "2026-02-28"),
        ] {
            let found = date_at(text, Order::DayFirst).map(|(date, end)| (date.to_string(), end));
            assert_eq!(found, Some((wanted.to_owned(), text.len())), "{text}");
        }
        for text in ["", "soon", "31.02.2026", "2026/077", "14 days", "March 2026", "0815"] {
            assert_eq!(date_at(text, Order::DayFirst), None, "{text}");
        }
    }

    #[test]
    fn the_order_decides_where_both_are_possible() {
        let read = |order| date_at("02/03/2026", order).map(|(date, _)| date.to_string());
        assert_eq!(read(Order::DayFirst).as_deref(), Some("2026-03-02"));
        assert_eq!(read(Order::MonthFirst).as_deref(), Some("2026-02-03"));
    }
}
