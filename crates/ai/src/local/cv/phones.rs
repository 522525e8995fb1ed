//! Telephone numbers: found in lines, and written as E.164.

use phonenumber::{Mode, country};

use super::{dates, text::key};

/// Digits of a number with its country code: ITU-T E.164 allows fifteen.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

const LABELS: &[&str] = &[
    "tel",
    "telefon",
    "telephone",
    "phone",
    "mobile",
    "mobil",
    "mobiltelefon",
    "handy",
    "cell",
    "cellphone",
    "fon",
    "gsm",
    "telefono",
    "movil",
    "portable",
    "cellulare",
    "telefone",
    "telemovel",
    "telefoon",
    "mobiel",
    "celular",
    "privat",
    "t",
    "m",
    "p",
    "h",
    "whatsapp",
    "festnetz",
    "rufnummer",
    "telefonnummer",
    "contact",
    "kontakt",
];

/// The numbers in a line, as they stand there.
pub(super) fn find<'a>(line: &'a str, countries: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start, end)) = candidate(line, from) {
        from = end;
        let raw = &line[start..end];
        let before = key(&line[..start]);
        let label = before.rsplit(' ').find(|word| !word.chars().all(char::is_numeric)).unwrap_or_default();
        let is_fax = matches!(label, "fax" | "telefax" | "faks");
        if !is_fax && is_number(raw, LABELS.contains(&label), countries) {
            found.push(raw);
        }
    }
    found
}

/// The next stretch of digits and the marks between them.
fn candidate(line: &str, from: usize) -> Option<(usize, usize)> {
    let mut previous = line[..from].chars().next_back();
    for (at, c) in line[from..].char_indices() {
        let free = previous
            .is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '/' | '_' | '@' | '='));
        previous = Some(c);
        if !free || !(c.is_ascii_digit() || c == '+' || c == '(') {
            continue;
        }
        let start = from + at;
        let rest = &line[start..];
        let is_part = |c: char| c.is_ascii_digit() || " +()/.-–‑\u{A0}".contains(c);
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let part = rest[..length].trim_end_matches(|c: char| !c.is_ascii_digit());
        if DIGITS.contains(&part.bytes().filter(u8::is_ascii_digit).count()) {
            return Some((start, start + part.len()));
        }
        if !part.is_empty() {
            return candidate(line, start + part.len());
        }
    }
    None
}

fn is_number(raw: &str, is_labelled: bool, countries: &[&str]) -> bool {
    if dates::find_range(raw).is_some() || dates::find_date(raw).is_some_and(|(date, _)| date.is_whole()) {
        return false;
    }
    let digits = raw.bytes().filter(u8::is_ascii_digit).count();
    let international = raw.starts_with('+') || raw.starts_with("00");
    match parse(raw, countries) {
        Some((_, true)) => is_labelled || international || digits >= 9,
        Some((_, false)) => is_labelled || international || (raw.starts_with('0') && digits >= 9),
        None => is_labelled && raw.starts_with('0'),
    }
}

/// A number as ITU-T E.164 writes it, if one of the countries (ISO 3166 alpha-2) knows its form.
pub(crate) fn e164(raw: &str, countries: &[&str]) -> Option<String> {
    parse(raw, countries).map(|(number, _)| number.format().mode(Mode::E164).to_string())
}

/// Whether a code (ISO 3166 alpha-2) is one of a country with telephone numbers.
pub(crate) fn is_country(code: &str) -> bool {
    code.parse::<country::Id>().is_ok()
}

/// The number as the first country has it where it is valid, else as the first country that can read it.
fn parse(raw: &str, countries: &[&str]) -> Option<(phonenumber::PhoneNumber, bool)> {
    let dialled = dialled(raw);
    // Ten digits without a zero before them are the form of North America, which others could be read as, too.
    let is_american =
        dialled.len() == 10 && !dialled.starts_with(['0', '1', '+']) && countries.contains(&"US");
    let countries = is_american.then_some("US").into_iter().chain(countries.iter().copied());
    let ids = countries.filter_map(|code| code.parse::<country::Id>().ok()).map(Some);
    let ids: Vec<_> = if dialled.starts_with('+') { vec![None] } else { ids.collect() };
    let read: Vec<_> = ids.into_iter().filter_map(|id| phonenumber::parse(id, &dialled).ok()).collect();
    let valid = read.iter().position(phonenumber::is_valid);
    read.into_iter().nth(valid.unwrap_or(0)).map(|number| (number, valid.is_some()))
}

/// The digits to dial: without marks, without the "(0)" that is dialled only at home.
fn dialled(raw: &str) -> String {
    let raw = raw.trim();
    let raw = match raw.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => raw.to_owned(),
    };
    let raw = if raw.starts_with('+') { raw.replacen("(0)", "", 1) } else { raw };
    raw.char_indices()
        .filter(|(at, c)| c.is_ascii_digit() || (*at == 0 && *c == '+'))
        .map(|(_, c)| c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_and_written_for_the_world() {
        for (line, countries, expected) in [
            ("Telefon: 0341 / 23 45 67 8", &["DE"][..], "+493412345678"),
            ("+49 (0)176 98765432", &[], "+4917698765432"),
            ("0049 931 31-80000", &[], "+499313180000"),
            ("Portland (503) 555-0142 | x", &["GB", "US"], "+15035550142"),
            ("Cell: 303-555-0186", &["GB", "US"], "+13035550186"),
            ("Tel: 07700 900123 · a@b.org", &["GB"], "+447700900123"),
            ("06-12345678 | a@b.nl", &["NL"], "+31612345678"),
            ("06 12 34 56 78", &["FR"], "+33612345678"),
            ("079 123 45 67", &["CH"], "+41791234567"),
        ] {
            let found = find(line, countries);
            assert_eq!(found.len(), 1, "{line}");
            assert_eq!(e164(found[0], countries).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn dates_codes_and_faxes_are_no_numbers() {
        for line in [
            "2012 – 2016",
            "12.03.1984",
            "48143 Münster",
            "Fax: 0251 987654",
            "01.07.2016 – 30.06.2019",
            "1234567",
        ] {
            assert!(find(line, &["DE"]).is_empty(), "{line}");
        }
    }
}
