//! Dates: as PDF writes them (ISO 32000-2, 7.9.4), and as XMP does.

/// A date as RFC 3339, without an offset if it has none; `None` if it is no date.
///
/// Both ways of writing have the same digits in the same order: `D:YYYYMMDDHHmmSS+hh'mm'` and
/// `YYYY-MM-DDThh:mm:ss.s+hh:mm`. All but the year may be missing.
pub(super) fn rfc3339(date: &str) -> Option<String> {
    let date = date.trim().trim_start_matches("D:");
    let offset_at = offset_position(date);
    let (local, offset) = date.split_at(offset_at.unwrap_or(date.len()));
    let digits: String =
        local.split('.').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let field = |begin: usize, end: usize, least: u32, most: u32| match digits.get(begin..end) {
        None => Some(least),
        Some(field) => field.parse().ok().filter(|value: &u32| (least..=most).contains(value)),
    };
    let year: u32 = digits.get(..4)?.parse().ok()?;
    let (month, day) = (field(4, 6, 1, 12)?, field(6, 8, 1, 31)?);
    let (hour, minute, second) = (field(8, 10, 0, 23)?, field(10, 12, 0, 59)?, field(12, 14, 0, 60)?);
    let offset = offset_of(offset)?;
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}"))
}

/// Where the offset begins: behind the day, whose separator may be a minus as well.
fn offset_position(date: &str) -> Option<usize> {
    let after_date = date.find('T').or_else(|| (!date.contains('-') || date.len() > 14).then_some(0))?;
    let is_sign = |c: char| matches!(c, '+' | '-' | 'Z' | 'z');
    date[after_date..].find(is_sign).map(|at| after_date + at)
}

/// An offset from UTC; empty if there is none.
fn offset_of(offset: &str) -> Option<String> {
    let mut rest = offset.chars();
    let sign = match rest.next() {
        None => return Some(String::new()),
        Some('Z' | 'z') => return Some("Z".into()),
        Some(sign) => sign,
    };
    let digits: String = rest.filter(char::is_ascii_digit).collect();
    let hours: u32 = digits.get(..2)?.parse().ok()?;
    let minutes: u32 = digits.get(2..4).map_or(Ok(0), str::parse).ok()?;
    (hours < 24 && minutes < 60).then(|| format!("{sign}{hours:02}:{minutes:02}"))
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn dates_keep_the_offset_they_have() {
        let dates = [
            ("D:20240229143055+02'00'", "2024-02-29T14:30:55+02:00"),
            ("D:20240229143055-0530", "2024-02-29T14:30:55-05:30"),
            ("D:20240229143055Z00'00'", "2024-02-29T14:30:55Z"),
            ("D:20240229143055", "2024-02-29T14:30:55"),
            ("20240229", "2024-02-29T00:00:00"),
            ("D:2024", "2024-01-01T00:00:00"),
            ("2024-02-29T14:30:55.123+02:00", "2024-02-29T14:30:55+02:00"),
            ("2024-02-29T14:30-05:00", "2024-02-29T14:30:00-05:00"),
            ("2024-02-29", "2024-02-29T00:00:00"),
        ];
        for (date, expected) in dates {
            assert_eq!(rfc3339(date).as_deref(), Some(expected), "{date}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for date in ["", "D:", "yesterday", "D:20241301", "D:20240229250000", "D:20240229143055+99'00'"] {
            assert_eq!(rfc3339(date), None, "{date}");
        }
    }
}
