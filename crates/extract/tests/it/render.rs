//! Pictures of pages.

use std::fmt::Write as _;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use quire_extract::{
    Excess, ExtractError,
    limits::Limits,
    options::{Password, Purpose, RenderOptions, Rendered},
    render,
};

use crate::support::{fixture, fixtures_in};

pub(crate) fn options(name: &str, page: u32, purpose: Purpose) -> RenderOptions {
    let extension = name.rsplit('.').next().unwrap().to_owned();
    RenderOptions { extension, password: None, page, purpose }
}

pub(crate) fn render_bytes(
    bytes: Vec<u8>,
    options: &RenderOptions,
) -> Result<(Rendered, Vec<u8>), ExtractError> {
    let mut out = Vec::new();
    let rendered = render::render(bytes, options, &Limits::default(), &mut out)?;
    Ok((rendered, out))
}

fn render_page(name: &str, page: u32, purpose: Purpose) -> Result<(Rendered, Vec<u8>), ExtractError> {
    render_bytes(std::fs::read(fixture(name)).unwrap(), &options(name, page, purpose))
}

fn thumbnail(name: &str, page: u32, side: u32) -> (Rendered, DynamicImage) {
    let (rendered, webp) = render_page(name, page, Purpose::Thumbnail(side)).unwrap();
    let picture = image::load_from_memory_with_format(&webp, ImageFormat::WebP).unwrap();
    assert_eq!((picture.width(), picture.height()), (rendered.width, rendered.height));
    (rendered, picture)
}

/// The binary PGM of a page.
fn recognition(name: &str, page: u32, dpi: u32) -> (Rendered, Vec<u8>) {
    let (rendered, pgm) = render_page(name, page, Purpose::Recognition(dpi)).unwrap();
    let header = format!("P5\n{} {}\n255\n", rendered.width, rendered.height);
    let pixels = pgm.strip_prefix(header.as_bytes()).unwrap().to_vec();
    assert_eq!(pixels.len(), rendered.width as usize * rendered.height as usize);
    (rendered, pixels)
}

/// A document of one empty page.
fn pdf_of_size(width: u64, height: u64) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
         2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
         3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]>> endobj\ntrailer <</Root 1 0 R>>\n"
    )
    .into_bytes()
}

#[test]
fn a_page_is_drawn_as_large_as_was_asked() {
    let (rendered, picture) = thumbnail("pdf/cv-sb2nov-resume.pdf", 1, 400);
    // US Letter.
    assert_eq!((rendered.width, rendered.height), (310, 400));
    let [a, b, c, d, e, f] = rendered.to_page;
    assert!((a - 1.98).abs() < 1e-6 && (d - 1.98).abs() < 1e-6, "{a} {d}");
    assert_eq!([b, c, e, f], [0.0; 4]);
    let grey = picture.to_luma8();
    assert_eq!(grey.get_pixel(2, 2).0, [255]);
    let ink = grey.pixels().filter(|pixel| pixel.0[0] < 128).count();
    assert!((1_000..30_000).contains(&ink), "{ink}");
}

#[test]
fn pages_are_told_apart_and_those_that_are_missing_are_said() {
    let name = "pdf/pdflatex-4-pages.pdf";
    assert_ne!(thumbnail(name, 1, 200).1, thumbnail(name, 4, 200).1);
    for page in [0, 5, u32::MAX] {
        let result = render_page(name, page, Purpose::Thumbnail(200));
        assert!(matches!(result, Err(ExtractError::NoSuchPage { pages: 4 })), "{page}: {result:?}");
    }
}

#[test]
fn a_locked_document_wants_its_password() {
    let bytes = std::fs::read(fixture("pdf/r4-aes-user-password.pdf")).unwrap();
    let mut options = options("a.pdf", 1, Purpose::Thumbnail(100));
    for (password, opens) in [(None, false), (Some("wrong"), false), (Some("asdfzxcv"), true)] {
        options.password = password.map(Password::new);
        let result = render_bytes(bytes.clone(), &options);
        assert_eq!(result.is_ok(), opens);
        assert!(opens || matches!(result, Err(ExtractError::Encrypted)));
    }
}

