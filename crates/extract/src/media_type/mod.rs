//! What a file is, judged by its content.

mod compound;
mod email;
mod markup;
mod text;
mod zip;

use std::panic;

use file_format::FileFormat;

pub(crate) use self::{
    compound::{CompoundKind, kind as compound_kind},
    text::PLAIN_TEXT,
    zip::entries as zip_entries,
};

/// A PDF document.
pub const PDF: &str = "application/pdf";
/// A Word document, Office Open XML.
pub const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// An Excel workbook, Office Open XML.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// A PowerPoint presentation, Office Open XML.
pub const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
/// An OpenDocument text.
pub const ODT: &str = "application/vnd.oasis.opendocument.text";
/// An OpenDocument spreadsheet.
pub const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";
/// An OpenDocument presentation.
pub const ODP: &str = "application/vnd.oasis.opendocument.presentation";
/// A Rich Text Format document.
pub const RTF: &str = "application/rtf";
/// An e-mail message.
pub const EMAIL: &str = "message/rfc822";
/// A web page.
pub const HTML: &str = "text/html";
/// A web page, written as XML.
pub const XHTML: &str = "application/xhtml+xml";
/// XML of no particular kind.
pub const XML: &str = "text/xml";
/// Text of no particular kind.
pub const TEXT: &str = "text/plain";
/// Bytes that mean nothing to us.
pub const BINARY: &str = "application/octet-stream";

/// Bytes at the start of a file in which a PDF header may hide behind junk.
const PDF_HEADER_WINDOW: usize = 1024;

/// Bytes that the search for other formats looks at.
const WINDOW: usize = 64 << 10;

/// Bytes of an archive in which its entries are searched.
const ARCHIVE_WINDOW: usize = 1 << 20;

