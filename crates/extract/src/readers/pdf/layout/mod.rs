//! From glyphs on a page to lines of text.
//!
//! Text is told in the order of the content stream, which is the reading order in nearly every
//! document that a program wrote; [`columns`] mends the one order that is common and wrong. Within a
//! line, the positions of the glyphs decide: where words end, and which way they run.

mod bidi;
mod columns;
mod line;
mod text;

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    iter::successors,
};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use self::line::Line;
use super::glyph::Glyph;
use crate::document::Word;

/// Text shown again within this part of an em of where it was is there for its looks (a shadow, a
/// bolder stroke).
const SHADOW: f64 = 0.3;

/// Lines of the same text that a line is compared with.
const MAX_REPEATED: usize = 200;

/// Lines of annotations that are looked for a place beside others.
const MAX_PLACED: usize = 2_000;

/// A hyphen that is seen only where a word is broken.
const SOFT_HYPHEN: char = '\u{ad}';

/// Lines further apart than this many usual distances belong to different blocks.
const BLOCK_DISTANCE: f64 = 1.4;

/// The lines of a page in reading order. Annotations stand behind what is on their left, as the
/// values of form fields behind their names.
pub(super) fn lines_of(content: Vec<Glyph>, annotations: Vec<Glyph>) -> Vec<Line> {
    let mut lines = line::lines_of(content);
    remove_shadows(&mut lines);
    let mut lines = columns::in_reading_order(line::joined(lines));
    let mut annotations = line::lines_of(annotations).into_iter();
    for annotation in annotations.by_ref().take(MAX_PLACED) {
        line::place(&mut lines, annotation);
    }
    lines.extend(annotations);
    lines
}

/// The text of lines, with an empty line between blocks.
pub(super) fn text_of(lines: &[Line]) -> String {
    let usual = usual_distance(lines);
    let mut text = String::new();
    let mut last: Option<&Line> = None;
    for line in lines {
        let end = text.len();
        match last {
            Some(last) if begins_block(last, line, usual) => text.push_str("\n\n"),
            Some(_) => text.push('\n'),
            None => {}
        }
        if line.write(&mut text) {
            last = Some(line);
        } else {
            text.truncate(end);
        }
    }
    if text.contains(SOFT_HYPHEN) {
        // A soft hyphen is seen only where it breaks a word.
        text = text.replace("\u{ad}\n", "").replace(SOFT_HYPHEN, "");
    }
    if is_nfc_quick(text.chars()) == IsNormalized::Yes { text } else { text.nfc().collect() }
}

/// The words of lines with their places.
pub(super) fn words_of(lines: &[Line]) -> Vec<Word> {
    lines.iter().flat_map(Line::words).collect()
}

/// Where a line begins, and which one of the same text came before it.
struct Beginning {
    along: f64,
    across: f64,
    earlier: Option<usize>,
}

/// Drops lines that repeat an earlier one in (nearly) the same place.
fn remove_shadows(lines: &mut Vec<Line>) {
    let mut beginnings: Vec<Beginning> = Vec::with_capacity(lines.len());
    let mut last_of: HashMap<u64, usize> = HashMap::with_capacity(lines.len());
    let mut characters = String::new();
    lines.retain(|line| {
        characters.clear();
        characters.extend(line.characters());
        let mut hasher = DefaultHasher::new();
        characters.hash(&mut hasher);
        let text = hasher.finish();
        let earlier = last_of.get(&text).copied();
        let (along, across) = (line.start(), line.baseline);
        let reach = SHADOW * line.size;
        let is_near =
            |other: &Beginning| (other.along - along).abs() < reach && (other.across - across).abs() < reach;
        let repeated =
            successors(earlier.and_then(|index| beginnings.get(index)), |line| beginnings.get(line.earlier?));
        let is_shadow = repeated.take(MAX_REPEATED).any(is_near);
        if !is_shadow {
            last_of.insert(text, beginnings.len());
            beginnings.push(Beginning { along, across, earlier });
        }
        !is_shadow
    });
}

