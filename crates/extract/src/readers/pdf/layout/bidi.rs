//! From the order in which right-to-left text is seen to the order in which it is read.
//!
//! The inverse of the reordering of the Unicode Bidirectional Algorithm (UAX #9, rule L2), for the
//! two levels that documents without embedded directions have.

use unicode_normalization::char::is_combining_mark;

use crate::readers::pdf::glyph::is_rtl;

fn is_ltr(c: char) -> bool {
    c.is_alphanumeric() && !is_rtl(c)
}

fn is_ltr_letter(c: char) -> bool {
    c.is_alphabetic() && !is_rtl(c)
}

/// The characters of a line, which are given from left to right as seen, in reading order. Marks
/// follow the letter they belong to, before and after.
pub(super) fn logical_order(mut seen: Vec<char>) -> Vec<char> {
    if runs_right_to_left(&seen) {
        reverse(&mut seen);
        reverse_runs(&mut seen, is_ltr, is_rtl);
        seen.into_iter().map(mirrored).collect()
    } else {
        reverse_runs(&mut seen, is_rtl, is_ltr);
        seen
    }
}

/// Reverses letters, each with the marks that follow it.
fn reverse(chars: &mut [char]) {
    chars.reverse();
    let mut begin = 0;
    while begin < chars.len() {
        let marks = chars[begin..].iter().take_while(|c| is_combining_mark(**c)).count();
        let end = (begin + marks + 1).min(chars.len());
        chars[begin..end].reverse();
        begin = end;
    }
}

/// Both ends of a line are of its own direction, unless it begins or ends with a foreign word; then
/// the more letters win.
fn runs_right_to_left(seen: &[char]) -> bool {
    let is_strong = |c: &&char| is_rtl(**c) || is_ltr_letter(**c);
    let first = seen.iter().find(is_strong).is_some_and(|c| is_rtl(*c));
    let last = seen.iter().rfind(is_strong).is_some_and(|c| is_rtl(*c));
    if first == last {
        return first;
    }
    let count = |is_so: fn(char) -> bool| seen.iter().filter(|c| is_so(**c)).count();
    count(is_rtl) > count(is_ltr_letter)
}

/// Reverses each stretch that begins and ends with characters of one direction and has none of the
/// other.
fn reverse_runs(chars: &mut [char], inside: fn(char) -> bool, outside: fn(char) -> bool) {
    let mut begin = 0;
    while begin < chars.len() {
        if !inside(chars[begin]) {
            begin += 1;
            continue;
        }
        let stop = chars[begin..].iter().position(|c| outside(*c)).map_or(chars.len(), |at| begin + at);
        let last = chars[begin..stop].iter().rposition(|c| inside(*c)).map_or(begin, |at| begin + at);
        let marks = chars[last + 1..stop].iter().take_while(|c| is_combining_mark(**c)).count();
        reverse(&mut chars[begin..=last + marks]);
        begin = stop;
    }
}

/// A bracket in right-to-left text is drawn as its mirror image (UAX #9, rule L4).
fn mirrored(c: char) -> char {
    match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reading order of a line given as seen, one character a piece.
    fn read(seen: &str) -> String {
        logical_order(seen.chars().collect()).into_iter().collect()
    }

    #[test]
    fn a_right_to_left_line_is_reversed_and_its_numbers_are_not() {
        assert_eq!(read("ג 123 בא"), "אב 123 ג");
    }

    #[test]
    fn a_right_to_left_word_in_a_left_to_right_line_is_reversed() {
        assert_eq!(read("the word םולש means peace"), "the word שלום means peace");
        assert_eq!(read("two words: םולש לכל, and on"), "two words: לכל שלום, and on");
    }

    #[test]
    fn a_name_in_a_right_to_left_line_keeps_its_order() {
        assert_eq!(read("גבא Ada Lovelace הד"), "דה Ada Lovelace אבג");
    }
}