#[test]
fn a_page_of_any_size_fits() {
    for (width, height, expected) in
        [(2_000_000, 1_000_000, (400, 200)), (5, 10, (200, 400)), (9_999, 1, (400, 1))]
    {
        let options = options("a.pdf", 1, Purpose::Thumbnail(400));
        let (rendered, _) = render_bytes(pdf_of_size(width, height), &options).unwrap();
        assert_eq!((rendered.width, rendered.height), expected);
    }
    let options = options("a.pdf", 1, Purpose::Recognition(300));
    let (rendered, _) = render_bytes(pdf_of_size(20_000, 10_000), &options).unwrap();
    assert!(rendered.width * rendered.height <= 25_100_000, "{rendered:?}");
}

#[test]
fn a_picture_keeps_its_transparency_and_does_not_grow() {
    let (rendered, picture) = thumbnail("images/transparent.png", 1, 400);
    assert_eq!((rendered.width, rendered.height), (40, 20));
    // Two pixels to the point, as nearly as PNG can say it in metres.
    assert!((rendered.to_page[0] - 0.5).abs() < 1e-4 && (rendered.to_page[3] - 0.5).abs() < 1e-4);
    let picture = picture.to_rgba8();
    assert_eq!(picture.get_pixel(10, 10), &Rgba([255, 0, 0, 255]));
    assert_eq!(picture.get_pixel(30, 10).0[3], 0);

    let small = thumbnail("images/transparent.png", 1, 20).1.to_rgba8();
    assert_eq!((small.width(), small.height()), (20, 10));
    assert_eq!(small.get_pixel(3, 5), &Rgba([255, 0, 0, 255]));
    assert_eq!(small.get_pixel(16, 5).0[3], 0);
}

#[test]
fn a_picture_is_turned_as_it_was_taken() {
    let (rendered, picture) = thumbnail("images/turned.jpg", 1, 400);
    assert_eq!((rendered.width, rendered.height), (60, 40));
    let picture = picture.to_rgb8();
    let [red, _, blue] = picture.get_pixel(30, 5).0;
    assert!(red > 200 && blue < 60, "{red} {blue}");
    let [red, _, blue] = picture.get_pixel(30, 35).0;
    assert!(red < 60 && blue > 200, "{red} {blue}");
    assert!((rendered.to_page[0] - 0.24).abs() < 1e-6);
}

#[test]
fn every_frame_of_a_tiff_file_is_a_page() {
    let name = "images/pages.tiff";
    // A fax of 200 by 100 pixels to the inch, black to the left.
    let (first, picture) = thumbnail(name, 1, 400);
    assert_eq!((first.width, first.height), (200, 100));
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6;
    assert!(close(first.to_page[0], 0.36) && close(first.to_page[3], 0.72));
    let picture = picture.to_luma8();
    assert_eq!((picture.get_pixel(50, 50).0, picture.get_pixel(150, 50).0), ([0], [255]));
    assert_eq!(thumbnail(name, 2, 400).1.to_luma8().get_pixel(40, 20).0, [200]);
    let (third, picture) = thumbnail(name, 3, 400);
    assert_eq!((third.width, third.height), (30, 50));
    assert_eq!(picture.to_rgb8().get_pixel(3, 3).0, [10, 200, 30]);
    let result = render_page(name, 4, Purpose::Thumbnail(400));
    assert!(matches!(result, Err(ExtractError::NoSuchPage { pages: 3 })));
}

#[test]
fn pictures_of_all_formats_are_drawn() {
    for (name, color) in [
        ("animated.gif", [255, 0, 0]),
        ("animated.webp", [255, 0, 0]),
        ("cmyk.jpg", [255, 0, 0]),
        ("grey16.png", [128, 128, 128]),
        ("palette.tiff", [255, 0, 0]),
    ] {
        let found = thumbnail(&format!("images/{name}"), 1, 100).1.to_rgb8().get_pixel(4, 4).0;
        let is_close = found.iter().zip(color).all(|(found, wanted)| found.abs_diff(wanted) < 4);
        assert!(is_close, "{name}: {found:?}");
    }
    let expected = thumbnail("images/python.png", 1, 100).1.to_rgb8();
    for format in ["bmp", "gif", "tiff"] {
        let picture = thumbnail(&format!("images/python.{format}"), 1, 100).1.to_rgb8();
        assert_eq!((picture.width(), picture.height()), (16, 16), "{format}");
        let (found, wanted) = (picture.get_pixel(8, 2).0, expected.get_pixel(8, 2).0);
        assert!(found.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) < 3), "{format}");
    }
}

