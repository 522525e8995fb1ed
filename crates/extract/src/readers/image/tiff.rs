//! The directories of a TIFF file (TIFF 6.0, section 2; BigTIFF), which are its pages.

use std::collections::HashSet;

use super::frames::Frame;
use crate::error::ExtractError;

/// Entries of directories that are read, in all of them together.
const MAX_ENTRIES: u64 = 1 << 20;

/// Directories that are counted.
const MAX_DIRECTORIES: u32 = 1 << 16;

const CENTIMETRES_PER_INCH: f32 = 2.54;

mod tag {
    pub(super) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(super) const IMAGE_WIDTH: u16 = 256;
    pub(super) const IMAGE_LENGTH: u16 = 257;
    pub(super) const ORIENTATION: u16 = 274;
    pub(super) const X_RESOLUTION: u16 = 282;
    pub(super) const Y_RESOLUTION: u16 = 283;
    pub(super) const RESOLUTION_UNIT: u16 = 296;
}

/// The pages of a TIFF file.
pub(super) struct Directories {
    /// The first of them.
    pub(super) frames: Vec<Frame>,
    /// How many there are.
    pub(super) total: u32,
}

/// Walks from directory to directory; the first `max_frames` pages are kept, all are counted. A
/// directory that cannot be read ends the walk.
///
/// # Errors
///
/// [`ExtractError::Corrupt`] if there is no page, the chain turns back to where it was, or it does
/// not end.
pub(super) fn directories(bytes: &[u8], max_frames: u32) -> Result<Directories, ExtractError> {
    let file = File::of(bytes).ok_or(ExtractError::Corrupt)?;
    let mut next = file.first().ok_or(ExtractError::Corrupt)?;
    let (mut frames, mut total, mut entries) = (Vec::new(), 0, 0);
    let mut seen = HashSet::new();
    while next != 0 {
        if !seen.insert(next) || total >= MAX_DIRECTORIES || entries > MAX_ENTRIES {
            return Err(ExtractError::Corrupt);
        }
        let Some(directory) = file.directory(next) else { break };
        entries += directory.entries;
        next = directory.next;
        if let Some(frame) = directory.page {
            total += 1;
            if total <= max_frames {
                frames.push(frame);
            }
        }
    }
    if total == 0 { Err(ExtractError::Corrupt) } else { Ok(Directories { frames, total }) }
}

/// Makes the directory at `offset` the first of the file, for decoders that read no other.
pub(super) fn make_first(bytes: &mut [u8], offset: u64) {
    let Some(File { big_endian, is_big, .. }) = File::of(bytes) else { return };
    let wide = if big_endian { offset.to_be_bytes() } else { offset.to_le_bytes() };
    let (at, value) = match (is_big, big_endian) {
        (true, _) => (8, &wide[..]),
        (false, true) => (4, &wide[4..]),
        (false, false) => (4, &wide[..4]),
    };
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// The bytes of a file, and how numbers are written in them.
pub(super) struct File<'a> {
    bytes: &'a [u8],
    pub(super) big_endian: bool,
    /// BigTIFF: offsets and counts of eight bytes.
    is_big: bool,
}

#[derive(Default)]
struct Directory {
    /// `None` for a smaller version of another page, and for a directory without a picture.
    page: Option<Frame>,
    entries: u64,
    next: u64,
}

