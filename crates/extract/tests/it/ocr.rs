//! Recognising characters, with the real program; `scripts/install-deps.sh test` installs it.

use std::{
    collections::HashMap,
    io::Cursor,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use image::{DynamicImage, GrayImage, ImageFormat, Luma, imageops};
use quire_extract::{
    DocumentReader, Excess, ExtractError, Recognition,
    document::Method,
    limits::Limits,
    ocr::{Languages, OcrError, RecognizeLimits, Recognized, Recognizer},
    options::{Purpose, ReadOptions, Rendered},
};

use crate::{
    render::{options, render_bytes},
    support::{fixture, reader},
};

async fn recognizer() -> Recognizer {
    Recognizer::find(None).await.expect("tesseract, which scripts/install-deps.sh test installs")
}

async fn recognize(bytes: Vec<u8>, name: &str, languages: &str) -> (Rendered, Recognized) {
    let (rendered, pgm) = render_bytes(bytes, &options(name, 1, Purpose::Recognition(300))).unwrap();
    let picture = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(picture.path(), pgm).unwrap();
    let languages = languages.parse().unwrap();
    let recognizer = recognizer().await;
    recognizer.check(&languages).unwrap();
    let recognized = recognizer
        .recognize(picture.path(), &rendered, &languages, RecognizeLimits::default())
        .await
        .unwrap();
    (rendered, recognized)
}

/// A paragraph of the scanned page, as somebody may read it.
const PARAGRAPH: &str = "The Secretary of State has the honor to submit herewith, for revision by Congress, \
    in conformity with the provisions of section 6 of the act approved 22d of June, 1860, a copy of \
    regulations for the consular courts of the United States in Japan, decreed and issued by C. E. De Long, \
    the minister of the United States in that country, in Septem- ber, 1870; and also the papers mentioned in \
    the subjoined list, which contain suggestions on the subject thereof.";

/// The share of the words of `expected` that are in `text`, each as often.
fn found(expected: &str, text: &str) -> f64 {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in words(text) {
        *counts.entry(word).or_default() += 1;
    }
    let expected = words(expected);
    let found = expected.iter().filter(|word| match counts.get_mut(*word) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    });
    found.count() as f64 / expected.len() as f64
}

/// The paragraph of the scanned page as a picture.
fn scan() -> GrayImage {
    let bytes = std::fs::read(fixture("pdf/congress.pdf")).unwrap();
    let (_, webp) = render_bytes(bytes, &options("a.pdf", 1, Purpose::Thumbnail(1267))).unwrap();
    let page = image::load_from_memory(&webp).unwrap().to_luma8();
    // Without the dark table on which it lies.
    imageops::crop_imm(&page, 67, 740, 653, 140).to_image()
}

fn png(picture: GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageLuma8(picture).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

/// A picture turned clockwise on paper of its own colour.
fn skewed(picture: &GrayImage, degrees: f64) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (picture.width() + 60, picture.height() + 60);
    let center = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) - center.0, f64::from(y) - center.1);
        let (old_x, old_y) = (x * cos + y * sin + center.0 - 30.0, y * cos - x * sin + center.1 - 30.0);
        let is_inside = old_x >= 0.0 && old_y >= 0.0;
        is_inside
            .then(|| imageops::interpolate_bilinear(picture, old_x as f32, old_y as f32))
            .flatten()
            .unwrap_or(Luma([225]))
    })
}

#[tokio::test]
async fn a_scanned_page_is_read_with_its_places() {
    let bytes = std::fs::read(fixture("pdf/congress.pdf")).unwrap();
    let (_, Recognized { text, words, confidence }) = recognize(bytes, "congress.pdf", "eng").await;
    assert!(found(PARAGRAPH, &text) > 0.95, "{text}");
    assert!(text.contains("To the Senate and House of Representatives"), "{text}");
    assert!(text.contains("regulations for the consular courts of the United States in Japan"), "{text}");
    assert!((0.8..=1.0).contains(&confidence), "{confidence}");
    let name = words.iter().find(|word| word.text == "HAMILTON").unwrap();
    // As it lies on the page of 200 by 304 points.
    for (found, expected) in name.bounds.into_iter().zip([124.7, 241.6, 152.2, 245.4]) {
        assert!((found - expected).abs() < 2.0, "{:?}", name.bounds);
    }
}

