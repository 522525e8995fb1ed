//! How the numbers of lists are written.

/// A way to write a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numeral {
    /// 1, 2, 3
    Decimal,
    /// 01, 02, 03
    PaddedDecimal,
    /// i, ii, iii
    LowerRoman,
    /// I, II, III
    UpperRoman,
    /// a, b, c
    LowerLetter,
    /// A, B, C
    UpperLetter,
    /// 1st, 2nd, 3rd
    Ordinal,
}

impl Numeral {
    /// A number as it is written. What has no such form is written in digits.
    pub(crate) fn write(self, number: u32) -> String {
        match self {
            Self::Decimal => number.to_string(),
            Self::PaddedDecimal => format!("{number:02}"),
            Self::LowerRoman => roman(number).to_lowercase(),
            Self::UpperRoman => roman(number),
            Self::LowerLetter => letters(number),
            Self::UpperLetter => letters(number).to_uppercase(),
            Self::Ordinal => format!("{number}{}", ordinal_suffix(number)),
        }
    }
}

/// A bullet that means the same in any font: letters and private characters are pictures in the fonts
/// of lists.
pub(crate) fn bullet(text: &str) -> char {
    let is_picture = |c: char| c.is_alphanumeric() || ('\u{e000}'..='\u{f8ff}').contains(&c);
    let is_bullet = |c: &char| !is_picture(*c) && !c.is_whitespace() && !c.is_control();
    text.chars().next().filter(is_bullet).unwrap_or('\u{2022}')
}

fn roman(number: u32) -> String {
    const SYMBOLS: &[(u32, &str)] = &[
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..4000).contains(&number) {
        return number.to_string();
    }
    let mut rest = number;
    let mut text = String::new();
    for (value, symbol) in SYMBOLS {
        while rest >= *value {
            text.push_str(symbol);
            rest -= value;
        }
    }
    text
}

/// After z comes aa, then bb, as in Word (ECMA-376 part 1, 17.18.59, `lowerLetter`).
fn letters(number: u32) -> String {
    const MAX_REPEATS: u32 = 10;
    let Some(index) = number.checked_sub(1).filter(|index| index / 26 < MAX_REPEATS) else {
        return number.to_string();
    };
    let letter = ('a'..='z').nth(index as usize % 26).unwrap_or('a');
    std::iter::repeat_n(letter, index as usize / 26 + 1).collect()
}

fn ordinal_suffix(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullets_are_no_letters() {
        for (text, expected) in
            [("\u{f0b7}", '\u{2022}'), ("o", '\u{2022}'), ("", '\u{2022}'), ("\u{2013}", '\u{2013}')]
        {
            assert_eq!(bullet(text), expected);
        }
    }

    #[test]
    fn numbers_are_written_in_many_ways() {
        for (numeral, number, expected) in [
            (Numeral::Decimal, 12, "12"),
            (Numeral::PaddedDecimal, 3, "03"),
            (Numeral::UpperRoman, 1994, "MCMXCIV"),
            (Numeral::LowerRoman, 4, "iv"),
            (Numeral::LowerRoman, 4000, "4000"),
            (Numeral::UpperRoman, 0, "0"),
            (Numeral::LowerLetter, 26, "z"),
            (Numeral::UpperLetter, 28, "BB"),
            (Numeral::LowerLetter, 0, "0"),
            (Numeral::LowerLetter, u32::MAX, "4294967295"),
            (Numeral::Ordinal, 112, "112th"),
            (Numeral::Ordinal, 22, "22nd"),
        ] {
            assert_eq!(numeral.write(number), expected);
        }
    }
}
