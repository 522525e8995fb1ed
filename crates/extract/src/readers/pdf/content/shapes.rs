//! Shapes, as far as they matter for text: which area they fill, in which ink, and what they clip.

use hayro::{
    hayro_syntax::{
        content::Instruction,
        object::{Name, Object},
        page::Resources,
    },
    kurbo::{Point, Rect},
};

use super::{
    Interpreter,
    operands::{last_name, name, numbers},
    state::{Colour, Ink},
};

/// The path that is being built.
#[derive(Default)]
pub(super) struct Path {
    /// What contains its points, in the coordinates of the content.
    bounds: Option<Rect>,
    /// Rectangles, and other parts, that it consists of.
    rectangles: usize,
    others: usize,
    has_curves: bool,
    /// Whether it will clip what is painted after it.
    clips: bool,
}

impl Path {
    fn add(&mut self, x: f64, y: f64) {
        let point = Rect::from_points(Point::new(x, y), Point::new(x, y));
        self.bounds = Some(self.bounds.map_or(point, |bounds| bounds.union(point)));
    }
}

impl<'a> Interpreter<'_, 'a> {
    /// Carries out an operator that sets a colour or a colour space (8.6.8); whether it was one.
    pub(super) fn set_colour(
        &mut self,
        operator: &[u8],
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
    ) -> bool {
        let is_stroke = operator.first().is_some_and(u8::is_ascii_uppercase);
        let colour = if is_stroke { &mut self.state.stroke } else { &mut self.state.fill };
        match operator {
            b"g" | b"rg" | b"k" | b"G" | b"RG" | b"K" => {
                *colour = Colour { is_plain: true, is_solid: true, ink: Ink::of(&components(instruction)) };
            }
            b"sc" | b"scn" | b"SC" | b"SCN" => {
                // A tint or an index says nothing of how light a colour is, a pattern neither.
                colour.is_solid = last_name(instruction).is_none();
                colour.ink = if colour.is_plain { Ink::of(&components(instruction)) } else { Ink::Coloured };
            }
            b"cs" | b"CS" => {
                let is_plain = name(instruction).is_some_and(|name| is_plain(name, resources));
                *colour = Colour { is_plain, is_solid: true, ink: Ink::Coloured };
            }
            _ => return false,
        }
        true
    }
}

/// The components of a colour; none of a pattern.
fn components(instruction: &Instruction<'_, '_>) -> Vec<f64> {
    let number = |operand: &Object<'_>| match operand {
        Object::Number(number) => Some(number.as_f64()),
        _ => None,
    };
    instruction.operands().map(number).collect::<Option<_>>().unwrap_or_default()
}

/// Whether the components of a colour space are amounts of grey, of red, green and blue, or of cyan,
/// magenta, yellow and black.
fn is_plain(name: &Name<'_>, resources: &Resources<'_>) -> bool {
    const PLAIN: [&[u8]; 6] =
        [b"DeviceGray", b"DeviceRGB", b"DeviceCMYK", b"CalGray", b"CalRGB", b"ICCBased"];
    let family = match resources.get_color_space(name) {
        Some(Object::Array(space)) => space.iter::<Name<'_>>().next(),
        Some(Object::Name(family)) => Some(family),
        _ => None,
    };
    PLAIN.contains(&family.as_ref().unwrap_or(name).as_ref())
}

impl Interpreter<'_, '_> {
    /// Carries out an operator that builds a path (8.5.2); whether it was one.
    pub(super) fn build_path(&mut self, operator: &[u8], instruction: &Instruction<'_, '_>) -> bool {
        match operator {
            b"m" | b"l" => {
                if let Some([x, y]) = numbers(instruction) {
                    self.path.add(x, y);
                    self.path.others += 1;
                }
            }
            b"c" => {
                if let Some([x1, y1, x2, y2, x3, y3]) = numbers(instruction) {
                    self.path.add(x1, y1);
                    self.path.add(x2, y2);
                    self.path.add(x3, y3);
                    self.path.others += 1;
                    self.path.has_curves = true;
                }
            }
            b"v" | b"y" => {
                if let Some([x1, y1, x2, y2]) = numbers(instruction) {
                    self.path.add(x1, y1);
                    self.path.add(x2, y2);
                    self.path.others += 1;
                    self.path.has_curves = true;
                }
            }
            b"re" => {
                if let Some([x, y, width, height]) = numbers(instruction) {
                    self.path.add(x, y);
                    self.path.add(x + width, y + height);
                    self.path.rectangles += 1;
                }
            }
            b"W" | b"W*" => self.path.clips = true,
            b"h" => {}
            _ => return false,
        }
        true
    }

    /// Carries out an operator that ends a path (8.5.3); whether it was one.
    pub(super) fn paint_path(&mut self, operator: &[u8]) -> bool {
        match operator {
            b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" => self.end_path(true, false),
            b"S" | b"s" => self.end_path(false, true),
            b"n" => self.end_path(false, false),
            _ => return false,
        }
        true
    }

    fn end_path(&mut self, fills: bool, strokes: bool) {
        let path = std::mem::take(&mut self.path);
        let Some(bounds) = path.bounds else { return };
        let state = &self.state;
        if (fills || strokes) && self.is_shown() && !state.is_transparent {
            let reach = if strokes { 0.5 * state.line_width.abs() } else { 0.0 };
            let area = state.transform.transform_rect_bbox(bounds.inflate(reach, reach));
            let [a, b, c, d, ..] = state.transform.as_coeffs();
            let is_upright = (b == 0.0 && c == 0.0) || (a == 0.0 && d == 0.0);
            let is_rectangle = path.rectangles == 1 && path.others == 0 && is_upright;
            let covers = fills && is_rectangle && state.is_opaque && state.fill.is_solid;
            let ink = if fills { state.fill.ink } else { state.stroke.ink };
            self.canvas.paint(area.intersect(state.clip), ink, covers);
            self.canvas.curves += usize::from(fills && path.has_curves);
        }
        if path.clips {
            let bounds = self.state.transform.transform_rect_bbox(bounds);
            self.state.clip = self.state.clip.intersect(bounds);
        }
    }
}
