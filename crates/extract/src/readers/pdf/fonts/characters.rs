//! What the characters of a font mean in plain text.

use std::rc::Rc;

use hayro_font::hayro_cmap::BfString;
use unicode_normalization::UnicodeNormalization;

/// The characters that a glyph stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::readers::pdf) enum Characters {
    /// Nobody knows.
    Unknown,
    /// None: the glyph is a control character.
    Nothing,
    /// One, as nearly always.
    One(char),
    /// The letters of a ligature.
    Many(Rc<str>),
}

impl Characters {
    /// What a mapped glyph means; [`Characters::Unknown`] if that is something in its font alone.
    pub(super) fn of(mapped: &BfString) -> Self {
        match mapped {
            BfString::Char(c) => Self::of_char(*c),
            BfString::String(string) => Self::of_str(string),
        }
    }

    pub(super) fn of_char(c: char) -> Self {
        // Most characters are letters that need no second look.
        if c.is_ascii_graphic() { Self::One(c) } else { Self::of_str(c.encode_utf8(&mut [0; 4])) }
    }

    pub(in crate::readers::pdf) fn of_str(string: &str) -> Self {
        plain(string).map_or(Self::Unknown, |text| {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (None, _) => Self::Nothing,
                (Some(c), None) => Self::One(c),
                _ => Self::Many(text.into()),
            }
        })
    }
}

/// Characters as plain text; `None` if they mean something only in their font. Ligatures and the
/// shapes of Arabic letters become the letters they stand for, spaces of any width a space, control
/// characters and characters that are made to be invisible nothing.
fn plain(string: &str) -> Option<String> {
    let mut text = String::new();
    for c in string.chars() {
        match c {
            // The bullet of Word's symbol font.
            '\u{f0b7}' => text.push('•'),
            '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => return None,
            '\u{fb00}'..='\u{fb06}'
            | '\u{fb50}'..='\u{fbff}'
            | '\u{fc64}'..='\u{fdf1}'
            | '\u{fdfc}'
            | '\u{fe80}'..='\u{fefc}'
            | '\u{2f00}'..='\u{2fdf}' => text.extend(c.nfkc()),
            // Vowel signs on a space or a tatweel are shown as such only in tables of signs.
            '\u{fc5e}'..='\u{fc63}' | '\u{fe70}'..='\u{fe7f}' => {
                text.extend(c.nfkc().filter(|c| !matches!(c, ' ' | '\u{640}')));
            }
            '\u{fb1d}'..='\u{fb4f}' => text.extend(c.nfkc()),
            c if c.is_whitespace() => text.push(' '),
            c if c.is_control() || is_invisible(c) => {}
            c => text.push(c),
        }
    }
    Some(text)
}

/// Marks of direction and order, and the tags that nothing shows. The soft hyphen, the joiners and
/// the variation selectors have a meaning in text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_become_letters_and_private_characters_stay_unknown() {
        assert_eq!(Characters::of_str("ﬃ"), Characters::Many("ffi".into()));
        assert_eq!(Characters::of_str("\u{fefb}"), Characters::Many("لا".into()));
        assert_eq!(Characters::of_str("\u{fe8d}"), Characters::One('ا'));
        assert_eq!(Characters::of_str("\u{2f00}"), Characters::One('一'));
        assert_eq!(Characters::of_char('\u{a0}'), Characters::One(' '));
        assert_eq!(Characters::of_char('\u{e041}'), Characters::Unknown);
        assert_eq!(Characters::of_char('\u{202e}'), Characters::Nothing);
        assert_eq!(Characters::of_char('\u{e0041}'), Characters::Nothing);
    }
}
