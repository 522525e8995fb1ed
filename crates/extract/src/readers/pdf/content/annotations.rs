//! The appearances of annotations, form fields among them (ISO 32000-2, 12.5.5).

use hayro::{
    hayro_interpret::RectExt,
    hayro_syntax::{
        object::{Array, Dict, Name, Object, Rect as PdfRect, Stream},
        page::{Page, Resources},
    },
    kurbo::{Affine, Rect},
};

use super::{Interpreter, state::State};
use crate::readers::pdf::budget::Stop;

/// Annotations of a page that are looked at.
const MAX_ANNOTATIONS: usize = 10_000;

/// Annotation flags: hidden, no view (table 167).
pub(in crate::readers::pdf) const INVISIBLE: u32 = 1 << 1 | 1 << 5;

impl<'a> Interpreter<'_, 'a> {
    /// Draws the annotations of a page.
    pub(super) fn annotate(&mut self, page: &Page<'a>) -> Result<(), Stop> {
        let Some(annotations) = page.raw().get::<Array<'a>>("Annots") else { return Ok(()) };
        for annotation in annotations.iter::<Dict<'a>>().take(MAX_ANNOTATIONS) {
            let flags = annotation.get::<u32>("F").unwrap_or(0);
            let is_shown = flags & INVISIBLE == 0 && self.shared.layers.shows(&annotation, b"OC");
            if is_shown && let Some(appearance) = appearance(&annotation) {
                self.draw_appearance(&annotation, &appearance, page.resources())?;
            }
        }
        Ok(())
    }

    /// Draws an appearance so that its box fills the rectangle of its annotation.
    fn draw_appearance(
        &mut self,
        annotation: &Dict<'a>,
        appearance: &Stream<'a>,
        resources: &Resources<'a>,
    ) -> Result<(), Stop> {
        let Some(rect) = annotation.get::<PdfRect>("Rect") else { return Ok(()) };
        let Some(bounds) = appearance.dict().get::<PdfRect>("BBox") else { return Ok(()) };
        let matrix = appearance.dict().get::<[f64; 6]>("Matrix").map_or(Affine::IDENTITY, Affine::new);
        let (rect, bounds) = (rect.to_kurbo(), matrix.transform_rect_bbox(bounds.to_kurbo()));
        let before = self.state.clone();
        self.state.transform *= onto(bounds, rect);
        self.state.text = State::new(Affine::IDENTITY, Rect::ZERO).text;
        self.draw_form(appearance, resources)?;
        self.state = before;
        Ok(())
    }
}

/// The transform that moves and scales one rectangle onto the other.
fn onto(from: Rect, to: Rect) -> Affine {
    let scale = |from: f64, to: f64| if from > 0.0 { to / from } else { 1.0 };
    let (x, y) = (scale(from.width(), to.width()), scale(from.height(), to.height()));
    Affine::new([x, 0.0, 0.0, y, to.x0 - x * from.x0, to.y0 - y * from.y0])
}

/// The normal appearance of an annotation, in its present state if it has several.
fn appearance<'a>(annotation: &Dict<'a>) -> Option<Stream<'a>> {
    match annotation.get::<Dict<'a>>("AP")?.get::<Object<'a>>("N")? {
        Object::Stream(stream) => Some(stream),
        Object::Dict(states) => {
            let state = annotation.get::<Name<'a>>("AS");
            let present = state.and_then(|state| states.get::<Stream<'a>>(state.as_ref()));
            present.or_else(|| states.get::<Stream<'a>>("Off"))
        }
        _ => None,
    }
}
