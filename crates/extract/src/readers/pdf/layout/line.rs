//! Lines of glyphs on one baseline.

use hayro::kurbo::{Point, Vec2};
use unicode_normalization::char::is_combining_mark;

use super::bidi;
use crate::readers::pdf::glyph::{Glyph, is_rtl};

/// A gap of more than this part of an em separates words.
const WORD_GAP: f64 = 0.15;
/// Between ideographs, which no spaces separate, gaps come from justification.
const IDEOGRAPH_GAP: f64 = 0.5;
/// A gap of more than this many ems separates cells.
const CELL_GAP: f64 = 2.5;
/// The most that letters are taken to be spaced out, in ems.
const MAX_TRACKING: f64 = 0.3;
/// Letters in a line from which its tracking can be told.
const MIN_TRACKED: usize = 8;
/// Glyphs further from the last one than this many ems do not continue a right-to-left line.
const RTL_REACH: f64 = 3.0;

/// The cosine of the largest angle between directions that are the same.
const SAME_DIRECTION: f64 = 0.98;

/// A glyph in the frame of its line: `u` runs along the baseline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) c: char,
    pub(super) start: f64,
    pub(super) end: f64,
}

/// Glyphs on one baseline, in one direction.
#[derive(Debug, Clone)]
pub(in crate::readers::pdf) struct Line {
    pub(super) glyphs: Vec<Placed>,
    direction: Vec2,
    /// Where the baseline is, across the direction of writing; grows from line to line.
    pub(super) baseline: f64,
    /// The size of its largest glyph, in points.
    pub(super) size: f64,
    rtl: bool,
}

/// Cuts glyphs, in the order in which they were drawn, into lines. Nothing remains of lone spaces.
pub(super) fn lines_of(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for glyph in glyphs {
        match lines.last_mut() {
            Some(line) if line.continues_with(&glyph) => line.push(glyph),
            _ => lines.push(Line::new(glyph)),
        }
    }
    lines.retain(|line| line.glyphs.iter().any(|glyph| glyph.c != ' '));
    for line in &mut lines {
        if line.rtl {
            line.glyphs.sort_by(|a, b| a.start.total_cmp(&b.start));
        }
    }
    lines
}

/// Joins lines that were drawn one after the other on one baseline, the later one to the left or with
/// a glyph in between.
pub(super) fn joined(lines: Vec<Line>) -> Vec<Line> {
    let mut joined: Vec<Line> = Vec::new();
    for line in lines {
        match joined.last_mut() {
            Some(last) if last.is_beside(&line) => last.join(line),
            _ => joined.push(line),
        }
    }
    joined
}

/// Puts a line into the line on whose baseline it has room behind something, else behind all lines.
pub(super) fn place(lines: &mut Vec<Line>, addition: Line) {
    let nearest = lines
        .iter_mut()
        .filter_map(|line| Some((line.room_for(&addition)?, line)))
        .min_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((_, line)) => line.join(addition),
        None => lines.push(addition),
    }
}

/// Coordinates along and across a direction of writing.
fn frame(direction: Vec2, point: Point) -> (f64, f64) {
    let point = point.to_vec2();
    (point.dot(direction), point.dot(Vec2::new(-direction.y, direction.x)))
}

impl Line {
    fn new(glyph: Glyph) -> Self {
        let (_, baseline) = frame(glyph.direction, glyph.origin);
        let mut line =
            Self { glyphs: Vec::new(), direction: glyph.direction, baseline, size: glyph.size, rtl: false };
        line.push(glyph);
        line
    }

    /// A part of a line.
    pub(super) fn part(&self, glyphs: Vec<Placed>) -> Self {
        Self { glyphs, ..*self }
    }

    fn push(&mut self, glyph: Glyph) {
        let (start, across) = frame(self.direction, glyph.origin);
        if glyph.size > self.size {
            (self.size, self.baseline) = (glyph.size, across);
        }
        self.rtl |= is_rtl(glyph.c);
        let placed = Placed { c: glyph.c, start, end: start + glyph.advance };
        match self.glyphs.last() {
            // A mark belongs to the letter before it, wherever it is drawn.
            Some(base) if is_combining_mark(glyph.c) => self.glyphs.push(Placed { c: glyph.c, ..*base }),
            _ => self.glyphs.push(placed),
        }
    }

    /// Where it begins, in writing direction.
    pub(super) fn start(&self) -> f64 {
        self.glyphs.iter().map(|glyph| glyph.start).fold(f64::INFINITY, f64::min)
    }

