//! From the operators of a page to characters at their places (ISO 32000-2, 8 and 9).
//!
//! Nothing is drawn: of all that paints, only the area is kept, to tell which text can be seen.

mod adjusted;
mod annotations;
mod layers;
mod operands;
mod shapes;
mod state;
mod text;
mod visibility;

use std::{collections::HashMap, mem::take, rc::Rc};

use hayro::{
    hayro_interpret::{RectExt, TransformExt},
    hayro_syntax::{
        content::{Instruction, UntypedIter},
        object::{Array, Dict, Name, Object, ObjectIdentifier, Rect as PdfRect, Stream},
        page::{Page, Pages, Resources},
    },
    kurbo::{Affine, Rect},
};

pub(super) use self::annotations::INVISIBLE;
use self::{
    layers::Layers,
    operands::{name, numbers, stream},
    shapes::Path,
    state::{Saved, State},
    text::Replacement,
    visibility::Canvas,
};
use super::{
    budget::{Budget, Stop, unpacked},
    fonts::{FontTable, PdfFont},
    glyph::Glyph,
};

/// Forms within forms.
const MAX_DEPTH: usize = 24;

/// What the pages of a document share.
pub(super) struct Shared<'a> {
    fonts: FontTable<'a>,
    layers: Layers,
    budget: Budget,
}

impl<'a> Shared<'a> {
    /// What the pages of a document share, which has up to `text` bytes of text.
    pub(super) fn new(pages: &Pages<'a>, text: u64) -> Self {
        Self {
            fonts: FontTable::new(),
            layers: Layers::of(pages.xref()),
            budget: Budget::new(pages.len(), text),
        }
    }
}

/// What a page shows.
#[derive(Default)]
pub(super) struct Shown {
    /// The characters of the page itself, in the order of its content.
    pub(super) content: Vec<Glyph>,
    /// The characters of its annotations and form fields.
    pub(super) annotations: Vec<Glyph>,
    /// Glyphs of which nobody knows what they stand for.
    pub(super) unknown: usize,
    /// Characters that were left out since nobody can see them.
    pub(super) hidden: usize,
    /// The part of the page that images cover.
    pub(super) pictured: f64,
    /// Shapes with curves, as letters have.
    pub(super) curves: usize,
}

/// What a page shows; `None` if its content is damaged.
pub(super) fn interpret<'a>(page: &Page<'a>, shared: &mut Shared<'a>) -> Result<Option<Shown>, Stop> {
    let Some(content) = content_of(page)? else { return Ok(None) };
    let transform = page.initial_transform(true).to_kurbo();
    let (width, height) = page.render_dimensions();
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let mut interpreter = Interpreter::new(shared, transform, area);
    interpreter.run(&content, page.resources())?;
    let mut shown = Shown { content: interpreter.take_glyphs(), ..Shown::default() };
    interpreter.is_annotating = true;
    interpreter.annotate(page)?;
    shown.annotations = interpreter.take_glyphs();
    let Interpreter { canvas, unknown, hidden, .. } = interpreter;
    let pictured = if area.area() > 0.0 { canvas.image_area / area.area() } else { 0.0 };
    Ok(Some(Shown { unknown, hidden, pictured, curves: canvas.curves, ..shown }))
}

/// The content of a page: its streams one after the other. `None` if none of them can be read.
fn content_of(page: &Page<'_>) -> Result<Option<Vec<u8>>, Stop> {
    let streams: Vec<Stream<'_>> = match page.raw().get::<Object<'_>>("Contents") {
        None | Some(Object::Null(_)) if !page.raw().contains_key("Contents") => return Ok(Some(Vec::new())),
        Some(Object::Stream(stream)) => vec![stream],
        Some(Object::Array(streams)) => streams.iter::<Stream<'_>>().collect(),
        _ => Vec::new(),
    };
    let mut content = Vec::new();
    let mut is_readable = false;
    for stream in streams {
        if let Some(part) = unpacked(&stream)? {
            is_readable = true;
            if content.is_empty() {
                content = part.into_owned();
            } else {
                content.extend_from_slice(&part);
            }
            // A part may end in the middle of a line, never in the middle of a token.
            content.push(b'\n');
        }
    }
    Ok(is_readable.then_some(content))
}

