//! Fonts that are made to cost: looked at before they are parsed.

use hayro::hayro_syntax::object::{Array, Dict, Object, Stream};

use crate::readers::pdf::budget::{Stop, check_size};

/// Characters with a width in one font; the largest fonts have 65 536.
const MAX_WIDTHS: f64 = 300_000.0;

/// Whether a font can be parsed at a reasonable cost.
///
/// # Errors
///
/// [`Stop::Unpacked`] if one of its streams unpacks to too much.
pub(super) fn is_bounded(font: &Dict<'_>) -> Result<bool, Stop> {
    check_streams(font, &["ToUnicode", "Encoding"])?;
    check_descriptor(font)?;
    if font.get::<usize>("FirstChar").is_some_and(|first| first > 0xffff) {
        return Ok(false);
    }
    let Some(descendants) = font.get::<Array<'_>>("DescendantFonts") else { return Ok(true) };
    let Some(descendant) = descendants.iter::<Dict<'_>>().next() else { return Ok(true) };
    check_streams(&descendant, &["CIDToGIDMap"])?;
    check_descriptor(&descendant)?;
    Ok(widths(&descendant, "W", 3) <= MAX_WIDTHS && widths(&descendant, "W2", 5) <= MAX_WIDTHS)
}

fn check_descriptor(font: &Dict<'_>) -> Result<(), Stop> {
    font.get::<Dict<'_>>("FontDescriptor")
        .map_or(Ok(()), |descriptor| check_streams(&descriptor, &["FontFile", "FontFile2", "FontFile3"]))
}

fn check_streams(dict: &Dict<'_>, keys: &[&str]) -> Result<(), Stop> {
    keys.iter().filter_map(|key| dict.get::<Stream<'_>>(*key)).try_for_each(|stream| check_size(&stream))
}

/// How many characters an array of widths speaks of (ISO 32000-2, 9.7.4.3): a first character and an
/// array of widths, or first and last character of a range and `group - 2` numbers for all of them.
fn widths(font: &Dict<'_>, key: &str, group: usize) -> f64 {
    let Some(array) = font.get::<Array<'_>>(key) else { return 0.0 };
    let mut count = 0.0;
    let mut numbers: Vec<f64> = Vec::with_capacity(group);
    for object in array.iter::<Object<'_>>() {
        match object {
            Object::Number(number) => numbers.push(number.as_f64()),
            _ => numbers.clear(),
        }
        if numbers.len() == group {
            count += (numbers[1] - numbers[0]).max(0.0);
            numbers.clear();
        }
    }
    count
}
