//! What a file is, judged by its content.

mod zip;

use std::panic;

use file_format::FileFormat;

use crate::encoding;

/// A PDF document.
pub const PDF: &str = "application/pdf";
/// A Word document, Office Open XML.
pub const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// Bytes that mean nothing to us.
pub const BINARY: &str = "application/octet-stream";
/// Text, and the formats that are read as they are written.
pub(crate) const PLAIN_TEXT: &[&str] =
    &["text/plain", "text/csv", "text/markdown", "text/tab-separated-values", "application/json"];

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// Bytes at the start of a file in which a PDF header may hide behind junk.
const PDF_HEADER_WINDOW: usize = 1024;

/// Bytes that the search for other formats looks at.
const WINDOW: usize = 64 << 10;

/// The media type of a file, judged by its first bytes; 64 KiB are plenty, all of them are welcome.
/// The file name decides only where content leaves a choice: CSV, Markdown and JSON are text first.
///
/// Takes any input, in time and memory that do not grow with the file.
pub fn detect(head: &[u8], filename: &str) -> String {
    let extension = extension(filename);
    if is_pdf(head) {
        return PDF.into();
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return zip::detect(head, &extension);
    }
    if is_compound_file(head)
        && let Some(media_type) = encrypted_office(head, &extension)
    {
        return media_type.into();
    }
    let format = signature(&head[..head.len().min(WINDOW)]);
    if encoding::detect(head).is_some() {
        return text_type(&format, &extension).into();
    }
    match format {
        // Judged text by its first lines alone, against the verdict on the whole window.
        format if format.media_type().starts_with("text/plain") => BINARY.into(),
        format => format.media_type().into(),
    }
}

/// The extension of a file name, lower case, at most 16 ASCII letters and digits; else empty.
pub(crate) fn extension(filename: &str) -> String {
    match filename.rsplit_once('.') {
        Some((_, extension))
            if extension.len() <= 16 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            extension.to_ascii_lowercase()
        }
        _ => String::new(),
    }
}

/// `%PDF-` and a version digit, at the start or, behind junk, where objects follow: a letter that
/// mentions the header is no PDF.
fn is_pdf(head: &[u8]) -> bool {
    let window = &head[..head.len().min(PDF_HEADER_WINDOW)];
    let header = window.windows(6).position(|bytes| bytes.starts_with(b"%PDF-") && bytes[5].is_ascii_digit());
    match header {
        None => false,
        Some(0) => true,
        Some(at) => {
            let rest = &head[at..head.len().min(WINDOW)];
            rest.windows(4).any(|bytes| bytes == b" obj")
        }
    }
}

/// OLE2: the container of Office documents before 2007, and of encrypted ones since.
pub(crate) fn is_compound_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

/// Whether a compound file holds an encrypted Office Open XML document ([MS-OFFCRYPTO] 2.3.4.4).
/// Its directory may lie behind the end of `bytes`.
pub(crate) fn has_encrypted_package(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    is_compound_file(bytes) && bytes.windows(name.len()).any(|window| window == name)
}

/// A compound file that is named like an Office Open XML document is an encrypted one: no program
/// writes the one under the name of the other otherwise.
fn encrypted_office(head: &[u8], extension: &str) -> Option<&'static str> {
    match extension {
        "docx" | "docm" | "dotx" | "dotm" => Some(DOCX),
        "xlsx" | "xlsm" => Some(XLSX),
        "pptx" | "pptm" => Some(PPTX),
        _ => has_encrypted_package(&head[..head.len().min(WINDOW)]).then_some(DOCX),
    }
}

/// What the signatures say. The library reads on in some formats, by offsets it finds there; should
/// one of them overflow, the file is just bytes.
fn signature(head: &[u8]) -> FileFormat {
    panic::catch_unwind(|| FileFormat::from_bytes(head)).unwrap_or(FileFormat::ArbitraryBinaryData)
}

/// The type of a file that is text by content.
fn text_type<'a>(format: &'a FileFormat, extension: &str) -> &'a str {
    let media_type = format.media_type();
    let is_markup = ["html", "xml", "rtf", "postscript"].iter().any(|name| media_type.contains(name));
    if is_markup {
        return media_type;
    }
    match extension {
        "csv" => "text/csv",
        "tsv" | "tab" => "text/tab-separated-values",
        "md" | "markdown" => "text/markdown",
        "json" => "application/json",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_told_apart_by_its_extension() {
        let table = b"name,city\nAda,London\n";
        assert_eq!(detect(table, "people.csv"), "text/csv");
        assert_eq!(detect(table, "people.MD"), "text/markdown");
        assert_eq!(detect(table, "people.json"), "application/json");
        assert_eq!(detect(table, "people.exe"), "text/plain");
        assert_eq!(detect(table, ""), "text/plain");
    }

    #[test]
    fn an_extension_does_not_make_a_type() {
        assert_eq!(detect(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "letter.pdf"), "image/png");
        assert_eq!(detect(&[0, 1, 2, 3, 4, 5, 6, 7], "letter.txt"), BINARY);
        assert_eq!(detect(b"just words", "letter.docx"), "text/plain");
    }

    #[test]
    fn markup_is_not_plain_text() {
        assert_eq!(detect(b"<!DOCTYPE html><html><body>x</body></html>", "a.txt"), "text/html");
        assert!(detect(b"<?xml version=\"1.0\"?><a/>", "a.txt").ends_with("/xml"));
        assert!(detect(b"{\\rtf1\\ansi hello}", "a.txt").ends_with("rtf"));
    }

    #[test]
    fn a_pdf_may_begin_with_junk_and_a_letter_may_mention_pdf() {
        assert_eq!(detect(b"%PDF-1.4\n", "x"), PDF);
        assert_eq!(detect(b"\n\njunk\n%PDF-1.7\n1 0 obj\n<<>>\nendobj", "x"), PDF);
        assert_eq!(detect(b"A file begins with %PDF-1.4, they say.", "x.txt"), "text/plain");
    }

    #[test]
    fn an_office_document_in_a_compound_file_is_an_encrypted_one() {
        let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        file.resize(1024, 0);
        assert_eq!(detect(&file, "a.docx"), DOCX);
        assert_ne!(detect(&file, "a.doc"), DOCX);
        file.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(detect(&file, "a"), DOCX);
    }

    #[test]
    fn extensions_are_short_and_plain() {
        assert_eq!(extension("a.b.TXT"), "txt");
        assert_eq!(extension("archive"), "");
        assert_eq!(extension("a.näh"), "");
        assert_eq!(extension("a.averyveryverylongextension"), "");
    }

    const SIGNATURES: &[&[u8]] = &[
        b"",
        b"%PDF-",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\x1a\x45\xdf\xa3",
        b"ID3",
        b"MZ",
        b".RMF",
        b"\0\0\0\x20ftypisom",
        b"SQLite format 3\0",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c",
        b"<?xml ",
    ];

    proptest! {
        #[test]
        fn any_bytes_have_a_type(
            start in proptest::sample::select(SIGNATURES),
            rest in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(0xff)], 0..400),
            filename in ".{0,20}",
        ) {
            let head = [start, &rest].concat();
            let media_type = detect(&head, &filename);
            prop_assert!(media_type.contains('/'));
        }
    }
}
