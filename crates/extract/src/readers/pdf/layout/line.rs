//! Lines of glyphs on one baseline.

use hayro::kurbo::{Point, Vec2};

use crate::readers::pdf::glyph::{Glyph, is_combining_mark, is_rtl};

/// Glyphs further from the last one than this many ems do not continue a right-to-left line.
const RTL_REACH: f64 = 3.0;

/// How far letters reach above their baseline and below it, in ems.
const ASCENT: f64 = 0.8;
const DESCENT: f64 = 0.2;

/// Glyphs for which a line has room at first.
const USUAL_LENGTH: usize = 32;

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
    pub(super) direction: Vec2,
    is_vertical: bool,
    /// Where the baseline is, across the direction of writing; grows from line to line.
    pub(super) baseline: f64,
    /// The size of its largest glyph, in points.
    pub(super) size: f64,
    pub(super) rtl: bool,
}

/// Cuts glyphs, in the order in which they were drawn, into lines. Nothing remains of lone spaces.
pub(super) fn lines_of(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for glyph in glyphs {
        if let Some(line) = lines.last_mut() {
            let place = frame(line.direction, glyph.origin);
            if line.continues_with(&glyph, place) {
                line.push(&glyph, place);
                continue;
            }
        }
        lines.push(Line::new(&glyph));
    }
    lines.retain(|line| line.glyphs.iter().any(|glyph| glyph.c != ' '));
    for line in &mut lines {
        if line.rtl {
            line.attach_marks();
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
    fn new(glyph: &Glyph) -> Self {
        let &Glyph { direction, size, is_vertical, .. } = glyph;
        let place @ (_, baseline) = frame(direction, glyph.origin);
        let glyphs = Vec::with_capacity(USUAL_LENGTH);
        let mut line = Self { glyphs, direction, is_vertical, baseline, size, rtl: false };
        line.push(glyph, place);
        line
    }

    /// A part of a line.
    pub(super) fn part(&self, glyphs: Vec<Placed>) -> Self {
        Self { glyphs, ..*self }
    }

    /// Adds a glyph at a place in its frame.
    fn push(&mut self, glyph: &Glyph, (start, across): (f64, f64)) {
        if glyph.size > self.size {
            (self.size, self.baseline) = (glyph.size, across);
        }
        self.rtl |= is_rtl(glyph.c);
        let placed = Placed { c: glyph.c, start, end: start + glyph.advance };
        match self.glyphs.last() {
            // A mark belongs to the letter before it, wherever it is drawn. In a right-to-left line,
            // which is drawn from either end, only the place tells.
            Some(base) if is_combining_mark(glyph.c) && !self.rtl => {
                self.glyphs.push(Placed { c: glyph.c, ..*base });
            }
            _ => self.glyphs.push(placed),
        }
    }

    /// Puts glyphs in the order of their places, each mark behind the letter it is drawn over.
    fn attach_marks(&mut self) {
        let is_mark = |glyph: &Placed| is_combining_mark(glyph.c);
        let (mut marks, mut letters): (Vec<Placed>, Vec<Placed>) =
            self.glyphs.iter().partition(|glyph| is_mark(glyph));
        letters.sort_by(|a, b| a.start.total_cmp(&b.start));
        for mark in &mut marks {
            let middle = (mark.start + mark.end) / 2.0;
            let next = letters.partition_point(|letter| letter.start <= middle);
            // Of two letters at the same place, as in a ligature, the first that is read is on the right.
            if let Some(base) = letters.get(next.saturating_sub(1)) {
                (mark.start, mark.end) = (base.start, base.end);
            }
        }
        letters.extend(marks);
        letters.sort_by(|a, b| a.start.total_cmp(&b.start));
        self.glyphs = letters;
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

    fn continues_with(&self, glyph: &Glyph, (start, across): (f64, f64)) -> bool {
        // The space behind a word may reach over the next one.
        let Some(last) = self.glyphs.iter().rev().find(|glyph| glyph.c != ' ').or(self.glyphs.last()) else {
            return true;
        };
        if self.direction.dot(glyph.direction) <= SAME_DIRECTION {
            return false;
        }
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
    pub(super) fn characters(&self) -> impl Iterator<Item = char> {
        self.glyphs.iter().map(|glyph| glyph.c).filter(|c| *c != ' ')
    }

    /// The rectangle around a part of it, as left, top, right and bottom.
    pub(super) fn bounds(&self, start: f64, end: f64) -> [f32; 4] {
        let (above, below) = if self.is_vertical { (0.5, 0.5) } else { (ASCENT, DESCENT) };
        let across = Vec2::new(-self.direction.y, self.direction.x);
        let corner =
            |along: f64, off: f64| self.direction * along + across * (self.baseline + off * self.size);
        let (a, b) = (corner(start, -above), corner(end, below));
        let values = [a.x.min(b.x), a.y.min(b.y), a.x.max(b.x), a.y.max(b.y)];
        values.map(|value| (value * 100.0).round() as f32 / 100.0)
    }

    /// How many gaps of more than `width` ems there are.
    pub(super) fn gaps(&self, width: f64) -> usize {
        self.glyphs.windows(2).filter(|pair| self.is_gap(&pair[0], &pair[1], width)).count()
    }

    fn is_gap(&self, last: &Placed, next: &Placed, width: f64) -> bool {
        next.start - last.end > width * self.size
    }

    /// The glyphs between gaps of more than `width` ems.
    pub(super) fn cells(&self, width: f64) -> Vec<Vec<Placed>> {
        let mut cells: Vec<Vec<Placed>> = Vec::new();
        for glyph in &self.glyphs {
            match cells.last_mut() {
                Some(cell) if cell.last().is_none_or(|last| !self.is_gap(last, glyph, width)) => {
                    cell.push(*glyph);
                }
                _ => cells.push(vec![*glyph]),
            }
        }
        cells
    }
}
