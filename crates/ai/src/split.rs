//! The words of a text, whatever its language.

/// Longer "words" are identifiers, links and encoded data.
const LONGEST_WORD: usize = 50;

/// The words of a text: runs of letters and digits, with inner apostrophes and hyphens.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '-')))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| {
            !word.is_empty() && word.len() <= LONGEST_WORD * 4 && word.chars().count() <= LONGEST_WORD
        })
}

/// Whether a character belongs to a script that puts no spaces between words: Thai, Japanese
/// syllables, Chinese characters.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}
