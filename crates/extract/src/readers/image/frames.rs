//! The frames of a picture, from its headers.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, Limits as DecoderLimits, metadata::Orientation,
};

use super::{exif, palette::Palette, resolution, tiff};
use crate::{
    document::Size,
    error::{Excess, ExtractError},
    limits::Limits,
};

/// Pixels to the inch of a picture that does not say: one to the point.
const UNKNOWN_RESOLUTION: f32 = 72.0;

/// Resolutions that are believed, in pixels to the inch. Programs without an idea write 0 or 1.
const BELIEVED: std::ops::RangeInclusive<f32> = 10.0..=20_000.0;

/// What the headers of a picture say.
#[derive(Debug)]
pub(crate) struct Picture {
    /// The first frames, as many as pages may be read. Of an animation only the first.
    pub(crate) frames: Vec<Frame>,
    /// How many frames there are.
    pub(crate) total: u32,
    /// Its EXIF data (a TIFF structure), if it has some and is not itself a TIFF file.
    pub(crate) exif: Option<Vec<u8>>,
}

/// One picture in a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    /// Pixels in a row, as they are stored.
    pub(crate) width: u32,
    /// Rows, as they are stored.
    pub(crate) height: u32,
    /// The orientation of EXIF, 1 to 8.
    pub(crate) orientation: Option<u8>,
    /// Pixels to the inch along the rows and columns as they are stored.
    pub(crate) resolution: Option<[f32; 2]>,
    /// Where its directory is in a TIFF file.
    pub(crate) offset: u64,
}

impl Frame {
    /// How stored pixels are turned to be shown.
    pub(crate) fn transform(&self) -> Orientation {
        self.orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
    }

    fn is_turned(&self) -> bool {
        matches!(self.orientation, Some(5..=8))
    }

    /// Width and height as it is shown, in pixels.
    pub(crate) fn shown(&self) -> (u32, u32) {
        if self.is_turned() { (self.height, self.width) } else { (self.width, self.height) }
    }

    /// Its size as it is shown.
    pub(crate) fn size(&self) -> Size {
        let (width, height) = self.shown();
        let is_believed = |both: &[f32; 2]| both.iter().all(|one| BELIEVED.contains(one));
        let [x, y] = self.resolution.filter(is_believed).unwrap_or([UNKNOWN_RESOLUTION; 2]);
        let (x, y) = if self.is_turned() { (y, x) } else { (x, y) };
        Size { width: width as f32 * 72.0 / x, height: height as f32 * 72.0 / y }
    }
}

/// Reads the headers of a picture.
///
/// # Errors
///
/// [`ExtractError::Corrupt`], or [`ExtractError::Unsupported`] for rare varieties of a format.
pub(crate) fn of(bytes: &[u8], format: ImageFormat, limits: &Limits) -> Result<Picture, ExtractError> {
    if format == ImageFormat::Tiff {
        let tiff::Directories { frames, total } = tiff::directories(bytes, limits.pages)?;
        return Ok(Picture { frames, total, exif: None });
    }
    // No pixels are decoded here, however many there are.
    let mut decoder = decoder(bytes, format, None)?;
    let (width, height) = decoder.dimensions();
    // Broken EXIF data does not spoil the picture.
    let exif = decoder.exif_metadata().ok().flatten();
    let said = exif.as_deref().and_then(exif::said_of_pixels);
    let resolution = resolution::of(bytes, format).or(said.and_then(|said| said.resolution));
    let orientation = said.and_then(|said| said.orientation);
    let frame = Frame { width, height, orientation, resolution, offset: 0 };
    Ok(Picture { frames: vec![frame], total: 1, exif })
}

/// Decodes one frame as it is stored. `bytes` are changed where that is needed to point a decoder at
/// the frame.
///
/// # Errors
///
/// [`Excess::Unpacked`] if the pixels would take too much of the memory, before they are decoded; else
/// as [`of`].
pub(crate) fn decode(
    bytes: &mut [u8],
    format: ImageFormat,
    frame: &Frame,
    limits: &Limits,
) -> Result<DynamicImage, ExtractError> {
    let palette = if format == ImageFormat::Tiff {
        tiff::make_first(bytes, frame.offset);
        Palette::take(bytes, frame.offset)
    } else {
        None
    };
    let mut decoder = decoder(bytes, format, Some(limits))?;
    if decoder.total_bytes() > budget(format, limits) {
        return Err(ExtractError::TooComplex(Excess::Unpacked));
    }
    let verdict = |error| verdict(error, format);
    decoder.set_limits(decoder_limits(limits)).map_err(verdict)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(verdict)?;
    Ok(match palette {
        Some(palette) => palette.paint(picture),
        None => picture,
    })
}

/// Bytes that decoded pixels may take: half of the memory, less if the decoder keeps a copy.
fn budget(format: ImageFormat, limits: &Limits) -> u64 {
    let eighths = if format == ImageFormat::Tiff { 3 } else { 4 };
    limits.memory / 8 * eighths
}

fn decoder_limits(limits: &Limits) -> DecoderLimits {
    let mut decoder_limits = DecoderLimits::default();
    decoder_limits.max_alloc = Some(limits.memory / 4 * 3);
    decoder_limits
}

fn decoder<'a>(
    bytes: &'a [u8],
    format: ImageFormat,
    limits: Option<&Limits>,
) -> Result<impl ImageDecoder + 'a, ExtractError> {
    let mut reader = image::ImageReader::with_format(Cursor::new(bytes), format);
    match limits {
        Some(limits) => reader.limits(decoder_limits(limits)),
        None => reader.no_limits(),
    }
    reader.into_decoder().map_err(|error| verdict(error, format))
}

fn verdict(error: ImageError, format: ImageFormat) -> ExtractError {
    match error {
        ImageError::Limits(_) => ExtractError::TooComplex(Excess::Unpacked),
        ImageError::Unsupported(_) => {
            ExtractError::Unsupported { media_type: format.to_mime_type().to_owned() }
        }
        _ => ExtractError::Corrupt,
    }
}