/// Carries out operators.
struct Interpreter<'s, 'a> {
    shared: &'s mut Shared<'a>,
    state: State<'a>,
    saved: Saved<'a>,
    path: Path,
    canvas: Canvas,
    glyphs: Vec<Glyph>,
    unknown: usize,
    hidden: usize,
    /// Whether marked content within marked content is shown.
    marked: Vec<bool>,
    replacement: Option<Replacement>,
    /// The page as it is shown.
    area: Rect,
    /// Whether annotations are being drawn.
    is_annotating: bool,
    /// The forms that are being drawn.
    forms: Vec<ObjectIdentifier>,
}

/// The fonts that a stream names.
type NamedFonts<'a> = HashMap<Vec<u8>, Option<Rc<PdfFont<'a>>>>;

impl<'s, 'a> Interpreter<'s, 'a> {
    fn new(shared: &'s mut Shared<'a>, transform: Affine, area: Rect) -> Self {
        Self {
            shared,
            state: State::new(transform, area),
            saved: Saved::new(),
            path: Path::default(),
            canvas: Canvas::default(),
            glyphs: Vec::new(),
            unknown: 0,
            hidden: 0,
            marked: Vec::new(),
            replacement: None,
            area,
            is_annotating: false,
            forms: Vec::new(),
        }
    }

    /// The glyphs that can be seen of those that were shown so far.
    fn take_glyphs(&mut self) -> Vec<Glyph> {
        let mut glyphs = take(&mut self.glyphs);
        self.hidden += self.canvas.remove_hidden(&mut glyphs);
        self.canvas.forget_runs();
        glyphs
    }

    /// Carries out the operators of a stream. What it leaves behind of the graphics state is undone.
    fn run(&mut self, content: &[u8], resources: &Resources<'a>) -> Result<(), Stop> {
        let mut fonts = NamedFonts::new();
        let before = self.state.clone();
        let (saved, marked) = (self.saved.len(), self.marked.len());
        let mut instructions = UntypedIter::new(content);
        while let Some(instruction) = instructions.next() {
            self.shared.budget.spend_operator()?;
            self.operate(&instruction, resources, &mut fonts, saved)?;
        }
        self.end_replacement()?;
        self.path = Path::default();
        self.saved.unwind(saved);
        self.marked.truncate(marked);
        self.state = before;
        Ok(())
    }

    /// Carries out an operator (annex A).
    fn operate(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
        fonts: &mut NamedFonts<'a>,
        saved: usize,
    ) -> Result<(), Stop> {
        let operator: &[u8] = instruction.operator.as_ref();
        if self.build_path(operator, instruction)
            || self.paint_path(operator)
            || self.set_colour(operator, instruction, resources)
        {
            return Ok(());
        }
        match operator {
            b"q" => self.saved.push(&self.state),
            b"Q" => {
                if let Some(state) = self.saved.pop(saved) {
                    self.state = state;
                }
            }
            b"cm" => {
                if let Some(matrix) = numbers(instruction) {
                    self.state.transform *= Affine::new(matrix);
                }
            }
            b"w" => {
                if let Some([width]) = numbers(instruction) {
                    self.state.line_width = width;
                }
            }
            b"gs" => self.set_parameters(instruction, resources)?,
            b"Do" => self.draw_object(instruction, resources)?,
            b"sh" => {
                let clip = self.state.clip;
                self.canvas.paint(clip, state::Ink::Coloured, false);
            }
            b"BI" => {
                if stream(instruction).is_some() {
                    self.paint_unit_square();
                }
            }
            b"BMC" => self.begin_marked(None),
            b"BDC" => self.begin_marked_with_properties(instruction, resources),
            b"EMC" => self.end_marked()?,
            b"Tf" => self.set_font(instruction, resources, fonts)?,
            _ => return self.operate_text(operator, instruction),
        }
        Ok(())
    }

