//! The ZIP package of an Office document and its parts (ECMA-376 part 2, Open Packaging Conventions).

use std::{
    collections::HashMap,
    io::{Cursor, Read},
};

use encoding_rs::{Encoding, UTF_8};
use zip::{ZipArchive, result::ZipError};

use crate::error::{Excess, ExtractError};

/// Entries of an archive. Word's largest documents have some thousand pictures.
const MAX_ENTRIES: usize = 20_000;

/// Bytes of one unpacked part.
const MAX_PART: u64 = 64 << 20;

/// Bytes of all parts that are read.
const MAX_TOTAL: u64 = 256 << 20;

/// A package whose parts are unpacked on demand, within limits.
pub(super) struct Package {
    archive: ZipArchive<Cursor<Vec<u8>>>,
    /// Positions by part name; part names are compared without regard to case.
    parts: HashMap<String, usize>,
    /// Bytes that may still be unpacked.
    allowance: u64,
}

impl Package {
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, ExtractError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(zip_error)?;
        if archive.len() > MAX_ENTRIES {
            return Err(ExtractError::TooComplex(Excess::Unpacked));
        }
        let parts = (0..archive.len())
            .filter_map(|index| Some((normalise(&archive.name_for_index(index)?.ok()?), index)))
            .collect();
        Ok(Self { archive, parts, allowance: MAX_TOTAL })
    }

    /// The text of an XML part; `None` if there is no such part.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, ExtractError> {
        let Some(&index) = self.parts.get(&normalise(name)) else {
            return Ok(None);
        };
        let entry = self.archive.by_index(index).map_err(zip_error)?;
        let limit = MAX_PART.min(self.allowance);
        let mut bytes = Vec::new();
        // A wrong checksum or a broken stream: the archive was damaged on its way.
        entry.take(limit + 1).read_to_end(&mut bytes).map_err(|_| ExtractError::Corrupt)?;
        let size = bytes.len() as u64;
        if size > limit {
            return Err(ExtractError::TooComplex(Excess::Unpacked));
        }
        self.allowance -= size;
        Ok(Some(decode(&bytes)))
    }
}

fn zip_error(error: ZipError) -> ExtractError {
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

/// XML is UTF-8 unless a byte order mark or its declaration says otherwise (XML 1.0, appendix F).
fn decode(bytes: &[u8]) -> String {
    let encoding = match bytes {
        [b'<', 0, ..] => encoding_rs::UTF_16LE,
        [0, b'<', ..] => encoding_rs::UTF_16BE,
        _ => declared_encoding(bytes).unwrap_or(UTF_8),
    };
    let (text, _, _) = encoding.decode(bytes);
    text.into_owned()
}

fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(128)]);
    let declaration = start.strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Encoding::for_label(value[1..].split(quote).next()?.as_bytes())
        // What could be read as ASCII so far is not UTF-16, whatever it says.
        .filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_decoded_as_declared() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xfc</a>";
        assert!(decode(latin).ends_with("<a>ü</a>"));
        let utf16: Vec<u8> = "\u{feff}<a>ü</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16), "<a>ü</a>");
        assert_eq!(decode(&utf16[2..]), "<a>ü</a>");
        assert_eq!(decode("<?xml encoding=\"UTF-16\"?><a>ü</a>".as_bytes()).matches('ü').count(), 1);
    }

    #[test]
    fn part_names_have_one_form() {
        assert_eq!(normalise("/word\\Document.xml"), "word/document.xml");
    }

    #[test]
    fn bytes_that_are_no_archive_are_corrupt() {
        assert!(matches!(Package::open(b"PK\x03\x04 and no more".to_vec()), Err(ExtractError::Corrupt)));
    }
}
