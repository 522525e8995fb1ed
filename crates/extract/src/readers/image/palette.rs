//! TIFF files whose pixels are numbers of colours (TIFF 6.0, section 5), which the decoder does not
//! know: it is told that they are shades of grey, and the colours are put in afterwards.

use image::{DynamicImage, GrayImage, RgbImage};

use super::tiff::File;

const BITS_PER_SAMPLE: u16 = 258;
const PHOTOMETRIC_INTERPRETATION: u16 = 262;
const COLOR_MAP: u16 = 320;

const BLACK_IS_ZERO: u16 = 1;
const PALETTE_COLOR: u32 = 3;

/// The colours of pixels of eight bits.
pub(super) struct Palette([[u8; 3]; 256]);

impl Palette {
    /// Takes the palette of the directory at `offset`, and makes its pixels shades of grey. `None`,
    /// and nothing is changed, if it has none for pixels of eight bits.
    pub(super) fn take(bytes: &mut [u8], offset: u64) -> Option<Self> {
        let file = File::of(bytes)?;
        let entry = |tag| file.entries(offset)?.find(|entry| file.number(*entry, 2) == Some(u64::from(tag)));
        let interpretation = entry(PHOTOMETRIC_INTERPRETATION)?;
        let is_palette = file.integer(interpretation) == Some(PALETTE_COLOR);
        if !is_palette || file.integer(entry(BITS_PER_SAMPLE)?) != Some(8) {
            return None;
        }
        // All reds, then all greens, then all blues, of 16 bits each.
        let first = file.offset_of(entry(COLOR_MAP)?)?;
        let part = |index: u64| file.number(first.checked_add(index * 2)?, 2);
        let parts: Option<Vec<u64>> = (0..3 * 256).map(part).collect();
        let parts = parts?;
        // Some programs write them with eight bits all the same.
        let shift = if parts.iter().all(|part| *part < 256) { 0 } else { 8 };
        let mut colors = [[0; 3]; 256];
        for (number, color) in colors.iter_mut().enumerate() {
            *color = [number, number + 256, number + 512].map(|index| (parts[index] >> shift) as u8);
        }
        let (big_endian, value) = (file.big_endian, file.value(interpretation));
        let grey = if big_endian { BLACK_IS_ZERO.to_be_bytes() } else { BLACK_IS_ZERO.to_le_bytes() };
        let value = usize::try_from(value).ok()?;
        bytes.get_mut(value..value + 2)?.copy_from_slice(&grey);
        Some(Self(colors))
    }

    /// The picture in its colours.
    pub(super) fn paint(&self, picture: DynamicImage) -> DynamicImage {
        let numbers: GrayImage = picture.into_luma8();
        let (width, height) = numbers.dimensions();
        let pixels = numbers.as_raw().iter().flat_map(|number| self.0[usize::from(*number)]).collect();
        RgbImage::from_raw(width, height, pixels)
            .map_or(DynamicImage::ImageLuma8(numbers), DynamicImage::ImageRgb8)
    }
}
