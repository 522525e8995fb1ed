//! Dates and ranges of dates as CVs write them.

use std::ops::Range;

use super::{
    dates_words::{PRESENT, SEASONS, SINCE, UNTIL},
    partial::{PartialDate, number},
    text::{Kind, Token, key, tokens},
};
use crate::local::months::MONTHS;

/// A time from, to or between dates, with its place in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) place: Range<usize>,
    pub(crate) start: Option<PartialDate>,
    pub(crate) end: Option<PartialDate>,
    pub(crate) is_current: bool,
}

/// The first range of dates in a line.
pub(crate) fn find_range(line: &str) -> Option<Span> {
    let tokens = tokens(line);
    (0..tokens.len()).filter(|at| starts_free(&tokens, *at)).find_map(|at| range_at(&tokens, at))
}

/// The first date in a line, with its place.
pub(crate) fn find_date(line: &str) -> Option<(PartialDate, Range<usize>)> {
    let tokens = tokens(line);
    (0..tokens.len()).filter(|at| starts_free(&tokens, *at)).find_map(|at| {
        let (date, next) = date_at(&tokens, at)?;
        Some((date, tokens[at].start..tokens[next - 1].end()))
    })
}

/// All dates in a text, in its order, with those of ranges.
pub(crate) fn all(text: &str) -> Vec<PartialDate> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = match months_of_a_year(&tokens, at) {
            Some((start, end, next)) => {
                found.extend([start, end]);
                next
            }
            None => {
                match date_at(&tokens, at).filter(|_| starts_free(&tokens, at) || is_dash(&tokens[at - 1])) {
                    Some((date, next)) => {
                        found.push(date);
                        next
                    }
                    None => at + 1,
                }
            }
        };
    }
    found
}

/// A single date that stands apart at the beginning or the end of a line.
pub(crate) fn find_apart(line: &str) -> Option<Span> {
    let (date, place) = find_date(line)?;
    let after = line[place.end..].chars().next();
    let first = line[..place.start].trim_matches(['(', '[']).is_empty()
        && after.is_none_or(|c| matches!(c, ':' | '\t' | ')' | ',') || c.is_whitespace());
    let last = line[place.end..].trim_matches([')', ']', '.']).trim().is_empty()
        && line[..place.start].trim_end_matches(' ').ends_with(['\t', ',', '(', '|', '·', '–']);
    (first || last).then_some(Span { place, start: None, end: Some(date), is_current: false })
}

