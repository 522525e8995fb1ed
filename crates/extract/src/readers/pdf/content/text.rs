//! Operators that show text (ISO 32000-2, 9.4), and marked content that says what it means.

use std::rc::Rc;

use hayro::{
    hayro_syntax::{
        content::Instruction,
        object::{Dict, Object, String as PdfString},
        page::Resources,
    },
    kurbo::{Affine, Point, Vec2},
};

use super::{
    Interpreter,
    adjusted::{self, Item},
    operands::{array, dict, last_name, name, numbers, string},
    state::Rendering,
    visibility::Paint,
};
use crate::readers::pdf::{
    budget::Stop,
    fonts::{Characters, Code, PdfFont},
    glyph::{Glyph, Place},
    metadata::text_string,
};

/// The part of an em that one unit of an adjustment is.
const PER_EM: f64 = 0.001;

/// Marked content that says what its glyphs mean together (ISO 32000-2, 14.9.4).
pub(super) struct Replacement {
    /// How much marked content there is around it.
    depth: usize,
    /// What they mean.
    text: Characters,
    /// The place of all of them.
    place: Option<Place>,
}

/// What the glyphs that one operator shows have in common.
struct Frame<'a> {
    font: Rc<PdfFont<'a>>,
    /// The direction of writing on the page, of length 1; `None` if it has none.
    direction: Option<Vec2>,
    /// The em along it, and the height of the em, in points.
    em: f64,
    size: f64,
}

