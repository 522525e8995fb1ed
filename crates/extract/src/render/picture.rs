//! Frames of pictures as pixels.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use hayro::kurbo::Affine;
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageFormat, RgbImage, RgbaImage};

use super::{Drawing, scale};
use crate::{
    error::{Excess, ExtractError},
    limits::Limits,
    options::{Purpose, RenderOptions},
    readers::image::frames::{self, Frame},
};

/// Resolutions that tell how large the characters of a picture are, in pixels to the inch. Below are
/// what cameras write that know none.
const TELLING: std::ops::RangeInclusive<f64> = 90.0..=2400.0;

/// The shorter side of a page in inches (A4), for pictures that do not tell their resolution.
const PAGE_WIDTH: f64 = 8.27;

/// How much larger a picture is made for recognition at most: there is no more in it.
const MAX_ENLARGEMENT: f64 = 3.0;

/// Draws a frame upright.
pub(super) fn draw(
    mut bytes: Vec<u8>,
    format: ImageFormat,
    options: &RenderOptions,
    limits: &Limits,
) -> Result<Drawing, ExtractError> {
    let picture = frames::of(&bytes, format, limits)?;
    let index = usize::try_from(options.page).ok().and_then(|number| number.checked_sub(1));
    let frame = index
        .and_then(|index| picture.frames.get(index))
        .ok_or(ExtractError::NoSuchPage { pages: picture.total })?;
    let pixels = frames::decode(&mut bytes, format, frame, limits)?;
    drop(bytes);
    let (pixels, width, height) = match options.purpose {
        Purpose::Thumbnail(side) => {
            let (width, height) = scale::fit(pixels.width(), pixels.height(), scale::thumbnail_side(side));
            (eight_bits(pixels), width, height)
        }
        Purpose::Recognition(dpi) => {
            let (width, height) = recognition_size(frame, dpi);
            (DynamicImage::ImageLuma8(grey_on_white(pixels)), width, height)
        }
    };
    let mut image = resized(pixels, width, height)?;
    image.apply_orientation(frame.transform());
    let size = frame.size();
    let to_page = Affine::scale_non_uniform(
        f64::from(size.width) / f64::from(image.width()),
        f64::from(size.height) / f64::from(image.height()),
    );
    Ok(Drawing { image, to_page })
}

/// How many pixels a picture becomes along its rows and columns, so that its characters have the size
/// and shape they have at this resolution.
fn recognition_size(frame: &Frame, dpi: u32) -> (u32, u32) {
    let (width, height) = (f64::from(frame.width), f64::from(frame.height));
    let dpi = f64::from(dpi);
    let stated = frame.resolution.map(|both| both.map(f64::from));
    let [x, y] = match stated.filter(|both| both.iter().all(|one| TELLING.contains(one))) {
        // Those of a fax differ along rows and columns.
        Some(both) => both.map(|stated| dpi / stated),
        // Not smaller: it may show more, or less, than a page.
        None => [(dpi / (width.min(height) / PAGE_WIDTH)).max(1.0); 2],
    };
    let enlargement = (MAX_ENLARGEMENT / x.max(y)).min(1.0);
    let (x, y) = (x * enlargement, y * enlargement);
    let fitting = scale::for_recognition(width * x, height * y, 1.0);
    (scale::scaled(frame.width, x * fitting), scale::scaled(frame.height, y * fitting))
}

/// The same picture with at most eight bits to the sample.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    let color = image.color();
    match (color.has_color(), color.has_alpha()) {
        (false, false) => DynamicImage::ImageLuma8(image.into_luma8()),
        (false, true) => DynamicImage::ImageLumaA8(image.into_luma_alpha8()),
        (true, false) => DynamicImage::ImageRgb8(image.into_rgb8()),
        (true, true) => DynamicImage::ImageRgba8(image.into_rgba8()),
    }
}

/// The picture as it looks on white paper.
fn grey_on_white(image: DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let image = image.into_luma_alpha8();
    let (width, height) = image.dimensions();
    let on_white = |[grey, alpha]: [u8; 2]| {
        let (grey, alpha) = (u16::from(grey), u16::from(alpha));
        ((grey * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let pixels = image.pixels().map(|pixel| on_white(pixel.0)).collect();
    GrayImage::from_raw(width, height, pixels).unwrap_or_default()
}

fn resized(image: DynamicImage, width: u32, height: u32) -> Result<DynamicImage, ExtractError> {
    if (image.width(), image.height()) == (width, height) {
        return Ok(image);
    }
    let pixel_type = match &image {
        DynamicImage::ImageLuma8(_) => PixelType::U8,
        DynamicImage::ImageLumaA8(_) => PixelType::U8x2,
        DynamicImage::ImageRgb8(_) => PixelType::U8x3,
        _ => PixelType::U8x4,
    };
    let failed = |_| ExtractError::TooComplex(Excess::Crash);
    let source = ImageRef::new(image.width(), image.height(), image.as_bytes(), pixel_type)
        .map_err(|_| ExtractError::TooComplex(Excess::Crash))?;
    let mut target = Image::new(width, height, pixel_type);
    let filter = if width < image.width() { FilterType::Lanczos3 } else { FilterType::CatmullRom };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&source, &mut target, &options).map_err(failed)?;
    let pixels = target.into_vec();
    let image = match pixel_type {
        PixelType::U8 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        PixelType::U8x2 => GrayAlphaImage::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8),
        PixelType::U8x3 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        _ => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
    };
    image.ok_or(ExtractError::TooComplex(Excess::Crash))
}
