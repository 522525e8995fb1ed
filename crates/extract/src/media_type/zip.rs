//! What a ZIP archive holds, judged by the names of its first entries.
//!
//! The directory of an archive is at its end, which is not there yet while a file is uploaded. The
//! headers in front of each entry say enough.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::{BINARY, DOCX, ODP, ODS, ODT, PPTX, XLSX, office_of_extension};

/// Entries that are looked at.
const MAX_ENTRIES: usize = 1024;

/// Size of a local file header without its name and extra field (APPNOTE 4.3.7).
const HEADER: usize = 30;

/// The longest content of an entry `mimetype` that can be one.
const MAX_MIMETYPE: usize = 128;

/// A method of compression (APPNOTE 4.4.5).
const DEFLATED: u16 = 8;

/// An archive of this type, and no document.
const ARCHIVE: &str = "application/zip";

/// The media type of an archive, by its first bytes.
pub(super) fn detect(head: &[u8], extension: &str) -> String {
    let mut is_package = false;
    let mut folder = None;
    let mut other = None;
    for entry in entries(head).take(MAX_ENTRIES) {
        if entry.name == b"mimetype" {
            return declared(&entry).unwrap_or_else(|| ARCHIVE.into());
        }
        let name = normalise(entry.name);
        if let Some(media_type) = of_main_part(&name) {
            return media_type.into();
        }
        is_package |= matches!(name.as_slice(), b"[content_types].xml" | b"_rels/.rels");
        folder = folder.or_else(|| of_folder(&name));
        other = other.or_else(|| of_program(&name));
    }
    let named = office_of_extension(extension);
    match folder {
        Some(media_type) if is_package || named == Some(media_type) => media_type,
        _ if is_package => named.unwrap_or(ARCHIVE),
        _ => other.or_else(|| of_open_document(extension, head)).unwrap_or(ARCHIVE),
    }
    .into()
}

/// Part names are compared without regard to case, and some programs write backslashes.
fn normalise(name: &[u8]) -> Vec<u8> {
    name.iter().map(|byte| if *byte == b'\\' { b'/' } else { byte.to_ascii_lowercase() }).collect()
}

/// Office documents, by the part that only they have.
fn of_main_part(name: &[u8]) -> Option<&'static str> {
    match name {
        b"word/document.xml" => Some(DOCX),
        b"xl/workbook.xml" => Some(XLSX),
        b"ppt/presentation.xml" => Some(PPTX),
        b"xl/workbook.bin" => Some("application/vnd.ms-excel.sheet.binary.macroenabled.12"),
        _ => None,
    }
}

/// Office documents, by the folder that their parts are in.
fn of_folder(name: &[u8]) -> Option<&'static str> {
    let office = [(&b"word/"[..], DOCX), (b"xl/", XLSX), (b"ppt/", PPTX)];
    office.iter().find(|(folder, _)| name.starts_with(folder)).map(|(_, media_type)| *media_type)
}

/// Programs that come as an archive.
fn of_program(name: &[u8]) -> Option<&'static str> {
    match name {
        b"androidmanifest.xml" => Some("application/vnd.android.package-archive"),
        b"meta-inf/manifest.mf" => Some("application/java-archive"),
        _ => None,
    }
}

/// OpenDocument files should declare their type in the first entry; some programs forget.
fn of_open_document(extension: &str, head: &[u8]) -> Option<&'static str> {
    let has_content = entries(head).take(MAX_ENTRIES).any(|entry| entry.name == b"content.xml");
    match extension {
        "odt" if has_content => Some(ODT),
        "ods" if has_content => Some(ODS),
        "odp" if has_content => Some(ODP),
        _ => None,
    }
}

/// An entry of an archive, as its own header tells.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a [u8],
    /// How its content is compressed (APPNOTE 4.4.5).
    pub(crate) method: u16,
    /// Where its content starts.
    pub(crate) start: usize,
    /// What there is of its content.
    pub(crate) data: &'a [u8],
}

