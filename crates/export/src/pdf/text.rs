//! Text as lines of glyphs.

use std::rc::Rc;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::{
    Alignment, AlignmentOptions, Layout, LayoutContext, Line, LineHeight, OverflowWrap, StyleProperty,
    fontique::FontWeight,
};

use super::fonts::Fonts;
use crate::clean::clean;

/// Bytes that are laid out at a time: the cost grows faster than the text.
const MAX_LAYOUT: usize = 16 << 10;

/// How text looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// In points.
    pub(super) size: f32,
    pub(super) is_bold: bool,
    /// From black, 0, to white, 255.
    pub(super) grey: u8,
}

/// Glyphs of one font in a line.
pub(super) struct Run {
    pub(super) font: Font,
    pub(super) size: f32,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// What the glyphs stand for: their ranges are in it.
    pub(super) text: Rc<str>,
    /// From the left of the line.
    pub(super) x: f32,
}

/// A line of text.
pub(super) struct TextLine {
    pub(super) runs: Vec<Run>,
    pub(super) height: f32,
    /// From the top of the line to its baseline.
    pub(super) ascent: f32,
    pub(super) grey: u8,
}

/// Sets text.
pub(super) struct Typesetter {
    pub(super) fonts: Fonts,
    layouts: LayoutContext<()>,
}

impl Typesetter {
    pub(super) fn new(fonts: Fonts) -> Self {
        Self { fonts, layouts: LayoutContext::new() }
    }

    /// The lines of a text in a column of that width. Words that are too long are broken.
    pub(super) fn lines(&mut self, text: &str, look: Look, width: f32) -> Vec<TextLine> {
        let text = clean(text).replace('\t', "    ");
        let mut lines = Vec::new();
        for piece in pieces(&text) {
            let piece: Rc<str> = piece.into();
            let mut layout = self.layout(&piece, look);
            layout.break_all_lines(Some(width));
            layout.align(Alignment::Start, AlignmentOptions::default());
            for line in layout.lines() {
                lines.push(self.line(&line, &piece, look));
            }
        }
        lines
    }

    /// The width that a text takes if it has it, up to `most`.
    pub(super) fn width(&mut self, text: &str, look: Look, most: f32) -> f32 {
        let start = &text[..text.floor_char_boundary(500)];
        let mut layout = self.layout(&clean(start), look);
        layout.break_all_lines(Some(most));
        layout.width().min(most)
    }

    fn layout(&mut self, text: &str, look: Look) -> Layout<()> {
        let family = self.fonts.family();
        let mut builder = self.layouts.ranged_builder(&mut self.fonts.context, text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(family));
        builder.push_default(StyleProperty::FontSize(look.size));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(1.35)));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        if look.is_bold {
            builder.push_default(StyleProperty::FontWeight(FontWeight::SEMI_BOLD));
        }
        builder.build(text)
    }

    fn line(&mut self, line: &Line<'_, ()>, text: &Rc<str>, look: Look) -> TextLine {
        let metrics = line.metrics();
        let mut x = metrics.offset;
        let mut runs = Vec::new();
        for run in line.runs() {
            let size = run.font_size();
            let start = x;
            let mut glyphs: Vec<KrillaGlyph> = Vec::new();
            for cluster in run.visual_clusters() {
                let range = cluster.text_range();
                if cluster.is_ligature_continuation() {
                    // A ligature stands for all its characters, whichever side they come from.
                    if let Some(ligature) = glyphs.last_mut() {
                        ligature.text_range.start = ligature.text_range.start.min(range.start);
                        ligature.text_range.end = ligature.text_range.end.max(range.end);
                    }
                    continue;
                }
                for glyph in cluster.glyphs() {
                    let id = GlyphId::new(glyph.id);
                    let (advance, dx, dy) = (glyph.advance / size, glyph.x / size, glyph.y / size);
                    glyphs.push(KrillaGlyph::new(id, advance, dx, dy, 0.0, range.clone(), None));
                    x += glyph.advance;
                }
            }
            if let Some(font) = self.fonts.embedded(run.font()) {
                runs.push(Run { font, size, glyphs, text: text.clone(), x: start });
            }
        }
        let ascent = metrics.baseline - metrics.block_min_coord;
        TextLine { runs, height: metrics.line_height, ascent, grey: look.grey }
    }
}

/// The lines of a text, long ones in pieces, which end at blanks where there are any.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    for mut line in text.split('\n') {
        while line.len() > MAX_LAYOUT {
            let most = line.floor_char_boundary(MAX_LAYOUT);
            let end = line[..most].rfind(' ').map_or(most, |blank| blank + 1);
            pieces.push(&line[..end]);
            line = &line[end..];
        }
        pieces.push(line);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_set_in_pieces_that_lose_nothing() {
        let words = "word ".repeat(10_000);
        let solid = "ü".repeat(40_000);
        for text in [words.as_str(), &solid, "", "a\nb"] {
            let pieces = pieces(text);
            assert!(pieces.iter().all(|piece| piece.len() <= MAX_LAYOUT));
            assert_eq!(pieces.concat(), text.replace('\n', ""));
        }
        assert!(pieces(&words)[0].ends_with(' '));
    }
}