#[tokio::test]
async fn a_page_is_read_however_it_lies() {
    let scan = scan();
    for (turned, picture) in [
        ("upright", scan.clone()),
        ("to the right", imageops::rotate90(&scan)),
        ("upside down", imageops::rotate180(&scan)),
        ("to the left", imageops::rotate270(&scan)),
    ] {
        let (_, recognized) = recognize(png(picture), "a.png", "eng").await;
        let found = found(PARAGRAPH, &recognized.text);
        assert!(found > 0.93, "{turned}: {found}: {}", recognized.text);
    }
}

#[tokio::test]
async fn a_skewed_page_is_read_and_its_places_lead_back() {
    let scan = scan();
    let (_, straight) = recognize(png(scan.clone()), "a.png", "eng").await;
    let place = |recognized: &Recognized| {
        let word = recognized.words.iter().find(|word| word.text == "provisions").unwrap();
        let [left, top, right, bottom] = word.bounds.map(f64::from);
        ((left + right) / 2.0, (top + bottom) / 2.0)
    };
    let (x, y) = place(&straight);
    for degrees in [3.0, -3.0] {
        let (_, recognized) = recognize(png(skewed(&scan, degrees)), "a.png", "eng").await;
        let found = found(PARAGRAPH, &recognized.text);
        assert!(found > 0.93, "{degrees}: {found}: {}", recognized.text);
        let (sin, cos) = f64::to_radians(degrees).sin_cos();
        let (width, height) = (f64::from(scan.width()), f64::from(scan.height()));
        let (from_x, from_y) = (x - width / 2.0, y - height / 2.0);
        let expected = (
            from_x * cos - from_y * sin + width / 2.0 + 30.0,
            from_y * cos + from_x * sin + height / 2.0 + 30.0,
        );
        let place = place(&recognized);
        let distance = (place.0 - expected.0).hypot(place.1 - expected.1);
        assert!(distance < 8.0, "{degrees}: {place:?} for {expected:?}");
    }
}

#[tokio::test]
async fn several_languages_are_read_at_once() {
    let page = image::open(fixture("images/scan-cv-120dpi-1.png")).unwrap().to_luma8();
    let head = imageops::crop_imm(&page, 0, 0, 1020, 220).to_image();
    let (_, recognized) = recognize(png(head), "a.png", "deu+eng").await;
    assert!(recognized.text.contains("Sourabh Bajaj"), "{}", recognized.text);
    assert!(recognized.text.contains("Georgia Institute of Technology"), "{}", recognized.text);
}

#[tokio::test]
async fn a_picture_without_characters_has_none() {
    let (_, recognized) = recognize(png(GrayImage::from_pixel(400, 300, Luma([255]))), "a.png", "eng").await;
    assert_eq!((recognized.text.as_str(), recognized.words.len(), recognized.confidence), ("", 0, 0.0));
    let (_, recognized) = recognize(png(GrayImage::new(1, 1)), "a.png", "eng").await;
    assert_eq!(recognized.text, "");
}