impl<'a> Interpreter<'_, 'a> {
    /// Carries out an operator, if it is one that has to do with text.
    pub(super) fn operate_text(
        &mut self,
        operator: &[u8],
        instruction: &Instruction<'_, '_>,
    ) -> Result<(), Stop> {
        let text = &mut self.state.text;
        match operator {
            b"BT" => (text.matrix, text.line_matrix) = (Affine::IDENTITY, Affine::IDENTITY),
            b"Tj" => return self.show_operand(instruction),
            b"TJ" => return self.show_adjusted(instruction),
            b"'" => {
                self.next_line();
                return self.show_operand(instruction);
            }
            b"\"" => {
                let mut operands = instruction.operands();
                if let (Some(Object::Number(word)), Some(Object::Number(character))) =
                    (operands.next(), operands.next())
                {
                    text.word_spacing = word.as_f64();
                    text.character_spacing = character.as_f64();
                }
                self.next_line();
                return self.show_operand(instruction);
            }
            b"T*" => self.next_line(),
            b"Td" | b"TD" => {
                if let Some([x, y]) = numbers(instruction) {
                    if operator == b"TD" {
                        text.leading = -y;
                    }
                    self.move_line(x, y);
                }
            }
            b"Tm" => {
                if let Some(matrix) = numbers(instruction) {
                    text.matrix = Affine::new(matrix);
                    text.line_matrix = text.matrix;
                }
            }
            _ => {
                if let Some([value]) = numbers(instruction) {
                    self.set_text_parameter(operator, value);
                }
            }
        }
        Ok(())
    }

    fn set_text_parameter(&mut self, operator: &[u8], value: f64) {
        let text = &mut self.state.text;
        match operator {
            b"Tc" => text.character_spacing = value,
            b"Tw" => text.word_spacing = value,
            b"Tz" => text.scaling = value / 100.0,
            b"TL" => text.leading = value,
            b"Ts" => text.rise = value,
            b"Tr" => text.rendering = Rendering::of(value),
            _ => {}
        }
    }

    fn next_line(&mut self) {
        self.move_line(0.0, -self.state.text.leading);
    }

    fn move_line(&mut self, x: f64, y: f64) {
        let text = &mut self.state.text;
        text.line_matrix *= Affine::translate((x, y));
        text.matrix = text.line_matrix;
    }

    fn show_operand(&mut self, instruction: &Instruction<'_, '_>) -> Result<(), Stop> {
        let begin = self.glyphs.len();
        if let Some(string) = string(instruction) {
            let frame = self.frame();
            self.show(string.as_bytes(), &frame)?;
        }
        self.end_run(begin);
        Ok(())
    }

    fn show_adjusted(&mut self, instruction: &Instruction<'_, '_>) -> Result<(), Stop> {
        let begin = self.glyphs.len();
        let Some(array) = array(instruction) else { return Ok(()) };
        let frame = self.frame();
        adjusted::for_each(array, |item| {
            match item {
                Item::Adjustment(adjustment) => self.adjust(adjustment, &frame),
                Item::Codes(codes) => self.show(codes, &frame)?,
            }
            Ok(())
        })?;
        self.end_run(begin);
        Ok(())
    }

    /// Tells the canvas which glyphs were shown, and how.
    fn end_run(&mut self, begin: usize) {
        let state = &self.state;
        let rendering = state.text.rendering;
        let ink = if rendering == Rendering::Stroked { state.stroke.ink } else { state.fill.ink };
        // What a form field shows of its value can be scrolled.
        let clip = if self.is_annotating { self.area } else { state.clip };
        let paint = Paint { rendering, ink, is_transparent: state.is_transparent, clip };
        if self.glyphs.len() > begin {
            self.canvas.show(begin, self.glyphs.len(), &paint);
        }
    }

    /// Moves on by an adjustment, in thousandths of an em.
    fn adjust(&mut self, adjustment: f64, frame: &Frame<'_>) {
        self.step(-adjustment * PER_EM * self.state.text.size, frame);
    }

    /// The frame of the glyphs that an operator shows.
    fn frame(&mut self) -> Frame<'a> {
        let shared = &mut self.shared;
        let text = &mut self.state.text;
        let font = Rc::clone(text.font.get_or_insert_with(|| shared.fonts.standard()));
        let [a, b, c, d, ..] = (self.state.transform * text.matrix).as_coeffs();
        let (right, up) = (Vec2::new(a, b) * (text.size * text.scaling), Vec2::new(c, d) * text.size);
        let size = up.hypot();
        let (along, em) = if font.is_vertical() { (-up, size) } else { (right, right.hypot()) };
        let length = along.hypot();
        let direction = (length > 0.0).then(|| along / length);
        Frame { font, direction, em, size }
    }

    /// Shows the characters of a string.
    fn show(&mut self, bytes: &[u8], frame: &Frame<'a>) -> Result<(), Stop> {
        let font = &frame.font;
        let is_shown = self.is_shown();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (code, len) = font.read_code(rest);
            let len = len.clamp(1, rest.len());
            rest = &rest[len..];
            let is_space = code == 32 && len == 1;
            font.with_code(code, len, |code| -> Result<(), Stop> {
                if is_shown {
                    let place = self.place(code, frame);
                    self.push(&code.characters, place)?;
                }
                let text = &self.state.text;
                let spacing = text.character_spacing + if is_space { text.word_spacing } else { 0.0 };
                self.step(code.advance * text.size + spacing, frame);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Moves on along the line, in the coordinates of the text.
    fn step(&mut self, step: f64, frame: &Frame<'_>) {
        let text = &mut self.state.text;
        let (x, y) = if frame.font.is_vertical() { (0.0, step) } else { (step * text.scaling, 0.0) };
        // A translation from the right changes two coefficients alone.
        let [a, b, c, d, e, f] = text.matrix.as_coeffs();
        text.matrix = Affine::new([a, b, c, d, e + a * x + c * y, f + b * x + d * y]);
    }

    /// Where the next glyph is on the page; `None` if it has no place.
    fn place(&self, code: &Code, frame: &Frame<'_>) -> Option<Place> {
        let text = &self.state.text;
        let is_vertical = frame.font.is_vertical();
        let advance = frame.em * if is_vertical { code.advance.abs() } else { code.width };
        // The em of a Type 3 font is a matter of taste: bitmap fonts have been seen to make it tiny.
        let size = if frame.font.is_type3 { frame.size.max(advance) } else { frame.size };
        let origin = self.state.transform * text.matrix * Point::new(0.0, text.rise);
        let is_drawable = [origin.x, origin.y, size, advance].iter().all(|value| value.is_finite());
        let direction = frame.direction.filter(|_| is_drawable)?;
        Some(Place { origin, direction, advance: advance.abs(), size, is_vertical })
    }

    /// Puts characters at a place, unless others replace them.
    fn push(&mut self, characters: &Characters, place: Option<Place>) -> Result<(), Stop> {
        if let Some(replacement) = &mut self.replacement {
            match (&mut replacement.place, place) {
                (Some(first), Some(place)) => first.stretch_over(&place),
                (first @ None, place) => *first = place,
                (_, None) => {}
            }
            return Ok(());
        }
        let Some(place) = place else { return Ok(()) };
        self.put(characters, place)
    }

    fn put(&mut self, characters: &Characters, place: Place) -> Result<(), Stop> {
        match characters {
            Characters::Unknown => self.unknown += 1,
            Characters::Nothing => {}
            Characters::One(c) => self.put_glyph(place.taken_by(*c))?,
            Characters::Many(text) => place.shared_by(text).try_for_each(|glyph| self.put_glyph(glyph))?,
        }
        Ok(())
    }

    fn put_glyph(&mut self, glyph: Glyph) -> Result<(), Stop> {
        self.shared.budget.spend_glyph(self.glyphs.len(), glyph.c)?;
        self.glyphs.push(glyph);
        Ok(())
    }

    /// Begins marked content, with what it means if it says so.
    pub(super) fn begin_marked(&mut self, properties: Option<&Dict<'_>>) {
        self.marked.push(self.is_shown());
        if self.replacement.is_none()
            && let Some(text) = properties.and_then(|dict| dict.get::<PdfString<'_>>("ActualText"))
        {
            let text = Characters::of_str(&text_string(text.as_bytes()));
            if text != Characters::Unknown {
                self.replacement = Some(Replacement { depth: self.marked.len(), text, place: None });
            }
        }
    }

    /// Begins marked content whose properties are given, or named in the resources.
    pub(super) fn begin_marked_with_properties(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
    ) {
        if let Some(properties) = dict(instruction) {
            return self.begin_marked(Some(properties));
        }
        let Some(properties) = last_name(instruction) else { return self.begin_marked(None) };
        let is_layer = name(instruction).is_some_and(|tag| tag.as_ref() == b"OC");
        let shows = !is_layer || self.shared.layers.shows(&resources.properties, properties.as_ref());
        self.begin_marked(resources.properties.get::<Dict<'_>>(properties.as_ref()).as_ref());
        if let Some(is_shown) = self.marked.last_mut() {
            *is_shown &= shows;
        }
    }

    pub(super) fn end_marked(&mut self) -> Result<(), Stop> {
        if self.replacement.as_ref().is_some_and(|replacement| replacement.depth >= self.marked.len()) {
            self.end_replacement()?;
        }
        self.marked.pop();
        Ok(())
    }

    /// Puts the characters that replace those of marked content at their place.
    pub(super) fn end_replacement(&mut self) -> Result<(), Stop> {
        let Some(Replacement { text, place: Some(place), .. }) = self.replacement.take() else {
            return Ok(());
        };
        let begin = self.glyphs.len();
        self.put(&text, place)?;
        self.end_run(begin);
        Ok(())
    }
}
