//! The values of form fields that their widgets do not show (ISO 32000-2, 12.7).
//!
//! The appearance of an annotation is drawn like the page itself. Some programs leave it to the viewer
//! to draw the values of fields, and write empty appearances.

use hayro::{
    hayro_interpret::{RectExt, TransformExt},
    hayro_syntax::{
        object::{Array, Dict, Name, Rect, String as PdfString},
        page::Page,
    },
    kurbo::{self, Point, Vec2},
};

use super::{
    content::{INVISIBLE, Shown},
    glyph::{Glyph, Place},
    metadata::text_string,
};

/// Fields that inherit from fields that inherit.
const MAX_ANCESTORS: usize = 8;

/// Annotations of a page that are looked at.
const MAX_ANNOTATIONS: usize = 2_000;

/// The largest size in which a value is taken to be drawn, in points.
const MAX_SIZE: f64 = 12.0;

/// The values of the text and choice fields on a page within whose widgets nothing is shown.
pub(super) fn unshown_values(page: &Page<'_>, shown: &Shown) -> Vec<Glyph> {
    let Some(annotations) = page.raw().get::<Array<'_>>("Annots") else { return Vec::new() };
    let transform = page.initial_transform(true).to_kurbo();
    let mut values = Vec::new();
    for widget in annotations.iter::<Dict<'_>>().take(MAX_ANNOTATIONS) {
        let Some(text) = value_of(&widget) else { continue };
        let Some(rect) = widget.get::<Rect>("Rect") else { continue };
        let area = transform.transform_rect_bbox(rect.to_kurbo());
        let mut glyphs = shown.content.iter().chain(&shown.annotations);
        if !glyphs.any(|glyph| area.contains(glyph.origin)) {
            values.extend(place(area).shared_by(&text.replace(char::is_control, " ")));
        }
    }
    values
}

/// The value of a visible text or choice field.
fn value_of(widget: &Dict<'_>) -> Option<String> {
    let is_widget = widget.get::<Name<'_>>("Subtype")?.as_ref() == b"Widget";
    let is_visible = widget.get::<u32>("F").unwrap_or(0) & INVISIBLE == 0;
    if !is_widget || !is_visible {
        return None;
    }
    let kind = inherited(widget, |field| field.get::<Name<'_>>("FT"))?;
    if !matches!(kind.as_ref(), b"Tx" | b"Ch") {
        return None;
    }
    let value = text_string(inherited(widget, |field| field.get::<PdfString<'_>>("V"))?.as_bytes());
    (!value.trim().is_empty()).then_some(value)
}

/// An entry of a field, or of the nearest ancestor that has it.
fn inherited<'a, T>(field: &Dict<'a>, entry: impl Fn(&Dict<'a>) -> Option<T>) -> Option<T> {
    let mut field = field.clone();
    for _ in 0..MAX_ANCESTORS {
        if let Some(value) = entry(&field) {
            return Some(value);
        }
        field = field.get::<Dict<'a>>("Parent")?;
    }
    None
}

/// The place of a value: all of its widget.
fn place(area: kurbo::Rect) -> Place {
    let size = area.height().clamp(1.0, MAX_SIZE);
    Place {
        // In the middle of its height: a third of the em is above the middle of small letters.
        origin: Point::new(area.x0, area.center().y + size / 3.0),
        direction: Vec2::new(1.0, 0.0),
        advance: area.width(),
        size,
        is_vertical: false,
    }
}
