//! Glyphs whose names are but the numbers of their codes.
//!
//! Programs that turn bitmap fonts into Type 3 fonts name the glyph of code 97 `a97`. Their codes are
//! those of the fonts they come from, which are ASCII where ASCII has letters.

use hayro::hayro_syntax::object::{Array, Dict, Object};

use super::characters::Characters;

/// The ligatures of TeX fonts, in the codes of both of its encodings (OT1 and T1).
const LIGATURES: [(u32, &str); 10] = [
    (11, "ff"),
    (12, "fi"),
    (13, "fl"),
    (14, "ffi"),
    (15, "ffl"),
    (27, "ff"),
    (28, "fi"),
    (29, "fl"),
    (30, "ffi"),
    (31, "ffl"),
];

/// The characters of a code, if the name of its glyph is its number.
pub(super) fn characters(font: &Dict<'_>, code: u32) -> Option<Characters> {
    let differences = font.get::<Dict<'_>>("Encoding")?.get::<Array<'_>>("Differences")?;
    let mut next = 0;
    for item in differences.iter::<Object<'_>>() {
        match item {
            Object::Number(number) => next = number.as_i64(),
            Object::Name(name) if next == i64::from(code) => {
                return is_number(name.as_str(), code).then(|| ascii(code))?;
            }
            _ => next = next.saturating_add(1),
        }
    }
    None
}

/// Whether a name is some letters and the number of a code.
fn is_number(name: &str, code: u32) -> bool {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = name.len() - digits.len();
    (1..=3).contains(&letters) && digits == code.to_string()
}

fn ascii(code: u32) -> Option<Characters> {
    if let Some((_, letters)) = LIGATURES.iter().find(|(ligature, _)| *ligature == code) {
        return Some(Characters::Many((*letters).into()));
    }
    let c = char::from_u32(code)?;
    c.is_ascii_graphic().then(|| Characters::of_char(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_number_says_nothing_but_the_code() {
        assert!(is_number("a97", 97));
        assert!(is_number("G97", 97));
        assert!(!is_number("a98", 97));
        assert!(!is_number("97", 97));
        assert!(!is_number("uni0097", 97));
        assert_eq!(ascii(97), Some(Characters::One('a')));
        assert_eq!(ascii(28), Some(Characters::Many("fi".into())));
        assert_eq!(ascii(0x96), None);
    }
}
