//! What tesseract answers: a table of words with their places (`tessedit_create_tsv`).
//!
//! Its columns are level, page, block, paragraph, line, word, left, top, width, height (in pixels from
//! the top left), confidence (0 to 100) and text. Words are the rows of level 5.

use super::Recognized;
use crate::{document::Word, options::Rendered};

const COLUMNS: usize = 12;
const WORD_LEVEL: &str = "5";

/// Text and words from a table. Rows that make no sense are left out.
pub(super) fn parse(table: &str, rendered: &Rendered) -> Recognized {
    let mut recognized = Recognized { text: String::new(), words: Vec::new(), confidence: 0.0 };
    let mut previous: Option<Row<'_>> = None;
    let (mut sureness, mut characters) = (0.0, 0);
    for row in table.lines().filter_map(Row::parse) {
        recognized.text.push_str(previous.as_ref().map_or("", |previous| separator(previous, &row)));
        recognized.text.push_str(row.text);
        let length = row.text.chars().count();
        sureness += f64::from(row.confidence) * length as f64;
        characters += length;
        recognized.words.push(Word {
            text: row.text.to_owned(),
            bounds: on_page(row.bounds, rendered.to_page),
            confidence: Some(row.confidence),
        });
        previous = Some(row);
    }
    if characters > 0 {
        recognized.confidence = (sureness / characters as f64) as f32;
    }
    recognized
}

struct Row<'a> {
    block: &'a str,
    paragraph: &'a str,
    line: &'a str,
    /// Left, top, right, bottom, in pixels.
    bounds: [f64; 4],
    /// From 0 to 1.
    confidence: f32,
    text: &'a str,
}

impl<'a> Row<'a> {
    /// `None` unless the row is a word.
    fn parse(row: &'a str) -> Option<Self> {
        let columns: Vec<&str> = row.splitn(COLUMNS, '\t').collect();
        let [level, _page, block, paragraph, line, _word, left, top, width, height, confidence, text] =
            *columns.as_array::<COLUMNS>()?;
        let text = text.trim();
        let is_word = level == WORD_LEVEL && !text.is_empty() && !text.contains(char::is_control);
        let [left, top, width, height] = [left, top, width, height].map(|number| number.parse::<f64>().ok());
        let (left, top) = (left?, top?);
        let confidence = confidence.parse::<f32>().ok()? / 100.0;
        is_word.then_some(Self {
            block,
            paragraph,
            line,
            bounds: [left, top, left + width?, top + height?],
            confidence: confidence.clamp(0.0, 1.0),
            text,
        })
    }
}

/// What stands between two words.
fn separator(previous: &Row<'_>, next: &Row<'_>) -> &'static str {
    if (previous.block, previous.paragraph) != (next.block, next.paragraph) {
        "\n\n"
    } else if previous.line != next.line {
        "\n"
    } else if previous.text.ends_with(is_written_without_spaces)
        && next.text.starts_with(is_written_without_spaces)
    {
        ""
    } else {
        " "
    }
}

/// Chinese and Japanese characters and their punctuation. Tesseract finds words in them all the same.
fn is_written_without_spaces(c: char) -> bool {
    matches!(c,
        '\u{3000}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

/// The upright box around a box of the picture, on the page.
fn on_page([left, top, right, bottom]: [f64; 4], [a, b, c, d, e, f]: [f64; 6]) -> [f32; 4] {
    let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
    let corners = corners.map(|(x, y)| (a * x + c * y + e, b * x + d * y + f));
    let around = |(box_left, box_top, box_right, box_bottom): (f64, f64, f64, f64), (x, y): (f64, f64)| {
        (box_left.min(x), box_top.min(y), box_right.max(x), box_bottom.max(y))
    };
    let empty = (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    let (left, top, right, bottom) = corners.into_iter().fold(empty, around);
    [left, top, right, bottom].map(|place| place as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: Rendered = Rendered { width: 100, height: 100, to_page: [0.5, 0.0, 0.0, 0.5, 0.0, 0.0] };

    fn table(rows: &[(u8, u8, u8, &str, &str)]) -> String {
        let heading =
            "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n";
        let rows: String = rows
            .iter()
            .map(|(block, paragraph, line, confidence, text)| {
                format!("5\t1\t{block}\t{paragraph}\t{line}\t1\t10\t20\t30\t8\t{confidence}\t{text}\n")
            })
            .collect();
        format!("{heading}1\t1\t0\t0\t0\t0\t0\t0\t100\t100\t-1\t\n{rows}")
    }

    #[test]
    fn words_become_lines_and_blocks() {
        let rows = [
            (1, 1, 1, "95", " "),
            (2, 1, 1, "96.5", "Dear"),
            (2, 1, 1, "90", "Ada,"),
            (2, 1, 2, "80", "thank"),
            (2, 2, 1, "80", "you."),
            (3, 1, 1, "80", "Yours"),
        ];
        let recognized = parse(&table(&rows), &POINTS);
        assert_eq!(recognized.text, "Dear Ada,\nthank\n\nyou.\n\nYours");
        assert_eq!(recognized.words.len(), 5);
        assert_eq!(recognized.words[0].bounds, [5.0, 10.0, 20.0, 14.0]);
        assert_eq!(recognized.words[0].confidence, Some(0.965));
    }

    #[test]
    fn confidence_is_weighed_by_characters() {
        let recognized = parse(&table(&[(1, 1, 1, "100", "aaa"), (1, 1, 1, "20", "b")]), &POINTS);
        assert!((recognized.confidence - 0.8).abs() < 1e-6);
        assert_eq!(parse(&table(&[]), &POINTS).confidence, 0.0);
    }

    #[test]
    fn chinese_and_japanese_have_no_spaces_between_words() {
        let rows =
            [(1, 1, 1, "90", "漢字"), (1, 1, 1, "90", "かな"), (1, 1, 1, "90", "ABC"), (1, 1, 1, "90", "語")];
        assert_eq!(parse(&table(&rows), &POINTS).text, "漢字かな ABC 語");
    }

    #[test]
    fn places_follow_a_page_that_was_turned() {
        let turned = Rendered { to_page: [0.0, 1.0, -1.0, 0.0, 100.0, 0.0], ..POINTS };
        let recognized = parse(&table(&[(1, 1, 1, "90", "word")]), &turned);
        assert_eq!(recognized.words[0].bounds, [72.0, 10.0, 80.0, 40.0]);
    }

    #[test]
    fn rows_that_make_no_sense_are_left_out() {
        for row in
            ["5\t1", "5\t1\t1\t1\t1\t1\tx\t0\t1\t1\t90\tword", "4\t1\t1\t1\t1\t1\t0\t0\t1\t1\t90\tword", ""]
        {
            assert_eq!(parse(row, &POINTS).words, []);
        }
    }
}
