//! The resolution that a format keeps outside of EXIF, in pixels to the inch.

use image::ImageFormat;

const CENTIMETRES_PER_INCH: f32 = 2.54;
const METRES_PER_INCH: f32 = 0.0254;

/// Chunks or segments that are looked at: the one that is searched comes early.
const MAX_PARTS: usize = 64;

/// What the headers of a picture say of its resolution; `None` if nothing.
pub(super) fn of(bytes: &[u8], format: ImageFormat) -> Option<[f32; 2]> {
    match format {
        ImageFormat::Png => png(bytes),
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Bmp => bmp(bytes),
        _ => None,
    }
}

/// The chunk pHYs (PNG, third edition, 11.3.4.3): pixels per metre in x and y, and a unit.
fn png(bytes: &[u8]) -> Option<[f32; 2]> {
    let mut rest = bytes.get(8..)?;
    for _ in 0..MAX_PARTS {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        let (name, data) = (rest.get(4..8)?, rest.get(8..length.checked_add(8)?)?);
        match (name, data) {
            (b"pHYs", [x0, x1, x2, x3, y0, y1, y2, y3, 1]) => {
                let [x, y] = [[*x0, *x1, *x2, *x3], [*y0, *y1, *y2, *y3]].map(u32::from_be_bytes);
                return Some([x, y].map(|per_metre| per_metre as f32 * METRES_PER_INCH));
            }
            (b"pHYs" | b"IDAT", _) => return None,
            _ => rest = rest.get(length + 12..)?,
        }
    }
    None
}

/// The segment APP0 of JFIF 1.02: a unit (1: inch, 2: centimetre) and the density in x and y.
fn jpeg(bytes: &[u8]) -> Option<[f32; 2]> {
    let mut rest = bytes.get(2..)?;
    for _ in 0..MAX_PARTS {
        let [0xff, marker, high, low] = *rest.first_chunk()? else { return None };
        // The scan begins, or a frame whose density nobody stated.
        if marker == 0xda {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        if let (0xe0, Some([b'J', b'F', b'I', b'F', 0, _, _, unit, x0, x1, y0, y1])) =
            (marker, rest.get(4..)?.first_chunk())
        {
            let density = [[*x0, *x1], [*y0, *y1]].map(|bytes| f32::from(u16::from_be_bytes(bytes)));
            return match unit {
                1 => Some(density),
                2 => Some(density.map(|per_centimetre| per_centimetre * CENTIMETRES_PER_INCH)),
                _ => None,
            };
        }
        rest = rest.get(length + 2..)?;
    }
    None
}

/// `biXPelsPerMeter` and `biYPelsPerMeter` of the header BITMAPINFOHEADER and its successors.
fn bmp(bytes: &[u8]) -> Option<[f32; 2]> {
    let number_at = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let header_size = number_at(14)?;
    let both = [number_at(38)?, number_at(42)?];
    (header_size >= 40 && both.iter().all(|per_metre| *per_metre > 0))
        .then(|| both.map(|per_metre| per_metre as f32 * METRES_PER_INCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(resolution: Option<[f32; 2]>) -> Option<[u32; 2]> {
        resolution.map(|both| both.map(|one| one.round() as u32))
    }

    fn png_with(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, data) in chunks {
            bytes.extend((data.len() as u32).to_be_bytes());
            bytes.extend(*name);
            bytes.extend(*data);
            bytes.extend([0; 4]);
        }
        bytes
    }

    #[test]
    fn png_states_pixels_per_metre() {
        let physical = [11811u32.to_be_bytes().as_slice(), &5906u32.to_be_bytes(), &[1]].concat();
        let png = png_with(&[(b"IHDR", &[0; 13]), (b"pHYs", &physical), (b"IDAT", b"")]);
        assert_eq!(rounded(of(&png, ImageFormat::Png)), Some([300, 150]));
        let late = png_with(&[(b"IDAT", b""), (b"pHYs", &physical)]);
        assert_eq!(of(&late, ImageFormat::Png), None);
        assert_eq!(of(&png[..40], ImageFormat::Png), None);
    }

    #[test]
    fn jfif_states_a_density_with_its_unit() {
        let jpeg = |unit| {
            [b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02".as_slice(), &[unit, 0, 118, 0, 59, 0, 0]].concat()
        };
        assert_eq!(rounded(of(&jpeg(1), ImageFormat::Jpeg)), Some([118, 59]));
        assert_eq!(rounded(of(&jpeg(2), ImageFormat::Jpeg)), Some([300, 150]));
        assert_eq!(of(&jpeg(0), ImageFormat::Jpeg), None);
    }

    #[test]
    fn bmp_states_pixels_per_metre() {
        let mut bmp = vec![0; 54];
        bmp[14] = 40;
        assert_eq!(of(&bmp, ImageFormat::Bmp), None);
        bmp[38..42].copy_from_slice(&3780u32.to_le_bytes());
        bmp[42..46].copy_from_slice(&3780u32.to_le_bytes());
        assert_eq!(rounded(of(&bmp, ImageFormat::Bmp)), Some([96, 96]));
    }
}
