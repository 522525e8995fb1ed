//! What EXIF data say (CIPA DC-008, "Exif 2.32").

use exif::{DateTime, Error, Exif, In, Reader, Tag, Value};

use crate::document::{Location, Metadata};

const CENTIMETRES_PER_INCH: f32 = 2.54;

/// What EXIF data say of the pixels.
#[derive(Clone, Copy)]
pub(super) struct Pixels {
    /// 1 to 8.
    pub(super) orientation: Option<u8>,
    /// Pixels to the inch.
    pub(super) resolution: Option<[f32; 2]>,
}

/// What EXIF data say of the pixels.
pub(super) fn said_of_pixels(data: &[u8]) -> Option<Pixels> {
    let exif = parse(data.to_vec())?;
    let orientation = exif
        .get_field(Tag::Orientation, In::PRIMARY)
        .and_then(|field| field.value.get_uint(0))
        .and_then(|value| u8::try_from(value).ok())
        .filter(|value| (1..=8).contains(value));
    let of = |tag| match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Rational(values) => values.first().map(|value| value.to_f32()),
        _ => None,
    };
    let unit = exif.get_field(Tag::ResolutionUnit, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    let factor = match unit {
        None | Some(2) => Some(1.0),
        Some(3) => Some(CENTIMETRES_PER_INCH),
        _ => None,
    };
    let resolution = of(Tag::XResolution)
        .zip(of(Tag::YResolution))
        .zip(factor)
        .map(|((x, y), factor)| [x * factor, y * factor]);
    Some(Pixels { orientation, resolution })
}

/// Adds what EXIF data tell of the making of a picture. Data that make no sense tell nothing.
pub(super) fn tell(data: Vec<u8>, location: bool, metadata: &mut Metadata) {
    let Some(exif) = parse(data) else { return };
    metadata.taken = taken(&exif);
    metadata.camera = camera(&exif);
    metadata.creator = words(&exif, Tag::Software);
    metadata.author = words(&exif, Tag::Artist);
    if location {
        metadata.location = place(&exif);
    }
}

fn parse(data: Vec<u8>) -> Option<Exif> {
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    match reader.read_raw(data) {
        Ok(exif) => Some(exif),
        Err(Error::PartialResult(partial)) => Some(partial.into_inner().0),
        Err(_) => None,
    }
}

/// A text on one line, not longer than such a text is.
fn words(exif: &Exif, tag: Tag) -> Option<String> {
    const MAX_CHARACTERS: usize = 200;
    let Value::Ascii(lines) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let text = String::from_utf8_lossy(lines.first()?);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line: String = words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARACTERS).collect();
    (!line.is_empty()).then_some(line)
}

/// Maker and model; many models begin with the name of their maker.
fn camera(exif: &Exif) -> Option<String> {
    match (words(exif, Tag::Make), words(exif, Tag::Model)) {
        (Some(make), Some(model)) => {
            let brand = make.split(' ').next().unwrap_or_default().to_lowercase();
            let is_named = model.to_lowercase().starts_with(&brand);
            Some(if is_named { model } else { format!("{make} {model}") })
        }
        (make, model) => model.or(make),
    }
}

/// When the picture was taken, as RFC 3339; without an offset if none is stated.
fn taken(exif: &Exif) -> Option<String> {
    let ascii = |tag| match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(values) => values.first().map(Vec::as_slice),
        _ => None,
    };
    let mut time = DateTime::from_ascii(ascii(Tag::DateTimeOriginal)?).ok()?;
    let is_time = (1..=12).contains(&time.month)
        && (1..=31).contains(&time.day)
        && time.hour < 24
        && time.minute < 60
        && time.second <= 60
        && (1..=9999).contains(&time.year);
    if let Some(offset) = ascii(Tag::OffsetTimeOriginal) {
        // An offset that makes no sense leaves the time without one.
        let _ = time.parse_offset(offset);
    }
    let offset = time.offset.filter(|minutes| minutes.abs() < 24 * 60).map(|minutes| {
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    });
    is_time.then(|| {
        let DateTime { year, month, day, hour, minute, second, .. } = time;
        let offset = offset.unwrap_or_default();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}")
    })
}

/// Where the picture was taken.
fn place(exif: &Exif) -> Option<Location> {
    let degrees = |tag, reference_tag, negative: u8| {
        let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
        let [degrees, minutes, seconds] = parts.first_chunk()?;
        let value = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
        let Value::Ascii(reference) = &exif.get_field(reference_tag, In::PRIMARY)?.value else { return None };
        let is_negative = reference.first()?.first()?.eq_ignore_ascii_case(&negative);
        value.is_finite().then_some(if is_negative { -value } else { value })
    };
    let latitude = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?;
    let longitude = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?;
    (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some(Location { latitude, longitude })
}