#[test]
fn what_is_recognised_is_grey_on_white_paper() {
    let (rendered, pixels) = recognition("pdf/cv-sb2nov-resume.pdf", 1, 150);
    // US Letter, and no smaller than a small page.
    assert_eq!((rendered.width, rendered.height), (1353, 1750));
    assert_eq!(pixels[0], 255);
    let (rendered, pixels) = recognition("images/transparent.png", 1, 288);
    assert_eq!((rendered.width, rendered.height), (80, 40));
    // A fax of twice as many pixels to the inch in a row gets square ones.
    let (fax, _) = recognition("images/pages.tiff", 1, 300);
    assert_eq!((fax.width, fax.height), (300, 300));
    // Red to the left, what is transparent is paper.
    assert!(pixels[20 * 80 + 20] < 100);
    assert_eq!(pixels[20 * 80 + 70], 255);
}

#[test]
fn a_skewed_page_is_straightened_and_its_places_lead_back() {
    // Bars like lines of text, turned by 3 degrees.
    let turn = 3f64.to_radians();
    let page = RgbaImage::from_fn(900, 1200, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let (across, down) = (x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin());
        let is_text = (100.0..700.0).contains(&across) && (150.0..1000.0).contains(&down);
        let is_ink = is_text && down.rem_euclid(40.0) < 18.0 && across.rem_euclid(61.0) < 50.0;
        Rgba(if is_ink { [0, 0, 0, 255] } else { [255; 4] })
    });
    let mut png = Vec::new();
    page.write_to(&mut std::io::Cursor::new(&mut png), ImageFormat::Png).unwrap();
    let (rendered, _) = render_bytes(png, &options("a.png", 1, Purpose::Recognition(72))).unwrap();
    let [a, b, c, d, _, _] = rendered.to_page;
    let angle = b.atan2(a).to_degrees();
    assert!((angle - 3.0).abs() < 0.15, "{angle}");
    assert!((a - d).abs() < 1e-9 && (b + c).abs() < 1e-9);
}

/// What an installation for tests brings, as that of the processor in a container.
#[test]
fn a_page_without_fonts_of_its_own_is_drawn_in_chinese_and_japanese() {
    let font = |name: &str, collection: &str, encoding: &str| {
        format!(
            "<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/{encoding}/DescendantFonts[<</Type/Font\
             /Subtype/CIDFontType0/BaseFont/{name}/FontDescriptor<</Type/FontDescriptor/FontName/{name}/Flags 4>>\
             /CIDSystemInfo<</Registry(Adobe)/Ordering({collection})/Supplement 2>>>>]>>"
        )
    };
    let japanese = font("HeiseiKakuGo-W5", "Japan1", "UniJIS-UCS2-H");
    let chinese = font("STSong-Light", "GB1", "UniGB-UCS2-H");
    for (font, text) in [(japanese, "65E5672C8A9E"), (chinese, "4F60597D4E16")] {
        let content = format!("BT /F 60 Tf 10 20 Td <{text}> Tj ET");
        let pdf = format!(
            "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
             2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
             3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R\
             /Resources<</Font<</F {font}>>>>>> endobj\n\
             4 0 obj <</Length {}>> stream\n{content}\nendstream endobj\ntrailer <</Root 1 0 R>>\n",
            content.len()
        );
        let options = options("a.pdf", 1, Purpose::Thumbnail(200));
        let (_, webp) = render_bytes(pdf.into_bytes(), &options).unwrap();
        let picture = image::load_from_memory(&webp).unwrap().to_luma8();
        // Each of the three characters fills a square with its strokes.
        for left in [10, 70, 130] {
            let square = image::imageops::crop_imm(&picture, left, 25, 60, 60).to_image();
            let ink = square.pixels().filter(|pixel| pixel.0[0] < 128).count();
            assert!((300..2500).contains(&ink), "{text} at {left}: {ink}; is a font for it installed?");
        }
    }
}

