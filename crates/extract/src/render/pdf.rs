//! Pages of PDF documents as pixels.

use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::{InterpreterSettings, TransformExt},
    hayro_syntax::page::Page,
    kurbo::Affine,
    render_into,
    vello_cpu::{
        Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit, color::palette::css::WHITE,
    },
};
use image::{DynamicImage, GrayImage, RgbImage};

use super::{Drawing, fonts, scale};
use crate::{
    error::ExtractError,
    options::{Purpose, RenderOptions},
    pdf_file,
};

/// The longest side of a page that is recognised, in pixels, if it would be smaller: a page below A6
/// is most often a scan that nobody told its size.
const MIN_RECOGNITION_SIDE: f64 = 1750.0;

/// How much larger than asked for such a page gets at most.
const MAX_ENLARGEMENT: f64 = 2.0;

/// Draws a page on white.
pub(super) fn draw(bytes: Vec<u8>, options: &RenderOptions) -> Result<Drawing, ExtractError> {
    let pdf = pdf_file::open(bytes, options.password.as_ref())?;
    let pages = pdf.pages();
    if pages.is_empty() {
        return Err(ExtractError::Corrupt);
    }
    let index = usize::try_from(options.page).ok().and_then(|number| number.checked_sub(1));
    let page = index
        .and_then(|index| pages.get(index))
        .ok_or_else(|| ExtractError::NoSuchPage { pages: u32::try_from(pages.len()).unwrap_or(u32::MAX) })?;
    let target = Target::of(page, options.purpose).ok_or(ExtractError::Corrupt)?;
    let pixmap = paint(page, &target);
    let (width, height) = (u32::from(target.width), u32::from(target.height));
    let pixels = pixmap.data();
    let image = match options.purpose {
        Purpose::Thumbnail(_) => {
            let rgb = pixels.iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
            RgbImage::from_raw(width, height, rgb).map(DynamicImage::ImageRgb8)
        }
        Purpose::Recognition(_) => {
            let grey = pixels.iter().map(|pixel| luma(pixel.r, pixel.g, pixel.b)).collect();
            GrayImage::from_raw(width, height, grey).map(DynamicImage::ImageLuma8)
        }
    };
    Ok(Drawing { image: image.ok_or(ExtractError::Corrupt)?, to_page: Affine::scale(1.0 / target.scale) })
}

/// The brightness of a colour (ITU-R BT.709, as the pictures of the other formats).
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    ((2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue)) / 10_000) as u8
}

/// The picture that a page becomes.
struct Target {
    width: u16,
    height: u16,
    /// Pixels to the point.
    scale: f64,
}

impl Target {
    /// `None` for a page without a size.
    fn of(page: &Page<'_>, purpose: Purpose) -> Option<Self> {
        let (width, height) = page.render_dimensions();
        let (width, height) = (f64::from(width), f64::from(height));
        let longest = width.max(height);
        let has_size = width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0;
        has_size.then(|| {
            let scale = match purpose {
                // From the longest side, whatever size the page claims to have.
                Purpose::Thumbnail(side) => f64::from(scale::thumbnail_side(side)) / longest,
                Purpose::Recognition(dpi) => {
                    let asked = f64::from(dpi.max(1)) / 72.0;
                    let legible = (MIN_RECOGNITION_SIDE / longest).min(asked * MAX_ENLARGEMENT);
                    scale::for_recognition(width, height, asked.max(legible))
                }
            };
            // A page that ends within a pixel shows in it; rounding errors are no part of a page.
            let pixels = |points: f64| (points * scale - 1e-3).ceil().clamp(1.0, f64::from(u16::MAX)) as u16;
            Self { width: pixels(width), height: pixels(height), scale }
        })
    }
}

fn paint<'a>(page: &'a Page<'a>, target: &Target) -> Pixmap {
    let settings = InterpreterSettings { font_resolver: fonts::resolver(), ..InterpreterSettings::default() };
    // Hinting moves glyphs to whole pixels, which small pictures are better without.
    let render_settings = RenderSettings { hinting: false, ..RenderSettings::default() };
    let transform = Affine::scale(target.scale) * page.initial_transform(true).to_kurbo();
    let mut context = RenderContext::new(target.width, target.height);
    render_into(page, &RenderCache::new(), &settings, &render_settings, &mut context, transform);
    context.flush();
    let mut pixmap = Pixmap::new(target.width, target.height);
    let rasterizer = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), rasterizer);
    pixmap
}
