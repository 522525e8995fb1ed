//! What single values of a profile have to be like.

use chrono::NaiveDate;
use email_address::{EmailAddress, Options};
use phonenumber::Mode;
use url::Url;

use super::{countries, item::PART_CHARS};

/// What is wrong with a value: a sentence for the person.
pub(super) type Refusal = String;

/// The longest address of a web page, in bytes.
const URL_MAX: usize = 2_048;
/// The earliest year of a date.
const FIRST_YEAR: i32 = 1900;
/// The latest one.
const LAST_YEAR: i32 = 2100;

/// One line of at most `max` characters.
pub(super) fn line(text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().any(char::is_control) {
        return Err("This is one line, without control characters.".to_owned());
    }
    not_longer(text, max)
}

/// Lines of text.
pub(super) fn lines(text: &str) -> Result<(), Refusal> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("This text has control characters.".to_owned());
    }
    not_longer(text, PART_CHARS)
}

fn not_longer(text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().nth(max).is_some() { Err(format!("This has at most {max} characters.")) } else { Ok(()) }
}

/// A line with a letter in it.
pub(super) fn name(text: &str, max: usize) -> Result<(), Refusal> {
    line(text, max)?;
    if text.chars().any(char::is_alphabetic) { Ok(()) } else { Err("This has no letters.".to_owned()) }
}

/// An address as RFC 5321 has it, with a domain of two names and more.
pub(super) fn email(text: &str) -> Result<(), Refusal> {
    let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
    match EmailAddress::parse_with_options(text, options) {
        Ok(_) if text.len() <= 254 => Ok(()),
        _ => Err("This is not an e-mail address.".to_owned()),
    }
}

/// The E.164 form of a telephone number. One without `+` and code is taken for one of `region` (ISO 3166-1
/// alpha-2).
pub(super) fn phone(text: &str, region: Option<&str>) -> Result<String, Refusal> {
    let is_written_so = |c: char| c.is_ascii_digit() || "+ -/().".contains(c) || c == '\u{A0}';
    if text.chars().count() > 40 || !text.chars().all(is_written_so) {
        return Err("A telephone number has digits and + - / ( ) . only, 40 characters at most.".to_owned());
    }
    let international = match text.strip_prefix("00") {
        Some(rest) if region.is_none() => format!("+{rest}"),
        _ => text.replace('\u{A0}', " "),
    };
    let region = region.and_then(|region| region.parse().ok());
    if region.is_none() && !international.starts_with('+') {
        return Err("Begin with + and the code of the country, or say in which `country`.".to_owned());
    }
    match phonenumber::parse(region, &international) {
        Ok(number) if phonenumber::is_valid(&number) => Ok(number.format().mode(Mode::E164).to_string()),
        _ => Err("There is no such telephone number.".to_owned()),
    }
}

/// The address of a web page, with `https://` where it has no scheme; of one of these hosts or below them, if
/// there are any, and then of a page there.
pub(super) fn url(text: &str, hosts: &[&str]) -> Result<String, Refusal> {
    let refused = || "This is not the address of a web page.".to_owned();
    if text.len() > URL_MAX || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(refused());
    }
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&whole).map_err(|_| refused())?;
    let host = url.host_str().unwrap_or_default();
    let is_named = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    let is_open = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_named || !is_open {
        return Err(refused());
    }
    let is_of =
        |wanted: &&str| host.strip_suffix(*wanted).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if hosts.is_empty() || (hosts.iter().any(is_of) && url.path().len() > 1) {
        return Ok(whole);
    }
    Err(format!("This is not the address of a page at {}.", hosts.join(" or ")))
}

/// The address as people print it: without scheme and closing slash.
pub(super) fn printed(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.trim_end_matches('/')
}

