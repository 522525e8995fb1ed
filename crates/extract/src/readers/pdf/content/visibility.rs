//! Which text a reader of the page can see.
//!
//! Text that nobody can see is left out of what is read, and told: it is there to steer programs, was
//! blackened, or lies beside the page. It is hidden if it is
//! - outside the page or of the part of it that may be painted, unless it ends a line that begins
//!   inside: that is but too long,
//! - smaller than a point,
//! - white, where nothing but white was painted before,
//! - covered by an opaque rectangle that was painted later,
//! - transparent, or invisible by its rendering mode where nothing is painted.
//!
//! Invisible text over a picture, text that a picture covers, and invisible text on a page that has no
//! other are the text layer of a scan.

use hayro::kurbo::{Point, Rect, Vec2};

use super::state::{Ink, Rendering};
use crate::readers::pdf::glyph::Glyph;

/// Text smaller than this is not seen, in points.
const MIN_SIZE: f64 = 1.0;

/// Areas of a page that are remembered. Beyond that nothing can be told of what is below or above.
const MAX_AREAS: usize = 2_000;

/// Pairs of a glyph and an area that are looked at on a page.
const MAX_COMPARISONS: usize = 200_000_000;

/// The least height and width of an area that may lie below or above text, in points.
const MIN_SIDE: f64 = 2.0;

/// An area that was painted.
struct Area {
    rect: Rect,
    ink: Ink,
    /// Whether all of it is covered.
    covers: bool,
}

/// Glyphs that were shown at once.
#[derive(Debug, Clone, Copy)]
struct Run {
    begin: usize,
    end: usize,
    /// Areas that were painted before.
    areas: usize,
    rendering: Rendering,
    ink: Ink,
    is_transparent: bool,
    clip: Rect,
}

impl Run {
    /// Whether it is painted with nothing. A run that clips is seen through what is painted after it.
    fn is_invisible(&self) -> bool {
        matches!(self.rendering, Rendering::Invisible | Rendering::Clipping) || self.is_transparent
    }

    /// Whether a glyph is outside the page, or of the part of it that may be painted.
    fn cuts(&self, glyph: &Glyph) -> bool {
        // The baseline is at the lower edge of letters, so some reach is needed in all directions.
        let frame = self.clip.inflate(glyph.size, glyph.size);
        !frame.contains(glyph.origin + glyph.direction * (glyph.advance / 2.0))
    }
}

/// What was painted on a page, and where.
#[derive(Default)]
pub(super) struct Canvas {
    areas: Vec<Area>,
    is_full: bool,
    runs: Vec<Run>,
    /// The parts of the page that images cover, in square points; parts that overlap count twice.
    pub(super) image_area: f64,
    /// Shapes with curves, as letters have.
    pub(super) curves: usize,
}

/// How a run was painted.
pub(super) struct Paint {
    pub(super) rendering: Rendering,
    pub(super) ink: Ink,
    pub(super) is_transparent: bool,
    pub(super) clip: Rect,
}

impl Canvas {
    /// Paints a shape within `rect`; `covers` if it is opaque and fills the rectangle.
    pub(super) fn paint(&mut self, rect: Rect, ink: Ink, covers: bool) {
        let is_seen = rect.width() >= MIN_SIDE && rect.height() >= MIN_SIDE;
        if !is_seen || rect.is_nan() {
            return;
        }
        if self.areas.len() >= MAX_AREAS {
            self.is_full = true;
            return;
        }
        self.areas.push(Area { rect, ink, covers });
    }

    pub(super) fn paint_image(&mut self, rect: Rect) {
        self.image_area += if rect.area().is_finite() { rect.area() } else { 0.0 };
        self.paint(rect, Ink::Coloured, false);
    }

    /// Shows the glyphs from `begin` to `end`.
    pub(super) fn show(&mut self, begin: usize, end: usize, paint: &Paint) {
        let areas = self.areas.len();
        let Paint { rendering, ink, is_transparent, clip } = *paint;
        if let Some(last) = self.runs.last_mut()
            && last.end == begin
            && last.areas == areas
            && last.rendering == rendering
            && last.ink == ink
            && last.is_transparent == is_transparent
            && last.clip == clip
            && ink == Ink::Coloured
            && rendering != Rendering::Invisible
        {
            last.end = end;
            return;
        }
        self.runs.push(Run { begin, end, areas, rendering, ink, is_transparent, clip });
    }

    /// Begins anew with the glyphs, on what was painted.
    pub(super) fn forget_runs(&mut self) {
        self.runs.clear();
    }

    /// Removes the glyphs that nobody can see; how many, without spaces.
    pub(super) fn remove_hidden(&self, glyphs: &mut Vec<Glyph>) -> usize {
        if glyphs.len().saturating_mul(self.areas.len()) > MAX_COMPARISONS {
            return 0;
        }
        let has_text = self.runs.iter().any(|run| !run.is_invisible());
        let mut is_hidden = vec![false; glyphs.len()];
        for run in &self.runs {
            let Some(shown) = glyphs.get(run.begin..run.end) else { continue };
            let mut last: Option<&Glyph> = None;
            for (glyph, is_hidden) in shown.iter().zip(&mut is_hidden[run.begin..run.end]) {
                let is_cut = || run.cuts(glyph) && !last.is_some_and(|last| continues(last, glyph));
                *is_hidden = is_cut() || self.hides(run, glyph, has_text);
                last = if *is_hidden { None } else { Some(glyph) };
            }
        }
        if !is_hidden.contains(&true) {
            return 0;
        }
        let hidden =
            glyphs.iter().zip(&is_hidden).filter(|(glyph, hidden)| **hidden && glyph.c != ' ').count();
        let mut is_hidden = is_hidden.into_iter();
        glyphs.retain(|_| !is_hidden.next().unwrap_or(false));
        hidden
    }

    fn hides(&self, run: &Run, glyph: &Glyph, has_text: bool) -> bool {
        if glyph.size < MIN_SIZE {
            return true;
        }
        let (below, above) = self.areas.split_at(run.areas.min(self.areas.len()));
        let letter = letter(glyph);
        if run.is_invisible() {
            return has_text && !self.is_full && !self.areas.iter().any(|area| area.rect.contains(letter));
        }
        let is_white_on_white = run.ink == Ink::White
            && !self.is_full
            && !below.iter().any(|area| area.ink == Ink::Coloured && area.rect.contains(letter));
        is_white_on_white || above.iter().any(|area| area.covers && area.rect.contains(letter))
    }
}

/// Whether a glyph is on the line of the last one, not far behind it.
fn continues(last: &Glyph, glyph: &Glyph) -> bool {
    let step = glyph.origin - last.origin;
    let (along, across) = (step.dot(last.direction), step.cross(last.direction));
    along >= 0.0 && along <= last.advance + 2.0 * last.size && across.abs() <= 0.5 * last.size
}

/// A place in the middle of a letter: a third of the em above the middle of its baseline.
fn letter(glyph: &Glyph) -> Point {
    let up = Vec2::new(glyph.direction.y, -glyph.direction.x);
    let middle = glyph.origin + glyph.direction * (glyph.advance / 2.0);
    if glyph.is_vertical { middle } else { middle + up * (glyph.size / 3.0) }
}
