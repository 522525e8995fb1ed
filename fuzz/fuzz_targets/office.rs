//! Spreadsheets, slides and OpenDocument: whole files, and the XML of the part with the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quire_extract::fuzzing;
use quire_fuzz::{abort_at_our_own_panics, contained, package};

const RELATIONSHIP: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const WORKBOOK: &[u8] = br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const PRESENTATION: &[u8] = br#"<p:presentation
 xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst></p:presentation>"#;

fuzz_target!(init: abort_at_our_own_panics(), |bytes: &[u8]| {
    contained(|| {
        if bytes.starts_with(b"PK") {
            for extension in ["xlsx", "pptx", "odt"] {
                let _ = fuzzing::read(bytes, extension);
            }
            return;
        }
        let _ = fuzzing::read(&spreadsheet(bytes, bytes), "xlsx");
        let _ = fuzzing::read(&slides(bytes), "pptx");
        for kind in ["text", "spreadsheet", "presentation"] {
            let _ = fuzzing::read(&open_document(kind, bytes), "odt");
        }
    });
});

fn relations(of: &[(&str, &str)]) -> Vec<u8> {
    let mut xml = format!(r#"<Relationships xmlns="{RELATIONSHIPS}">"#);
    for (number, (kind, target)) in (1..).zip(of) {
        xml.push_str(&format!(
            r#"<Relationship Id="r{number}" Type="{RELATIONSHIP}/{kind}" Target="{target}"/>"#
        ));
    }
    xml.push_str("</Relationships>");
    xml.into_bytes()
}

fn spreadsheet(sheet: &[u8], strings: &[u8]) -> Vec<u8> {
    let parts = [("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")];
    package(&[
        ("_rels/.rels", &relations(&[("officeDocument", "xl/workbook.xml")])),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", &relations(&parts)),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ])
}

fn slides(slide: &[u8]) -> Vec<u8> {
    package(&[
        ("_rels/.rels", &relations(&[("officeDocument", "ppt/presentation.xml")])),
        ("ppt/presentation.xml", PRESENTATION),
        ("ppt/_rels/presentation.xml.rels", &relations(&[("slide", "slides/slide1.xml")])),
        ("ppt/slides/slide1.xml", slide),
    ])
}

fn open_document(kind: &str, content: &[u8]) -> Vec<u8> {
    let media_type = format!("application/vnd.oasis.opendocument.{kind}");
    package(&[("mimetype", media_type.as_bytes()), ("content.xml", content)])
}
