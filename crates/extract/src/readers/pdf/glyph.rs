//! Characters at their places.

use std::ops::Range;

use hayro::kurbo::{Point, Vec2};
use unicode_normalization::char;

/// A character at its place, in the coordinates of the page as it is shown: points, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    /// What it stands for. The letters of a ligature are glyphs of their own that share its width.
    pub(super) c: char,
    /// Where it begins on its baseline; in vertical writing the middle of its upper edge.
    pub(super) origin: Point,
    /// The direction of writing, of length 1.
    pub(super) direction: Vec2,
    /// How far its end is from its begin, in points.
    pub(super) advance: f64,
    /// The height of its em, in points.
    pub(super) size: f64,
    /// Whether it is written downwards, in a font for vertical writing.
    pub(super) is_vertical: bool,
}

/// The place of a glyph that stands for any number of characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) origin: Point,
    pub(super) direction: Vec2,
    pub(super) advance: f64,
    pub(super) size: f64,
    pub(super) is_vertical: bool,
}

impl Place {
    /// The glyph of a character that has the place for itself.
    pub(super) fn taken_by(self, c: char) -> Glyph {
        self.glyph(c, self.origin, self.advance)
    }

    /// The glyphs of characters that share the place. Marks are on the letter before them.
    pub(super) fn shared_by(self, text: &str) -> impl Iterator<Item = Glyph> {
        let (slots, count) = slots(text);
        let step = self.advance / count as f64;
        text.chars()
            .zip(slots)
            .map(move |(c, slot)| self.glyph(c, self.origin + self.direction * (step * slot as f64), step))
    }

    /// The glyph of one character in a part of the place.
    fn glyph(self, c: char, origin: Point, advance: f64) -> Glyph {
        let Self { direction, size, is_vertical, .. } = self;
        Glyph { c, origin, direction, advance, size, is_vertical }
    }

    /// Reaches over another place on the same baseline.
    pub(super) fn stretch_over(&mut self, other: &Self) {
        let step = other.origin - self.origin;
        if step.cross(self.direction).abs() < 0.5 * self.size {
            self.advance = self.advance.max(step.dot(self.direction) + other.advance);
        }
    }
}

/// Which of the equal parts of a place each character takes, from left to right, and how many parts
/// there are. Right-to-left letters are read from the right end of their stretch.
fn slots(text: &str) -> (Vec<usize>, usize) {
    let mut slots = Vec::with_capacity(text.len());
    let mut parts: Vec<char> = Vec::with_capacity(text.len());
    for c in text.chars() {
        if !is_combining_mark(c) || parts.is_empty() {
            parts.push(c);
        }
        slots.push(parts.len() - 1);
    }
    if parts.len() > 1 && parts.iter().copied().any(is_rtl) {
        let mut seen: Vec<usize> = (0..parts.len()).collect();
        for run in rtl_runs(&parts) {
            seen[run].reverse();
        }
        slots.iter_mut().for_each(|slot| *slot = seen[*slot]);
    }
    (slots, parts.len().max(1))
}

/// The stretches between letters of the other direction that have right-to-left letters.
fn rtl_runs(parts: &[char]) -> Vec<Range<usize>> {
    let is_ltr = |c: &char| c.is_alphanumeric() && !is_rtl(*c);
    let mut runs = Vec::new();
    let mut begin = 0;
    for stretch in parts.split(is_ltr) {
        let first = stretch.iter().position(|c| is_rtl(*c));
        let last = stretch.iter().rposition(|c| is_rtl(*c));
        if let (Some(first), Some(last)) = (first, last) {
            runs.push(begin + first..begin + last + 1);
        }
        begin += stretch.len() + 1;
    }
    runs
}

/// Whether a character is a mark on the letter before it.
pub(super) fn is_combining_mark(c: char) -> bool {
    /// The first of Unicode.
    const FIRST: char = '\u{300}';
    c >= FIRST && char::is_combining_mark(c)
}

/// Whether a character is of a script that runs from right to left.
pub(super) fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        && !c.is_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_a_ligature_share_its_width() {
        let place = Place {
            origin: Point::new(10.0, 20.0),
            direction: Vec2::new(1.0, 0.0),
            advance: 6.0,
            size: 10.0,
            is_vertical: false,
        };
        let starts = |text: &str| -> Vec<(char, f64)> {
            place.shared_by(text).map(|glyph| (glyph.c, glyph.origin.x)).collect()
        };
        assert_eq!(starts("ffi"), [('f', 10.0), ('f', 12.0), ('i', 14.0)]);
        assert_eq!(starts("לא"), [('ל', 13.0), ('א', 10.0)]);
        assert_eq!(starts("אב c"), [('א', 11.5), ('ב', 10.0), (' ', 13.0), ('c', 14.5)]);
        assert_eq!(starts("ב\u{5b0}א"), [('ב', 13.0), ('\u{5b0}', 13.0), ('א', 10.0)]);
    }
}