/// The media type of a file, judged by its first bytes; 64 KiB are plenty, all of them are welcome.
/// The file name decides only where content leaves a choice: CSV, Markdown and many scripts are text
/// first.
///
/// Takes any input, in time and memory that do not grow with the file.
pub fn detect(head: &[u8], filename: &str) -> String {
    let extension = extension(filename);
    if is_pdf(head) {
        return PDF.into();
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return zip::detect(&head[..head.len().min(ARCHIVE_WINDOW)], &extension);
    }
    if let Some(kind) = compound_kind(head) {
        return of_compound_file(kind, &extension).into();
    }
    let window = &head[..head.len().min(WINDOW)];
    if let Some(media_type) = text::detect(window, &extension) {
        return media_type.into();
    }
    match signature(window) {
        // Judged text by its first lines alone, against the verdict on the whole window.
        format if format.media_type().starts_with("text/") => BINARY.into(),
        // Its tracks are described at its end.
        format if format.media_type() == "application/mp4" => "video/mp4".into(),
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

/// The kind of Office Open XML document that an extension stands for.
fn office_of_extension(extension: &str) -> Option<&'static str> {
    match extension {
        "docx" | "docm" | "dotx" | "dotm" => Some(DOCX),
        "xlsx" | "xlsm" | "xltx" | "xltm" => Some(XLSX),
        "pptx" | "pptm" | "potx" | "potm" | "ppsx" | "ppsm" => Some(PPTX),
        _ => None,
    }
}

/// The name decides where the directory of a compound file lies behind the end of what is known of
/// it, and which kind of document is encrypted in it.
fn of_compound_file(kind: CompoundKind, extension: &str) -> &'static str {
    match kind {
        CompoundKind::Encrypted => office_of_extension(extension).unwrap_or(DOCX),
        CompoundKind::Unknown => match extension {
            "doc" | "dot" => CompoundKind::Word.media_type(),
            "xls" | "xlt" => CompoundKind::Excel.media_type(),
            "ppt" | "pot" | "pps" => CompoundKind::PowerPoint.media_type(),
            "msg" => CompoundKind::Message.media_type(),
            // No program writes a compound file under these names but to encrypt.
            _ => office_of_extension(extension).unwrap_or(kind.media_type()),
        },
        kind => kind.media_type(),
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

/// What the signatures say. The library reads on in some formats, by offsets it finds there; should
/// one of them overflow, the file is just bytes.
fn signature(head: &[u8]) -> FileFormat {
    panic::catch_unwind(|| FileFormat::from_bytes(head)).unwrap_or(FileFormat::ArbitraryBinaryData)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_extension_does_not_make_a_type() {
        assert_eq!(detect(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "letter.pdf"), "image/png");
        assert_eq!(detect(&[0, 1, 2, 3, 4, 5, 6, 7], "letter.txt"), BINARY);
        assert_eq!(detect(b"just words", "letter.docx"), "text/plain");
    }

    #[test]
    fn a_pdf_may_begin_with_junk_and_a_letter_may_mention_pdf() {
        assert_eq!(detect(b"%PDF-1.4\n", "x"), PDF);
        assert_eq!(detect(b"\n\njunk\n%PDF-1.7\n1 0 obj\n<<>>\nendobj", "x"), PDF);
        assert_eq!(detect(b"A file begins with %PDF-1.4, they say.", "x.txt"), "text/plain");
    }

    #[test]
    fn a_compound_file_without_a_directory_is_told_by_its_name() {
        let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        file.resize(1024, 0);
        assert_eq!(detect(&file, "a.docx"), DOCX);
        assert_eq!(detect(&file, "a.doc"), "application/msword");
        assert_eq!(detect(&file, "a.bin"), "application/x-ole-storage");
    }

    #[test]
    fn executables_are_named_whatever_they_are_called() {
        let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0".to_vec();
        elf.resize(64, 0);
        let mut windows = b"MZ\x90\0".to_vec();
        windows.resize(128, 0);
        windows[0x3c] = 64;
        windows[64..68].copy_from_slice(b"PE\0\0");
        let mut apple = b"\xcf\xfa\xed\xfe\x07\0\0\x01".to_vec();
        apple.resize(64, 0);
        for (file, expected) in [
            (elf, "application/x-executable"),
            (windows, "application/vnd.microsoft.portable-executable"),
            (apple, "application/x-mach-binary"),
        ] {
            for name in ["letter.pdf", "letter.docx", "letter.txt", ""] {
                assert_eq!(detect(&file, name), expected);
            }
        }
    }

    #[test]
    fn pictures_sounds_and_films_have_their_names() {
        let mp4 = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free";
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08free";
        let wav = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0";
        let webp = b"RIFF\x24\0\0\0WEBPVP8 \x10\0\0\0\x01\0\x01\0";
        let ogg = b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis\0\0\0\0\0";
        let mp3 = [&b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0"[..], &[0; 64]].concat();
        for (file, expected) in [
            (mp3.as_slice(), "audio/mpeg"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0\0\0\0", "image/gif"),
            (b"II*\0\x08\0\0\0", "image/tiff"),
            (b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0", "image/bmp"),
            (webp, "image/webp"),
            (heic, "image/heic"),
            (b"\xff\xfb\x90\0\0\0\0\0", "audio/mpeg"),
            (wav, "audio/vnd.wave"),
            (b"fLaC\0\0\0\x22", "audio/flac"),
            (ogg, "audio/ogg"),
            (mp4, "video/mp4"),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\0\0\0\0", "video/webm"),
        ] {
            assert_eq!(detect(file, "letter.txt"), expected);
        }
    }

    #[test]
    fn extensions_are_short_and_plain() {
        assert_eq!(extension("a.b.TXT"), "txt");
        assert_eq!(extension("archive"), "");
        assert_eq!(extension("a.n\u{e4}h"), "");
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
        b"<!--",
        b"{\"a\":[",
        b"From: ",
        b"#!/",
        b"\xff\xfe<\0",
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
