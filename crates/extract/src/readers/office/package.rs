//! The ZIP package of an office document and its parts (ECMA-376 part 2, Open Packaging Conventions;
//! OpenDocument 1.3 part 2).

use std::{
    collections::HashMap,
    io::{Cursor, Read},
    ops::Range,
};

use flate2::read::DeflateDecoder;
use zip::{ZipArchive, result::ZipError};

use crate::{
    error::{Excess, ExtractError},
    media_type::{self, CompoundKind},
    readers::xml_walk,
};

/// Entries of an archive. Word's largest documents have some thousand pictures.
const MAX_ENTRIES: usize = 20_000;

/// Bytes of one unpacked part that are always granted.
const MAX_PART: u64 = 64 << 20;

/// Bytes of one unpacked part that are granted to one whose packed size makes that plausible: XML
/// shrinks to a tenth or a twentieth, a bomb to a thousandth.
const MAX_LARGE_PART: u64 = 256 << 20;
const PLAUSIBLE_RATIO: u64 = 40;

/// Bytes of all parts that are read.
const MAX_TOTAL: u64 = 512 << 20;

/// Methods of compression (APPNOTE 4.4.5).
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A package whose parts are unpacked on demand, within limits.
pub(crate) struct Package {
    archive: Archive,
    /// Positions by part name; part names are compared without regard to case.
    parts: HashMap<String, usize>,
    /// Bytes that may still be unpacked.
    allowance: u64,
    /// Whether the archive or a part that was read broke off.
    is_broken_off: bool,
}

enum Archive {
    Whole(Box<ZipArchive<Cursor<Vec<u8>>>>),
    /// One that lost its directory, and with it its end: what its entries say of themselves.
    Salvaged {
        bytes: Vec<u8>,
        entries: Vec<SalvagedEntry>,
    },
}

struct SalvagedEntry {
    method: u16,
    data: Range<usize>,
}

impl Package {
    /// Opens a package. A compound file in its place is an encrypted document, or an old one.
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, ExtractError> {
        match media_type::compound_kind(&bytes) {
            Some(CompoundKind::Encrypted) => return Err(ExtractError::Encrypted),
            Some(kind) => {
                return Err(ExtractError::Unsupported { media_type: kind.media_type().into() });
            }
            None => {}
        }
        match ZipArchive::new(Cursor::new(bytes.as_slice())).map(|archive| archive.len()) {
            Ok(len) if len > MAX_ENTRIES => Err(ExtractError::TooComplex(Excess::Unpacked)),
            Ok(_) => Self::open_whole(bytes),
            Err(_) => Self::salvage(bytes),
        }
    }

    fn open_whole(bytes: Vec<u8>) -> Result<Self, ExtractError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ExtractError::Corrupt)?;
        let parts = (0..archive.len())
            .filter_map(|index| Some((normalise(&archive.name_for_index(index)?.ok()?), index)))
            .collect();
        Ok(Self {
            archive: Archive::Whole(Box::new(archive)),
            parts,
            allowance: MAX_TOTAL,
            is_broken_off: false,
        })
    }

    fn salvage(bytes: Vec<u8>) -> Result<Self, ExtractError> {
        let mut parts = HashMap::new();
        let mut entries = Vec::new();
        for entry in media_type::zip_entries(&bytes).take(MAX_ENTRIES) {
            parts.insert(normalise(&String::from_utf8_lossy(entry.name)), entries.len());
            entries.push(SalvagedEntry {
                method: entry.method,
                data: entry.start..entry.start + entry.data.len(),
            });
        }
        if entries.is_empty() {
            return Err(ExtractError::Corrupt);
        }
        let archive = Archive::Salvaged { bytes, entries };
        Ok(Self { archive, parts, allowance: MAX_TOTAL, is_broken_off: true })
    }

    /// Whether there is such a part.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.parts.contains_key(&normalise(name))
    }

    /// The names of the parts that begin and end so, in lower case and in order.
    pub(crate) fn names(&self, start: &str, end: &str) -> Vec<String> {
        let mut names: Vec<_> = self
            .parts
            .keys()
            .filter(|name| name.starts_with(start) && name.ends_with(end))
            .cloned()
            .collect();
        names.sort_unstable();
        names
    }

    /// Whether the archive, or a part that was read, ended early.
    pub(crate) fn is_broken_off(&self) -> bool {
        self.is_broken_off
    }

    /// The text of an XML part, as much of it as can be unpacked; `None` if there is no such part.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<String>, ExtractError> {
        let Some(&index) = self.parts.get(&normalise(name)) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let result = match &mut self.archive {
            Archive::Whole(archive) => {
                let entry = archive.by_index(index).map_err(entry_error)?;
                let limit = part_limit(entry.compressed_size(), self.allowance);
                read_within(entry, limit, &mut bytes)?
            }
            Archive::Salvaged { bytes: packed, entries } => {
                let Some(entry) = entries.get(index) else { return Ok(None) };
                let data = packed.get(entry.data.clone()).unwrap_or_default();
                let limit = part_limit(data.len() as u64, self.allowance);
                match entry.method {
                    STORED => read_within(data, limit, &mut bytes)?,
                    DEFLATED => read_within(DeflateDecoder::new(data), limit, &mut bytes)?,
                    _ => return Ok(None),
                }
            }
        };
        if result == Reading::BrokeOff {
            self.is_broken_off = true;
        }
        self.allowance -= bytes.len() as u64;
        Ok(Some(xml_walk::decode(bytes)))
    }
}

