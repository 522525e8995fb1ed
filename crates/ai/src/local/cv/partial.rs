//! Dates that are known in part.

use std::fmt;

/// A date as far as it is known: the form of ISO 8601 that ends where knowledge ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartialDate {
    pub(super) year: u16,
    pub(super) month: Option<u8>,
    pub(super) day: Option<u8>,
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

impl PartialDate {
    /// A date of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let year = parts.next().filter(|part| part.len() == 4)?;
        let mut pair = || match parts.next() {
            None => Some(None),
            Some(part) if part.len() == 2 => Some(Some(part)),
            Some(_) => None,
        };
        let (month, day) = (pair()?, pair()?);
        if parts.next().is_some() {
            return None;
        }
        Self::of(
            number(year)?,
            month.map_or(Some(None), |part| number(part).map(Some))?,
            match day {
                Some(part) => Some(number(part)?),
                None => None,
            },
        )
    }

    pub(super) fn of(year: u16, month: Option<u16>, day: Option<u16>) -> Option<Self> {
        let possible = (1900..=2100).contains(&year)
            && month.is_none_or(|month| (1..=12).contains(&month))
            && day.is_none_or(|day| month.is_some_and(|month| (1..=days(year, month)).contains(&day)));
        let small = |number: u16| u8::try_from(number).ok();
        possible.then_some(Self { year, month: month.and_then(small), day: day.and_then(small) })
    }

    pub(crate) fn year(self) -> u16 {
        self.year
    }

    /// Whether the day is known.
    pub(crate) fn is_whole(self) -> bool {
        self.day.is_some()
    }
}

fn days(year: u16, month: u16) -> u16 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A number of at most four digits.
pub(super) fn number(text: &str) -> Option<u16> {
    if text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_dates_are_validated() {
        for text in ["1984", "1984-03", "1984-02-29"] {
            assert_eq!(PartialDate::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "84", "1984-13", "1983-02-29", "1984-1", "1984-01-01-01", "03/1984", "present"] {
            assert_eq!(PartialDate::parse(text), None, "{text}");
        }
    }
}