    /// Where it ends.
    pub(super) fn end(&self) -> f64 {
        self.glyphs.iter().map(|glyph| glyph.end).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether both are written in the same direction.
    pub(super) fn runs_with(&self, other: &Line) -> bool {
        self.direction.dot(other.direction) > SAME_DIRECTION
    }

    fn continues_with(&self, glyph: &Glyph) -> bool {
        let Some(last) = self.glyphs.last() else {
            return true;
        };
        if self.direction.dot(glyph.direction) <= SAME_DIRECTION {
            return false;
        }
        let (start, across) = frame(self.direction, glyph.origin);
        let (small, large) = (self.size.min(glyph.size), self.size.max(glyph.size));
        // Raised and lowered characters belong to their line, initials over several lines do not.
        let reach = if large < 2.0 * small { 0.5 * large } else { 0.5 * small };
        if (across - self.baseline).abs() > reach {
            return false;
        }
        if self.rtl || is_rtl(glyph.c) {
            let reach = RTL_REACH * large;
            return start + glyph.advance > last.start - reach && start < last.end + reach;
        }
        start > last.end - 0.5 * large
    }

    fn is_beside(&self, other: &Line) -> bool {
        let reach = 0.2 * self.size.min(other.size);
        self.runs_with(other)
            && (self.baseline - other.baseline).abs() <= reach
            && (other.end() <= self.start() + reach || self.end() <= other.start() + reach)
    }

    /// How far on the left of `addition` its next glyph is, if there is one and none in its place.
    fn room_for(&self, addition: &Line) -> Option<f64> {
        let reach = 0.5 * self.size.max(addition.size);
        if !self.runs_with(addition) || (self.baseline - addition.baseline).abs() > reach {
            return None;
        }
        let (start, end) = (addition.start(), addition.end());
        let is_free =
            self.glyphs.iter().all(|glyph| glyph.end <= start + reach || glyph.start >= end - reach);
        let ends = self.glyphs.iter().map(|glyph| glyph.end).filter(|end| *end <= start + reach);
        is_free.then(|| ends.map(|end| start - end).min_by(f64::total_cmp)).flatten()
    }

    fn join(&mut self, other: Line) {
        self.glyphs.extend(other.glyphs);
        self.glyphs.sort_by(|a, b| a.start.total_cmp(&b.start));
        self.size = self.size.max(other.size);
        self.rtl |= other.rtl;
    }

    /// Its characters without spaces.
    pub(super) fn characters(&self) -> String {
        self.glyphs.iter().map(|glyph| glyph.c).filter(|c| *c != ' ').collect()
    }

    /// Its words, separated by spaces; wide gaps are tabs.
    pub(super) fn text(&self) -> String {
        let tracking = self.tracking();
        let mut text: Vec<char> = Vec::with_capacity(self.glyphs.len() * 5 / 4);
        let mut last: Option<&Placed> = None;
        let mut spaced = false;
        for glyph in &self.glyphs {
            if glyph.c == ' ' {
                spaced = true;
                continue;
            }
            if let Some(last) = last {
                text.extend(self.separator(last, glyph, tracking, spaced));
            }
            text.push(glyph.c);
            last = Some(glyph);
            spaced = false;
        }
        if self.rtl {
            text = bidi::logical_order(text);
        }
        text.into_iter().collect()
    }

    /// What stands between two glyphs: nothing within a word. `spaced` if the document has a space there.
    fn separator(&self, last: &Placed, next: &Placed, tracking: f64, spaced: bool) -> Option<char> {
        let gap = (next.start - last.end) / self.size;
        let word_gap =
            if is_ideograph(last.c) && is_ideograph(next.c) { IDEOGRAPH_GAP } else { WORD_GAP };
        if gap > CELL_GAP { Some('\t') } else { (spaced || gap > word_gap + tracking).then_some(' ') }
    }

    /// How far its letters are spaced out, in ems: what three of four gaps reach. The first quarter of
    /// them is within words, also in a formula.
    fn tracking(&self) -> f64 {
        if self.glyphs.len() < MIN_TRACKED {
            return 0.0;
        }
        let mut gaps: Vec<f64> = self
            .glyphs
            .windows(2)
            .filter(|pair| pair.iter().all(|glyph| glyph.c != ' '))
            .map(|pair| (pair[1].start - pair[0].end) / self.size)
            .collect();
        gaps.sort_by(f64::total_cmp);
        gaps.get(gaps.len() / 4).copied().unwrap_or(0.0).clamp(0.0, MAX_TRACKING)
    }

    /// The glyphs between gaps of more than `width` ems.
    pub(super) fn cells(&self, width: f64) -> Vec<Vec<Placed>> {
        let mut cells: Vec<Vec<Placed>> = Vec::new();
        for glyph in &self.glyphs {
            match cells.last_mut() {
                Some(cell) if cell.last().is_none_or(|last| glyph.start - last.end <= width * self.size) => {
                    cell.push(*glyph);
                }
                _ => cells.push(vec![*glyph]),
            }
        }
        cells
    }
}

/// Chinese, Japanese and their punctuation. Korean has spaces.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}