#[derive(PartialEq, Eq)]
enum Reading {
    Ended,
    /// A wrong checksum or a broken stream: the archive was damaged on its way.
    BrokeOff,
}

fn read_within(part: impl Read, limit: u64, bytes: &mut Vec<u8>) -> Result<Reading, ExtractError> {
    let result = part.take(limit + 1).read_to_end(bytes);
    if bytes.len() as u64 > limit {
        return Err(ExtractError::TooComplex(Excess::Unpacked));
    }
    Ok(if result.is_ok() { Reading::Ended } else { Reading::BrokeOff })
}

fn part_limit(packed: u64, allowance: u64) -> u64 {
    packed.saturating_mul(PLAUSIBLE_RATIO).clamp(MAX_PART, MAX_LARGE_PART).min(allowance)
}

fn entry_error(error: ZipError) -> ExtractError {
    match error {
        ZipError::UnsupportedArchive(reason) if reason == ZipError::PASSWORD_REQUIRED => {
            ExtractError::Encrypted
        }
        _ => ExtractError::Corrupt,
    }
}

/// Some programs write part names with a leading slash or with backslashes.
fn normalise(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::office::testing::archive;

    #[test]
    fn part_names_have_one_form() {
        assert_eq!(normalise("/word\\Document.xml"), "word/document.xml");
        let mut package = Package::open(archive(&[("Word/document.XML", "<a/>")])).unwrap();
        assert_eq!(package.part("/word/document.xml").unwrap().as_deref(), Some("<a/>"));
        assert!(!package.is_broken_off());
    }

    #[test]
    fn bytes_that_are_no_archive_are_corrupt() {
        assert!(matches!(Package::open(b"PK\x03\x04 and no more".to_vec()), Err(ExtractError::Corrupt)));
        assert!(matches!(Package::open(b"PK".to_vec()), Err(ExtractError::Corrupt)));
    }

    #[test]
    fn an_archive_that_lost_its_end_gives_what_is_left() {
        let noise: String = (1..4000_u32)
            .map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
            .collect();
        let mut bytes = archive(&[("first.xml", "<a>whole</a>"), ("second.xml", &noise)]);
        bytes.truncate(bytes.len() - 400);
        let mut package = Package::open(bytes).unwrap();
        assert!(package.is_broken_off());
        assert_eq!(package.part("first.xml").unwrap().as_deref(), Some("<a>whole</a>"));
        let cut = package.part("second.xml").unwrap().unwrap();
        assert!(!cut.is_empty() && noise.starts_with(cut.as_str()));
        assert_eq!(package.part("third.xml").unwrap(), None);
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let bomb = archive(&[("bomb.xml", &" ".repeat((MAX_PART + 1) as usize))]);
        assert!(bomb.len() < 1 << 20);
        let result = Package::open(bomb).unwrap().part("bomb.xml");
        assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Unpacked))));
    }

    #[test]
    fn a_large_part_is_read_if_its_packed_size_is_plausible() {
        assert_eq!(part_limit(1000, MAX_TOTAL), MAX_PART);
        assert_eq!(part_limit(4 << 20, MAX_TOTAL), 160 << 20);
        assert_eq!(part_limit(u64::MAX, MAX_TOTAL), MAX_LARGE_PART);
        assert_eq!(part_limit(4 << 20, 10), 10);
    }
}
