//! Pictures of pages: to be looked at, or to have their characters recognised.
//!
//! It runs where the readers run: in a process with limits, which may open nothing but the fonts of
//! the system (`FONT_FOLDERS`).

mod fonts;
mod pdf;
mod picture;
mod recognition;
mod scale;
mod skew;
mod thumbnail;

use std::{
    io::Write,
    panic::{self, AssertUnwindSafe},
};

use hayro::kurbo::Affine;
use image::DynamicImage;

#[cfg(target_os = "linux")]
pub(crate) use self::fonts::FOLDERS as FONT_FOLDERS;
use crate::{
    error::{Excess, ExtractError},
    limits::Limits,
    media_type,
    options::{Purpose, RenderOptions, Rendered},
    readers::image::format_of,
};

/// A page as pixels.
struct Drawing {
    image: DynamicImage,
    /// From pixels to points of the page, as [`Rendered::to_page`].
    to_page: Affine,
}

/// Draws one page of a document, or one frame of a picture, and writes it to `out`: as WebP or as
/// PGM, see [`Purpose`]. Nothing is written if there is an error, except for
/// [`ExtractError::Unavailable`].
///
/// # Errors
///
/// The verdict on the document: [`ExtractError::NoSuchPage`] if it has fewer pages,
/// [`ExtractError::Unsupported`] if nobody can draw it, [`ExtractError::TooComplex`] if its picture
/// would be too large or the parser gave up. [`ExtractError::Unavailable`] if `out` cannot be
/// written.
pub fn render(
    bytes: Vec<u8>,
    options: &RenderOptions,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Rendered, ExtractError> {
    if bytes.is_empty() {
        return Err(ExtractError::Empty);
    }
    let media_type = media_type::detect(&bytes, &format!("document.{}", options.extension));
    let draw = || {
        if media_type == media_type::PDF {
            pdf::draw(bytes, options)
        } else if let Some(format) = format_of(&media_type) {
            picture::draw(bytes, format, options, limits)
        } else {
            Err(ExtractError::Unsupported { media_type })
        }
    };
    let drawing = panic::catch_unwind(AssertUnwindSafe(draw))
        .unwrap_or(Err(ExtractError::TooComplex(Excess::Crash)))?;
    match options.purpose {
        Purpose::Thumbnail(_) => thumbnail::write(drawing, out),
        Purpose::Recognition(_) => recognition::write(drawing, out),
    }
}

impl Drawing {
    fn rendered(&self) -> Rendered {
        Rendered { width: self.image.width(), height: self.image.height(), to_page: self.to_page.as_coeffs() }
    }
}
