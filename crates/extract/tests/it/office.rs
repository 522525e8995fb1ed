//! Every format but PDF and DOCX, and what is hostile in them, through the child process.

use std::io::{Cursor, Write};

use quire_extract::{Excess, ExtractError, document::Extracted, options::ReadOptions};
use tempfile::NamedTempFile;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::support::{reader, small_limits};

const CONTENT_TYPES: (&str, &str) = ("[Content_Types].xml", "<Types/>");

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

async fn read(name: &str, bytes: &[u8]) -> Result<Extracted, ExtractError> {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    reader(small_limits()).read(file.path(), &ReadOptions::of_file(name)).await
}

fn texts(document: &Extracted) -> Vec<&str> {
    document.pages.iter().map(|page| page.text.as_str()).collect()
}

fn workbook(sheet: &str) -> Vec<u8> {
    archive(&[
        CONTENT_TYPES,
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"One\" r:id=\"a\"/></sheets></workbook>"),
        (
            "xl/_rels/workbook.xml.rels",
            "<R><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/></R>",
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

fn presentation(slide: &str) -> Vec<u8> {
    archive(&[
        CONTENT_TYPES,
        ("ppt/presentation.xml", "<p><sldId id=\"1\" r:id=\"a\"/></p>"),
        (
            "ppt/_rels/presentation.xml.rels",
            "<R><Relationship Id=\"a\" Type=\"x/slide\" Target=\"slides/slide1.xml\"/></R>",
        ),
        ("ppt/slides/slide1.xml", slide),
    ])
}

fn open_document(kind: &str, content: &str) -> Vec<u8> {
    let media_type = format!("application/vnd.oasis.opendocument.{kind}");
    archive(&[("mimetype", &media_type), ("content.xml", content)])
}

#[tokio::test]
async fn every_format_is_told_and_read() {
    let cell = "<worksheet><row><c t=\"inlineStr\"><is><t>words</t></is></c></row></worksheet>";
    let slide = "<sld><sp><txBody><p><r><t>words</t></r></p></txBody></sp></sld>";
    let odt = "<d><office:body><text:p>words</text:p></office:body></d>";
    let ods = "<d><table:table table:name=\"One\"><table:table-row><table:table-cell><text:p>words</text:p>\
        </table:table-cell></table:table-row></table:table></d>";
    let email =
        b"From: a@example.org\r\nDate: Fri, 02 Feb 2024 10:11:12 +0000\r\nMIME-Version: 1.0\r\n\r\nwords\r\n";
    let odp = "<d><draw:page><text:p>words</text:p></draw:page></d>";
    for (name, bytes, media_type, text) in [
        ("a.xlsx", workbook(cell), "spreadsheetml.sheet", "One\nwords"),
        ("a.pptx", presentation(slide), "presentationml.presentation", "words"),
        ("a.odt", open_document("text", odt), "opendocument.text", "words"),
        ("a.ods", open_document("spreadsheet", ods), "opendocument.spreadsheet", "One\nwords"),
        ("a.odp", open_document("presentation", odp), "opendocument.presentation", "words"),
        ("a.rtf", b"{\\rtf1\\ansi words\\par}".to_vec(), "application/rtf", "words"),
        ("a.html", b"<!doctype html><title>t</title><p>words".to_vec(), "text/html", "words"),
        ("a.xml", b"<?xml version=\"1.0\"?><a><b>words</b></a>".to_vec(), "text/xml", "words"),
        (
            "a.eml",
            email.to_vec(),
            "message/rfc822",
            "From: a@example.org\nDate: 2024-02-02 10:11:12Z\n\nwords",
        ),
        ("a.json", b"{\"a\": \"words\"}".to_vec(), "application/json", "{\"a\": \"words\"}"),
        ("a.md", b"# words".to_vec(), "text/markdown", "# words"),
    ] {
        let document = read(name, &bytes).await.unwrap();
        assert!(document.media_type.ends_with(media_type), "{name}: {}", document.media_type);
        assert_eq!(texts(&document), [text], "{name}");
        // Without its name it is the same, but for what is text first.
        if name != "a.md" {
            assert_eq!(read("a", &bytes).await.unwrap().media_type, document.media_type, "{name}");
        }
    }
}

#[tokio::test]
async fn declared_entities_neither_grow_nor_read_files() {
    let entities = "<!DOCTYPE a [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY file SYSTEM \"file:///etc/passwd\">]>";
    let body = "&c;&file;left";
    let cell = format!("{entities}<s><row><c t=\"str\"><v>{body}</v></c></row></s>");
    let slide = format!("{entities}<sld><sp><p><t>{body}</t></p></sp></sld>");
    let odt = format!("{entities}<d><body><p>{body}</p></body></d>");
    let xml = format!("<?xml version=\"1.0\"?>{entities}<a>{body}</a>");
    for (name, bytes) in [
        ("a.xlsx", workbook(&cell)),
        ("a.pptx", presentation(&slide)),
        ("a.odt", open_document("text", &odt)),
        ("a.xml", xml.into_bytes()),
    ] {
        let document = read(name, &bytes).await.unwrap();
        assert_eq!(document.pages[0].text.trim_start_matches("One\n"), "left", "{name}");
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_or_does_not_matter() {
    let deep = |tag: &str| format!("<{tag}>").repeat(50_000);
    for (name, bytes) in [
        ("a.xlsx", workbook(&deep("row"))),
        ("a.pptx", presentation(&deep("p:grpSp"))),
        ("a.odt", open_document("text", &(String::from("<office:body>") + &deep("text:list")))),
        ("a.ods", open_document("spreadsheet", &deep("table:table"))),
        ("a.xml", (String::from("<?xml version=\"1.0\"?>") + &deep("a")).into_bytes()),
        ("a.rtf", (String::from("{\\rtf1 ") + &"{".repeat(50_000)).into_bytes()),
    ] {
        let result = read(name, &bytes).await;
        assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Nesting))), "{name}: {result:?}");
    }
    let page = String::from("<html>") + &deep("div") + "words";
    assert_eq!(texts(&read("a.html", page.as_bytes()).await.unwrap()), ["words"]);
    let json = "[".repeat(50_000);
    assert_eq!(read("a.json", json.as_bytes()).await.unwrap().pages[0].text.len(), 50_000);
}

#[tokio::test]
async fn bombs_are_refused() {
    let spaces = " ".repeat(70 << 20);
    let text = format!("<a>{spaces}</a>");
    for (name, bytes) in [
        ("a.xlsx", workbook(&text)),
        ("a.pptx", presentation(&text)),
        ("a.odt", open_document("text", &text)),
    ] {
        assert!(bytes.len() < 1 << 20);
        let result = read(name, &bytes).await;
        assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Unpacked))), "{name}: {result:?}");
    }
    let row = "<table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell \
        table:number-columns-repeated=\"16000\"><text:p>words</text:p></table:table-cell></table:table-row>";
    let repeated = open_document("spreadsheet", &format!("<table:table>{row}</table:table>"));
    let result = read("a.ods", &repeated).await;
    assert!(matches!(result, Err(ExtractError::TooComplex(Excess::Output))), "{result:?}");
}

