//! What a ZIP archive holds, judged by the names of its first entries.
//!
//! The directory of an archive is at its end, which is not there yet while a file is uploaded. The
//! headers in front of each entry say enough.

use super::{BINARY, DOCX, PPTX, XLSX};

/// Entries that are looked at.
const MAX_ENTRIES: usize = 1024;

/// Size of a local file header without its name and extra field (APPNOTE 4.3.7).
const HEADER: usize = 30;

/// The longest content of an entry `mimetype` that can be one.
const MAX_MIMETYPE: usize = 128;

/// The media type of an archive, by its first bytes.
pub(super) fn detect(head: &[u8], extension: &str) -> String {
    let mut is_package = false;
    for entry in entries(head).take(MAX_ENTRIES) {
        if entry.name == b"mimetype" {
            return declared(entry.data).unwrap_or("application/zip").into();
        }
        is_package |= entry.name == b"[Content_Types].xml" || entry.name == b"_rels/.rels";
        let office = [(&b"word/"[..], DOCX), (b"xl/", XLSX), (b"ppt/", PPTX)];
        if let Some((_, media_type)) = office.iter().find(|(folder, _)| entry.name.starts_with(folder)) {
            return (*media_type).into();
        }
    }
    match extension {
        "docx" | "docm" | "dotx" | "dotm" if is_package => DOCX.into(),
        "xlsx" | "xlsm" if is_package => XLSX.into(),
        "pptx" | "pptm" if is_package => PPTX.into(),
        _ => "application/zip".into(),
    }
}

struct Entry<'a> {
    name: &'a [u8],
    /// What there is of its content.
    data: &'a [u8],
}

/// The entries whose headers can be found by walking from one to the next.
fn entries(head: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = head;
    std::iter::from_fn(move || {
        let header = rest.get(..HEADER).filter(|header| header.starts_with(b"PK\x03\x04"))?;
        let u16_at = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let flags = u16_at(6);
        let size = u16_at(18) | u16_at(20) << 16;
        let name_end = HEADER + u16_at(26);
        let data_start = name_end + u16_at(28);
        let name = rest.get(HEADER..name_end)?;
        let data = rest.get(data_start..).unwrap_or_default();
        // Bit 3: the size follows the content, so the next header has to be searched.
        let next = if flags & 8 != 0 && size == 0 {
            data.windows(4).position(|bytes| bytes == b"PK\x03\x04").unwrap_or(data.len())
        } else {
            size.min(data.len())
        };
        let (data, after) = data.split_at(next);
        rest = after;
        Some(Entry { name, data })
    })
}

/// The type that an OpenDocument or EPUB file declares in its first entry.
fn declared(data: &[u8]) -> Option<&str> {
    let declared = std::str::from_utf8(&data[..data.len().min(MAX_MIMETYPE)]).ok()?.trim();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./+-".contains(&byte);
    let is_type =
        declared.starts_with("application/") && declared.bytes().all(is_plain) && declared != BINARY;
    is_type.then_some(declared)
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
    }

    #[test]
    fn a_declared_type_is_taken_if_it_is_one() {
        let odt = "application/vnd.oasis.opendocument.text";
        assert_eq!(detect(&archive(&[("mimetype", odt.as_bytes())]), "odt"), odt);
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