    fn set_font(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
        fonts: &mut NamedFonts<'a>,
    ) -> Result<(), Stop> {
        let (Some(name), Some([size])) = (name(instruction), numbers(instruction)) else { return Ok(()) };
        let font = match fonts.get(name.as_ref()) {
            Some(font) => font.clone(),
            None => {
                let dict = resources.get_font(name);
                let font = dict.map(|dict| self.shared.fonts.font(&dict)).transpose()?;
                fonts.insert(name.to_vec(), font.clone());
                font
            }
        };
        // A font that is missing is Helvetica to every viewer.
        self.state.text.font = Some(font.unwrap_or_else(|| self.shared.fonts.standard()));
        self.state.text.size = size;
        Ok(())
    }

    /// Sets parameters of the graphics state by name (8.4.5).
    fn set_parameters(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
    ) -> Result<(), Stop> {
        let Some(parameters) = name(instruction).and_then(|name| resources.get_ext_g_state(name)) else {
            return Ok(());
        };
        if let Some(alpha) = parameters.get::<f64>("ca") {
            self.state.is_transparent = alpha <= 0.0;
            self.state.is_opaque &= alpha >= 1.0;
        }
        if parameters
            .get::<Name<'_>>("BM")
            .is_some_and(|mode| !matches!(mode.as_ref(), b"Normal" | b"Compatible"))
            || parameters.get::<Dict<'_>>("SMask").is_some()
        {
            self.state.is_opaque = false;
        }
        if let Some(font) = parameters.get::<Array<'_>>("Font") {
            let mut entries = font.flex_iter();
            if let (Some(dict), Some(size)) = (entries.next::<Dict<'_>>(), entries.next::<f64>()) {
                self.state.text.font = Some(self.shared.fonts.font(&dict)?);
                self.state.text.size = size;
            }
        }
        Ok(())
    }

    fn draw_object(
        &mut self,
        instruction: &Instruction<'_, '_>,
        resources: &Resources<'a>,
    ) -> Result<(), Stop> {
        let Some(object) = name(instruction).and_then(|name| resources.get_x_object(name)) else {
            return Ok(());
        };
        if !self.is_shown() || !self.shared.layers.shows(object.dict(), b"OC") {
            return Ok(());
        }
        match object.dict().get::<Name<'_>>("Subtype").as_ref().map(AsRef::as_ref) {
            Some(b"Image") => self.paint_unit_square(),
            Some(b"Form") => self.draw_form(&object, resources)?,
            _ => {}
        }
        Ok(())
    }

    /// Draws a form (8.10). One that draws itself is drawn once.
    fn draw_form(&mut self, form: &Stream<'a>, resources: &Resources<'a>) -> Result<(), Stop> {
        let id = form.obj_id();
        if self.forms.len() >= MAX_DEPTH || self.forms.contains(&id) {
            return Ok(());
        }
        let Some(content) = self.shared.budget.form(form)? else { return Ok(()) };
        let before = self.state.clone();
        if let Some(matrix) = form.dict().get::<[f64; 6]>("Matrix") {
            self.state.transform *= Affine::new(matrix);
        }
        if let Some(bounds) = form.dict().get::<PdfRect>("BBox") {
            let bounds = self.state.transform.transform_rect_bbox(bounds.to_kurbo());
            self.state.clip = self.state.clip.intersect(bounds);
        }
        let own = form.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        self.forms.push(id);
        self.run(&content, own.as_ref().unwrap_or(resources))?;
        self.forms.pop();
        self.state = before;
        Ok(())
    }

    /// Paints an image: it fills the unit square of its coordinates.
    fn paint_unit_square(&mut self) {
        if self.is_shown() {
            let square = self.state.transform.transform_rect_bbox(Rect::new(0.0, 0.0, 1.0, 1.0));
            self.canvas.paint_image(square.intersect(self.state.clip));
        }
    }

    /// Whether what comes now is shown: no layer around it is switched off.
    fn is_shown(&self) -> bool {
        self.marked.last().copied().unwrap_or(true)
    }
}