/// The entries whose headers can be found by walking from one to the next.
pub(crate) fn entries(head: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = head.get(at..)?;
        let header = rest.get(..HEADER).filter(|header| header.starts_with(b"PK\x03\x04"))?;
        let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let [flags, method] = [u16_at(6), u16_at(8)];
        let size = usize::from(u16_at(18)) | usize::from(u16_at(20)) << 16;
        let name_end = HEADER + usize::from(u16_at(26));
        let data_start = name_end + usize::from(u16_at(28));
        let name = rest.get(HEADER..name_end)?;
        let data = rest.get(data_start..).unwrap_or_default();
        // Bit 3: the size follows the content, so the next header has to be searched.
        let len = if flags & 8 != 0 && size == 0 {
            data.windows(4).position(is_header).unwrap_or(data.len())
        } else {
            size.min(data.len())
        };
        let start = at + data_start;
        at = start + len;
        Some(Entry { name, method, start, data: &data[..len] })
    })
}

/// Whether an entry, or the directory of the archive (APPNOTE 4.3.12), begins here.
fn is_header(bytes: &[u8]) -> bool {
    bytes == b"PK\x03\x04" || bytes == b"PK\x01\x02"
}

/// The type that an OpenDocument or EPUB file declares in an entry of its own. It should be stored as
/// it is, but some programs compress it.
fn declared(entry: &Entry<'_>) -> Option<String> {
    let mut text = Vec::new();
    let limit = MAX_MIMETYPE as u64;
    match entry.method {
        DEFLATED => DeflateDecoder::new(entry.data).take(limit).read_to_end(&mut text).ok()?,
        _ => entry.data.take(limit).read_to_end(&mut text).ok()?,
    };
    let declared = std::str::from_utf8(&text).ok()?.trim();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./+-".contains(&byte);
    let is_type =
        declared.starts_with("application/") && declared.bytes().all(is_plain) && declared != BINARY;
    is_type.then(|| declared.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, data) in entries {
            bytes.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
            bytes.extend((data.len() as u32).to_le_bytes());
            bytes.extend((data.len() as u32).to_le_bytes());
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend(0u16.to_le_bytes());
            bytes.extend(name.as_bytes());
            bytes.extend(*data);
        }
        bytes
    }

    #[test]
    fn office_documents_are_known_by_their_folders() {
        let types = ("[Content_Types].xml", &b"<Types/>"[..]);
        assert_eq!(detect(&archive(&[types, ("word/document.xml", b"")]), "zip"), DOCX);
        assert_eq!(detect(&archive(&[types, ("xl/workbook.xml", b"")]), "docx"), XLSX);
        assert_eq!(detect(&archive(&[types, ("ppt/presentation.xml", b"")]), ""), PPTX);
        assert_eq!(detect(&archive(&[types]), "docx"), DOCX);
        assert_eq!(detect(&archive(&[("readme.txt", b"hi")]), "docx"), "application/zip");
        let odd = [("[content_types].xml", &b"x"[..]), ("xl\\Workbook.xml", b"")];
        assert_eq!(detect(&archive(&odd), "zip"), XLSX);
        let late = [("docProps/app.xml", &b"x"[..]), ("word/styles.xml", b""), types];
        assert_eq!(detect(&archive(&late), "zip"), DOCX);
    }

    #[test]
    fn archives_with_folders_of_the_same_names_are_archives() {
        assert_eq!(detect(&archive(&[("word/list.txt", b"a"), ("xl/b", b"")]), "zip"), "application/zip");
        let program = archive(&[("META-INF/MANIFEST.MF", b""), ("a.class", b"")]);
        assert_eq!(detect(&program, "docx"), "application/java-archive");
    }

    #[test]
    fn an_open_document_may_forget_to_declare_its_type() {
        let file = archive(&[("content.xml", b"<x/>"), ("META-INF/manifest.xml", b"")]);
        assert_eq!(detect(&file, "ods"), ODS);
        assert_eq!(detect(&file, ""), "application/zip");
    }

    #[test]
    fn a_declared_type_is_taken_if_it_is_one() {
        assert_eq!(detect(&archive(&[("mimetype", ODT.as_bytes())]), "zip"), ODT);
        assert_eq!(detect(&archive(&[("mimetype", b"<b>application</b>")]), ""), "application/zip");
    }

    #[test]
    fn entries_of_unknown_size_are_stepped_over() {
        let mut bytes = archive(&[("[Content_Types].xml", b"")]);
        bytes[6] = 8;
        bytes.extend(b"compressed content");
        bytes.extend(archive(&[("word/document.xml", b"")]));
        assert_eq!(detect(&bytes, ""), DOCX);
    }
}
