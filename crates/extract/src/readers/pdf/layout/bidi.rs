//! From the order in which right-to-left text is seen to the order in which it is read.
//!
//! The inverse of the reordering of the Unicode Bidirectional Algorithm (UAX #9, rule L2), for the
//! two levels that documents without embedded directions have.

use unicode_normalization::char::is_combining_mark;

use super::line::Placed;
use crate::readers::pdf::glyph::is_rtl;

fn is_ltr(c: char) -> bool {
    c.is_alphanumeric() && !is_rtl(c)
}

fn is_ltr_letter(c: char) -> bool {
    c.is_alphabetic() && !is_rtl(c)
}

/// Turns the characters of a line, which are given from left to right as seen, into reading order.
/// Marks follow the letter they belong to, before and after.
pub(super) fn into_logical_order(seen: &mut [Placed]) {
    if runs_right_to_left(seen) {
        let is_mirrored = begins_with_opening_bracket(seen);
        reverse(seen);
        reverse_runs(seen, is_ltr, is_rtl);
        if is_mirrored {
            for glyph in seen {
                glyph.c = mirrored(glyph.c);
            }
        }
    } else {
        reverse_runs(seen, is_rtl, is_ltr);
    }
}

/// Whether brackets are given as they look, the opening one on the left. In right-to-left text that is
/// the mirror image of the character (UAX #9, rule L4); some programs give the character itself.
fn begins_with_opening_bracket(seen: &[Placed]) -> bool {
    let is_bracket = |c: &char| mirrored(*c) != *c;
    seen.iter()
        .map(|glyph| glyph.c)
        .find(is_bracket)
        .is_some_and(|c| matches!(c, '(' | '[' | '{' | '<' | '«'))
}

/// Reverses letters, each with the marks that follow it.
fn reverse(chars: &mut [Placed]) {
    chars.reverse();
    let mut begin = 0;
    while begin < chars.len() {
        let marks = chars[begin..].iter().take_while(|glyph| is_combining_mark(glyph.c)).count();
        let end = (begin + marks + 1).min(chars.len());
        chars[begin..end].reverse();
        begin = end;
    }
}

/// Both ends of a line are of its own direction, unless it begins or ends with a foreign word; then
/// the more letters win.
fn runs_right_to_left(seen: &[Placed]) -> bool {
    let is_strong = |glyph: &&Placed| is_rtl(glyph.c) || is_ltr_letter(glyph.c);
    let first = seen.iter().find(is_strong).is_some_and(|glyph| is_rtl(glyph.c));
    let last = seen.iter().rfind(is_strong).is_some_and(|glyph| is_rtl(glyph.c));
    if first == last {
        return first;
    }
    let count = |is_so: fn(char) -> bool| seen.iter().filter(|glyph| is_so(glyph.c)).count();
    count(is_rtl) > count(is_ltr_letter)
}

/// Reverses each stretch that begins and ends with characters of one direction and has none of the
/// other.
fn reverse_runs(chars: &mut [Placed], inside: fn(char) -> bool, outside: fn(char) -> bool) {
    let mut begin = 0;
    while begin < chars.len() {
        if !inside(chars[begin].c) {
            begin += 1;
            continue;
        }
        let stop =
            chars[begin..].iter().position(|glyph| outside(glyph.c)).map_or(chars.len(), |at| begin + at);
        let last =
            chars[begin..stop].iter().rposition(|glyph| inside(glyph.c)).map_or(begin, |at| begin + at);
        let marks = chars[last + 1..stop].iter().take_while(|glyph| is_combining_mark(glyph.c)).count();
        reverse(&mut chars[begin..=last + marks]);
        begin = stop;
    }
}

/// The mirror image of a bracket; any other character as it is.
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
        let mut glyphs: Vec<Placed> = seen.chars().map(|c| Placed { c, start: 0.0, end: 0.0 }).collect();
        into_logical_order(&mut glyphs);
        glyphs.iter().map(|glyph| glyph.c).collect()
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

    #[test]
    fn brackets_open_before_they_close_however_they_are_given() {
        assert_eq!(read("(2) דג (1) בא"), "אב (1) גד (2)");
        assert_eq!(read(")2( דג )1( בא"), "אב (1) גד (2)");
    }

    #[test]
    fn marks_stay_with_their_letters() {
        assert_eq!(read("ב\u{5b0}א\u{5b8}"), "א\u{5b8}ב\u{5b0}");
    }
}