impl<'a> File<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let (big_endian, is_big) = match bytes.get(..4)? {
            b"II*\0" => (false, false),
            b"MM\0*" => (true, false),
            b"II+\0" => (false, true),
            b"MM\0+" => (true, true),
            _ => return None,
        };
        Some(Self { bytes, big_endian, is_big })
    }

    /// The unsigned number of `size` bytes (at most 8) at an offset.
    pub(super) fn number(&self, at: u64, size: usize) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let bytes = self.bytes.get(start..start.checked_add(size)?)?;
        let append = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.big_endian { bytes.iter().fold(0, append) } else { bytes.iter().rev().fold(0, append) })
    }

    fn offset_size(&self) -> usize {
        if self.is_big { 8 } else { 4 }
    }

    fn first(&self) -> Option<u64> {
        self.number(if self.is_big { 8 } else { 4 }, self.offset_size())
    }

    /// Where the entries of a directory begin and end, and how long each is. They are in the file.
    fn table(&self, directory: u64) -> Option<(u64, u64, u64)> {
        let (count_size, entry_size) = if self.is_big { (8, 20) } else { (2, 12) };
        let entries = self.number(directory, count_size)?;
        let start = directory.checked_add(count_size as u64)?;
        let end = start.checked_add(entries.checked_mul(entry_size)?)?;
        (end <= self.bytes.len() as u64).then_some((start, end, entry_size))
    }

    /// Where the entries of a directory are.
    pub(super) fn entries(&self, directory: u64) -> Option<impl Iterator<Item = u64> + use<>> {
        let (start, end, size) = self.table(directory)?;
        Some((0..(end - start) / size).map(move |index| start + index * size))
    }

    fn directory(&self, offset: u64) -> Option<Directory> {
        let (start, end, entry_size) = self.table(offset)?;
        let entries = (end - start) / entry_size;
        // The chain may end without a word.
        let next = self.number(end, self.offset_size()).unwrap_or(0);

        let mut frame = Frame { width: 0, height: 0, orientation: None, resolution: None, offset };
        let (mut x, mut y, mut unit, mut is_smaller_version) = (None, None, 2, false);
        for entry in self.entries(offset)? {
            let tag = self.number(entry, 2)? as u16;
            match tag {
                tag::IMAGE_WIDTH => frame.width = self.integer(entry).unwrap_or(0),
                tag::IMAGE_LENGTH => frame.height = self.integer(entry).unwrap_or(0),
                tag::NEW_SUBFILE_TYPE => is_smaller_version = self.integer(entry).unwrap_or(0) & 1 == 1,
                tag::ORIENTATION => {
                    frame.orientation = self
                        .integer(entry)
                        .and_then(|value| u8::try_from(value).ok())
                        .filter(|value| (1..=8).contains(value));
                }
                tag::X_RESOLUTION => x = self.rational(entry),
                tag::Y_RESOLUTION => y = self.rational(entry),
                tag::RESOLUTION_UNIT => unit = self.integer(entry).unwrap_or(0),
                _ => {}
            }
        }
        frame.resolution = match unit {
            2 => x.zip(y).map(|(x, y)| [x, y]),
            3 => x.zip(y).map(|(x, y)| [x, y].map(|per_centimetre| per_centimetre * CENTIMETRES_PER_INCH)),
            _ => None,
        };
        let page = (frame.width > 0 && frame.height > 0 && !is_smaller_version).then_some(frame);
        Some(Directory { page, entries, next })
    }

    /// Where the value of an entry is, or where it says it is.
    pub(super) fn value(&self, entry: u64) -> u64 {
        entry + if self.is_big { 12 } else { 8 }
    }

    /// Where the value of an entry is that does not fit into it.
    pub(super) fn offset_of(&self, entry: u64) -> Option<u64> {
        self.number(self.value(entry), self.offset_size())
    }

    /// The value of an entry of type SHORT or LONG.
    pub(super) fn integer(&self, entry: u64) -> Option<u32> {
        let value = self.value(entry);
        let size = match self.number(entry + 2, 2)? {
            3 => 2,
            4 => 4,
            _ => return None,
        };
        u32::try_from(self.number(value, size)?).ok()
    }

    /// The value of an entry of type RATIONAL.
    fn rational(&self, entry: u64) -> Option<f32> {
        const RATIONAL: u64 = 5;
        let at = if self.is_big { self.value(entry) } else { self.offset_of(entry)? };
        let is_rational = self.number(entry + 2, 2)? == RATIONAL;
        let (numerator, denominator) = (self.number(at, 4)?, self.number(at.checked_add(4)?, 4)?);
        (is_rational && denominator > 0).then(|| (numerator as f64 / denominator as f64) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of SHORT values and where the next one is.
    fn directory(entries: &[(u16, u16)], next: u32) -> Vec<u8> {
        let mut bytes = (entries.len() as u16).to_le_bytes().to_vec();
        for (tag, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(3u16.to_le_bytes());
            bytes.extend(1u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
            bytes.extend([0, 0]);
        }
        bytes.extend(next.to_le_bytes());
        bytes
    }

    const HEADER: &[u8] = b"II*\0\x08\0\0\0";

    fn file(directories: &[Vec<u8>]) -> Vec<u8> {
        [HEADER, &directories.concat()].concat()
    }

    #[test]
    fn pages_are_walked_and_smaller_versions_left_out() {
        // Each of two entries takes 30 bytes, the one of three 42.
        let page = |width, next| directory(&[(tag::IMAGE_WIDTH, width), (tag::IMAGE_LENGTH, 7)], next);
        let thumbnail =
            directory(&[(tag::NEW_SUBFILE_TYPE, 1), (tag::IMAGE_WIDTH, 3), (tag::IMAGE_LENGTH, 2)], 80);
        let bytes = file(&[page(10, 38), thumbnail, page(20, 110), page(30, 0)]);
        let Directories { frames, total } = directories(&bytes, 2).unwrap();
        assert_eq!(total, 3);
        assert_eq!(frames.iter().map(|frame| frame.width).collect::<Vec<_>>(), [10, 20]);

        let mut moved = bytes.clone();
        make_first(&mut moved, frames[1].offset);
        assert_eq!(directories(&moved, 9).unwrap().frames[0].width, 20);
    }

    #[test]
    fn a_chain_that_turns_back_is_damage() {
        let page = |next| directory(&[(tag::IMAGE_WIDTH, 5), (tag::IMAGE_LENGTH, 7)], next);
        for bytes in [file(&[page(8)]), file(&[page(38), page(8)])] {
            assert!(matches!(directories(&bytes, 9), Err(ExtractError::Corrupt)));
        }
    }

    #[test]
    fn what_precedes_a_broken_link_is_kept() {
        let page = directory(&[(tag::IMAGE_WIDTH, 5), (tag::IMAGE_LENGTH, 7)], 4_000_000_000);
        assert_eq!(directories(&file(&[page]), 9).unwrap().total, 1);
    }

    #[test]
    fn any_cut_is_survived() {
        let page =
            |next| directory(&[(tag::IMAGE_WIDTH, 5), (tag::X_RESOLUTION, 1), (tag::IMAGE_LENGTH, 7)], next);
        let bytes = file(&[page(50), page(0)]);
        assert_eq!(directories(&bytes, 9).unwrap().total, 2);
        // The last link may be missing.
        for end in 0..bytes.len() - 4 {
            assert!(directories(&bytes[..end], 9).map_or(0, |found| found.total) < 2);
        }
    }
}
