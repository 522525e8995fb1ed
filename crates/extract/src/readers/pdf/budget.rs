//! What reading one document may cost, and the streams that would cost more.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Read},
    rc::Rc,
};

use flate2::{Decompress, FlushDecompress, Status, read::ZlibDecoder};
use hayro::hayro_syntax::{
    Filter,
    object::{ObjectIdentifier, Stream, dict::keys},
};

use crate::error::{Excess, ExtractError};

/// Operators that are carried out in a document, and more for each of its pages. A page of text has a
/// few thousand, a detailed map a million.
const MAX_OPERATORS: u64 = 20_000_000;
const MAX_OPERATORS_PER_PAGE: u64 = 20_000;

/// Glyphs of one page. A full page of a newspaper has some 50 000.
const MAX_GLYPHS: usize = 1_000_000;

/// Bytes that one stream may unpack to.
const MAX_UNPACKED: u64 = 128 << 20;

/// The most that a byte can unpack to: 1032 bytes in the deflate format, 4096 codes of 12 bits in LZW.
const MAX_RATIO: u64 = 4096;

/// Bytes of unpacked forms that are kept for the next time they are drawn.
const MAX_KEPT: usize = 4 << 20;

/// Why the reading of a document ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// More operators than any honest document has.
    Operators,
    /// More text than allowed.
    Text,
    /// A stream that unpacks to more than any honest document holds.
    Unpacked,
}

impl From<Stop> for ExtractError {
    fn from(stop: Stop) -> Self {
        Self::TooComplex(match stop {
            Stop::Operators => Excess::Cpu,
            Stop::Text => Excess::Output,
            Stop::Unpacked => Excess::Unpacked,
        })
    }
}

/// What may still be spent on a document.
pub(super) struct Budget {
    operators: u64,
    /// Bytes of text.
    text: u64,
    /// Forms that were unpacked, since most are drawn again.
    forms: HashMap<ObjectIdentifier, Rc<[u8]>>,
    kept: usize,
}

impl Budget {
    /// The budget of a document of so many pages, with up to `text` bytes of text.
    pub(super) fn new(pages: usize, text: u64) -> Self {
        let operators = MAX_OPERATORS + MAX_OPERATORS_PER_PAGE * pages as u64;
        Self { operators, text, forms: HashMap::new(), kept: 0 }
    }

    /// Pays for one operator.
    pub(super) fn spend_operator(&mut self) -> Result<(), Stop> {
        self.operators = self.operators.checked_sub(1).ok_or(Stop::Operators)?;
        Ok(())
    }

    /// Pays for one more glyph on a page that has `glyphs`.
    pub(super) fn spend_glyph(&mut self, glyphs: usize, c: char) -> Result<(), Stop> {
        self.text = self.text.checked_sub(c.len_utf8() as u64).ok_or(Stop::Text)?;
        if glyphs < MAX_GLYPHS { Ok(()) } else { Err(Stop::Text) }
    }

    /// The unpacked content of a form; `None` if it is damaged.
    pub(super) fn form(&mut self, stream: &Stream<'_>) -> Result<Option<Rc<[u8]>>, Stop> {
        let id = stream.obj_id();
        if let Some(content) = self.forms.get(&id) {
            return Ok(Some(Rc::clone(content)));
        }
        let Some(content) = unpacked(stream)? else { return Ok(None) };
        let content: Rc<[u8]> = Rc::from(content.as_ref());
        if id.obj_number > 0 && self.kept + content.len() <= MAX_KEPT {
            self.kept += content.len();
            self.forms.insert(id, Rc::clone(&content));
        }
        Ok(Some(content))
    }
}

/// The content of a stream without its filters; `None` if it is damaged.
pub(super) fn unpacked<'a>(stream: &Stream<'a>) -> Result<Option<Cow<'a, [u8]>>, Stop> {
    let is_deflated = stream.filters()[..] == [Filter::FlateDecode];
    if is_deflated
        && !stream.dict().contains_key(keys::DECODE_PARMS)
        && let Some(content) = inflated(&stream.raw_data(), MAX_UNPACKED as usize)?
    {
        return Ok(Some(Cow::Owned(content)));
    }
    check_size(stream)?;
    Ok(stream.decoded_data().ok())
}