#[tokio::test]
async fn what_is_missing_is_said_before_any_work() {
    let recognizer = recognizer().await;
    assert!(recognizer.languages().iter().any(|language| language == "eng"));
    assert!(!recognizer.languages().iter().any(|language| language == "osd"));
    assert!(recognizer.finds_orientation());
    assert!(recognizer.version().starts_with(|c: char| c.is_ascii_digit()), "{}", recognizer.version());
    let missing = recognizer.check(&"eng+xx_none".parse().unwrap()).unwrap_err();
    assert!(matches!(&missing, OcrError::LanguageMissing { language, .. } if language == "xx_none"));
    assert!(missing.to_string().contains("tesseract-ocr-xx-none"), "{missing}");

    let nowhere = Recognizer::find(Some(Path::new("/nowhere/tesseract"))).await.unwrap_err();
    assert!(nowhere.to_string().contains("/nowhere/tesseract"), "{nowhere}");
    assert!(matches!(nowhere, OcrError::ProgramMissing { .. }));
}

/// A program that answers like tesseract until it shall recognise something.
fn program(folder: &Path, work: &str) -> PathBuf {
    let path = folder.join("tesseract");
    let script = format!(
        "#!/bin/sh\ncase $1 in\n--version) echo 'tesseract 5.0.0' ;;\n\
         --list-langs) printf 'List of languages (1):\\neng\\n' ;;\n*) {work} ;;\nesac\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn recognize_with(work: &str, limits: RecognizeLimits) -> Result<Recognized, ExtractError> {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.pgm");
    std::fs::write(&picture, b"P5\n1 1\n255\n\0").unwrap();
    let recognizer = Recognizer::find(Some(&program(folder.path(), work))).await.unwrap();
    assert!(!recognizer.finds_orientation());
    let rendered = Rendered { width: 1, height: 1, to_page: [0.24, 0.0, 0.0, 0.24, 0.0, 0.0] };
    recognizer.recognize(&picture, &rendered, &Languages::default(), limits).await
}

#[tokio::test]
async fn a_page_that_goes_over_a_limit_is_given_up() {
    let limits = RecognizeLimits::default();
    let endless = "while :; do :; done";
    let result =
        recognize_with(endless, RecognizeLimits { wall: Duration::from_millis(300), ..limits }).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Time))), "{result:?}");
    let result = recognize_with("yes 'a word that never ends'", limits).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Output))), "{result:?}");
    let result = recognize_with("kill -ABRT $$", limits).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Crash))), "{result:?}");
    let result = recognize_with("exit 1", limits).await;
    assert!(matches!(result, Err(ExtractError::Unavailable(_))), "{result:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_page_may_take_so_much_processor_time() {
    let limits = RecognizeLimits { cpu: Duration::from_secs(1), ..RecognizeLimits::default() };
    let result = recognize_with("while :; do :; done", limits).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Cpu))), "{result:?}");
}

#[tokio::test]
async fn the_program_sees_no_environment_and_checked_arguments_alone() {
    let row = r#"printf '5\t1\t1\t1\t1\t1\t0\t0\t1\t1\t90\t%s\n' "$HOME|$OMP_THREAD_LIMIT" "$*""#;
    let recognized = recognize_with(row, RecognizeLimits::default()).await.unwrap();
    assert_eq!(recognized.text, "|1 stdin stdout -l eng --psm 3 --dpi 300 -c tessedit_create_tsv=1");
}

#[tokio::test]
async fn a_page_that_takes_too_long_leaves_the_others() {
    let options = ReadOptions::of_file("scan.png");
    let path = fixture("images/scan-cv-120dpi-1.png");
    let hurried = RecognizeLimits { wall: Duration::from_millis(1), ..RecognizeLimits::default() };
    let recognition =
        Recognition { recognizer: recognizer().await, languages: Languages::default(), limits: hurried };
    let reader = DocumentReader::new(reader(Limits::default()), Some(recognition));
    let mut document = reader.read(&path, &options).await.unwrap();
    let page = &mut document.pages[0];
    reader.recognize(&path, &options, &Languages::default(), page).await.unwrap();
    assert_eq!((page.method, page.text.as_str()), (Method::Text, ""));
    assert_eq!(page.warnings[0].code, "page_not_recognised");
    assert!(matches!(document.textless(), Some(ExtractError::ImageOnly)));
}