/// A code of ISO 3166-1, which is written in capitals then, or a name.
pub(super) fn country(text: &str) -> Result<String, Refusal> {
    name(text, 100)?;
    match (text.chars().count() <= 3, countries::alpha2(text)) {
        (true, Some(_)) => Ok(text.to_uppercase()),
        (true, None) => Err("This is not the code of a country.".to_owned()),
        (false, _) => Ok(text.to_owned()),
    }
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Result<(), Refusal> {
    let is_written_so = text
        .bytes()
        .enumerate()
        .all(|(at, c)| if matches!(at, 4 | 7) { c == b'-' } else { c.is_ascii_digit() });
    let day = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let years = FIRST_YEAR..=LAST_YEAR;
    match NaiveDate::parse_from_str(&day, "%Y-%m-%d") {
        Ok(day) if is_written_so && years.contains(&chrono::Datelike::year(&day)) => Ok(()),
        _ => Err("A date is YYYY, YYYY-MM or YYYY-MM-DD.".to_owned()),
    }
}

/// A whole date that is over.
pub(super) fn birthday(text: &str, today: NaiveDate) -> Result<(), Refusal> {
    if date(text).is_err() || text.len() != 10 {
        return Err("A birthday is YYYY-MM-DD.".to_owned());
    }
    // Dates that are written so are ordered as texts.
    if text < today.to_string().as_str() { Ok(()) } else { Err("A birthday is in the past.".to_owned()) }
}

/// Whether the second of two dates is before the first, as far as both say.
pub(super) fn is_before(end: &str, start: &str) -> bool {
    let common = end.len().min(start.len());
    end.get(..common) < start.get(..common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        for good in ["ada@example.org", "a.b+c@sub.example.co.uk", "jürgen@müller.example"] {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        let long = format!("{}@example.org", "a".repeat(250));
        for bad in ["ada", "@b.de", "a@", "a@b", "a b@c.de", "Ada <ada@example.org>", "a@[127.0.0.1]", &long]
        {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn telephone_numbers_have_one_form() {
        for (text, region, e164) in [
            ("+49 30 901820", None, "+4930901820"),
            ("0049 (30) 90-18.20", None, "+4930901820"),
            ("+49 (0)30 901820", None, "+4930901820"),
            ("+44 (0) 20 7946 0018", None, "+442079460018"),
            ("030 / 901820", Some("DE"), "+4930901820"),
            ("+43 1 4000", Some("DE"), "+4314000"),
            ("(415) 555-2671", Some("US"), "+14155552671"),
        ] {
            assert_eq!(phone(text, region), Ok(e164.to_owned()), "{text}");
        }
        for (text, region) in [
            ("030 901820", None),
            ("+49 1", None),
            ("12", Some("DE")),
            ("call me", Some("DE")),
            ("+", None),
            ("", Some("DE")),
            (&"1".repeat(41), None),
            ("+++++", Some("DE")),
            ("()()()", Some("XX")),
        ] {
            assert!(phone(text, region).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_of_pages() {
        for (text, hosts, whole) in [
            ("example.org", &[][..], "https://example.org"),
            ("http://example.org/a?b#c", &[], "http://example.org/a?b#c"),
            ("linkedin.com/in/ada", &["linkedin.com"], "https://linkedin.com/in/ada"),
            ("https://de.linkedin.com/in/ada/", &["linkedin.com"], "https://de.linkedin.com/in/ada/"),
        ] {
            assert_eq!(url(text, hosts), Ok(whole.to_owned()), "{text}");
        }
        let long = format!("https://example.org/{}", "a".repeat(URL_MAX));
        for (text, hosts) in [
            ("javascript:alert(1)", &[][..]),
            ("ftp://example.org/", &[]),
            ("https://ada:secret@example.org/", &[]),
            ("localhost", &[]),
            ("a b.org", &[]),
            (&long, &[]),
            ("https://evil-linkedin.com/in/ada", &["linkedin.com"]),
            ("https://linkedin.com.evil.org/in/ada", &["linkedin.com"]),
            ("https://linkedin.com/", &["linkedin.com"]),
        ] {
            assert!(url(text, hosts).is_err(), "{text}");
        }
        assert_eq!(printed("https://linkedin.com/in/ada/"), "linkedin.com/in/ada");
    }

    #[test]
    fn dates_may_be_known_in_part() {
        for good in ["1999", "2024-02", "2024-02-29"] {
            assert_eq!(date(good), Ok(()), "{good}");
        }
        for bad in
            ["", "24", "2023-02-29", "2024-13", "2024-2", "1776", "2024-02-29T00", "+202", "3000", "２０２４"]
        {
            assert!(date(bad).is_err(), "{bad}");
        }
        assert!(is_before("2019", "2020-05") && is_before("2020-04", "2020-05-01"));
        assert!(!is_before("2020", "2020-05") && !is_before("2020-05", "2020-05-31"));
        let today = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        assert_eq!(birthday("1990-05-03", today), Ok(()));
        for bad in ["1990", "1990-05", "2026-03-01", "2030-01-01"] {
            assert!(birthday(bad, today).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_and_countries() {
        assert_eq!(line("a", 1), Ok(()));
        for bad in ["ab", "\n", "\u{7}"] {
            assert!(line(bad, 1).is_err(), "{bad:?}");
        }
        assert_eq!(lines("a\nb"), Ok(()));
        assert!(lines("a\u{0}b").is_err() && name("123", 5).is_err());
        assert_eq!(country("de"), Ok("DE".to_owned()));
        assert_eq!(country("Atlantis"), Ok("Atlantis".to_owned()));
        assert!(country("XX").is_err());
    }
}
