//! From the order in which right-to-left text is seen to the order in which it is read.
//!
//! The inverse of the reordering of the Unicode Bidirectional Algorithm (UAX #9, rule L2), for the
//! two levels that documents without embedded directions have.

/// Whether the characters are of a script that runs from right to left.
pub(super) fn is_rtl(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
            && !is_digit(c)
    })
}

/// Digits run from left to right, also among right-to-left letters.
fn is_digit(c: char) -> bool {
    c.is_numeric()
}

fn is_ltr(text: &str) -> bool {
    text.chars().any(|c| c.is_alphabetic() || is_digit(c)) && !is_rtl(text)
}

fn is_ltr_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !is_rtl(text)
}

/// The text of a line, whose pieces are given from left to right as seen, in reading order.
pub(super) fn logical_order(mut pieces: Vec<&str>) -> String {
    if runs_right_to_left(&pieces) {
        pieces.reverse();
        reverse_runs(&mut pieces, is_ltr, is_rtl);
        pieces.into_iter().map(mirrored).collect()
    } else {
        reverse_runs(&mut pieces, is_rtl, is_ltr);
        pieces.concat()
    }
}

/// Both ends of a line are of its own direction, unless it begins or ends with a foreign word; then
/// the more letters win.
fn runs_right_to_left(pieces: &[&str]) -> bool {
    let is_strong = |piece: &&&str| is_rtl(piece) || is_ltr_letter(piece);
    let first = pieces.iter().find(is_strong).is_some_and(|piece| is_rtl(piece));
    let last = pieces.iter().rfind(is_strong).is_some_and(|piece| is_rtl(piece));
    if first == last {
        return first;
    }
    let count = |is_so: fn(&str) -> bool| pieces.iter().filter(|piece| is_so(piece)).count();
    count(is_rtl) > count(is_ltr_letter)
}

/// Reverses each stretch that begins and ends with pieces of one direction and has none of the other.
fn reverse_runs(pieces: &mut [&str], inside: fn(&str) -> bool, outside: fn(&str) -> bool) {
    let mut begin = 0;
    while begin < pieces.len() {
        if !inside(pieces[begin]) {
            begin += 1;
            continue;
        }
        let stop =
            pieces[begin..].iter().position(|piece| outside(piece)).map_or(pieces.len(), |at| begin + at);
        let last = pieces[begin..stop].iter().rposition(|piece| inside(piece)).map_or(begin, |at| begin + at);
        pieces[begin..=last].reverse();
        begin = stop;
    }
}

/// A bracket in right-to-left text is drawn as its mirror image (UAX #9, rule L4).
fn mirrored(piece: &str) -> &str {
    match piece {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        "]" => "[",
        piece => piece,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reading order of a line given as seen, one character a piece.
    fn read(seen: &str) -> String {
        let pieces: Vec<String> = seen.chars().map(String::from).collect();
        logical_order(pieces.iter().map(String::as_str).collect())
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
