//! A drawing device that keeps the glyphs and draws nothing.

use std::{mem, panic};

use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, SoftMask,
    font::{Glyph as FontGlyph, GlyphRun, PositionedGlyph},
    hayro_cmap::{BfString, WritingMode},
};
use hayro::hayro_syntax::object::{Dict, String as PdfString};
use hayro::kurbo::{Affine, BezPath, Point, Vec2};
use unicode_normalization::UnicodeNormalization;

use super::metadata::text_string;

/// Glyph space has a thousand units to the em (ISO 32000-2, 9.2.4).
const UNITS_PER_EM: f64 = 1000.0;

/// The width of a glyph whose font does not tell, in glyph space.
const UNKNOWN_ADVANCE: f64 = 500.0;

/// Glyphs of one page, and again of its annotations. A full page of a newspaper has some 50 000.
const MAX_GLYPHS: usize = 2_000_000;

/// A glyph with a character, in the coordinates of the page as it is shown: points, y downwards.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    /// The characters it stands for: one, or the letters of a ligature.
    pub(super) text: String,
    /// Where it begins on its baseline.
    pub(super) origin: Point,
    /// The direction of writing, of length 1.
    pub(super) direction: Vec2,
    /// How far the next glyph is, in points.
    pub(super) advance: f64,
    /// The height of its em, in points.
    pub(super) size: f64,
}

/// What was shown on a page.
#[derive(Default)]
pub(super) struct PageGlyphs {
    /// The glyphs of the page itself, in the order of its content stream.
    pub(super) content: Vec<Glyph>,
    /// The glyphs of its annotations and form fields.
    pub(super) annotations: Vec<Glyph>,
    /// Glyphs whose font does not say which character they stand for.
    pub(super) unmapped: usize,
    /// Images.
    pub(super) images: usize,
}

/// What a [`TextDevice`] unwinds with when a page has more text than allowed.
pub(super) struct TooMuchText;

/// Collects the glyphs of one page.
pub(super) struct TextDevice {
    glyphs: Vec<Glyph>,
    page: PageGlyphs,
    /// Bytes of text that may still come.
    allowance: u64,
    /// The origin and length of the last run that was filled.
    filled: Option<(Point, usize)>,
    /// Marked content within marked content.
    depth: usize,
    replacement: Option<Replacement>,
}

/// Marked content that says what its glyphs mean together (ISO 32000-2, 14.9.4).
struct Replacement {
    /// The depth at which it began.
    depth: usize,
    /// What they mean; empty from the second one on.
    text: String,
}

impl TextDevice {
    /// A device that takes up to `allowance` bytes of text.
    pub(super) fn new(allowance: u64) -> Self {
        Self {
            glyphs: Vec::new(),
            page: PageGlyphs::default(),
            allowance,
            filled: None,
            depth: 0,
            replacement: None,
        }
    }

    /// What comes from now on belongs to annotations.
    pub(super) fn end_content(&mut self) {
        self.page.content = mem::take(&mut self.glyphs);
        (self.depth, self.replacement) = (0, None);
    }

    pub(super) fn finish(mut self) -> PageGlyphs {
        self.page.annotations = self.glyphs;
        self.page
    }

    fn add(&mut self, glyph: &PositionedGlyph<'_>, transform: Affine, mode: WritingMode) {
        let text = match &mut self.replacement {
            Some(replacement) => Some(mem::take(&mut replacement.text)),
            None => glyph.as_unicode().and_then(characters),
        };
        let Some(text) = text else {
            self.page.unmapped += 1;
            return;
        };
        let Some(glyph) = placed(glyph, transform, mode, text) else { return };
        if glyph.text.is_empty() {
            self.stretch_over(&glyph);
            return;
        }
        let size = glyph.text.len() as u64;
        if self.glyphs.len() >= MAX_GLYPHS || self.allowance < size {
            // The interpreter has no other way to be stopped.
            panic::resume_unwind(Box::new(TooMuchText));
        }
        self.allowance -= size;
        self.glyphs.push(glyph);
    }