/// The median distance between the baselines of lines that follow each other.
fn usual_distance(lines: &[Line]) -> f64 {
    let mut distances: Vec<f64> = lines
        .windows(2)
        .filter(|pair| pair[0].runs_with(&pair[1]))
        .map(|pair| pair[1].baseline - pair[0].baseline)
        .filter(|distance| *distance > 0.0)
        .collect();
    distances.sort_by(f64::total_cmp);
    distances.get(distances.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// Whether a line begins a new block: a wider gap above it than usual, another direction, or another
/// place on the page.
fn begins_block(last: &Line, line: &Line, usual: f64) -> bool {
    if !last.runs_with(line) {
        return true;
    }
    let distance = line.baseline - last.baseline;
    let size = last.size.max(line.size);
    distance < -0.5 * size || distance > (usual * BLOCK_DISTANCE).max(1.2 * size)
}

#[cfg(test)]
mod tests {
    use hayro::kurbo::{Point, Vec2};

    use super::*;

    /// The glyphs of a line of text at 10 points, half an em wide each; `|` is a gap of 5 em.
    pub(super) fn line_at(text: &str, x: f64, y: f64) -> Vec<Glyph> {
        let mut at = x;
        let mut glyphs = Vec::new();
        for c in text.chars() {
            if c == '|' {
                at += 50.0;
                continue;
            }
            if c != ' ' {
                glyphs.push(Glyph {
                    c,
                    origin: Point::new(at, y),
                    direction: Vec2::new(1.0, 0.0),
                    advance: 5.0,
                    size: 10.0,
                    is_vertical: false,
                });
            }
            at += 5.0;
        }
        glyphs
    }

    /// The text of a page with these glyphs.
    pub(super) fn read(content: Vec<Glyph>, annotations: Vec<Glyph>) -> String {
        text_of(&lines_of(content, annotations))
    }

    fn page(lines: &[(&str, f64, f64)]) -> String {
        read(lines.iter().flat_map(|(text, x, y)| line_at(text, *x, *y)).collect(), Vec::new())
    }

    #[test]
    fn gaps_are_spaces_wide_gaps_tabs_and_drops_lines() {
        let text = page(&[("Ada Lovelace|1815", 0.0, 0.0), ("wrote notes", 0.0, 12.0)]);
        assert_eq!(text, "Ada Lovelace\t1815\nwrote notes");
    }

    #[test]
    fn letters_that_are_spaced_out_are_still_words() {
        let mut glyphs = line_at("SPACED", 0.0, 0.0);
        glyphs.extend(line_at("WORDS", 40.0, 0.0));
        for (index, glyph) in glyphs.iter_mut().enumerate() {
            glyph.origin.x += 2.0 * index as f64;
        }
        assert_eq!(read(glyphs, Vec::new()), "SPACED WORDS");
    }

    #[test]
    fn a_wider_gap_separates_blocks() {
        let text = page(&[
            ("one", 0., 0.),
            ("two", 0., 12.),
            ("three", 0., 24.),
            ("four", 0., 48.),
            ("five", 0., 60.),
        ]);
        assert_eq!(text, "one\ntwo\nthree\n\nfour\nfive");
    }

    #[test]
    fn a_column_beside_the_first_is_a_block() {
        let text = page(&[("left", 0., 0.), ("below", 0., 12.), ("right", 200., 0.), ("below", 200., 12.)]);
        assert_eq!(text, "left\nbelow\n\nright\nbelow");
    }

    #[test]
    fn a_shadow_is_told_once() {
        assert_eq!(page(&[("Title", 0., 0.), ("Title", 0.4, 0.4), ("Title", 0., 12.)]), "Title\nTitle");
    }

    #[test]
    fn a_date_drawn_before_its_title_stands_behind_it() {
        assert_eq!(
            page(&[("2019", 300., 0.), ("Engineer", 0., 0.), ("at Acme", 0., 12.)]),
            "Engineer\t2019\nat Acme"
        );
    }

    #[test]
    fn text_along_the_margin_is_a_block_of_its_own() {
        let mut glyphs = line_at("body", 0.0, 0.0);
        for (index, c) in "side".chars().enumerate() {
            glyphs.push(Glyph {
                c,
                origin: Point::new(-20.0, 100.0 - 5.0 * index as f64),
                direction: Vec2::new(0.0, -1.0),
                advance: 5.0,
                size: 10.0,
                is_vertical: false,
            });
        }
        assert_eq!(read(glyphs, Vec::new()), "body\n\nside");
    }

    #[test]
    fn a_value_stands_behind_the_name_of_its_field() {
        let content =
            [line_at("Name:", 0., 0.), line_at("City:", 0., 12.), line_at("Zip:", 200., 12.)].concat();
        let annotations =
            [line_at("London", 40., 13.), line_at("Ada", 40., 1.), line_at("alone", 40., 90.)].concat();
        assert_eq!(read(content, annotations), "Name: Ada\nCity: London\tZip:\n\nalone");
    }

    #[test]
    fn a_page_without_glyphs_has_no_text() {
        assert_eq!(read(Vec::new(), Vec::new()), "");
    }
}
