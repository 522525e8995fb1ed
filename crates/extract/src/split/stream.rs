//! The data of streams (ISO 32000-2, 7.4): carried as it is, but for encodings that only make it
//! longer.

use std::{borrow::Cow, io::Read};

use flate2::read::ZlibDecoder;
use hayro::hayro_syntax::object::{Array, Dict, MaybeRef, Object, Stream, dict::keys};

use super::writer::Stop;
use super::{copy::Copier, syntax, writer::Data};

/// Data up to this length is taken out of ASCII.
const MAX_UNWRAPPED: usize = 16 << 20;

/// A stream on its way into a part.
struct Payload<'a> {
    data: Cow<'a, [u8]>,
    /// The filters that are still on the data, outermost first; their parameters.
    filters: Vec<(Vec<u8>, Option<Object<'a>>)>,
    /// Whether there were more.
    is_unwrapped: bool,
}

impl<'a> Payload<'a> {
    /// The data without encryption and without encodings in ASCII on the outside.
    fn of(stream: &Stream<'a>) -> Self {
        let mut payload =
            Self { data: stream.raw_data(), filters: filters_of(stream.dict()), is_unwrapped: false };
        while let Some((filter, _)) = payload.filters.first() {
            let data = match &filter[..] {
                // The library has decrypted.
                b"Crypt" => None,
                _ if payload.data.len() > MAX_UNWRAPPED => break,
                b"ASCIIHexDecode" | b"AHx" => Some(ascii_hex(&payload.data)),
                b"ASCII85Decode" | b"A85" => match ascii_85(&payload.data) {
                    Some(data) => Some(data),
                    None => break,
                },
                _ => break,
            };
            if let Some(data) = data {
                payload.data = Cow::Owned(data);
            }
            payload.filters.remove(0);
            payload.is_unwrapped = true;
        }
        payload
    }
}

/// The filters of a stream with their parameters, whichever way they are given.
fn filters_of<'a>(dict: &Dict<'a>) -> Vec<(Vec<u8>, Option<Object<'a>>)> {
    let parameters = dict.get::<Object<'a>>(keys::DECODE_PARMS);
    match dict.get::<Object<'a>>(keys::FILTER) {
        Some(Object::Name(name)) => {
            let parameters = match parameters {
                Some(Object::Array(array)) => array.iter::<Object<'a>>().next(),
                parameters => parameters,
            };
            vec![(name.to_vec(), parameters)]
        }
        Some(Object::Array(names)) => {
            let mut parameters = match parameters {
                Some(Object::Array(array)) => array.iter::<Object<'a>>().collect::<Vec<_>>(),
                Some(parameters) => vec![parameters],
                None => Vec::new(),
            }
            .into_iter();
            names
                .iter::<Object<'a>>()
                .filter_map(|name| Some((name.into_name()?.to_vec(), parameters.next())))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Writes a stream under a number.
pub(super) fn write<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    number: u32,
    stream: &Stream<'a>,
) -> Result<(), Stop> {
    let payload = Payload::of(stream);
    let dict = stream.dict();
    // Data in a file elsewhere is not the document's.
    let is_elsewhere = matches!(dict.get::<Object<'a>>(keys::F), Some(Object::String(_) | Object::Dict(_)));
    let mut entries = Vec::new();
    copier.entries(&mut entries, dict, |key| match key {
        keys::LENGTH => false,
        keys::FILTER | keys::DECODE_PARMS => !payload.is_unwrapped,
        keys::F | b"FFilter" | b"FDecodeParms" => !is_elsewhere,
        _ => true,
    })?;
    if payload.is_unwrapped && !payload.filters.is_empty() {
        write_filters(copier, &mut entries, &payload)?;
    }
    let is_plain = payload.filters.is_empty() && !dict.contains_key(keys::F);
    let data = if is_plain { Data::Plain(&payload.data) } else { Data::Ready(&payload.data) };
    copier.writer.stream(number, &entries, data)
}

fn write_filters<'a>(
    copier: &mut Copier<'_, '_, 'a>,
    out: &mut Vec<u8>,
    payload: &Payload<'a>,
) -> Result<(), Stop> {
    syntax::name(out, keys::FILTER);
    out.push(b'[');
    payload.filters.iter().for_each(|(filter, _)| syntax::name(out, filter));
    out.push(b']');
    if payload.filters.iter().any(|(_, parameters)| parameters.is_some()) {
        syntax::name(out, keys::DECODE_PARMS);
        out.push(b'[');
        for (_, parameters) in &payload.filters {
            match parameters {
                Some(parameters) => copier.value(out, MaybeRef::NotRef(parameters.clone()), 0)?,
                None => {
                    copier.value(out, MaybeRef::NotRef(Object::Null(hayro::hayro_syntax::object::Null)), 0)?
                }
            }
        }
        out.push(b']');
    }
    Ok(())
}

/// The data of a stream without any filter, if that is at most `limit` bytes and its filters are
/// common ones.
pub(super) fn plain(stream: &Stream<'_>, limit: usize) -> Option<Vec<u8>> {
    let payload = Payload::of(stream);
    let limit_or_more = u64::try_from(limit).ok()?.checked_add(1)?;
    let plain = match &payload.filters[..] {
        [] => payload.data.into_owned(),
        [(filter, None | Some(Object::Null(_)))] if matches!(&filter[..], b"FlateDecode" | b"Fl") => {
            let mut plain = Vec::new();
            // Damage at the end is common, and what precedes it is what a viewer shows.
            let _ = ZlibDecoder::new(&*payload.data).take(limit_or_more).read_to_end(&mut plain);
            plain
        }
        _ => return None,
    };
    (plain.len() <= limit).then_some(plain)
}

/// The streams of a page's content, in their order.
pub(super) fn contents_of<'a>(page: &Dict<'a>) -> Vec<Stream<'a>> {
    match page.get::<Object<'a>>(keys::CONTENTS) {
        Some(Object::Stream(stream)) => vec![stream],
        Some(Object::Array(streams)) => Array::iter::<Stream<'a>>(&streams).collect(),
        _ => Vec::new(),
    }
}

