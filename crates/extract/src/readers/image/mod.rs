//! Pictures: PNG, JPEG, GIF, WebP, TIFF, BMP.
//!
//! Their characters have to be recognised, which is not done here: a reader says how many pages
//! there are and how large, from headers alone.

mod exif;
pub(crate) mod frames;
mod palette;
mod resolution;
mod tiff;

use image::ImageFormat;

use crate::{
    document::{Metadata, Page},
    error::ExtractError,
    reader::{Content, Reader, Source},
};

/// Reads what pictures say about themselves. Each frame is a page without text.
pub(crate) struct ImageReader;

impl Reader for ImageReader {
    fn media_types(&self) -> &'static [&'static str] {
        &["image/png", "image/apng", "image/jpeg", "image/gif", "image/webp", "image/tiff", "image/bmp"]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let Source { bytes, media_type, options, limits } = source;
        let format = format_of(media_type)
            .ok_or_else(|| ExtractError::Unsupported { media_type: media_type.to_owned() })?;
        let picture = frames::of(&bytes, format, limits)?;
        let pages = (1..=limits.pages)
            .zip(&picture.frames)
            .filter(|(number, _)| options.wants_page(*number))
            .map(|(number, frame)| Page {
                size: Some(frame.size()),
                is_picture: true,
                ..Page::text(number, String::new())
            })
            .collect();
        let mut metadata = Metadata { pages: Some(picture.total), ..Metadata::default() };
        if let Some(frame) = picture.frames.first() {
            let (width, height) = frame.shown();
            (metadata.width, metadata.height) = (Some(width), Some(height));
            metadata.orientation = frame.orientation;
        }
        // The directories of a TIFF file are those of EXIF.
        let exif = if format == ImageFormat::Tiff { Some(bytes) } else { picture.exif };
        if let Some(exif) = exif {
            exif::tell(exif, options.location, &mut metadata);
        }
        Ok(Content { pages, metadata, warnings: Vec::new() })
    }
}

/// The format behind the media type of a picture.
pub(crate) fn format_of(media_type: &str) -> Option<ImageFormat> {
    Some(match media_type {
        "image/png" | "image/apng" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/gif" => ImageFormat::Gif,
        "image/webp" => ImageFormat::WebP,
        "image/tiff" => ImageFormat::Tiff,
        "image/bmp" => ImageFormat::Bmp,
        _ => return None,
    })
}
