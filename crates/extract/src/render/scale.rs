//! How large a picture becomes.

/// The longest side of a thumbnail, in pixels, whatever is asked for.
const MAX_THUMBNAIL: u32 = 4096;

/// The longest side of a picture whose characters are recognised, in pixels: tesseract counts in 16
/// bits.
const MAX_RECOGNITION_SIDE: f64 = 30_000.0;

/// The most pixels of a picture whose characters are recognised: an A3 page at 300 dpi has 17
/// million, an A2 page is recognised at 250.
const MAX_RECOGNITION_PIXELS: f64 = 25e6;

/// The longest side of a thumbnail that was asked for.
pub(super) fn thumbnail_side(asked: u32) -> u32 {
    asked.clamp(1, MAX_THUMBNAIL)
}

/// The size of a picture whose longest side becomes `longest`, or that stays as it is.
pub(super) fn fit(width: u32, height: u32, longest: u32) -> (u32, u32) {
    let scale = f64::from(longest) / f64::from(width.max(height).max(1));
    if scale >= 1.0 {
        return (width, height);
    }
    (scaled(width, scale), scaled(height, scale))
}

/// A number of pixels after scaling.
pub(super) fn scaled(side: u32, scale: f64) -> u32 {
    ((f64::from(side) * scale).round() as u32).max(1)
}

/// The scale, of `wanted` or less, at which a picture is small enough for recognition.
pub(super) fn for_recognition(width: f64, height: f64, wanted: f64) -> f64 {
    let by_pixels = (MAX_RECOGNITION_PIXELS / (width * height)).sqrt();
    wanted.min(by_pixels).min(MAX_RECOGNITION_SIDE / width.max(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_shrink_and_never_grow() {
        assert_eq!(fit(4000, 3000, 400), (400, 300));
        assert_eq!(fit(3000, 4000, 400), (300, 400));
        assert_eq!(fit(16, 12, 400), (16, 12));
        assert_eq!(fit(100_000, 1, 400), (400, 1));
    }

    #[test]
    fn large_pages_are_recognised_smaller() {
        assert_eq!(for_recognition(595.0, 842.0, 300.0 / 72.0), 300.0 / 72.0);
        let poster = for_recognition(2384.0, 3370.0, 300.0 / 72.0);
        assert!((2384.0 * poster) * (3370.0 * poster) < 25.1e6);
        assert!(for_recognition(200_000.0, 10.0, 300.0 / 72.0) * 200_000.0 <= 30_000.0);
    }
}