/// Whether a token does not go on what stands before it, such as the second half of a number.
fn starts_free(tokens: &[Token<'_>], at: usize) -> bool {
    at.checked_sub(1).is_none_or(|before| {
        let (before, token) = (&tokens[before], &tokens[at]);
        before.end() < token.start
            || matches!(before.text, "(" | "[" | "\t" | "|" | "*" | "," | ":" | "·" | "•")
    })
}

fn range_at(tokens: &[Token<'_>], at: usize) -> Option<Span> {
    let span = |next: usize, start, end, is_current| Span {
        place: tokens[at].start..tokens[next - 1].end(),
        start,
        end,
        is_current,
    };
    if let Some(next) = phrase_at(tokens, at, SINCE) {
        if let Some((start, next)) = date_at(tokens, next) {
            return Some(match until_at(tokens, next) {
                Some((end, next)) => span(next, Some(start), end, end.is_none()),
                None => span(next, Some(start), None, true),
            });
        }
        return None;
    }
    if let Some((start, end, next)) = months_of_a_year(tokens, at) {
        return Some(span(next, Some(start), Some(end), false));
    }
    let (start, next) = date_at(tokens, at)?;
    match until_at(tokens, next) {
        Some((Some(end), _)) if end < start => None,
        Some((end, next)) => Some(span(next, Some(start), end, end.is_none())),
        None => {
            let open = tokens.get(next).filter(|token| is_dash(token))?;
            let ends = tokens.get(next + 1).is_none_or(|after| after.is("\t") || after.is(")"));
            (ends && open.kind == Kind::Mark).then(|| span(next + 1, Some(start), None, true))
        }
    }
}

/// What stands after the beginning of a range: its end, or none for "until now".
fn until_at(tokens: &[Token<'_>], at: usize) -> Option<(Option<PartialDate>, usize)> {
    let token = tokens.get(at)?;
    let next = if is_dash(token) { at + 1 } else { phrase_at(tokens, at, UNTIL)? };
    let next = phrase_at(tokens, next, UNTIL).unwrap_or(next);
    if let Some(next) = phrase_at(tokens, next, PRESENT) {
        return Some((None, next));
    }
    date_at(tokens, next).map(|(end, next)| (Some(end), next))
}

/// "March – May 2019", "03 – 05/2019".
fn months_of_a_year(tokens: &[Token<'_>], at: usize) -> Option<(PartialDate, PartialDate, usize)> {
    let (first, next) = month_at(tokens, at)?;
    let next = if is_dash(tokens.get(next)?) { next + 1 } else { phrase_at(tokens, next, UNTIL)? };
    let (end, next) = date_at(tokens, next)?;
    end.month.filter(|last| first <= u16::from(*last))?;
    Some((PartialDate::of(end.year, Some(first), None)?, end, next))
}

fn is_dash(token: &Token<'_>) -> bool {
    matches!(token.text, "-" | "–" | "—" | "‒" | "‐" | "−" | "~" | "→")
}

fn date_at(tokens: &[Token<'_>], at: usize) -> Option<(PartialDate, usize)> {
    numbers_at(tokens, at).or_else(|| words_at(tokens, at))
}

/// The numbers from `at` with the same mark between them, close together.
fn numbers_at(tokens: &[Token<'_>], at: usize) -> Option<(PartialDate, usize)> {
    let part = |at: usize| tokens.get(at).filter(|token| token.kind == Kind::Number);
    let mark = |at: usize| {
        let (before, token, after) = (tokens.get(at - 1)?, tokens.get(at)?, tokens.get(at + 1)?);
        let close = before.end() == token.start && after.start <= token.end() + 1;
        (close && matches!(token.text, "." | "/" | "-")).then_some(token.text)
    };
    let first = part(at)?;
    let value = |token: &Token<'_>, digits: usize| number(token.text).filter(|_| token.text.len() <= digits);
    let second = mark(at + 1).and_then(|mark| part(at + 2).map(|token| (mark, token)));
    let third =
        second.and_then(|(first, _)| Some((mark(at + 3).filter(|mark| *mark == first)?, part(at + 4)?)));
    if first.text.len() == 4 {
        let year = value(first, 4)?;
        let month = second.filter(|(mark, token)| *mark == "-" && token.text.len() == 2);
        let month = month.and_then(|(_, token)| value(token, 2)).filter(|month| (1..=12).contains(month));
        let day = third.filter(|_| month.is_some()).and_then(|(_, token)| value(token, 2));
        let used = at
            + 1
            + if day.is_some() {
                4
            } else if month.is_some() {
                2
            } else {
                0
            };
        let date = PartialDate::of(year, month, day).filter(|_| year >= 1940)?;
        return glued(tokens, used).then_some((date, used));
    }
    let (a, b) = (value(first, 2)?, second?.1);
    if let Some((_, year)) = third.filter(|(_, year)| year.text.len() == 4) {
        let (b, year) = (value(b, 2)?, value(year, 4)?);
        let date =
            PartialDate::of(year, Some(b), Some(a)).or_else(|| PartialDate::of(year, Some(a), Some(b)))?;
        return Some((date, at + 5));
    }
    let year = value(b, 4).filter(|_| b.text.len() == 4)?;
    PartialDate::of(year, Some(a), None).map(|date| (date, at + 3))
}

/// Whether a number ends where its token ends: no unit, decimal or currency follows.
fn glued(tokens: &[Token<'_>], next: usize) -> bool {
    let last = &tokens[next - 1];
    tokens
        .get(next)
        .is_none_or(|after| after.start > last.end() || !matches!(after.text, "%" | "€" | "$" | "£"))
}

/// Dates with the name of a month: "3 May 2019", "May 3, 2019", "mayo de 2019", "Sept. '19", "Summer 2012".
fn words_at(tokens: &[Token<'_>], at: usize) -> Option<(PartialDate, usize)> {
    let day = tokens.get(at).filter(|token| token.kind == Kind::Number && token.text.len() <= 2);
    let day = day.and_then(|token| number(token.text));
    let mut next = if day.is_some() { after_ordinal(tokens, at + 1) } else { at };
    if day.is_none()
        && let Some(next) = phrase_at(tokens, at, SEASONS)
    {
        let (year, next) = year_at(tokens, next)?;
        return Some((PartialDate::of(year, None, None)?, next));
    }
    let (month, after) = month_at(tokens, next).filter(|_| named(tokens, next))?;
    next = skip(tokens, after, &[",", "de", "del", "of", "/", "-", "."]);
    if day.is_none()
        && let Some(late) =
            tokens.get(next).filter(|token| token.kind == Kind::Number && token.text.len() <= 2)
        && !tokens.get(next.wrapping_sub(1)).is_some_and(|token| token.is("'") || token.is("’"))
    {
        let (year, end) = year_at(tokens, skip(tokens, after_ordinal(tokens, next + 1), &[","]))?;
        return Some((PartialDate::of(year, Some(month), number(late.text))?, end));
    }
    let (year, end) = year_at(tokens, next)?;
    Some((PartialDate::of(year, Some(month), day)?, end))
}

fn named(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Word)
}

fn after_ordinal(tokens: &[Token<'_>], at: usize) -> usize {
    skip(tokens, at, &[".", "st", "nd", "rd", "th", "er", "º", "ª", "°", "de", "of", "-"])
}

fn skip(tokens: &[Token<'_>], mut at: usize, words: &[&str]) -> usize {
    while tokens.get(at).is_some_and(|token| words.contains(&token.text)) {
        at += 1;
    }
    at
}

/// A year in four digits, or in two after an apostrophe.
fn year_at(tokens: &[Token<'_>], at: usize) -> Option<(u16, usize)> {
    let token = tokens.get(at)?;
    if matches!(token.text, "'" | "’") {
        let short = number(tokens.get(at + 1).filter(|token| token.text.len() == 2)?.text)?;
        return Some((if short < 50 { 2000 + short } else { 1900 + short }, at + 2));
    }
    let year = number(token.text).filter(|year| token.text.len() == 4 && (1900..=2100).contains(year))?;
    Some((year, at + 1))
}

/// The month whose name, number or abbreviation stands at `at`.
fn month_at(tokens: &[Token<'_>], at: usize) -> Option<(u16, usize)> {
    let token = tokens.get(at)?;
    if token.kind == Kind::Number {
        let month = number(token.text).filter(|month| token.text.len() == 2 && (1..=12).contains(month))?;
        return Some((month, at + 1));
    }
    let name = key(token.text);
    let month = MONTHS.iter().position(|names| names.contains(&name.as_str()))?;
    let next = at + 1;
    let dotted = tokens.get(next).is_some_and(|after| after.is(".") && after.start == token.end());
    Some((u16::try_from(month + 1).ok()?, if dotted { next + 1 } else { next }))
}

/// The place after the longest of the phrases that stands at `at`.
fn phrase_at(tokens: &[Token<'_>], at: usize, phrases: &[&str]) -> Option<usize> {
    let lengths = phrases.iter().filter_map(|phrase| {
        let mut next = at;
        for word in phrase.split(' ') {
            next = skip(tokens, next, &["'", "’"]);
            tokens.get(next).filter(|token| token.kind == Kind::Word && key(token.text) == word)?;
            next += 1;
        }
        Some(next)
    });
    lengths.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(line: &str) -> String {
        let Some(span) = find_range(line) else { return "none".into() };
        let text = |date: Option<PartialDate>| date.map_or("?".into(), |date| date.to_string());
        let end = if span.is_current { "now".into() } else { text(span.end) };
        format!("{}..{} [{}]", text(span.start), end, &line[span.place])
    }

    #[test]
    fn ranges_are_read_in_the_forms_of_cvs() {
        for (line, expected) in [
            ("03/2019 – present", "2019-03..now [03/2019 – present]"),
            ("2019-2021 Engineer", "2019..2021 [2019-2021]"),
            ("seit 03/2020\tLeiter", "2020-03..now [seit 03/2020]"),
            ("seit 2011: Professorin", "2011..now [seit 2011]"),
            ("Chef (01.07.2016 bis heute)", "2016-07-01..now [01.07.2016 bis heute]"),
            ("Jänner 2018 – Dezember 2019", "2018-01..2019-12 [Jänner 2018 – Dezember 2019]"),
            ("sept. 2013 – févr. 2018", "2013-09..2018-02 [sept. 2013 – févr. 2018]"),
            ("mayo de 2016 – actualidad", "2016-05..now [mayo de 2016 – actualidad]"),
            ("June 2017 to date", "2017-06..now [June 2017 to date]"),
            ("Octobre 2019 – Aujourd'hui", "2019-10..now [Octobre 2019 – Aujourd'hui]"),
            ("Reader\t2020–", "2020..now [2020–]"),
            ("Mar – Sep 2019", "2019-03..2019-09 [Mar – Sep 2019]"),
            ("2018-09 - 2020-01", "2018-09..2020-01 [2018-09 - 2020-01]"),
            ("Summer 2012 and 2013", "2012..2013 [Summer 2012 and 2013]"),
            ("Jan '19 - Dec '20", "2019-01..2020-12 [Jan '19 - Dec '20]"),
            ("2021–2019", "none"),
            ("call 0341 2019", "none"),
            ("in 2012 we grew by 20", "none"),
        ] {
            assert_eq!(range(line), expected, "{line}");
        }
    }

    #[test]
    fn single_dates_are_read() {
        for (line, expected) in [
            ("geboren am 27. August 1991 in Bremen", "1991-08-27"),
            ("12.03.1984", "1984-03-12"),
            ("03/25/1984", "1984-03-25"),
            ("May 3rd, 1990", "1990-05-03"),
            ("3 de septiembre de 1987", "1987-09-03"),
            ("1er mars 1980", "1980-03-01"),
            ("1980-02-29", "1980-02-29"),
        ] {
            assert_eq!(find_date(line).unwrap().0.to_string(), expected, "{line}");
        }
        assert_eq!(find_date("31.02.1984 30/30/1990 99").map(|found| found.0), None);
    }
}
