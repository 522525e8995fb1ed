//! Text from strangers, fit for every format.

/// Without control characters but ends of lines and tabs, and without what is no character: XML
/// allows none of them. Ends of lines are `\n`.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                characters.next_if_eq(&'\n');
                clean.push('\n');
            }
            '\n' | '\t' => clean.push(c),
            '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            c if c.is_control() || is_no_character(c) || overrides_direction(c) => {}
            c => clean.push(c),
        }
    }
    clean
}

/// On one line.
pub(crate) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_no_character(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}' | '\u{feff}')
}

/// Overrides make text read otherwise than it is; isolates and marks, which honest text has, do not.
fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_removed() {
        assert_eq!(clean("a\0b\u{1b}[31m\r\nc\rd\u{fffe}\u{2028}e\tf"), "ab[31m\nc\nd\ne\tf");
        assert_eq!(clean("\u{202e}abc\u{feff}"), "abc");
        assert_eq!(one_line(" a \n\n b\tc "), "a b c");
        assert_eq!(clean("שלום 👩‍👩‍👧 नमस्ते"), "שלום 👩‍👩‍👧 नमस्ते");
    }
}
