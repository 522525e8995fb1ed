//! Makes text safe to work on: one form for each character, nothing invisible.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};

/// Normalises to NFC, unifies line ends, and drops what no reader sees but a model reads:
/// control, zero-width, bidirectional-override, tag and variation-selector characters.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = '\0';
    for c in text.chars() {
        match c {
            '\n' if previous == '\r' => {}
            '\r' | '\n' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            // Stands between the cells of a table.
            '\t' => out.push(c),
            // Persian and the scripts of India spell with joiners.
            '\u{200C}' | '\u{200D}' if previous.is_alphabetic() && !previous.is_ascii() => out.push(c),
            c if is_invisible(c) => {}
            c => out.push(c),
        }
        previous = c;
    }
    if is_nfc(&out) { out } else { out.nfc().collect() }
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}'                        // soft hyphen
            | '\u{61C}' | '\u{180E}'        // Arabic letter mark, Mongolian vowel separator
            | '\u{200B}'..='\u{200F}'       // zero width, direction marks
            | '\u{202A}'..='\u{202E}'       // direction embeddings and overrides
            | '\u{2060}'..='\u{206F}'       // joiners, isolates, deprecated format characters
            | '\u{FEFF}'                    // byte order mark
            | '\u{FFF9}'..='\u{FFFB}'       // interlinear annotation
            | '\u{E0000}'..='\u{E007F}'     // tags
            | '\u{E0100}'..='\u{E01EF}'     // variation selectors supplement
        )
}

/// The words of `text` with single spaces between them.
pub(crate) fn fold_whitespace(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A text as tables of words have it: words of lower-case letters without accents, single spaces between them.
pub(crate) fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    if text.is_ascii() {
        push_all(&mut key, text.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        push_all(&mut key, text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase));
    }
    key.truncate(key.trim_end().len());
    key
}

fn push_all(key: &mut String, letters: impl Iterator<Item = char>) {
    for c in letters {
        match c {
            'ß' => key.push_str("ss"),
            'ø' => key.push('o'),
            'ł' => key.push('l'),
            'đ' => key.push('d'),
            c if c.is_alphanumeric() => key.push(c),
            _ if !key.is_empty() && !key.ends_with(' ') => key.push(' '),
            _ => {}
        }
    }
}

/// At most `max` characters of `text`; an ellipsis shows where it was cut.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_go_and_words_stay() {
        let hidden = "Pay\u{200B} the\u{202E} bill\u{E0041}\u{E0042}\u{0}.\r\nThanks\u{FEFF}\tall";
        assert_eq!(clean(hidden), "Pay the bill.\nThanks\tall");
    }

    #[test]
    fn joiners_stay_where_words_are_spelled_with_them() {
        assert_eq!(clean("می\u{200C}روم"), "می\u{200C}روم");
        assert_eq!(clean("م\u{200C}\u{200D}\u{200C}ر a\u{200D}b"), "م\u{200C}ر ab");
    }

    #[test]
    fn composed_and_decomposed_become_one() {
        assert_eq!(clean("Cafe\u{301}"), "Café");
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shorten("äöüß", 4), "äöüß");
        assert_eq!(shorten("äöüßx", 4), "äöü…");
    }
}
