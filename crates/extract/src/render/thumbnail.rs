//! Pictures to be looked at.

use std::io::{self, Write};

use image::codecs::webp::WebPEncoder;

use super::Drawing;
use crate::{error::ExtractError, options::Rendered};

/// Writes a drawing as WebP without loss.
pub(super) fn write(drawing: Drawing, out: &mut dyn Write) -> Result<Rendered, ExtractError> {
    let rendered = drawing.rendered();
    let mut webp = Vec::new();
    drawing
        .image
        .write_with_encoder(WebPEncoder::new_lossless(&mut webp))
        .map_err(|error| ExtractError::Unavailable(io::Error::other(error)))?;
    out.write_all(&webp).map_err(ExtractError::Unavailable)?;
    Ok(rendered)
}
