//! Dates that are counted in days (ECMA-376 part 1, 18.17.4).

use super::number_format::Meaning;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Days from 1970-01-01 to the day before day 1 of the two ways to count: 1899-12-31 and, as its first
/// day is 0, 1904-01-01.
const EPOCH_1900: i64 = -25_568;
const EPOCH_1904: i64 = -24_107;

/// The day that Lotus 1-2-3 took for 1900-02-29, and Excel after it.
const FALSE_LEAP_DAY: i64 = 60;

/// The last day with a year of four digits, 9999-12-31.
const LAST_DAY: i64 = 2_958_465;

/// A number of days as date, time or both, in the manner of ISO 8601; `None` if it is no such thing.
pub(super) fn write(days: f64, meaning: Meaning, counts_from_1904: bool) -> Option<String> {
    if !(0.0..=LAST_DAY as f64).contains(&days) {
        return None;
    }
    let seconds = (days * SECONDS_PER_DAY).round() as i64;
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let date = || date(day, counts_from_1904);
    // Day 0 of the count from 1900 is no day: what is counted is the time.
    let has_day = day > 0 || counts_from_1904;
    Some(match meaning {
        Meaning::Number => return None,
        Meaning::Date | Meaning::DateTime if !has_day => time(second),
        Meaning::Date if second == 0 => date(),
        Meaning::Time => time(second),
        Meaning::Elapsed => time(seconds),
        Meaning::DateTime | Meaning::Date => format!("{} {}", date(), time(second)),
    })
}

fn time(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if seconds == 0 {
        format!("{hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    }
}

fn date(day: i64, counts_from_1904: bool) -> String {
    let since_1970 = match day {
        day if counts_from_1904 => EPOCH_1904 + day,
        FALSE_LEAP_DAY => return "1900-02-29".into(),
        day if day > FALSE_LEAP_DAY => EPOCH_1900 + day - 1,
        day => EPOCH_1900 + day,
    };
    let (year, month, day) = civil(since_1970);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a day counted from 1970-01-01: years are counted from March, so that the
/// leap day is their last one, and eras have 400 of them.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (days, meaning, expected) in [
            (0.25, Meaning::DateTime, "06:00"),
            (1.0, Meaning::Date, "1900-01-01"),
            (59.0, Meaning::Date, "1900-02-28"),
            (60.0, Meaning::Date, "1900-02-29"),
            (61.0, Meaning::Date, "1900-03-01"),
            (45_351.0, Meaning::Date, "2024-02-29"),
            (45_351.5, Meaning::DateTime, "2024-02-29 12:00"),
            (45_351.999_999_9, Meaning::Date, "2024-03-01"),
            (0.75, Meaning::Time, "18:00"),
            (1.500_011_574, Meaning::Elapsed, "36:00:01"),
            (2_958_465.0, Meaning::Date, "9999-12-31"),
        ] {
            assert_eq!(write(days, meaning, false).as_deref(), Some(expected));
        }
        assert_eq!(write(0.0, Meaning::Date, true).as_deref(), Some("1904-01-01"));
        assert_eq!(write(43_889.0, Meaning::Date, true).as_deref(), Some("2024-02-29"));
    }

    #[test]
    fn other_numbers_are_not() {
        for days in [-1.0, 2_958_466.0, f64::NAN, f64::INFINITY] {
            assert_eq!(write(days, Meaning::Date, false), None);
        }
        assert_eq!(write(1.0, Meaning::Number, false), None);
    }
}
