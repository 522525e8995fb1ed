//! Postal addresses of Germany, Austria, Switzerland, the United Kingdom, Ireland, the United States, France,
//! Spain, Italy, Portugal, Belgium and the Netherlands.

use super::{
    contact, countries,
    fields::{Fields, Quoted},
    labels,
    lines::{Layout, Line},
    text::trimmed,
    words,
};

/// A postal code with its town.
#[derive(Debug, Default, PartialEq, Eq)]
struct Town {
    code: Option<String>,
    city: Option<String>,
    country: Option<&'static str>,
}

/// Finds the address; gives the country of its form (ISO 3166 alpha-2), named or not.
pub(super) fn find(layout: &Layout, fields: &mut Fields) -> Option<&'static str> {
    let lines: Vec<_> = contact::own(layout).collect();
    let read = |at: usize, is_loose: bool| {
        let parts = parts(&lines[at].text);
        let is_labelled = labels::value(&lines[at].text, labels::ADDRESS).is_some();
        let (place, town) = town(&parts, is_labelled, is_loose)?;
        Some((at, parts, place, town))
    };
    // Forms of four digits look like the numbers of houses: they count only where no other form is.
    let strict = (0..lines.len()).find_map(|at| read(at, false));
    let (at, parts, place, town) = strict.or_else(|| (0..lines.len()).find_map(|at| read(at, true)))?;
    let line = lines[at];
    let quoted = |value: &str, line: &Line| Some(Quoted::new(value, &line.text));
    fields.postal_code = town.code.as_deref().and_then(|code| quoted(code, line));
    let mut before = &parts[..place];
    if let Some(city) = &town.city {
        fields.city = quoted(city, line);
    } else if let Some((city, rest)) = before.split_last() {
        fields.city = quoted(city, line);
        before = rest;
    }
    let numbered = before.iter().position(|part| is_street(part));
    fields.address = match numbered {
        Some(from) => quoted(&between(&line.text, before[from], before[before.len() - 1]), line),
        None => at.checked_sub(1).and_then(|above| street_above(lines[above])),
    };
    let named =
        parts[place + 1..].iter().find(|part| countries::code(part).is_some()).map(|part| (*part, line));
    let below = lines.get(at + 1).map(|below| (trimmed(&below.text), *below));
    let country = named.or(below.filter(|(name, _)| countries::code(name).is_some()));
    fields.country = country.and_then(|(name, line)| quoted(name, line));
    country.and_then(|(name, _)| countries::code(name)).or(town.country)
}

/// The parts of a line between commas and other marks, without a label.
fn parts(line: &str) -> Vec<&str> {
    let line = labels::value(line, labels::ADDRESS).unwrap_or(line);
    let split = line
        .split([',', '|', '•', '·', '\t', ';'])
        .flat_map(|part| part.split(" – "))
        .flat_map(|part| part.split(" - "))
        .flat_map(|part| part.split(" : "))
        .flat_map(|part| part.split(" — "));
    split.map(trimmed).filter(|part| !part.is_empty()).collect()
}

/// The part that holds the town, with what it says.
fn town(parts: &[&str], is_labelled: bool, is_loose: bool) -> Option<(usize, Town)> {
    let coded = parts.iter().enumerate().find_map(|(at, part)| {
        let after_street = at.checked_sub(1).is_some_and(|before| is_street(parts[before]));
        let town = continental(part, is_labelled || after_street);
        let short = |town: &Town| {
            town.country.is_none_or(|country| country == "NL")
                && town.code.as_ref().is_some_and(|code| code.len() != 5)
        };
        let town = town.filter(|town| is_loose || is_labelled || !short(town));
        let town = town.or_else(|| british(part)).or_else(|| american(part))?;
        Some((at, town))
    });
    coded.filter(|(at, town)| town.city.is_some() || *at > 0).or_else(|| {
        if !is_loose && !is_labelled {
            return None;
        }
        uncoded(parts, is_labelled)
    })
}

/// A town without a postal code: between street and country, or with its country first in a line of contact data.
fn uncoded(parts: &[&str], is_labelled: bool) -> Option<(usize, Town)> {
    let country = parts.iter().position(|part| countries::code(part).is_some());
    let at = country.map_or(parts.len(), |at| at).checked_sub(1)?;
    let in_contact = parts.len() == 2 || parts.iter().any(|part| part.contains(['@', '+']));
    let is_placed = match at.checked_sub(1) {
        Some(street) => is_street(parts[street]) && (is_labelled || country.is_some()),
        None => country.is_some() && (is_labelled || in_contact),
    };
    let is_plain = is_town(parts[at]) && words::organisation(parts[at]) == 0;
    (is_placed && is_plain).then(|| (at, Town { city: Some(parts[at].to_owned()), ..Town::default() }))
}

/// "04109 Leipzig", "A-1070 Wien", "1015 DT Amsterdam", "4000-123 Porto", "20121 Milano (MI)".
fn continental(part: &str, is_likely: bool) -> Option<Town> {
    let (first, rest) = part.split_once(' ')?;
    let (mark, code) = match first.split_once('-') {
        Some((mark, code)) if countries::of_mark(mark).is_some() => (countries::of_mark(mark), code),
        _ => (None, first),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = rest.split(" (").next().unwrap_or(rest).trim();
    let town = |code: String, city: &str, country| {
        is_town(city).then(|| Town { code: Some(code), city: Some(city.to_owned()), country })
    };
    if code.len() == 4 && digits(code) {
        if let Some((letters, city)) = rest.split_once(' ')
            && letters.len() == 2
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            return town(format!("{code} {letters}"), city, Some("NL"));
        }
        let is_year = ("1940"..="2050").contains(&code);
        return if mark.is_some() || is_likely || !is_year {
            town(code.to_owned(), rest, mark)
        } else {
            None
        };
    }
    let portuguese =
        code.split_once('-').is_some_and(|(a, b)| a.len() == 4 && b.len() == 3 && digits(a) && digits(b));
    if portuguese || (code.len() == 5 && digits(code)) {
        return town(code.to_owned(), rest, if portuguese { Some("PT") } else { mark });
    }
    None
}