    /// Makes the last glyph end where one without characters ends, if that is on its baseline.
    fn stretch_over(&mut self, glyph: &Glyph) {
        let Some(last) = self.glyphs.last_mut() else { return };
        let step = glyph.origin - last.origin;
        if self.replacement.is_some() && step.cross(last.direction).abs() < 0.5 * last.size {
            last.advance = last.advance.max(step.dot(last.direction) + glyph.advance);
        }
    }
}

/// A glyph with its place on the page; `None` if it has none.
fn placed(glyph: &PositionedGlyph<'_>, transform: Affine, mode: WritingMode, text: String) -> Option<Glyph> {
    let [a, b, c, d, x, y] = (transform * glyph.transform()).as_coeffs();
    let (right, up) = (Vec2::new(a, b), Vec2::new(c, d));
    let size = up.hypot() * UNITS_PER_EM;
    // Vertical writing goes down the page, one em at a time.
    let (along, advance) = match mode {
        WritingMode::Horizontal => (right, advance_width(glyph) * right.hypot()),
        WritingMode::Vertical => (-up, size),
    };
    // The em of a Type 3 font is a matter of taste: bitmap fonts have been seen to make it tiny.
    let size = if matches!(**glyph, FontGlyph::Type3(_)) { size.max(advance) } else { size };
    let is_drawable = [x, y, size, advance].iter().all(|value| value.is_finite()) && along.hypot() > 0.0;
    let direction = along / along.hypot();
    is_drawable.then(|| Glyph { text, origin: Point::new(x, y), direction, advance, size })
}

fn advance_width(glyph: &PositionedGlyph<'_>) -> f64 {
    let width = match &**glyph {
        FontGlyph::Outline(glyph) => glyph.advance_width(),
        FontGlyph::Type3(glyph) => glyph.advance_width(),
    };
    width.map_or(UNKNOWN_ADVANCE, f64::from)
}

/// The characters of a glyph; `None` if they mean something only in its font. Ligatures and the
/// shapes of Arabic letters become the letters they stand for, spaces of any width a space, control
/// characters nothing.
fn characters(mapped: BfString) -> Option<String> {
    let mut text = String::new();
    let mut push = |c: char| {
        match c {
            // The bullet of Word's symbol font.
            '\u{f0b7}' => text.push('•'),
            '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => return false,
            '\u{fb00}'..='\u{fb06}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => {
                text.extend(c.nfkc())
            }
            c if c.is_whitespace() => text.push(' '),
            c if c.is_control() || c == '\u{feff}' => {}
            c => text.push(c),
        }
        true
    };
    let is_mapped = match mapped {
        BfString::Char(c) => push(c),
        BfString::String(string) => string.chars().all(push),
    };
    is_mapped.then_some(text)
}

impl<'a> Device<'a> for TextDevice {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let Some(first) = run.glyphs().first() else { return };
        let place = (props.transform * first.transform() * Point::ZERO, run.glyphs().len());
        // Text that is filled and stroked comes twice.
        let again = matches!(mode, DrawMode::Stroke(_)) && self.filled == Some(place);
        self.filled = matches!(mode, DrawMode::Fill(_)).then_some(place);
        if !again {
            for glyph in run.glyphs() {
                self.add(glyph, props.transform, run.writing_mode());
            }
        }
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.page.images += 1;
    }

    fn begin_marked_content(&mut self, _: &[u8], properties: Option<&Dict<'_>>) {
        self.depth += 1;
        if self.replacement.is_none()
            && let Some(text) =
                properties.and_then(|properties| properties.get::<PdfString<'_>>("ActualText"))
        {
            let text = characters(BfString::String(text_string(text.as_bytes())));
            self.replacement = text.map(|text| Replacement { depth: self.depth, text });
        }
    }

    fn end_marked_content(&mut self) {
        if self.replacement.as_ref().is_some_and(|replacement| replacement.depth == self.depth) {
            self.replacement = None;
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