fn ascii_hex(data: &[u8]) -> Vec<u8> {
    let digits = data.iter().take_while(|byte| **byte != b'>');
    let digits: Vec<u8> =
        digits.filter_map(|byte| (*byte as char).to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4) | pair.get(1).copied().unwrap_or(0)).collect()
}

/// `None` if it is damaged: then it stays as it is.
fn ascii_85(data: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(data.len() / 5 * 4);
    let mut group = [0u8; 5];
    let mut filled = 0;
    for &byte in data.iter().take_while(|byte| **byte != b'~') {
        match byte {
            b'z' if filled == 0 => decoded.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => {
                group[filled] = byte - b'!';
                filled += 1;
                if filled == 5 {
                    decoded.extend_from_slice(&group_of(group)?);
                    filled = 0;
                }
            }
            byte if byte.is_ascii_whitespace() || byte == 0 => {}
            _ => return None,
        }
    }
    match filled {
        0 => {}
        1 => return None,
        filled => {
            group[filled..].fill(84);
            decoded.extend_from_slice(&group_of(group)?[..filled - 1]);
        }
    }
    Some(decoded)
}

fn group_of(digits: [u8; 5]) -> Option<[u8; 4]> {
    let value =
        digits.iter().try_fold(0u32, |value, digit| value.checked_mul(85)?.checked_add(u32::from(*digit)))?;
    Some(value.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_encodings_are_undone() {
        assert_eq!(ascii_hex(b"48 65\n6c6C 6f7>zz"), b"Hellop");
        assert_eq!(ascii_85(b"87cUR D]i,\"\nEbo80~>").unwrap(), b"Hello World!");
        assert_eq!(ascii_85(b"z87cUR~>").unwrap(), b"\0\0\0\0Hell");
        assert_eq!(ascii_85(b"87cURDZ~>").unwrap(), b"Hello");
        assert_eq!(ascii_85(b"8~>"), None, "a group has two characters at least");
        assert_eq!(ascii_85(b"uuuuu~>"), None, "more than 32 bits");
        assert_eq!(ascii_85(b"87\xffUR~>"), None);
    }
}