/// "Bristol BS6 5QN", "BS6 5QN".
fn british(part: &str) -> Option<Town> {
    let mut words = part.rsplitn(3, ' ');
    let (inward, outward) = (words.next()?, words.next()?);
    let shape = |text: &str| -> String {
        text.chars()
            .map(|c| {
                if c.is_ascii_digit() {
                    '9'
                } else if c.is_ascii_uppercase() {
                    'A'
                } else {
                    '?'
                }
            })
            .collect()
    };
    let known = ["A9", "A99", "AA9", "AA99", "A9A", "AA9A"].contains(&shape(outward).as_str());
    let city = words.next().map(|city| city.trim().to_owned()).filter(|city| is_town(city));
    (known && shape(inward) == "9AA").then(|| Town {
        code: Some(format!("{outward} {inward}")),
        city,
        country: Some("GB"),
    })
}

/// "OR 97212" or "Oregon 97212" after the town's own part, "Portland OR 97212".
fn american(part: &str) -> Option<Town> {
    let (rest, zip) = part.rsplit_once(' ')?;
    let digits: String = zip.chars().filter(|c| *c != '-').collect();
    let is_zip = matches!(digits.len(), 5 | 9) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let named = countries::is_state_name(rest).then_some((None, rest));
    let (city, state) = named
        .or_else(|| rest.rsplit_once(' ').map(|(city, state)| (Some(city.to_owned()), state)))
        .unwrap_or((None, rest));
    let is_known = countries::is_state(state) || countries::is_state_name(state);
    (is_zip && is_known).then(|| Town { code: Some(zip.to_owned()), city, country: Some("US") })
}

/// Whether a text can be the name of a town.
fn is_town(text: &str) -> bool {
    let words = text.split(' ').count();
    let letters = text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.' | '/'));
    words <= 5 && letters && text.chars().count() >= 2 && text.chars().next().is_some_and(char::is_uppercase)
}

/// Whether a text can be a street with a number.
fn is_street(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (1..=5).contains(&digits) && letters >= 3 || (digits > 0 && text.ends_with("bis"))
}

/// The street in the line above the town.
fn street_above(line: &Line) -> Option<Quoted> {
    let text = trimmed(labels::value(&line.text, labels::ADDRESS).unwrap_or(&line.text));
    let plain = !text.contains(['@', '+', '|']) && text.chars().count() <= 60 && !text.contains("://");
    (plain && is_street(text)).then(|| Quoted::new(text, &line.text))
}

/// The stretch of a line from one of its parts to another.
fn between(line: &str, first: &str, last: &str) -> String {
    let start = line.find(first).unwrap_or(0);
    let end = line[start..].find(last).map_or(start + first.len(), |at| start + at + last.len());
    line[start..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PageText, document::Document};

    fn found(text: &str) -> [String; 5] {
        let layout = Layout::of(&Document::read(&[PageText { number: 1, text: text.into() }]).unwrap());
        let mut fields = Fields::default();
        let form = find(&layout, &mut fields).unwrap_or("?");
        let text = |quoted: Option<Quoted>| quoted.map_or("-".into(), |quoted| quoted.value);
        [text(fields.address), text(fields.postal_code), text(fields.city), text(fields.country), form.into()]
    }

    #[test]
    fn addresses_are_read_in_the_forms_of_their_countries() {
        for (line, expected) in [
            ("Mühlenstraße 17a, 04109 Leipzig", ["Mühlenstraße 17a", "04109", "Leipzig", "-", "?"]),
            (
                "Am Stadtgraben 5\n48143 Münster\nDeutschland",
                ["Am Stadtgraben 5", "48143", "Münster", "Deutschland", "DE"],
            ),
            ("Gasse 34/12, A-1070 Wien, Österreich", ["Gasse 34/12", "1070", "Wien", "Österreich", "AT"]),
            ("Langstrasse 112 | CH-8004 Zürich", ["Langstrasse 112", "8004", "Zürich", "-", "CH"]),
            ("14 Elm Road, Bristol BS6 5QN, UK", ["14 Elm Road", "BS6 5QN", "Bristol", "UK", "GB"]),
            (
                "Flat 2, 41 Elm Avenue, Leeds, LS8 2PT",
                ["Flat 2, 41 Elm Avenue", "LS8 2PT", "Leeds", "-", "GB"],
            ),
            (
                "2210 NE Alder Street\nPortland, OR 97212",
                ["2210 NE Alder Street", "97212", "Portland", "-", "US"],
            ),
            ("1450 Pine Street, Denver, Colorado 80203", ["1450 Pine Street", "80203", "Denver", "-", "US"]),
            ("Gracht 231-II, 1015 DT Amsterdam", ["Gracht 231-II", "1015 DT", "Amsterdam", "-", "NL"]),
            ("Via Roma 5, 20121 Milano (MI), Italia", ["Via Roma 5", "20121", "Milano", "Italia", "IT"]),
            (
                "Address: 52 Harbour Street, Galway, Ireland",
                ["52 Harbour Street", "-", "Galway", "Ireland", "IE"],
            ),
            ("I was born in 1984 and like 2019 Riesling", ["-", "-", "-", "-", "?"]),
        ] {
            assert_eq!(found(line), expected.map(str::to_owned), "{line}");
        }
    }
}