/// Refuses a stream that unpacks to too much. The library that unpacks it has no limit, so one that
/// could go over is unpacked twice; honest ones are too small to be suspected.
pub(super) fn check_size(stream: &Stream<'_>) -> Result<(), Stop> {
    let filters = stream.filters();
    let packed = filters.iter().filter(|filter| is_packing(**filter)).count();
    if packed == 0 {
        return Ok(());
    }
    let mut data = stream.raw_data();
    let worst = MAX_RATIO.saturating_pow(u32::try_from(packed).unwrap_or(u32::MAX));
    if (data.len() as u64).saturating_mul(worst) <= MAX_UNPACKED {
        return Ok(());
    }
    let last = filters.len() - 1;
    for (index, filter) in filters.into_iter().enumerate() {
        // Data in other formats has no more than a few times its size, or is an image.
        if filter != Filter::FlateDecode {
            return Ok(());
        }
        if index == last {
            return inflate(&data, &mut io::sink(), MAX_UNPACKED);
        }
        let mut inflated = Vec::new();
        inflate(&data, &mut inflated, MAX_UNPACKED)?;
        data = Cow::Owned(inflated);
    }
    Ok(())
}

fn is_packing(filter: Filter) -> bool {
    matches!(filter, Filter::FlateDecode | Filter::LzwDecode | Filter::RunLengthDecode)
}

/// Inflated zlib data of up to `limit` bytes; `None` if it is damaged.
fn inflated(data: &[u8], limit: usize) -> Result<Option<Vec<u8>>, Stop> {
    /// How many times as long as before the content of a page is, mostly.
    const USUAL_RATIO: usize = 4;
    /// Room for the content of any usual page.
    const MAX_ROOM: usize = 1 << 20;
    let mut content = Vec::with_capacity(data.len().saturating_mul(USUAL_RATIO).min(MAX_ROOM));
    let mut decoder = Decompress::new(true);
    loop {
        let rest = data.get(decoder.total_in() as usize..).unwrap_or_default();
        let status = decoder.decompress_vec(rest, &mut content, FlushDecompress::None);
        if content.len() > limit {
            return Err(Stop::Unpacked);
        }
        // Room for one byte too many, to find out that there is one.
        let room = limit - content.len() + 1;
        match status {
            Ok(Status::StreamEnd) => return Ok(Some(content)),
            Ok(_) if content.len() == content.capacity() => {
                content.reserve_exact(content.len().max(1 << 10).min(room));
            }
            _ => return Ok(None),
        }
    }
}

/// Inflates zlib data to up to `limit` bytes; damage ends it.
fn inflate(data: &[u8], to: &mut impl io::Write, limit: u64) -> Result<(), Stop> {
    let mut decoder = ZlibDecoder::new(data).take(limit + 1);
    // Only the size matters: the content is read by a decoder that repairs more.
    let _: io::Result<u64> = io::copy(&mut decoder, to);
    if decoder.limit() == 0 { Err(Stop::Unpacked) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    #[test]
    fn a_budget_is_spent_once() {
        let mut budget = Budget { operators: 2, ..Budget::new(1, 4) };
        assert_eq!(budget.spend_operator(), Ok(()));
        assert_eq!(budget.spend_operator(), Ok(()));
        assert_eq!(budget.spend_operator(), Err(Stop::Operators));
        assert_eq!(budget.spend_glyph(0, 'a'), Ok(()));
        assert_eq!(budget.spend_glyph(1, '日'), Ok(()));
        assert_eq!(budget.spend_glyph(2, 'a'), Err(Stop::Text));
        assert_eq!(Budget::new(1, 4).spend_glyph(MAX_GLYPHS, 'a'), Err(Stop::Text));
    }

    #[test]
    fn what_inflates_to_too_much_is_refused_and_damage_is_not() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&[b' '; 5000]).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(inflate(&packed, &mut io::sink(), 4999), Err(Stop::Unpacked));
        assert_eq!(inflate(&packed, &mut io::sink(), 5000), Ok(()));
        assert_eq!(inflate(&packed[..packed.len() / 2], &mut io::sink(), 5000), Ok(()));
        assert_eq!(inflated(&packed, 4999), Err(Stop::Unpacked));
        assert_eq!(inflated(&packed, 5000), Ok(Some(vec![b' '; 5000])));
        assert_eq!(inflated(&packed[..packed.len() / 2], 5000), Ok(None));
    }
}