#[tokio::test]
async fn old_and_encrypted_documents_are_told_apart() {
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(1536, 0);
    file[0x1e] = 9;
    let root = 512;
    let stream = root + 128;
    for at in [root + 0x44, root + 0x48, stream + 0x44, stream + 0x48, stream + 0x4c] {
        file[at..at + 4].fill(0xff);
    }
    file[root + 0x4c] = 1;
    let mut named = |name: &str| {
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        file[stream..stream + 64].fill(0);
        file[stream..stream + units.len()].copy_from_slice(&units);
        file[stream + 0x40] = units.len() as u8 + 2;
        file.clone()
    };
    for name in ["a.docx", "a.xlsx", "a.pptx", "a"] {
        let result = read(name, &named("EncryptedPackage")).await;
        assert!(matches!(result, Err(ExtractError::Encrypted)), "{name}: {result:?}");
    }
    for (stream, expected) in
        [("WordDocument", "application/msword"), ("Workbook", "application/vnd.ms-excel")]
    {
        let result = read("a.docx", &named(stream)).await;
        assert!(
            matches!(&result, Err(ExtractError::Unsupported { media_type }) if media_type == expected),
            "{result:?}"
        );
    }
}

#[tokio::test]
async fn a_cut_document_is_read_as_far_as_it_goes() {
    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let noise: String =
        (0..3000_u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26)).collect();
    let sheet = format!("<worksheet><row>{}{}</row></worksheet>", cell("first"), cell(&noise));
    let mut bytes = workbook(&sheet);
    bytes.truncate(bytes.len() - 900);
    let document = read("a.xlsx", &bytes).await.unwrap();
    assert!(document.pages[0].text.starts_with("One\nfirst"), "{}", document.pages[0].text);
    assert!(document.warnings.iter().any(|warning| warning.code == "document_truncated"));
}