/// CRC-32 as of PNG (annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// Pictures that claim far more pixels than they have.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let patched = |name: &str, places: &[(usize, &[u8])]| {
        let mut bytes = std::fs::read(fixture(name)).unwrap();
        for (at, value) in places {
            bytes[*at..*at + value.len()].copy_from_slice(value);
        }
        bytes
    };
    let side = 50_000u32;
    let mut png = patched("images/python.png", &[(16, &side.to_be_bytes()), (20, &side.to_be_bytes())]);
    let checked = crc(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&checked);
    let gif = patched("images/python.gif", &[(6, &[0xff; 4])]);
    let bmp = patched("images/python.bmp", &[(18, &side.to_le_bytes()), (22, &side.to_le_bytes())]);
    let webp = {
        // An extended file (VP8X) of 16 million by 16 million pixels, less one each.
        let mut bytes = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff".to_vec();
        bytes.extend_from_slice(&std::fs::read(fixture("images/python.webp")).unwrap()[12..]);
        let size = (bytes.len() as u32 - 8).to_le_bytes();
        bytes[4..8].copy_from_slice(&size);
        bytes
    };
    let tiff = {
        let mut bytes = b"II*\0\x08\0\0\0\x09\0".to_vec();
        // Width, height, bits, compression, colours, offset, samples, rows of a strip, its length.
        for (tag, value) in [
            (256u16, side),
            (257, side),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, 200),
            (277, 1),
            (278, side),
            (279, 4),
        ] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend([4, 0, 1, 0, 0, 0]);
            bytes.extend(value.to_le_bytes());
        }
        bytes.resize(400, 0);
        bytes
    };
    vec![("a.png", png), ("a.gif", gif), ("a.bmp", bmp), ("a.webp", webp), ("a.tiff", tiff)]
}

#[test]
fn a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() {
    for (name, bytes) in bombs() {
        for purpose in [Purpose::Thumbnail(400), Purpose::Recognition(300)] {
            let result = render_bytes(bytes.clone(), &options(name, 1, purpose));
            let is_refused =
                matches!(result, Err(ExtractError::TooComplex(Excess::Unpacked) | ExtractError::Corrupt));
            assert!(is_refused, "{name}: {result:?}");
        }
    }
    let small = Limits { memory: 1 << 20, ..Limits::default() };
    let bytes = std::fs::read(fixture("images/scan-cv-120dpi-1.png")).unwrap();
    let options = options("a.png", 1, Purpose::Thumbnail(100));
    let result = render::render(bytes, &options, &small, &mut Vec::new());
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Unpacked))), "{result:?}");
}

#[test]
fn a_picture_that_is_cut_off_ends_well() {
    let mut outcomes = String::new();
    for path in fixtures_in("images") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let whole = std::fs::read(&path).unwrap();
        if whole.len() > 6_000 {
            continue;
        }
        for end in (1..whole.len()).step_by(whole.len().div_ceil(40)) {
            let result = render_bytes(whole[..end].to_vec(), &options(name, 1, Purpose::Thumbnail(50)));
            if let Err(error) = result
                && !matches!(error, ExtractError::Corrupt | ExtractError::Unsupported { .. })
            {
                writeln!(outcomes, "{name} to {end}: {error}").unwrap();
            }
        }
    }
    assert_eq!(outcomes, "");
}

#[test]
fn what_is_no_picture_is_not_drawn() {
    for (name, bytes) in
        [("notes.txt", &b"some words"[..]), ("drawing.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    {
        let result = render_bytes(bytes.to_vec(), &options(name, 1, Purpose::Thumbnail(400)));
        assert!(matches!(result, Err(ExtractError::Unsupported { .. })), "{name}: {result:?}");
    }
    let result = render_bytes(Vec::new(), &options("a.pdf", 1, Purpose::Thumbnail(400)));
    assert!(matches!(result, Err(ExtractError::Empty)));
    let result = render_bytes(b"%PDF-1.4\nnothing".to_vec(), &options("a.pdf", 1, Purpose::Thumbnail(400)));
    assert!(matches!(result, Err(ExtractError::Corrupt)));
}
